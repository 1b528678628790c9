"""What a run has shown, in the panel: side by side, step by step, one of them large; from real files."""
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from page import PanelPage, table
from panel_run import LAYERS, STEERED, gradients, losses, norms

from trainbook.measure.show import Showing
from trainbook.run.recorder import Recorder

pytestmark = pytest.mark.browser
EVIL = "<img src=x onerror=window.evil=1>"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Three steps of everything that can be shown."""
    run = Recorder("shows", dir=tmp_path_factory.mktemp("media"))
    showing, torso = Showing(run), np.zeros((40, 40), int)
    torso[10:30, 10:30] = 1
    for run.step in (10, 20, 30):
        samples = torch.linspace(0, 1, 8).repeat(6, 1, 8, 1)
        samples[:2], samples[2] = 0, float("nan")
        showing.show("samples", samples, caption=f"what was drawn at {run.step}, " + "in many words " * 68)
        showing.show("scene", np.full((40, 40, 3), 8 * run.step, "u1"), mask=torso, boxes=[[10, 10, 30, 30]], labels=["none", "torso"])
        showing.show(EVIL, f"{EVIL} at {run.step}")
        showing.show("weights", torch.randn(100))
        showing.show("matrix", np.eye(3) * run.step, labels=[EVIL, "dog", "cat"])
        showing.show("points", torch.randn(20, 2), labels=[EVIL, "b"] * 10)
        showing.show("table", pd.DataFrame({EVIL: [run.step, 2.5], "text": [EVIL, None]}))
        showing.show("sound", np.zeros(800), rate=8000)
        showing.wait()
    showing.on_close()
    yield run
    run.finish()


@pytest.fixture
def view(panel: PanelPage, run):
    """The part alone, when all that it shows has come."""
    view = panel
    view.folder = run.path
    view.show(parts=["media"])
    view.send(events=run.events())
    loaded(view)
    yield view
    assert view.page.evaluate("window.evil") is None and view.outside() == []


def loaded(view):
    view.page.wait_for_function("[...document.querySelectorAll('.media-word')].every((one) => one.hidden || !one.checkVisibility())")


def go_to(view, index: int):
    view.page.get_by_role("slider", name="Step", exact=True).fill(str(index))
    view.drawn()
    loaded(view)


def image(view, which=".media-card:not([hidden])"): return view.page.locator(f"{which} .media-image").last.get_attribute("aria-label")


def test_everything_by_step(view):
    cards = view.page.locator(".media-card")
    assert cards.count() == 8 and "step 30 · 3 of 3, newest" in view.panel.inner_text()
    assert cards.nth(2).locator("pre").inner_text() == f"{EVIL} at 30"
    height = view.panel.bounding_box()["height"]
    go_to(view, 0)
    assert cards.nth(2).locator("pre").inner_text() == f"{EVIL} at 10" and cards.nth(6).locator("tbody td").first.inner_text() == "10"
    said = "samples at step 10: 6 images of 8×8, NCHW float in 0..1, 16.7% NaN or infinite, 2 of them all 0. what was drawn at 10"
    assert cards.nth(0).locator("svg").get_attribute("aria-label").startswith(said)
    assert cards.nth(0).locator(".media-label").all_text_contents() == ["all 0", "all 0", "all NaN"]
    assert cards.nth(3).locator(".media-bin").count() > 20 and cards.nth(4).locator("text").first.text_content()
    view.button("Step: later").click()
    view.drawn(), loaded(view)
    assert cards.nth(2).locator("pre").inner_text() == f"{EVIL} at 20" and view.panel.bounding_box()["height"] == height
    # by keyboard, to the end
    slider = view.page.get_by_role("slider", name="Step", exact=True)
    slider.press("End")
    view.drawn()
    assert slider.get_attribute("aria-valuetext") == "step 30" and view.button("Step: later").is_disabled()


def test_large_two_steps_zoom_and_what_lies_over_it(view):
    view.page.get_by_role("button", name="scene").press("Enter")
    view.drawn()
    scene = view.page.locator(".media-card:not([hidden]) svg")
    assert view.page.locator(".media-card:visible").count() == 1 and scene.locator("image").count() == 2 and scene.locator("rect").count() == 1
    color, legend = scene.locator("rect").evaluate("one => getComputedStyle(one).stroke"), view.page.locator(".media-legend li")
    assert legend.all_inner_texts() == ["torso"] and legend.evaluate("one => getComputedStyle(one, '::before').backgroundColor") == color == "rgb(230, 159, 0)"
    view.button("Show masks").click(), view.button("Show boxes").click()
    view.drawn()
    assert scene.locator("image").count() == 1 and scene.locator("rect").count() == 0 and view.page.locator(".media-legend li").count() == 0
    before = scene.get_attribute("viewBox")
    view.button("Zoom in").click()
    view.drawn()
    assert float(scene.get_attribute("viewBox").split()[2]) == pytest.approx(float(before.split()[2]) / 2)
    assert scene.locator("image").evaluate("one => one.style.imageRendering") == "pixelated"
    view.page.locator(".media-stage").press("ArrowRight"), view.page.locator(".media-stage").press("0")
    view.button("Compare two steps").click()
    view.drawn(), loaded(view)
    names = view.page.locator(".media-card:visible svg").evaluate_all("all => all.map((one) => one.ariaLabel)")
    assert [name.split(":")[0] for name in names] == ["scene at step 10", "scene at step 30"]
    view.page.get_by_role("slider", name="Step A").fill("1")
    view.drawn(), loaded(view)
    assert "A · step 20" in view.panel.inner_text() and "B · step 30" in view.panel.inner_text()
    view.button("Show all").click()
    view.drawn()
    assert view.page.locator(".media-card:visible").count() == 8
    assert view.page.evaluate("document.activeElement.textContent") == "scene"
    # the caption, of which a line was seen, whole and by keyboard
    view.button("samples").click()
    view.drawn()
    foot = view.page.get_by_role("group", name="About samples")
    foot.focus()
    assert foot.inner_text().count("in many words") == 68 and foot.evaluate("one => one.scrollHeight > one.clientHeight")
    foot.press("End")
    view.page.wait_for_function("document.querySelector('.media-card:not([hidden]) .media-foot').scrollTop > 0")


def show_run(view, run):
    view.folder = run.path
    view.show(LAYERS)


def train(view, events, steps=40, start=0, **state):
    """Some epochs of ten steps, and what they have shown."""
    norm, step = norms(steps), np.arange(1, steps + 1)
    view.send(table("train", _step=step, loss=losses(steps), reward=np.sqrt(step), epoch=(step - 1) // 10), gradients(norm), events=events, start=start,
              **STEERED | dict(epochs=5, batches=10) | state)


def test_the_panel_keeps_its_height_and_remembers(panel: PanelPage, run):
    """What is shown in a training of which nobody knew is told; who wants to see it makes room, and the next run has that from the beginning."""
    view, events = panel, run.events()
    def height(): return view.panel.bounding_box()["height"]
    show_run(view, run)
    train(view, [])
    before = height()
    assert view.page.locator(".media").is_hidden()
    train(view, events[:8])
    assert height() == before and "Shown at step 10: samples, scene" in view.page.get_by_label("What happened").inner_text()
    view.page.get_by_role("button", name="Show media").press("Enter")
    view.drawn(), loaded(view)
    assert view.page.locator(".media-card").count() == 8 and height() > before and view.page.get_by_role("button", name="Show media").count() == 0
    show_run(view, run)
    train(view, [])
    before = height()
    assert view.page.locator(".media").get_by_text("Nothing shown yet").is_visible()
    for n in (1, 8, 24):
        train(view, events[:n])
        loaded(view)
        assert height() == before
    assert "step 30 · 3.0 epochs · 3 of 3, newest" in view.panel.inner_text() and image(view).startswith("scene at step 30")
    view.button("Hide media").click()
    view.drawn()
    assert view.page.locator(".media").is_hidden() and view.page.get_by_role("button", name="Show media").is_visible()
    # a training that ends shows what it has, but not against one's will; a new view of it does
    train(view, events, status="finished")
    assert view.page.locator(".media").is_hidden()
    show_run(view, run)
    train(view, events, status="finished")
    assert view.page.locator(".media").is_visible()


def marks(view, selector=".plot") -> int:
    """Where in the plot something is looked at, in percent of its width; -1 for nowhere."""
    ink = np.array([*view.css("--ink"), 255])
    area = f"{selector} .u-over"
    plot = view.pixels(area, .5, view.page.locator(area).bounding_box()["width"])[4:-4]
    is_line = (np.abs(plot.astype(int) - ink).max(2) < 60).all(0)
    found = [round(100 * (x + .5) / len(is_line)) for x in np.flatnonzero(is_line)]
    return next((x for x in found if 2 <= x < 99), -1)


def test_the_step_looked_at_is_marked_in_the_curves(panel: PanelPage, run):
    view = panel
    show_run(view, run)
    train(view, run.events())
    loaded(view)
    assert marks(view) == -1  # it is just the newest
    go_to(view, 0)
    view.drawn()
    near = [marks(view), marks(view, ".small")]
    assert all(18 <= at <= 22 for at in near), near  # step 10 of the 50 that are planned
    slider = view.page.get_by_role("slider", name="Step", exact=True)
    assert slider.get_attribute("aria-valuetext") == "step 10, 1.0 epochs"
    # a click in the curves, and Enter at the crosshair
    view.page.mouse.click(*view.place(".plot .u-over", .43))
    view.drawn()
    assert slider.get_attribute("aria-valuetext") == "step 20, 2.0 epochs" and 38 <= marks(view) <= 42
    view.page.locator(".plot").press("Home"), view.page.locator(".plot").press("Enter")
    view.drawn()
    assert slider.get_attribute("aria-valuetext") == "step 10, 1.0 epochs"
    view.page.get_by_label("x axis").select_option("step")
    view.drawn()
    assert slider.get_attribute("aria-valuetext") == "step 10"
    view.button("Step: newest").click()
    view.drawn()
    assert marks(view) == -1 and "newest" in view.page.locator(".media-said").last.inner_text()


def test_follows_what_comes(panel: PanelPage, run):
    view, events = panel, run.events()
    view.folder = run.path
    view.show(parts=["media"])
    view.send(events=[dict(event="note", text="nothing yet", step=1, time=1.)])
    height = view.panel.bounding_box()["height"]
    view.send(events=events[:9], start=1)
    loaded(view)
    assert image(view).startswith("scene at step 1") and view.panel.bounding_box()["height"] == height
    view.send(events=events[9:], start=10)
    loaded(view)
    assert "step 30 · 3 of 3, newest" in view.panel.inner_text() and image(view).startswith("scene at step 30")


def test_a_thousand_names(panel: PanelPage, run):
    histogram = next(event for event in run.events() if event["kind"] == "histogram")
    panel.show(parts=["media"])
    panel.send(events=[histogram | dict(name=f"layer {i}") for i in range(1000)])
    assert panel.page.locator(".media-card:visible").count() == 24 and "24 of 1,000 names" in panel.panel.inner_text()
    stage = panel.page.locator(".media-stage")
    assert (stage.get_attribute("data-before"), stage.get_attribute("data-after")) == ("false", "true")  # there is more to the right
    panel.page.get_by_role("searchbox", name="Find a name").fill("layer 77")
    panel.drawn()
    assert panel.page.locator(".media-card:visible").count() == 11 and "11 of 1,000 names" in panel.panel.inner_text()


def test_a_file_that_is_gone_says_so(panel: PanelPage, run, tmp_path):
    panel.folder = tmp_path
    panel.show(parts=["media"])
    panel.send(events=run.events()[:1])
    panel.page.wait_for_function("document.querySelector('.media-word').textContent.includes('it is gone')")


def test_what_makes_no_sense_is_said_and_the_rest_is_shown(panel: PanelPage, run):
    odd = [json.loads(line) for line in (Path(__file__).parent/"corpus/media.events.jsonl").read_text().splitlines()]
    panel.folder = run.path
    panel.show(parts=["media"])
    panel.send(events=[*odd, *run.events()[:1]])
    panel.page.wait_for_function("document.querySelectorAll('.media-image image').length === 1")
    words = panel.page.locator(".media-word:visible").all_inner_texts()
    assert [text for text in words if "makes no sense" in text or "make no sense" in text] and any("no view for it" in text for text in words), words
