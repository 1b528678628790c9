"""The plots of the panel: what is drawn at every zoom, how they are zoomed and walked along, and whose rows they show."""
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from page import CURVE, LOSS, MAP, PanelPage, table
from panel_run import LAYERS, SYSTEM, a_run, gradients, losses, norms, tip, train
from playwright.sync_api import Browser, expect

from trainbook.run.recorder import Recorder
from trainbook.widget.feed import Feed


def bright(pixels: np.ndarray) -> np.ndarray:
    """In which rows of the map a cell is of the upper fifth of the colours."""
    return ((pixels[..., 3] > 0) & (pixels[..., 0] > 130) & (pixels[..., 1] > 190)).any(1)


def views(points: int, spike: int, panel: PanelPage, least=300) -> Iterator[tuple[int, float]]:
    """Zooms by halves from the whole to a few hundred steps and back; how many are in view, and where among them the spike."""
    left, length, turns = 0., float(points), int(np.log2(points / least))
    yield points, spike / points
    for turn in range(2 * turns):
        factor, wanted = (.5 if turn < turns else 2), .5 + .4 * np.sin(2 * turn)
        x = panel.zoom(factor, np.clip(((spike - left) / length - factor * wanted) / (1 - factor), 0, 1))
        center, length = left + x * length, length * factor
        left = np.clip(center - x * length, 0, points - length)
        yield round(length), (spike - left) / length


def test_one_step_among_many_is_seen_at_every_zoom(panel: PanelPage):
    layers, points = 40, 250_000
    spike, where = round(.617283 * points), layers // 2
    panel.show([f"layer{i}" for i in range(layers)], parts=["metrics", "gradients"])
    step, norm, total = np.arange(1, points + 1), norms(points, layers), np.full(points, .1)
    loss = .5 + .1 * np.random.default_rng(1).random(points)
    loss[spike - 1] = total[spike - 1] = norm[spike - 1, where] = 50
    panel.send(table("train", _step=step, loss=loss), step=points)
    for start in range(0, points, points // 10):
        part = slice(start, start + points // 10)
        panel.send(table("gradients", start, _step=step[part], total=total[part], norm=norm[part]), step=points)
    row = (where + .5) / layers
    panel.button("show all, up to 50").click()  # an outlier: beyond the axis at first
    for selected in (False, True):
        if selected:
            panel.hover(MAP, .2, row)
            panel.page.mouse.click(*panel.place(MAP, .2, row))
            assert panel.shown.startswith(f"layer{where} ")
            panel.page.mouse.move(5, 5)
        lengths, lost = [], []
        for length, x in views(points, spike, panel):
            lengths.append(length)
            cells = bright(panel.pixels(MAP, x))
            if not (tip(panel.pixels(LOSS, x)) < .3 and tip(panel.pixels(CURVE, x)) < .3 and cells.any()): lost.append((length, x))
            rows = np.flatnonzero(cells) / len(cells) * layers
            assert (abs(rows - where - .5) < 1).all(), f"bright in rows {rows} of {layers}"
            beside = x - .06 if x > .5 else x + .06
            assert tip(panel.pixels(LOSS, beside)) > .3 < tip(panel.pixels(CURVE, beside)) and not bright(panel.pixels(MAP, beside)).any()
        assert lost == []
        assert lengths[0] == lengths[-1] == points and min(lengths) < 1000
        expect(panel.reset.first).to_be_hidden()  # back where it began


NEXT_TO_ONE = np.nextafter(1, 2)


@pytest.mark.parametrize("values", [[1, NEXT_TO_ONE], [5e-324, 1e-323], [1.7e308, -1.7e308], [np.inf, 1], [np.nan] * 3], ids=str)
def test_values_at_the_ends_of_what_a_float_can_hold(panel: PanelPage, values):
    """An axis whose ticks are closer than neighbouring numbers would be counted for ever; more of them are in `js/test/axes.test.ts`."""
    panel.show(LAYERS, parts=["metrics"])
    panel.page.set_default_timeout(5_000)  # instead of the half minute after which the browser gives up a page
    for repeated in 1, 50:
        panel.send(train(len(values) * repeated, loss=np.tile(values, repeated), accuracy=np.full(len(values) * repeated, .5)))
        for scale in range(2):
            panel.button("log").click()
            panel.drawn()
            panel.zoom(.5, .5)
            panel.zoom(2, .5)


def in_view(panel: PanelPage, area: str) -> tuple[int, int]:
    """The steps that the card tells at both ends of an area."""
    first, last = (re.search(r"steps? (\d+)(?: to (\d+))?", panel.hover(area, x, .3)) for x in (.004, 1))
    return int(first[1]), int(last[2] or last[1])


def test_loss_and_map_share_a_zoom(panel: PanelPage):
    a_run(panel)
    page, whole = panel.page, (1, 200)
    def both() -> tuple[int, int]:
        panel.drawn()
        loss, heat, curve = (in_view(panel, area) for area in (LOSS, MAP, CURVE))
        assert abs(np.subtract([heat, curve], loss)).max() <= 1  # a pixel is half a step
        return loss
    assert both() == whole and panel.reset.first.is_hidden()

    for area in (".plot", ".gradients .heat", ".gradients .curve"):
        page.locator(area).focus()
        page.keyboard.press("+")
        assert both() == (50, 150)
        page.keyboard.press("-")
        assert both() == whole and panel.reset.first.is_hidden()
        page.keyboard.press("+"); page.keyboard.press("+")
        assert both() == (75, 125)
        page.keyboard.press("0")
        assert both() == whole

    for area in (LOSS, MAP, CURVE):  # drag to zoom
        page.mouse.move(*panel.place(area, .25, .4)); page.mouse.down()
        page.mouse.move(*panel.place(area, .5, .6), steps=4)
        assert page.locator(".selection").count() == 1
        page.mouse.up()
        first, last = both()
        assert abs(first - 50) <= 2 and abs(last - 100) <= 2 and page.locator(".selection").count() == 0
        assert panel.shown.startswith("total norm ")  # a drag is no click
        page.keyboard.down("Shift")
        page.mouse.move(*panel.place(area, .75, .4)); page.mouse.down()
        page.mouse.move(*panel.place(area, .25, .6), steps=4)
        page.mouse.up(); page.keyboard.up("Shift")
        panned = both()
        assert all(abs(now - before - 25) <= 2 for now, before in zip(panned, (first, last)))
        panel.reset.locator("visible=true").first.click()
        assert both() == whole

    panel.zoom(.1, .5)
    assert abs(np.subtract(both(), (90, 110))).max() <= 2
    page.mouse.dblclick(*panel.place(MAP, .5, .5))
    assert both() == whole and panel.shown.startswith("total norm ")


def test_a_plain_wheel_scrolls_the_page(panel: PanelPage):
    a_run(panel)
    panel.page.set_viewport_size(dict(width=1080, height=400))
    for area in (MAP, LOSS):
        panel.page.evaluate("scrollTo(0, 0)")
        panel.page.mouse.move(*panel.place(area, .5, .5))
        panel.page.mouse.wheel(0, 60)
        panel.page.wait_for_function("scrollY > 0")
    panel.page.evaluate("scrollTo(0, 0)")
    panel.page.keyboard.down("Control")
    panel.page.mouse.wheel(0, -60)
    panel.page.keyboard.up("Control")
    expect(panel.reset.locator("visible=true").first).to_be_visible()
    assert panel.page.evaluate("scrollY") == 0


def test_arrows_walk_along_the_steps(panel: PanelPage):
    a_run(panel)
    norm = norms(200)
    panel.heat.focus()
    for key, step, layer in [("ArrowDown", 0, 0), ("ArrowLeft", 200, 0), ("ArrowLeft", 199, 0), ("ArrowLeft", 198, 0), ("ArrowDown", 198, 1),
                             ("ArrowRight", 199, 1)]:
        panel.page.keyboard.press(key)
        panel.drawn()
        if step: assert panel.said == f"{LAYERS[layer]}, step {step}, {norm[step - 1, layer]:.7g}"
    cross = panel.page.locator(".gradients .heat .cross")
    for key, is_shown in [("Escape", False), ("ArrowLeft", True), ("Escape", False)]:  # with a layer selected, and without
        panel.page.keyboard.press(key)
        panel.drawn()
        assert cross.is_visible() == is_shown
    panel.page.locator(".plot").focus()
    for key, step in [("End", 200), ("ArrowLeft", 199), ("Home", 1)]:
        panel.page.keyboard.press(key)
        assert panel.page.locator(".plot .hover").inner_text().startswith(f"step {step}\n")
    panel.page.keyboard.press("Escape")
    assert panel.page.locator(".plot .hover").is_hidden()


def test_axes_of_ones_own(panel: PanelPage):
    """Time, tokens, the planned end, outliers; the numbers are those of `js/test/x_axes.test.ts`, `plan.test.ts` and `robust_range.test.ts`."""
    page, step = panel.page, np.arange(1, 201)
    loss = losses(200)
    loss[:2] = 1e4
    more = dict(loss=loss, tokens=step * 512., _samples=np.full(200, 32.), _time=1.79e9 + step * 3)
    panel.show(LAYERS, parts=["metrics", "gradients"])
    panel.send(train(200, **more), gradients(norms(200)), epochs=1000, epoch=3, batches=50)
    axis = page.get_by_label("x axis", exact=True)
    assert axis.locator("option").all_inner_texts() == ["by step", "by epoch", "by time", "by samples", "by tokens"]
    told = dict(step="step 101", time="step 101 · after 5:00", samples="step 101 · samples 3232", tokens="step 101 · tokens 51,712")
    for by, first in told.items():
        axis.select_option(by)
        panel.drawn()
        page.locator(".plot").focus()
        page.keyboard.press("Home")
        for _ in range(100): page.keyboard.press("ArrowRight")
        assert page.locator(".plot .hover").inner_text().startswith(f"{first}\n")
        page.keyboard.press("Escape")
    top = tip(panel.pixels(LOSS, .5, 1))
    panel.button("show all, up to 10,000").click()
    panel.drawn()
    assert tip(panel.pixels(LOSS, .5, 1)) > top + .2  # the others are lower now
    panel.button("hide outliers").click()
    panel.drawn()
    assert tip(panel.pixels(LOSS, .5, 1)) == top


def test_a_plot_can_be_copied_by_keyboard(panel: PanelPage):
    """This page has no clipboard, so there is a file."""
    a_run(panel)
    def chosen(key: str) -> tuple[str, bytes]:
        panel.button("copy this plot").focus()
        panel.page.keyboard.press("Enter")
        panel.page.keyboard.press(key)
        with panel.page.expect_download() as download: panel.page.keyboard.press("Enter")
        return download.value.suggested_filename, Path(download.value.path()).read_bytes()
    name, data = chosen("Home")
    assert name == "loss.csv" and [float(line.split(b",")[1]) for line in data.split()[1:]] == list(losses(200))
    assert chosen("End") == ("loss.py", b'open_run("runs/a_run").frame("train")["loss"].dropna()')
    name, data = chosen("ArrowDown")
    assert name == "loss.png" and data[:4] == b"\x89PNG"
    panel.page.keyboard.press("Enter")
    panel.page.keyboard.press("Escape")
    assert panel.page.get_by_role("menu").count() == 0 and panel.button("copy this plot").evaluate("one => one === document.activeElement")


GENERATIONS = [("grandparent/", 0, 60), ("parent/", 60, 120), ("", 120, 200)]


def lineage(which: int) -> list:
    """The rows of one of three runs that go on from each other, as tables of the last one."""
    folder, first, last = GENERATIONS[which]
    steps = np.arange(first + 1, last + 1)
    tables = [table("train", _step=steps, loss=losses(200)[first:last], epoch=np.arange(first, last) // 50),
              table("valid", _step=[last], val_loss=[losses(200)[last - 1]]),
              table("gradients", _step=steps, total=steps.astype(float), norm=norms(200)[first:last])]
    return [replace(one, key=f"{folder}{one.key}") for one in tables]


def test_the_rows_of_ancestors_and_its_own_are_one_curve(panel: PanelPage):
    """In other orders, folded, and while the run goes on: `js/test/joined_layer_maxima.test.ts`."""
    panel.show(LAYERS)
    for i in (2, 1, 0): panel.send(*lineage(i), step=200, epoch=3)
    last = f"{losses(200)[-1]:.4g}"
    entries = panel.page.locator(".legend .series")
    assert entries.all_inner_texts() == [f"loss {last}", f"val_loss {last}"]
    assert [entry.evaluate("entry => entry.style.getPropertyValue('--c')") for entry in entries.all()] == ["var(--train)", "var(--valid)"]
    for step in (1, 30, 60, 61, 90, 120, 121, 160, 200):
        loss, val_loss = losses(200)[[step - 1, 59 if step < 91 else 119 if step < 161 else 199]]
        told = panel.hover(LOSS, step / 200)
        assert told.startswith(f"step {step} · ") and told.endswith(f" epochs loss {loss:.7g} val_loss {val_loss:.7g}")
    panel.page.mouse.move(5, 5)
    assert all(tip(panel.pixels(LOSS, x, 1)) < 1 for x in np.linspace(.01, .99, 50))  # no gap
    assert panel.points() == [(step, float(step)) for step in range(1, 201)]
    for layer in (0, 5): assert panel.walk(layer) == [f"{LAYERS[layer]}, step {i + 1}, {norms(200)[i, layer]:.7g}" for i in range(200)]
    assert [one["command"] for one in panel.asked()] == ["snapshot"]


def test_the_panel_shows_what_a_run_has_recorded(panel: PanelPage, tmp_path):
    """Several values of a step in two tables, as the kernel sends them; the rule of their mean has its cases in `js/test/step_means.json`."""
    run = Recorder("r", dir=tmp_path)
    feed = Feed(run)
    panel.show()
    try:
        for run.position.step, samples, values in [(1, 4, dict(loss=9.)), (2, 4, dict(loss=1.)), (2, 8, dict(loss=4., acc=2.))]:
            run.tables.set_samples(samples)
            run.log(values)
            run.flush()
            panel.send(*feed.rows())
        assert panel.page.locator(".legend .series").all_inner_texts() == ["loss 3.000"]
        assert panel.page.locator(".small").get_attribute("aria-label") == "acc, acc 2.000"
    finally: run.finish()


@pytest.mark.parametrize("name,width,dark", [("light", 1080, False), ("dark", 1080, True), ("narrow", 440, False)])
def test_looks(browser: Browser, shots, name, width, dark):
    """For people to look at; and nothing is cut off."""
    page = browser.new_page(viewport=dict(width=width, height=1000), color_scheme="dark" if dark else "light")
    panel = PanelPage(page)
    panel.show([f"encoder.layers.{i >> 2}.{['attention', 'linear1', 'linear2', 'norm'][i % 4]}" for i in range(24)])
    norm = 10 ** (-2 + np.linspace(0, 1.5, 24) * np.exp(-np.arange(300) / 150)[:, None] + .3 * np.random.default_rng(0).standard_normal((300, 24)))
    norm[171] = 8
    rate = 1e-3 * np.minimum(np.arange(1, 301) / 30, .5 + .5 * np.cos(np.pi * np.arange(300) / 400))
    panel.send(train(300, epoch=np.arange(300) // 80, learning_rate=rate), gradients(norm), table("system", _step=[1, 300], **SYSTEM),
               epoch=3, epochs=5, batch=60, batches=80, seconds_left=7)
    panel.panel.screenshot(path=shots / f"front-end-{name}.png")
    assert panel.panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    page.close()
