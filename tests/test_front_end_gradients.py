"""The gradients of the panel: the map of the layers, what it says, and the curve below it."""
import re

import numpy as np
import pytest
from page import MAP, PanelPage, table
from panel_run import BUDGET, LAYERS, NAN_FOUND, a_run, gradients, losses, norms, train
from playwright.sync_api import expect

ROWS, NAMES = 203, ["a", "b", "c"]


def history() -> np.ndarray:
    """Three layers: one without gradients, one with a spike, one with a NaN."""
    norm = np.repeat(.001 * np.arange(1, ROWS + 1)[:, None], 3, 1)
    norm[:, 0], norm[100, 1], norm[70, 2] = -1, 9, np.nan
    return norm.astype("f4")


def piece(first: int, last: int, by=1):
    """Some of these rows."""
    norm = history()[first:last]
    return table("gradients", first, by, _step=np.arange(first + 1, last + 1), total=np.arange(first + 1., last + 1), norm=norm)


def said_of(first: int, last: int, value: float) -> str:
    """What the map says of steps and their highest value."""
    steps = f"step {first}" if first == last else f"steps {first} to {last}"
    if value == -1: return f"{steps}, no gradient"
    if not np.isfinite(value): return f"{steps}, NaN"
    return f"{steps}, {'' if first == last else 'at most '}{float(f'{value:.7g}'):g}"


def expected(layer: int, by: int) -> list[str]:
    """What the map must say from left to right."""
    values, starts = history()[:, layer], range(0, ROWS, by)
    return [f"{NAMES[layer]}, {said_of(at + 1, min(at + by, ROWS), values[at:at + by].max())}" for at in starts]


def test_rows_are_told_right_that_come_folded_and_twice(panel: PanelPage):
    """How else they may come, `js/test/cells.test.ts` tries; this is the way of the bytes from Python into the map."""
    by, messages = 8, [[(0, 96, 8)], [(48, 192, 8)], [(192, 200, 1)], [(190, 203, 1)]]
    panel.show(NAMES, parts=["gradients"])
    for pieces in messages: panel.send(*(piece(*one) for one in pieces), step=ROWS)
    assert panel.shown == "total norm 203.0"
    for layer in range(3):
        assert panel.walk(layer) == expected(layer, by)
    # The total is a plain column, whose rows stay as they came: the first step and the highest value of those folded.
    assert panel.points() == [(first + 1, float(first + by)) for first in range(0, 192, by)] + [(row, float(row)) for row in range(193, 204)]
    for row in (70, 100, 202):
        at = row // by
        assert panel.hover(MAP, (row + 1) / ROWS, .5) == expected(1, by)[at].replace(",", "")
        assert panel.hover(MAP, (row + 1) / ROWS, .9) == expected(2, by)[at].replace(",", "")
    assert [one["command"] for one in panel.asked()] == ["snapshot"]


def test_a_gap_is_noticed_and_closed(panel: PanelPage):
    panel.show(NAMES, parts=["gradients"])
    panel.send(piece(0, 96), step=ROWS)
    assert len(panel.asked()) == 1
    panel.send(piece(100, 203), step=ROWS)
    assert [one["command"] for one in panel.asked()] == ["snapshot", "snapshot"]
    assert panel.shown == "total norm 96.00"  # what came behind the gap is not taken for what belongs there
    panel.send(piece(0, 203), step=ROWS)
    assert panel.walk(2) == expected(2, 1)


def test_the_last_step_is_in_the_map(panel: PanelPage):
    """Often it is the one with the NaN."""
    steps = 1501
    norm = norms(steps)
    norm[-1, 3] = np.nan
    panel.show(LAYERS)
    panel.send(train(steps), gradients(norm))
    assert (panel.pixels(MAP, 1, 3)[:, 0, :3] == panel.css("--bad")).all(1).any()
    assert re.search(rf"\b{steps} NaN", panel.hover(MAP, 1, 3.5 / 8))


def test_a_layer_is_selected_by_click_and_by_key(panel: PanelPage, shots):
    a_run(panel)
    last = norms(200)[-1]
    assert panel.shown.startswith("total norm ")
    panel.page.locator(".gradients .label", has_text="conv3").click()
    assert panel.shown == f"conv3 {last[4]:.4g}"
    expect(panel.heat).to_have_attribute("aria-label", "Gradient norm of 8 layers by step, conv3 selected")
    expect(panel.page.locator(".gradients .curve")).to_have_attribute("aria-label", f"Gradient norm of conv3 plot: {last[4]:.4g}")
    panel.panel.screenshot(path=shots / "front-end-selected.png")
    panel.page.locator(".gradients .label", has_text="conv3").click()
    assert panel.shown.startswith("total norm ")
    panel.page.mouse.click(*panel.place(MAP, .3, 1.5 / 8))
    assert panel.shown == f"bn1 {last[1]:.4g}"
    for key, said, shown in [("ArrowDown", "conv2 selected", "conv2"), ("Escape", "No layer selected", "total norm"),
                             ("ArrowUp", "fc2 selected", "fc2"), ("ArrowDown", "fc2 selected", "fc2"), ("ArrowUp", "fc1 selected", "fc1"),
                             ("Escape", "No layer selected", "total norm"), ("ArrowDown", "conv1 selected", "conv1")]:
        panel.page.mouse.move(5, 5)
        panel.page.keyboard.press(key)
        panel.drawn()
        assert panel.said == said and panel.shown.startswith(f"{shown} ")


def test_measures_and_total(panel: PanelPage):
    a_run(panel)
    last = norms(200)[-1]
    panel.page.locator(".gradients .label", has_text="bn2").click()
    title = panel.page.locator(".gradients h3")
    for button, heading, value in [("update ratio", "Update ratio", last[3] / 100), ("weight norm", "Weight norm", last[3] * 100),
                                   ("gradient norm", "Gradient norm", last[3])]:
        panel.button(button).click()
        panel.drawn()
        assert title.inner_text() == heading and panel.button(button).get_attribute("aria-pressed") == "true"
        name, told = panel.shown.split(" ")
        assert name == "bn2" and float(told) == pytest.approx(value, rel=1e-3)
    panel.button("total gradient norm").click()
    panel.drawn()
    assert panel.heat.is_hidden() and panel.shown.startswith("total norm ") and title.inner_text() == "Total gradient norm"
    assert panel.page.locator(".gradients .curve").get_attribute("aria-label").startswith("Total gradient norm plot")
    panel.button("gradient norm").click()
    panel.drawn()
    assert panel.heat.is_visible() and panel.shown.startswith("bn2 ")


def test_what_is_not_finite_is_told_once_and_marked(panel: PanelPage, shots):
    panel.show(LAYERS)
    norm = norms(200)
    norm[171:, 3:] = np.nan
    norm[180:, 4] = np.inf
    loss = losses(200)
    loss[171:] = np.nan
    later = NAN_FOUND | dict(layer="bn1", step=190)
    panel.send(train(200, loss=loss), gradients(norm), events=[NAN_FOUND, later])
    finding = panel.page.locator(".gradients .finding")
    assert finding.count() == 1 and finding.inner_text() == "NaN in the gradients of fc2 at step 172, and of 4 layers more."
    assert panel.page.locator(".gradients .swatch.non-finite").is_visible() and panel.page.locator(".gradients .swatch.zero").is_hidden()
    red = panel.css("--bad")
    assert (panel.pixels(MAP, .95)[:, 2, :3] == red).all(1).mean() > .5  # five rows of eight, less the lines between them
    assert not (panel.pixels(MAP, .5)[..., :3] == red).all(-1).any()
    assert panel.hover(MAP, 172 / 200, 3.5 / 8) == "bn2 step 172 NaN"
    assert panel.hover(MAP, 191 / 200, 4.5 / 8) == "conv3 step 191 Infinity"
    assert panel.shown == "total norm NaN"
    panel.panel.screenshot(path=shots / "front-end-nan.png")
    panel.send(events=[NAN_FOUND | dict(value="inf", layers=1)], step=200)
    assert finding.inner_text() == "Infinity in the gradients of fc2 at step 172."


def test_how_often_gradients_are_measured(panel: PanelPage):
    a_run(panel)
    period = panel.page.locator(".gradients .period")
    assert period.inner_text() == ""
    panel.send(events=[BUDGET], step=200, gradients_every=8)
    assert period.inner_text() == "every 8 steps" and period.get_attribute("title").endswith(" takes 13.0% of a step's time.")
    panel.show(LAYERS)
    panel.send(train(80), gradients(norms(10), step=np.arange(8, 81, 8)), gradients_every=8)
    assert panel.hover(MAP, 40 / 80, .5).split(" ")[1:3] == ["step", "40"]


def test_dead_layers_and_absent_ones(panel: PanelPage, shots):
    a_run(panel)
    assert panel.page.locator(".gradients .swatch.zero").is_hidden()
    panel.show(LAYERS)
    norm = norms(200)
    norm[:, 2] = 0  # dead
    norm[:, 5] = -1  # frozen
    panel.send(train(200), gradients(norm))
    assert panel.page.locator(".gradients .swatch.zero").is_visible() and panel.page.locator(".gradients .swatch.non-finite").is_hidden()
    at = lambda layer: panel.pixels(MAP, .5)[round((layer + .5) / 8 * panel.heat.bounding_box()["height"]), 2]
    assert (*at(2),) == (*panel.css("--zero"), 255) and at(5)[3] == 0 and at(3)[3] == 255
    assert panel.hover(MAP, 100 / 200, 2.5 / 8) == "conv2 step 100 0"
    assert panel.hover(MAP, 100 / 200, 5.5 / 8) == "bn3 step 100 no gradient"
    panel.page.locator(".gradients .label", has_text="bn3").click()
    assert panel.shown == "bn3 no gradient"
    panel.panel.screenshot(path=shots / "front-end-dead.png")


def test_two_optimizers_fill_each_others_rows(panel: PanelPage, shots):
    """As a GAN writes them: two rows a step, in each of which the other half of the layers has no gradient."""
    steps, layers = 100, len(LAYERS)
    norm = norms(2 * steps)
    norm[0::2, layers // 2:] = norm[1::2, :layers // 2] = -1
    panel.show(LAYERS)
    panel.send(train(steps), gradients(norm, step=np.repeat(np.arange(1, steps + 1), 2)))
    filled = panel.pixels(MAP, .5, 41)[3:-3, :, 3] > 0
    assert filled.any(1).mean() > .85  # all but the lines between rows
    assert (filled.all(1) == filled.any(1)).all()  # and in every column
    for layer in (1, 6):
        value = norm[98 + layer // 4, layer]
        assert panel.hover(MAP, 50 / steps, (layer + .5) / layers) == f"{LAYERS[layer]} step 50 {value:.7g}"
    panel.panel.screenshot(path=shots / "front-end-gan.png")
