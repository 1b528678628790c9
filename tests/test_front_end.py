"""The built front end in a page of its own, without a kernel: what it draws, says and does, by its pixels and words."""
import re
from collections.abc import Iterator

import numpy as np
import pytest
from page import CURVE, LOSS, MAP, PanelPage, table
from playwright.sync_api import Browser, expect

LAYERS = ["conv1", "bn1", "conv2", "bn2", "conv3", "bn3", "fc1", "fc2"]
NAN_FOUND = dict(event="finding", finding="non_finite_gradient", layer="fc2", value="nan", layers=5, step=172, time=1.79e9)
BUDGET = dict(event="budget", every=8, share=.13, step=50, time=1.79e9)


@pytest.fixture
def panel(browser: Browser) -> Iterator[PanelPage]:
    """An empty page, in which nothing may go wrong."""
    page = browser.new_page(viewport=dict(width=1080, height=900))
    panel = PanelPage(page)
    yield panel
    page.close()
    assert panel.errors == []


def losses(steps: int) -> np.ndarray: return .1 + 2 * np.exp(-np.arange(steps) / steps * 4) + .1 * np.sin(np.arange(steps))


def norms(steps: int, layers=len(LAYERS)) -> np.ndarray:
    """Gradient norms that differ from step to step and from layer to layer, all between .01 and .1."""
    return (.01 + .08 * np.random.default_rng(0).random((steps, layers))).astype("f4")


def gradients(norm: np.ndarray, step=None, **more):
    """The table of gradients with these norms, and the total that goes with them."""
    norm = np.asarray(norm, "f4")
    step = np.arange(1, len(norm) + 1) if step is None else step
    more = dict(total=np.sqrt((np.where(norm < 0, 0, norm) ** 2).sum(1)), norm=norm) | more
    return table("gradients", _step=step, **more)


def train(steps: int, **more): return table("train", _step=np.arange(1, steps + 1), **dict(loss=losses(steps)) | more)


def system(steps: int): return table("system", _step=[steps], steps_per_second=[9.], samples_per_second=[12345.], data_wait=[.1], watching=[.02])


def a_run(panel: PanelPage, steps=200, events=(), **state):
    """Eight layers, some steps."""
    panel.show(LAYERS)
    norm = norms(steps)
    panel.send(train(steps), gradients(norm, update_ratio=norm / 100, parameter_norm=norm * 100), events=list(events), **state)


# Spikes

def tip(pixels: np.ndarray) -> float:
    """How far below the top a curve's highest pixel is, as a share of the height; 1 without any."""
    red, _, blue, alpha = np.moveaxis(pixels.astype(int), -1, 0)
    inked = ((alpha > 0) & (blue > red + 40)).any(1)  # in the blue of --train, be it faint
    return inked.argmax() / len(inked) if inked.any() else 1


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


@pytest.mark.parametrize("layers,points", [(4, 1_000_000), (40, 250_000)], ids=["a million steps", "forty layers"])
def test_one_step_among_many_is_seen_at_every_zoom(panel: PanelPage, layers, points):
    spike, where = round(.617283 * points), layers // 2
    panel.show([f"layer{i}" for i in range(layers)], parts=["loss", "gradients"])
    step, norm, total = np.arange(1, points + 1), norms(points, layers), np.full(points, .1)
    loss = .5 + .1 * np.random.default_rng(1).random(points)
    loss[spike - 1] = total[spike - 1] = norm[spike - 1, where] = 50
    panel.send(table("train", _step=step, loss=loss), step=points)
    for start in range(0, points, points // 10):
        part = slice(start, start + points // 10)
        panel.send(table("gradients", start, _step=step[part], total=total[part], norm=norm[part]), step=points)
    row = (where + .5) / layers
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


# Rows

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


ARRIVALS = {
    "at once": (1, [[(0, 203, 1)]]),
    "folded, then plain": (8, [[(0, 192, 8), (192, 203, 1)]]),
    "in messages": (8, [[(0, 96, 8)], [(96, 192, 8)], [(192, 200, 1)], [(200, 203, 1)]]),
    "twice": (8, [[(0, 96, 8)], [(48, 192, 8)], [(192, 200, 1)], [(190, 203, 1)]]),
    "anew": (1, [[(0, 96, 8)], [(0, 203, 1)]]),
    "row by row": (2, [[(0, 180, 2)], *([(row, row + 1, 1)] for row in range(180, 203))]),
}


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


def told_rows(messages) -> list[tuple[int, int]]:
    """The first of every so many rows that came as one, without those that were there before."""
    if messages[-1][0][0] == 0: messages = messages[-1:]
    known, told = 0, []
    for first, last, by in (one for pieces in messages for one in pieces):
        told += [(row, by) for row in range(first, last, by) if row >= known]
        known = last
    return told


@pytest.mark.parametrize("arrival", ARRIVALS)
def test_rows_are_told_right_however_they_come(panel: PanelPage, arrival):
    by, messages = ARRIVALS[arrival]
    panel.show(NAMES, parts=["gradients"])
    for pieces in messages: panel.send(*(piece(*one) for one in pieces), step=ROWS)
    assert panel.shown == "total norm 203.0"
    for layer in range(3):
        assert panel.walk(layer) == expected(layer, by)
    # The total is a plain column, whose rows stay as they came: the first step and the highest value of those folded.
    assert panel.points() == [(first + 1, float(first + by)) for first, by in told_rows(messages)]
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


@pytest.mark.parametrize("steps", [200, 601, 1501])
def test_the_last_step_is_in_the_map(panel: PanelPage, steps):
    """Often it is the one with the NaN. Steps share a column, and so many of them that the last one stands alone."""
    norm = norms(steps)
    norm[-1, 3] = np.nan
    panel.show(LAYERS)
    panel.send(train(steps), gradients(norm))
    assert (panel.pixels(MAP, 1, 3)[:, 0, :3] == panel.css("--bad")).all(1).any()
    assert re.search(rf"\b{steps} NaN", panel.hover(MAP, 1, 3.5 / 8))


def test_weights_are_what_they_were_when_last_measured(panel: PanelPage):
    steps = 100
    weights = np.full((steps, 2), -1.)
    weights[4::16] = [[10 + k, 100 - k] for k in range(len(weights[4::16]))]  # one grows, one shrinks
    panel.show(["up", "down"], parts=["gradients"])
    whole = gradients(norms(steps, 2), parameter_norm=weights)
    for start, end in ((0, 30), (30, 31), (31, 100)): panel.send(whole._replace(start=start, count=end - start, rows=whole.rows[start:end]), step=steps)
    panel.button("weight norm").click()
    panel.drawn()
    for layer, name in enumerate(["up", "down"]):
        held = [f"{name}, step {row + 1}, {weights[(row - 4) // 16 * 16 + 4, layer]:g}" for row in range(4, steps)]
        unknown = [f"{name}, step {row}, no gradient" for row in range(1, 5)]
        assert panel.walk(layer) == unknown + held
    panel.page.locator(".heat .label", has_text="down").click()
    assert panel.shown == "down 95.00"
    assert (panel.pixels(MAP, .02)[..., 3] == 0).all() and (panel.pixels(MAP, .5)[3:-3, :, 3] > 0).any(1).mean() > .9


# Clicks and keys

def test_a_layer_is_selected_by_click_and_by_key(panel: PanelPage, shots):
    a_run(panel)
    last = norms(200)[-1]
    assert panel.shown.startswith("total norm ")
    panel.page.locator(".heat .label", has_text="conv3").click()
    assert panel.shown == f"conv3 {last[4]:.4g}"
    expect(panel.heat).to_have_attribute("aria-label", "Gradient norm of 8 layers by step, conv3 selected")
    expect(panel.page.locator(".curve")).to_have_attribute("aria-label", f"Gradient norm of conv3 plot: {last[4]:.4g}")
    panel.panel.screenshot(path=shots / "front-end-selected.png")
    panel.page.locator(".heat .label", has_text="conv3").click()
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


def test_arrows_walk_along_the_steps(panel: PanelPage):
    a_run(panel)
    norm = norms(200)
    panel.heat.focus()
    for key, step, layer in [("ArrowDown", 0, 0), ("ArrowLeft", 200, 0), ("ArrowLeft", 199, 0), ("ArrowLeft", 198, 0), ("ArrowDown", 198, 1), ("ArrowRight", 199, 1)]:
        panel.page.keyboard.press(key)
        panel.drawn()
        if step: assert panel.said == f"{LAYERS[layer]}, step {step}, {norm[step - 1, layer]:.7g}"
    cross = panel.page.locator(".heat .cross")
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


def test_measures_and_total(panel: PanelPage):
    a_run(panel)
    last = norms(200)[-1]
    panel.page.locator(".heat .label", has_text="bn2").click()
    title = panel.page.locator(".gradients h3")
    for button, heading, value in [("update ratio", "Update ratio", last[3] / 100), ("weight norm", "Weight norm", last[3] * 100), ("gradient norm", "Gradient norm", last[3])]:
        panel.button(button).click()
        panel.drawn()
        assert title.inner_text() == heading and panel.button(button).get_attribute("aria-pressed") == "true"
        name, told = panel.shown.split(" ")
        assert name == "bn2" and float(told) == pytest.approx(value, rel=1e-3)
    panel.button("total").click()
    panel.drawn()
    assert panel.heat.is_hidden() and panel.shown.startswith("total norm ") and panel.button("update ratio").is_hidden()
    assert panel.page.locator(".curve").get_attribute("aria-label").startswith("Total gradient norm plot")
    panel.button("per layer").click()
    panel.drawn()
    assert panel.heat.is_visible() and panel.shown.startswith("bn2 ")


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

    for area in (".plot", ".heat", ".curve"):
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
    panel.page.set_viewport_size(dict(width=1080, height=300))
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


# States

def test_what_is_not_finite_is_told_once_and_marked(panel: PanelPage, shots):
    panel.show(LAYERS)
    norm = norms(200)
    norm[171:, 3:] = np.nan
    norm[180:, 4] = np.inf
    loss = losses(200)
    loss[171:] = np.nan
    later = NAN_FOUND | dict(layer="bn1", step=190)
    panel.send(train(200, loss=loss), gradients(norm), events=[NAN_FOUND, later])
    finding = panel.page.locator(".finding")
    assert finding.count() == 1 and finding.inner_text() == "NaN first at step 172, in fc2 (5 layers)"
    assert panel.page.locator(".swatch.broken").is_visible() and panel.page.locator(".swatch.zero").is_hidden()
    red = panel.css("--bad")
    assert (panel.pixels(MAP, .95)[:, 2, :3] == red).all(1).mean() > .5  # five rows of eight, less the lines between them
    assert not (panel.pixels(MAP, .5)[..., :3] == red).all(-1).any()
    assert panel.hover(MAP, 172 / 200, 3.5 / 8) == "bn2 step 172 NaN"
    assert panel.hover(MAP, 191 / 200, 4.5 / 8) == "conv3 step 191 Infinity"
    assert panel.shown == "total norm NaN"
    panel.panel.screenshot(path=shots / "front-end-nan.png")
    panel.send(events=[NAN_FOUND | dict(value="inf", layers=1)], step=200)
    assert finding.inner_text() == "Infinity first at step 172, in fc2 (1 layer)"


NEXT_TO_ONE = np.nextafter(1, 2)


@pytest.mark.parametrize("values", [
    [1, NEXT_TO_ONE], [NEXT_TO_ONE, 1, 1], [1e16, 1e16 + 2], [-1, -NEXT_TO_ONE], [0, 5e-324], [5e-324, 1e-323], [1e-310, 1], [-1e-320, 1e-320],
    [1.7e308, -1.7e308], [1.7e308, 1.79e308], [1e-300, 1e300], [0, 1.7e308], [1, 1 + 1e-8], [2**53, 2**53 + 2, 2**54], [1e-3, 1e-3 + 1e-18], [np.inf, 1], [np.nan] * 3,
], ids=str)
def test_values_at_the_ends_of_what_a_float_can_hold(panel: PanelPage, values):
    """An axis whose ticks are closer than neighbouring numbers would be counted for ever."""
    panel.show(LAYERS, parts=["loss"])
    panel.page.set_default_timeout(5_000)  # instead of the half minute after which the browser gives up a page
    for repeated in 1, 50:
        panel.send(train(len(values) * repeated, loss=np.tile(values, repeated), accuracy=np.full(len(values) * repeated, .5)))
        for scale in range(2):
            panel.page.get_by_role("button", name=re.compile("^(log|linear)$")).click()
            panel.drawn()
            panel.zoom(.5, .5)
            panel.zoom(2, .5)


@pytest.mark.parametrize("breaks,part,others", [
    ("Number.prototype.toLocaleString = fail", "footer", [LOSS, MAP]),
    ("HTMLCanvasElement.prototype.getContext = fail", "gradients", ["footer"]),
    ("Object.defineProperty(window, 'devicePixelRatio', {get: fail})", "loss", ["footer"]),
])
def test_a_part_with_a_fault_rests_and_the_others_go_on(browser: Browser, shots, breaks, part, others):
    page = browser.new_page(viewport=dict(width=1080, height=900))
    panel = PanelPage(page)
    a_run(panel, epoch=0)
    page.evaluate(f"() => {{ const fail = () => {{ throw new RangeError('a fault <b>of ours</b>') }}; {breaks} }}")
    for step in 300, 301, 302: panel.send(train(step), gradients(norms(step)), system(step), step=step)
    said = page.locator(".fault", has_text=f"The {part} part of this panel has a fault and rests: RangeError: a fault <b>of ours</b>.")
    assert said.count() == 1
    for area in others: assert page.locator(area).first.is_visible()
    panel.panel.screenshot(path=shots / f"front-end-fault-{part}.png")
    panel.button("Stop now").click()
    assert panel.commands() == [("stop", dict(when="step"))]
    page.close()


def test_how_often_gradients_are_measured(panel: PanelPage):
    a_run(panel)
    period = panel.page.locator(".gradients .period")
    assert period.inner_text() == ""
    panel.send(events=[BUDGET], step=200, gradients_every=8)
    assert period.inner_text() == "every 8 steps" and period.get_attribute("title") == "Each measurement takes 13 % of a step's time"
    panel.show(LAYERS)
    panel.send(train(80), gradients(norms(10), step=np.arange(8, 81, 8)), gradients_every=8)
    assert panel.hover(MAP, 40 / 80, .5).split(" ")[1:3] == ["step", "40"]


def test_dead_layers_and_absent_ones(panel: PanelPage, shots):
    a_run(panel)
    assert panel.page.locator(".swatch.zero").is_hidden()
    panel.show(LAYERS)
    norm = norms(200)
    norm[:, 2] = 0  # dead
    norm[:, 5] = -1  # frozen
    panel.send(train(200), gradients(norm))
    assert panel.page.locator(".swatch.zero").is_visible() and panel.page.locator(".swatch.broken").is_hidden()
    at = lambda layer: panel.pixels(MAP, .5)[round((layer + .5) / 8 * panel.heat.bounding_box()["height"]), 2]
    assert (*at(2),) == (*panel.css("--zero"), 255) and at(5)[3] == 0 and at(3)[3] == 255
    assert panel.hover(MAP, 100 / 200, 2.5 / 8) == "conv2 step 100 0"
    assert panel.hover(MAP, 100 / 200, 5.5 / 8) == "bn3 step 100 no gradient"
    panel.page.locator(".heat .label", has_text="bn3").click()
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


SYSTEM = dict(samples_per_second=[5000., 5412.3], steps_per_second=[80., 84.2], data_wait=[.5, .031], watching=[.2, .0062], cpu=[50., 118.2],
              memory=[2**30, 1.2 * 2**30], gpu=[5., 81], gpu_memory=[0., 6.2 * 2**30])


def test_what_the_machine_does(panel: PanelPage):
    panel.show()
    machine = dict(cpus=16, memory=64 * 2**30, gpu="NVIDIA H200", gpu_memory=141 * 2**30)
    words = lambda: panel.page.locator("footer > span:visible").all_inner_texts()
    panel.send(train(20), machine=machine)
    assert words() == ["step 20", "run a_run"] and panel.page.get_by_text("watching costs").count() == 0
    panel.send(table("system", _step=[1, 20], **SYSTEM), step=20, machine=machine)
    assert words() == ["step 20", "samples/s 5,412", "waiting for data 3 %", "GPU 81 % · 6.2 / 141 GB", "CPU 118 %", "memory 1.2 GB", "run a_run"]
    watching = panel.page.locator("header .right")
    assert watching.inner_text() == "watching costs 0.6 % · controls live by subshell"
    panel.show()
    known = {name: SYSTEM[name] for name in ("steps_per_second", "cpu")} | dict(watching=[.3, .0002], data_wait=[.1, np.nan])
    panel.send(train(20), table("system", _step=[1, 20], **known), reads_every=32)
    assert words() == ["step 20", "steps/s 84", "CPU 118 %", "values read every 32 rows", "run a_run"]
    assert watching.inner_text() == "watching costs <0.1 % · controls live by subshell"
    panel.send(step=20, status="finished")
    assert watching.inner_text() == "watching costs <0.1 %"


EVIL = "<img src=x onerror=hit=1>"


def test_names_are_words_and_never_html(panel: PanelPage):
    names = [f"{EVIL}{i}" for i in range(3)]
    panel.show(names, name=EVIL)
    events = [NAN_FOUND | dict(layer=EVIL), dict(event="command", command=EVIL, status="failed", by=EVIL, reason=EVIL, step=3, time=1.79e9)]
    metrics = {"loss": losses(50), f"val_{EVIL}": losses(50), EVIL: losses(50), "b" + EVIL: losses(50)}
    panel.send(train(50, **metrics), gradients(norms(50, 3)), events=events, status="failed", reason=EVIL, folder=EVIL,
               machine=dict(cpus=1, memory=1, gpu=EVIL, gpu_memory=1))
    panel.page.locator(".heat .label").nth(1).click()
    panel.drawn()
    assert panel.page.locator(".shown .subject").get_attribute("title") == names[1]
    assert panel.hover(MAP, .5, .5).startswith(names[1])
    panel.page.locator(".legend button", has_text=EVIL).first.click()
    panel.drawn()
    assert EVIL in panel.hover(LOSS, .5)
    text = panel.panel.inner_text()
    assert panel.page.locator("header .name").inner_text() == EVIL and f"in {EVIL} (5 layers)" in text and text.count(EVIL) >= 7
    assert panel.page.locator("img").count() == 0 and panel.page.evaluate("window.hit") is None


def test_nothing_is_left_over(panel: PanelPage):
    a_run(panel)
    panel.page.evaluate("shown.remove()")
    assert panel.page.locator(".trainbook-panel").count() == 0
    assert panel.page.evaluate("[...shown.model.listeners.values()].flat().length") == 0


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


# Steering

EARLY = dict(on=True, metric="val_loss", mode="min", patience=3, min_delta=0., best=.1702, best_step=300, waited=2, would_stop=None,
             restore_best=False)


def kept(step: int, *roles: str, **more) -> dict:
    """A checkpoint on disk."""
    return dict(name=f"step-{step}", step=step, epoch=0, roles=list(roles), tag=None, metric="val_loss", value=.1702345) | more


STEERED = dict(stopping=None, paused_since=None, learning_rate=1.5e-3, learning_rate_scale=1, can_scale=True, can_evaluate=True, early_stop=EARLY,
               can_checkpoint=True, checkpoints=[kept(120, "best")], parent=None)
OVER = ["finished", "stopped", "failed", "lost"]


def steer(panel: PanelPage, *tables, events=(), parts=None, **state):
    """A run that can be steered in all ways."""
    panel.show(LAYERS, **({} if parts is None else dict(parts=parts)))
    panel.send(*tables, events=list(events), **STEERED | state)


def command(name: str, status="applied", step=140, id="a", by="panel", time=1.79e9, **more) -> dict:
    return dict(event="command", command=name, status=status, step=step, id=id, by=by, time=time, arguments={}) | more


def halved(id="a", **more) -> dict: return command("scale_lr", id=id, **dict(arguments=dict(factor=.5), undoable=True) | more)


def rolled_back(status="applied", step=140, **more) -> dict:
    return command("rollback", status, step, **dict(arguments=dict(to="best"), undoable=True) | more)


def outcome(panel: PanelPage, status: str, **more) -> dict:
    """What became of the last command that was given."""
    asked = panel.asked()[-1]
    return command(asked["command"], status, id=asked["id"], arguments=asked["arguments"], **more)


def busy(panel: PanelPage) -> list[str]:
    """What waits for an answer, by name."""
    panel.drawn()
    return panel.page.locator("[aria-busy=true]").evaluate_all("all => all.map(one => one.ariaLabel ?? one.textContent)")


def switch(panel: PanelPage): return panel.page.get_by_role("switch", name="Early stopping", exact=True)


def hint(panel: PanelPage) -> str:
    panel.drawn()
    return panel.page.locator(".hint").inner_text()


def last(panel: PanelPage) -> str:
    """The line of the last command, without its time."""
    panel.drawn()
    return panel.page.locator("[aria-live] >> visible=true").last.inner_text().split("\u2003")[1]


def cards(panel: PanelPage) -> list[str]:
    """What the run did by itself."""
    panel.drawn()
    return panel.page.locator(".card:not(:has([aria-live])):visible p").all_inner_texts()


CLICKS = {"Pause": ("pause", {}), "Stop now": ("stop", dict(when="step")), "Stop after epoch": ("stop", dict(when="epoch")),
          "Halve learning rate": ("scale_lr", dict(factor=.5)), "Double learning rate": ("scale_lr", dict(factor=2)), "Evaluate now": ("evaluate", {}),
          "Checkpoint now": ("checkpoint", {}), "Roll back to best": ("rollback", dict(to="best"))}


def test_every_control_gives_its_command(panel: PanelPage):
    steer(panel, table("train", _step=[1, 2], loss=[2., 1], epoch=[0, 0]), table("valid", _step=[2], val_loss=[1.], accuracy=[.5]))
    for name in CLICKS: panel.button(name).click()
    assert panel.commands() == list(CLICKS.values())
    switch(panel).click()
    assert panel.field("metric").locator("option").all_inner_texts() == ["loss", "val_loss", "accuracy"]
    panel.field("metric").select_option("accuracy")
    panel.field("mode").select_option("max")
    panel.field("patience").fill("5")
    panel.field("patience").press("Enter")
    panel.field("min delta").fill("1e-3")
    panel.field("min delta").blur()
    panel.field("restore best").check()
    settings = dict(on=False), dict(metric="accuracy"), dict(mode="max"), dict(patience=5), dict(min_delta=.001), dict(restore_best=True)
    assert panel.commands()[len(CLICKS):] == [("early_stop", one) for one in settings]
    assert len({one["id"] for one in panel.asked()}) == len(panel.asked())
    panel.send(**STEERED | dict(status="paused", paused_since=1.79e9))
    panel.button("Resume").click()
    assert panel.commands()[-1] == ("resume", {})


def test_pause_becomes_resume_in_its_place(panel: PanelPage):
    steer(panel)
    places = lambda: [panel.button(name).bounding_box() for name in ("Stop now", "Stop after epoch", "Halve learning rate")]
    before, width = places(), panel.button("Pause").bounding_box()["width"]
    assert panel.button("Pause").inner_text().strip() == "Pause" and panel.button("Resume").count() == 0
    panel.button("Pause").focus()
    panel.send(**STEERED | dict(status="paused", paused_since=1.79e9))
    assert panel.button("Resume").inner_text().strip() == "Resume" and panel.button("Pause").count() == 0
    assert places() == before and panel.button("Resume").bounding_box()["width"] == width
    assert panel.button("Resume").evaluate("one => one === document.activeElement")
    words = panel.page.locator("header").inner_text()
    assert "paused" in words.split("\n") and re.search(r"paused since \d\d:\d\d:\d\d", words) and "left" not in words
    panel.page.keyboard.press("Enter")
    assert panel.commands() == [("resume", {})]
    panel.send(**STEERED)
    assert panel.button("Pause").is_visible() and "since" not in panel.page.locator("header").inner_text()


@pytest.mark.parametrize("name,said", [("Pause", "pausing …"), ("Stop now", "stopping …"), ("Stop after epoch", "stopping …"), ("Halve learning rate", ""), ("Evaluate now", "evaluating …"),
                                       ("Checkpoint now", "saving …"), ("Roll back to best", "rolling back …")])
@pytest.mark.parametrize("status", ["applied", "refused", "failed"])
def test_what_is_asked_for_is_pressed_until_its_outcome_is_known(panel: PanelPage, name, said, status):
    steer(panel)
    assert busy(panel) == [] and hint(panel) == ""
    panel.button(name).click()
    assert busy(panel) == [name] and hint(panel) == said
    panel.send(events=[outcome(panel, "requested")], **STEERED)
    assert busy(panel) == [name] and hint(panel) == said
    panel.send(events=[outcome(panel, status)], start=1, **STEERED)
    assert busy(panel) == [] and hint(panel) == ""
    assert len(panel.commands()) == 1


def test_stopping_is_what_the_run_says(panel: PanelPage):
    steer(panel, stopping="epoch")
    pressed = lambda: [panel.button(name).get_attribute("aria-pressed") for name in ("Stop now", "Stop after epoch")]
    assert pressed() == ["false", "true"] and hint(panel) == "stopping …"
    panel.send(**STEERED | dict(stopping="step"))
    assert pressed() == ["true", "false"]
    panel.send(**STEERED | dict(status="stopped", stopping="step"))
    assert pressed() == ["false", "false"] and hint(panel) == "" and busy(panel) == []


def test_two_quick_clicks_are_two_halvings_but_one_evaluation(panel: PanelPage):
    steer(panel)
    once = ["Evaluate now", "Checkpoint now", "Roll back to best"]
    for name in ("Halve learning rate", *once): panel.button(name).dblclick()
    assert panel.commands() == 2 * [CLICKS["Halve learning rate"]] + [CLICKS[name] for name in once]
    first = panel.asked()[1]
    panel.send(events=[halved(first["id"])], **STEERED)
    assert busy(panel) == ["Halve learning rate", *once]  # of the other one nothing is known yet


def test_a_command_is_repeated_until_it_is_acknowledged(panel: PanelPage):
    steer(panel)
    panel.page.evaluate("() => { shown.model.send = content => shown.model.sent.push(content) }")
    panel.button("Pause").click()
    panel.page.wait_for_function("shown.model.sent.length > 3")
    expect(panel.page.locator(".hint")).to_have_text("no answer yet; still asking", timeout=10_000)
    asked = panel.asked()[1:]
    assert len({one["id"] for one in asked}) == 1 and {one["command"] for one in asked} == {"pause"}
    panel.page.evaluate("id => shown.model.emit({ kind: 'update', tables: [], acknowledged: [id], route: null }, [])", asked[0]["id"])
    assert hint(panel) == "pausing …"
    count = len(panel.asked())
    panel.page.wait_for_timeout(700)
    assert len(panel.asked()) == count


@pytest.mark.parametrize("status", OVER)
def test_nothing_can_be_asked_of_a_run_that_is_over(panel: PanelPage, status):
    steer(panel, events=[halved()], status=status)
    controls = panel.page.locator(".controls :is(button, input, select)")
    assert controls.count() == 14 and not any(one.is_enabled() for one in controls.all())
    assert panel.button("Undo").count() == 0 and busy(panel) == []


def test_what_a_run_cannot_do_is_not_offered(panel: PanelPage):
    panel.show()
    panel.send()  # an older run, which does not say
    names = lambda: [one.get_attribute("aria-label") or one.inner_text().strip() for one in panel.page.locator(".controls :is(button, input, select)").all() if one.is_visible()]
    assert names() == ["Pause", "Stop now", "Stop after epoch"]
    panel.send(**STEERED | dict(can_scale=False, can_evaluate=False, can_checkpoint=False, early_stop=None))
    assert names() == ["Pause", "Stop now", "Stop after epoch"]
    panel.send(**STEERED | dict(learning_rate=None))
    assert names()[3:5] == ["Halve learning rate", "Double learning rate"] and panel.page.locator(".now").inner_text() == ""
    panel.send(**STEERED | dict(learning_rate=3.75e-4, learning_rate_scale=.25))
    assert panel.page.locator(".now").inner_text() == "3.75e-4"


# Early stopping

def test_a_field_is_not_overwritten_while_somebody_types(panel: PanelPage):
    steer(panel)
    patience, delta = panel.field("patience"), panel.field("min delta")
    assert (patience.input_value(), delta.input_value()) == ("3", "0")
    patience.focus()
    patience.fill("7")
    panel.send(**STEERED | dict(early_stop=EARLY | dict(patience=4, min_delta=.5)))
    assert (patience.input_value(), delta.input_value()) == ("7", "0.5")
    assert panel.commands() == []
    patience.press("Enter")
    panel.send(**STEERED)
    assert patience.input_value() == "7"
    patience.blur()
    panel.drawn()
    assert patience.input_value() == "7" and panel.commands() == [("early_stop", dict(patience=7))]  # once, and shown until it is known
    panel.send(events=[outcome(panel, "refused")], **STEERED)
    assert patience.input_value() == "3"
    patience.fill("9")
    patience.press("Escape")
    patience.blur()
    assert patience.input_value() == "3" and len(panel.commands()) == 1
    patience.focus()
    panel.send(**STEERED | dict(early_stop=EARLY | dict(patience=6)))
    assert patience.input_value() == "3"
    patience.blur()
    panel.drawn()
    assert patience.input_value() == "6" and len(panel.commands()) == 1


@pytest.mark.parametrize("name,bad,good", [("patience", ["0", "-1", "2.5", "", "e"], "4"), ("min delta", ["-0.1", "", "e"], "0.25")])
def test_a_bad_value_is_not_sent_but_shown_as_such(panel: PanelPage, name, bad, good):
    steer(panel)
    field, expected = panel.field(name), panel.page.get_by_role("alert")
    for text in bad:
        field.focus()
        field.press("Control+a")
        field.press("Delete")
        panel.page.keyboard.type(text)
        field.blur()
        panel.send(**STEERED)
        assert field.get_attribute("aria-invalid") == "true" and expected.locator("visible=true").inner_text().startswith("a ")
    assert panel.commands() == []
    field.fill(good)
    assert field.get_attribute("aria-invalid") == "false" and expected.locator("visible=true").count() == 0
    field.press("Enter")
    assert panel.commands() == [("early_stop", {name.replace(" ", "_"): float(good)})]


def test_the_switch_shows_what_was_asked_for_and_falls_back(panel: PanelPage):
    steer(panel, early_stop=EARLY | dict(on=False))
    toggle = switch(panel)
    assert toggle.get_attribute("aria-checked") == "false"
    toggle.focus()
    panel.page.keyboard.press("Space")
    assert busy(panel) == ["Early stopping"] and toggle.get_attribute("aria-checked") == "true"
    panel.send(events=[outcome(panel, "refused")], **STEERED | dict(early_stop=EARLY | dict(on=False)))
    assert busy(panel) == [] and toggle.get_attribute("aria-checked") == "false"
    toggle.click()
    toggle.click()
    assert panel.commands() == [("early_stop", dict(on=on)) for on in (True, True, False)]
    panel.send(events=[], **STEERED)
    assert toggle.get_attribute("aria-checked") == "false"  # the last click counts


SEEN = [(EARLY, "best 0.1702 at step 300 · 2 of 3 without improvement"), (EARLY | dict(waited=0), "best 0.1702 at step 300"),
        (EARLY | dict(best=None, best_step=None, waited=0), "waiting for val_loss"), (EARLY | dict(on=False), ""),
        (EARLY | dict(on=False, would_stop=512), "would have stopped at step 512")]


@pytest.mark.parametrize("parts", [["controls"], ["early_stop"]])
def test_what_early_stopping_knows(panel: PanelPage, parts):
    steer(panel, parts=parts)
    for early, said in SEEN:
        panel.send(**STEERED | dict(early_stop=early))
        assert panel.page.locator(".seen").inner_text() == said
    assert panel.button("Pause").count() == (parts == ["controls"])
    switch(panel).click()
    assert panel.commands() == [("early_stop", dict(on=True))]
    panel.send(early_stop=None)
    assert switch(panel).count() == 0 and panel.panel.is_visible() == (parts == ["controls"])


def test_whether_the_best_is_restored(panel: PanelPage):
    box = panel.field("restore best")
    steer(panel, early_stop={name: value for name, value in EARLY.items() if name != "restore_best"})
    assert box.is_hidden()  # an older run, which does not say
    panel.send(**STEERED)
    assert box.is_visible() and not box.is_checked()
    panel.page.get_by_text("restore best").click()
    panel.drawn()
    assert panel.commands() == [("early_stop", dict(restore_best=True))] and box.is_checked()
    panel.send(events=[outcome(panel, "refused")], **STEERED)
    assert not box.is_checked()
    panel.send(**STEERED | dict(early_stop=EARLY | dict(restore_best=True)))
    assert box.is_checked()
    box.focus()
    panel.page.keyboard.press("Space")
    assert panel.commands()[1:] == [("early_stop", dict(restore_best=False))]


# Checkpoints

def test_back_to_the_best_as_soon_as_there_is_one(panel: PanelPage):
    steer(panel, checkpoints=[])
    save, back = panel.button("Checkpoint now"), panel.button("Roll back to best")
    assert save.inner_text() == "Checkpoint" and save.is_enabled()
    assert back.is_disabled() and back.get_attribute("title") == "no checkpoint is best yet"
    panel.send(**STEERED | dict(checkpoints=[kept(100, "last")]))
    assert back.is_disabled()
    panel.send(**STEERED | dict(checkpoints=[kept(40, "best", value=.3), kept(120, "best", "last"), kept(130, tag="mine")]))
    assert back.is_enabled() and back.get_attribute("title") == "val_loss 0.1702 at step 120"
    panel.send(**STEERED | dict(checkpoints=[kept(60, "best", metric=None, value=None)]))
    assert back.get_attribute("title") == "step 60"
    back.click()
    assert panel.commands() == [("rollback", dict(to="best"))]
    panel.send(**STEERED | dict(can_checkpoint=False))
    assert save.count() == back.count() == 0 and panel.button("Evaluate now").is_visible()


@pytest.mark.parametrize("width", [400, 480, 560, 640, 760, 920, 1040])
def test_words_that_come_and_go_move_nothing(panel: PanelPage, width):
    panel.page.set_viewport_size(dict(width=width + 40, height=900))
    steer(panel)
    places = lambda: [one.bounding_box() for one in panel.page.locator(".controls button").all()]
    before = places()
    panel.button("Roll back to best").click()
    assert hint(panel) == "rolling back …" and places() == before


def floor(panel: PanelPage, step: int, steps=200) -> np.ndarray:
    """How many pixels of each row are green, from the floor of the plot up, at a step."""
    pixels = panel.pixels(LOSS, step / steps, 13)[::-1, :, :3].astype(int)
    return (abs(pixels - panel.css("--good")).max(-1) < 40).sum(1)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_checkpoint_is_a_triangle_while_it_is_kept(panel: PanelPage, dark):
    panel.page.emulate_media(color_scheme="dark" if dark else "light")
    steer(panel, train(200), step=200, checkpoints=[kept(40, "best"), kept(120, tag="mine"), kept(200, "last")])
    for step in (40, 120):
        rows = floor(panel, step)
        assert rows[0] > rows[3] > 0 and not rows[8:].any(), step  # it stands on the axis and ends in a point
    assert floor(panel, 200)[0] >= 6  # not cut off at the end
    assert not floor(panel, 80).any()
    panel.send(**STEERED | dict(step=200, checkpoints=[kept(40, "best")]))
    assert floor(panel, 40).any() and not floor(panel, 120).any()


def test_what_a_checkpoint_is_kept_for(panel: PanelPage):
    checkpoints = [kept(40, "best", "last"), kept(100, "last", tag="mine"), kept(160)]
    steer(panel, train(200), step=200, checkpoints=checkpoints)
    assert panel.hover(LOSS, 40 / 200).endswith(" checkpoint best, last")
    assert panel.hover(LOSS, 100 / 200).endswith(" checkpoint last, mine")
    assert panel.hover(LOSS, 160 / 200).endswith(" checkpoint step-160")
    assert panel.hover(LOSS, 101 / 200).endswith(" checkpoint last, mine (step 100)")  # close by
    assert "checkpoint" not in panel.hover(LOSS, 60 / 200)


def test_a_checkpoint_that_was_not_saved(panel: PanelPage):
    failed = SAVED | dict(status="failed", step=130, reason="OSError: No space left on device")
    steer(panel, events=[SAVED])
    assert cards(panel) == []
    panel.send(events=[failed], start=1, **STEERED)
    assert cards(panel) == ["No checkpoint saved at step 130. OSError: No space left on device"]
    panel.send(events=[SAVED | dict(step=140)], start=2, **STEERED)
    assert cards(panel) == []


def test_where_it_goes_on_from(panel: PanelPage):
    steer(panel)
    origin = panel.page.locator("header .origin")
    assert origin.is_hidden()
    panel.send(**STEERED | dict(parent=dict(id="run_7f3a", name="digits", checkpoint="step-120", step=120)))
    assert origin.inner_text() == "goes on from digits, step 120" and origin.get_attribute("title") == "checkpoint step-120 of run run_7f3a"


# A run and those that it goes on from

GENERATIONS = [("grandparent/", 0, 60), ("parent/", 60, 120), ("", 120, 200)]
ORDERS = {"oldest first": [0, 1, 2], "newest first": [2, 1, 0], "own rows between": [1, 2, 0]}


def lineage(which: int, by=1) -> list:
    """The rows of one of three runs that go on from each other, as tables of the last one; gradients by `by`."""
    folder, first, last = GENERATIONS[which]
    folded = last - (last - first) % by
    def some(at, end, by): return table("gradients", at - first, by, _step=np.arange(at + 1, end + 1), total=np.arange(at + 1., end + 1), norm=norms(200)[at:end])
    tables = [table("train", _step=np.arange(first + 1, last + 1), loss=losses(200)[first:last], epoch=np.arange(first, last) // 50),
              table("valid", _step=[last], val_loss=[losses(200)[last - 1]]),
              *(some(*piece) for piece in [(first, folded, by), (folded, last, 1)] if piece[0] < piece[1])]
    return [one._replace(key=f"{folder}{one.key}") for one in tables]


@pytest.mark.parametrize("order", ORDERS)
def test_the_rows_of_ancestors_and_its_own_are_one_curve(panel: PanelPage, order):
    panel.show(LAYERS)
    for i in ORDERS[order]: panel.send(*lineage(i), step=200, epoch=3)
    last = f"{losses(200)[-1]:.4g}"
    assert panel.page.locator(".legend .series").all_inner_texts() == [f"loss {last}", f"val_loss {last}"]
    for step in (1, 30, 60, 61, 90, 120, 121, 160, 200):
        loss, val_loss = losses(200)[[step - 1, 59 if step < 91 else 119 if step < 161 else 199]]
        assert panel.hover(LOSS, step / 200) == f"step {step} loss {loss:.7g} val_loss {val_loss:.7g}"
    panel.page.mouse.move(5, 5)
    assert all(tip(panel.pixels(LOSS, x, 1)) < 1 for x in np.linspace(.01, .99, 50))  # no gap
    assert panel.points() == [(step, float(step)) for step in range(1, 201)]
    for layer in (0, 5): assert panel.walk(layer) == [f"{LAYERS[layer]}, step {i + 1}, {norms(200)[i, layer]:.7g}" for i in range(200)]
    assert [one["command"] for one in panel.asked()] == ["snapshot"]


@pytest.mark.parametrize("by", [1, 4, 8])  # of which the last does not divide the rows of those before
@pytest.mark.parametrize("order", ORDERS)
def test_gradients_of_ancestors_while_the_run_goes_on(panel: PanelPage, order, by):
    norm = norms(240)  # begins as that of 200 steps
    panel.show(LAYERS, parts=["gradients"])
    for i in ORDERS[order]:
        for piece in lineage(i, by)[2:]: panel.send(piece, step=200)
    panel.page.locator(".heat .label", has_text="bn2").click()
    for start, end in ((200, 201), (201, 207), (207, 240)):
        panel.send(gradients(norm[start:end], np.arange(start + 1, end + 1))._replace(start=start - 120), step=end)
        shown = float(panel.shown.removeprefix("bn2 "))
        assert shown == pytest.approx(norm[end - 1 - (end - 1) % by:end, 3].max(), rel=1e-3)
    known = 0
    for said in panel.walk(3):
        first, last, value = re.fullmatch(r"bn2, steps? (\d+)(?: to (\d+))?, (?:at most )?(\S+)", said).groups()
        assert int(first) == known + 1 and float(value) == pytest.approx(norm[known:int(last or first), 3].max(), rel=1e-6)
        known = int(last or first)
    assert known == 240


def test_another_model_before_is_not_taken_for_this_one(panel: PanelPage):
    panel.show(["a", "b"], parts=["gradients"])
    own = table("gradients", _step=np.arange(101, 201), total=np.ones(100), norm=norms(100, 2))
    panel.send(own, gradients(norms(100, 5))._replace(key="parent/gradients"), step=200)
    assert panel.walk(1) == [f"b, step {i + 101}, {norms(100, 2)[i, 1]:.7g}" for i in range(100)]


# The log

EARLY_STOP = dict(event="early_stop", status="stopped", metric="val_loss", best=.1702, best_step=300, waited=3, step=412, time=1.79e9)
EVALUATED = dict(event="validation", status="evaluated", metrics=dict(val_loss=.1702345, accuracy=.968), step=140, time=1.79e9)
ROLLED_BACK = dict(event="rollback", to="best", to_step=120, step=140, time=1.79e9)
SAVED = dict(event="checkpoint", status="saved", name="step-120", roles=["best"], tag=None, metric="val_loss", value=.17, step=120, time=1.79e9)
FACTOR = "factor is a number above 0, such as .5, not -1"
SENTENCES = {
    "Stop now by panel, in force at step 140.": [command("stop", arguments=dict(when="step"))],
    "Stop after epoch by panel, requested.": [command("stop", "requested", arguments=dict(when="epoch"))],
    "Learning rate halved by panel, in force at step 140.": [halved()],
    "Learning rate doubled by python, in force at step 140.": [halved(arguments=dict(factor=2), by="python")],
    "Learning rate scaled by 0.3 by panel, in force at step 140.": [halved(arguments=dict(factor=.3))],
    f"Learning rate scaled by -1 by panel, refused: {FACTOR}": [halved(arguments=dict(factor=-1), status="refused", reason=FACTOR)],
    "Pause by interrupt, in force at step 140.": [command("pause", by="interrupt")],
    "Resume, in force at step 140.": [command("resume", by="")],
    "Evaluate now by panel at step 140: val_loss 0.1702, accuracy 0.968.": [command("evaluate", "requested", 139), EVALUATED, command("evaluate")],
    "Evaluate now by panel, failed.": [EVALUATED, command("evaluate", id="b"), command("evaluate", "failed")],
    "Evaluate now by panel at step 140.": [EVALUATED, command("evaluate", id="b"), command("evaluate")],  # what it found was not said
    "Early stopping on by panel, in force at step 140.": [command("early_stop", arguments=dict(on=True))],
    "Early stopping off by panel, in force at step 140.": [command("early_stop", arguments=dict(on=False))],
    "Early stopping: patience 5, min delta 0.01 by panel, in force at step 140.": [command("early_stop", arguments=dict(patience=5, min_delta=.01))],
    "Early stopping on: metric accuracy by panel, in force at step 140.": [command("early_stop", arguments=dict(on=True, metric="accuracy"))],
    "Undone: learning rate halved by panel, in force at step 150.": [halved(), command("undo", step=150, id="b", arguments=dict(id="a"))],
    "Undo: learning rate halved by panel, refused: too late": [halved(), command("undo", "refused", 150, "b", arguments=dict(id="a"), reason="too late")],
    "Evaluate now by panel at step 140: val_loss NaN, gain Infinity.": [EVALUATED | dict(metrics=dict(val_loss="nan", gain="inf")), command("evaluate")],
    "Early stopping: restore best on by panel, in force at step 140.": [command("early_stop", arguments=dict(restore_best=True))],
    "Checkpoint by panel, saved at step 140.": [command("checkpoint", "requested", 139), SAVED, command("checkpoint")],
    "Checkpoint mine by python, requested.": [command("checkpoint", "requested", arguments=dict(tag="mine"), by="python")],
    "Checkpoint mine by python, failed: disk full": [command("checkpoint", "failed", arguments=dict(tag="mine"), by="python", reason="disk full")],
    "Roll back to best by panel, in force at step 140: weights of step 120.": [rolled_back("requested", 139), ROLLED_BACK, rolled_back()],
    "Roll back to mine by panel, in force at step 140.": [ROLLED_BACK, rolled_back(id="b"), rolled_back(arguments=dict(to="mine"))],  # where to was not said
    "Roll back to last by panel, refused: there is none": [ROLLED_BACK, rolled_back("refused", arguments=dict(to="last"), reason="there is none")],
    "Undone: roll back to best by panel, in force at step 150.": [ROLLED_BACK, rolled_back(), ROLLED_BACK | dict(to="undo", to_step=140, step=150),
                                                               command("undo", step=150, id="b", arguments=dict(id="a"))],
    "toString by panel, in force at step 140.": [command("toString")],
    "Tag a,<b> by script at step 140.": [command("tag", by="script", arguments=dict(tags=["a", "<b>"]))],
    "Untag undefined by panel at step 140.": [command("untag")],  # it was not said which
    f"Note “{'x' * 60}…” by panel at step 140.": [command("note", arguments=dict(text="x" * 200))],
}


@pytest.mark.parametrize("said", SENTENCES)
def test_the_last_command_is_told(panel: PanelPage, said):
    steer(panel, events=SENTENCES[said])
    assert last(panel) == said


ODD = [None, {}, dict(to=None, tag=[1]), dict(to=dict(a=1)), dict(factor="x"), dict(factor=None), dict(patience=[1]), dict(id=3), dict(when=0), dict(on="yes", metric=None)]


def test_whatever_arguments_came_do_no_harm(panel: PanelPage):
    names = ["stop", "scale_lr", "early_stop", "undo", "evaluate", "checkpoint", "rollback", "constructor", None]
    events = [command(name, status, arguments=how, id=f"{name} {status} {i}") for name in names for status in ("applied", "refused") for i, how in enumerate(ODD)]
    circle = [command("undo", id=one, arguments=dict(id=other), undoable=True) for one, other in ("xy", "yx", "xy", "zz")]
    odd = [EVALUATED | dict(metrics=None), EVALUATED | dict(metrics=dict(val_loss=None, loss="constructor")), EARLY_STOP | dict(best=None), dict(event="command", step=1, time=0)]
    steer(panel, train(20), events=events + circle + odd)
    panel.page.get_by_role("button", name="earlier").click()
    assert last(panel) == "A command, requested." and panel.page.locator(".line").count() == 20


def test_a_command_is_taken_back_once(panel: PanelPage):
    steer(panel, events=[halved(), command("pause", id="p")])
    assert panel.button("Undo").count() == 0  # a pause is not to be undone
    steer(panel, events=[halved()])
    panel.button("Undo").dblclick()
    assert panel.commands() == [("undo", dict(id="a"))] and busy(panel) == ["Undo"]
    panel.send(events=[outcome(panel, "refused", reason="no")], start=1, **STEERED)
    assert panel.button("Undo").count() == 0  # of what was refused
    earlier = panel.page.get_by_role("button", name="earlier (1)")
    earlier.click()
    panel.button("Undo").click()
    assert panel.commands()[1:] == [("undo", dict(id="a"))]
    undone = outcome(panel, "applied", step=150, undoable=True)
    panel.send(events=[undone], start=2, **STEERED)
    assert last(panel) == "Undone: learning rate halved by panel, in force at step 150."
    assert panel.button("Undo").count() == 1 and panel.page.locator(".line").get_by_role("button").count() == 0
    panel.send(events=[command("undo", step=160, id="u", arguments=dict(id=undone["id"]))], start=3, **STEERED)
    assert panel.page.locator(".line", has_text="Learning rate halved").get_by_role("button", name="Undo").is_visible()  # it is in force again
    panel.send(**STEERED | dict(status="finished"))
    assert panel.button("Undo").count() == 0


def test_a_rollback_is_taken_back(panel: PanelPage):
    steer(panel, events=[ROLLED_BACK, rolled_back()])
    panel.button("Undo").click()
    assert panel.commands() == [("undo", dict(id="a"))] and busy(panel) == ["Undo"]
    panel.send(events=[ROLLED_BACK | dict(to="undo", to_step=140, step=150), outcome(panel, "applied", step=150)], start=2, **STEERED)
    assert last(panel) == "Undone: roll back to best by panel, in force at step 150." and panel.button("Undo").count() == 0


def test_earlier_commands_newest_first(panel: PanelPage):
    steer(panel, events=[halved()])
    toggle = panel.page.get_by_role("button", name="earlier")
    assert toggle.count() == 0  # there are none
    panel.send(events=[halved("b", step=150), command("stop", "requested", 151, "s", arguments=dict(when="epoch")), halved("c", step=160), command("pause", step=170, id="p")], start=1, **STEERED)
    lines = lambda: [text.split("\u2003")[1] for text in panel.page.locator(".earlier li:visible p").all_inner_texts()]
    assert toggle.inner_text() == "earlier (4)" and toggle.get_attribute("aria-expanded") == "false" and lines() == []
    toggle.click()
    panel.drawn()
    said = [f"Learning rate halved by panel, in force at step {step}." for step in (160, 150, 140)]
    assert toggle.get_attribute("aria-expanded") == "true" and lines() == [said[0], "Stop after epoch by panel, requested.", *said[1:]]
    second = panel.page.locator(".line", has_text="150").get_by_role("button", name="Undo")
    second.focus()
    panel.send(events=[command("stop", "applied", 200, "s", arguments=dict(when="epoch"))], start=5, **STEERED)
    assert last(panel) == "Stop after epoch by panel, in force at step 200."
    assert lines() == ["Pause by panel, in force at step 170.", *said] and second.evaluate("one => one === document.activeElement")
    panel.page.keyboard.press("Enter")
    assert panel.commands() == [("undo", dict(id="b"))]
    toggle.click()
    panel.drawn()
    assert lines() == []


COUNTED = """async (state) => {
  let reads = 0, strokes = 0, letters = 0, last = 0;
  const watched = (event) => new Proxy(event, { get: (from, name) => (reads++, from[name]) });
  const halved = (i) => watched({ event: "command", command: "scale_lr", status: "applied", undoable: true, by: "panel", id: `${i}`, step: i, time: 1, arguments: { factor: 0.5 } });
  const { prototype } = CanvasRenderingContext2D, { stroke, fillText } = prototype;
  prototype.stroke = function (...path) { strokes++; return stroke.apply(this, path); };
  prototype.fillText = function (text, ...at) { if (text.startsWith("lr")) letters++; return fillText.call(this, text, ...at); };
  const send = async (start, rows) => {
    reads = strokes = letters = 0;
    shown.model.emit({ kind: "update", tables: [], acknowledged: [], route: null, state: { ...state, step: last++ }, events: { start, rows } }, []);
    await kernel.drawn();
    return { reads, strokes, letters };
  };
  const first = await send(0, Array.from({ length: 5000 }, (_, i) => halved(i)));
  document.querySelector(".more").click();
  await kernel.drawn();
  const later = [];
  for (let i = 0; i < 20; i++) later.push(await send(5000 + i, [halved(5000 + i)]));
  const seen = [], observer = new MutationObserver((found) => seen.push(...found));
  document.querySelectorAll(".card, .earlier").forEach((one) => observer.observe(one, { childList: true, characterData: true, subtree: true }));
  const idle = await send(5020, []);
  Object.assign(prototype, { stroke, fillText });
  return { first, later, idle, changes: seen.length };
}"""


def test_thousands_of_commands_are_looked_at_once(panel: PanelPage):
    steer(panel, train(5020))
    panel.page.set_viewport_size(dict(width=700, height=900))
    found = panel.page.evaluate(COUNTED, panel.message(**STEERED)["content"]["state"])
    assert found["first"]["reads"] < 20 * 5000  # some looks at each
    for one in found["later"]:
        assert one["reads"] < 1000  # those on show, not thousands
        assert one["strokes"] < 800 and one["letters"] <= 9  # an upright a pixel, and a handful of words
    assert found["idle"]["reads"] < 20 and found["changes"] == 0
    assert panel.page.locator(".line").count() == 20 and panel.page.locator(".rest").inner_text() == "and 4999 before"


def test_what_the_run_did_by_itself(panel: PanelPage):
    would = EARLY_STOP | dict(status="would_stop", step=380)
    because = "val_loss no better than 0.1702 (step 300) for 3 checks."
    steer(panel, events=[would], early_stop=EARLY | dict(on=False, would_stop=380))
    assert cards(panel) == [f"Early stopping is off; it would have stopped at step 380: {because}"]
    panel.send(**STEERED | dict(early_stop=EARLY | dict(would_stop=380)))
    assert cards(panel) == []  # it is on now
    panel.send(**STEERED | dict(early_stop=EARLY | dict(on=False)))
    assert cards(panel) == []  # it goes by something else now
    panel.send(events=[EARLY_STOP], start=1, **STEERED | dict(stopping="step"))
    assert cards(panel) == [f"Early stopping at step 412: {because}"]
    panel.send(**STEERED | dict(status="stopped"))
    assert cards(panel) == [f"Early stopping at step 412: {because}"]
    panel.send(**STEERED)
    assert cards(panel) == []  # it goes on after all
    panel.send(events=[EARLY_STOP | dict(best=None, waited=1)], start=2, **STEERED | dict(status="stopped"))
    assert cards(panel) == ["Early stopping at step 412: no finite val_loss for 1 check."]


def test_why_a_run_ended_badly(panel: PanelPage):
    steer(panel, status="lost", step=7)
    assert cards(panel) == ["Lost at step 7. The process is gone: it was killed or restarted, or its machine went down. What was recorded is kept."]
    panel.send(**STEERED | dict(status="lost", step=7, reason="Kernel restarted."))
    assert cards(panel) == ["Lost at step 7. Kernel restarted."]
    panel.send(**STEERED | dict(status="failed", step=7, reason="ValueError: x"))
    assert cards(panel) == ["Failed at step 7. ValueError: x"]
    panel.send(**STEERED)
    assert cards(panel) == []


# Marks

def upright(panel: PanelPage, step: int, steps=200) -> float:
    """How much of the height of the plot is inked as an upright at a step; they are dotted."""
    below = panel.pixels(LOSS, step / steps, 7)[60:].astype(int)  # beneath the labels
    soft = abs(below[..., :3] - panel.css("--soft")).max(-1) < 60
    return (soft * below[..., 3] / 255).mean(0).max()


def words_drawn(panel: PanelPage, *events: dict, **state) -> list[str]:
    """The labels that another drawing of the plot puts there, with how far they reach."""
    panel.page.evaluate("""() => { window.drawnWords = []; const { prototype } = CanvasRenderingContext2D; prototype.before ??= prototype.fillText;
      prototype.fillText = function (text, x, y) { drawnWords.push([text, x, y, this.measureText(text).width]); return this.before(text, x, y); }; }""")
    panel.send(events=list(events), **STEERED | state)
    return [word for word in panel.page.evaluate("drawnWords") if re.match(r"[a-z]", word[0]) and word[0] not in ("step", "epoch")]


def test_commands_leave_marks(panel: PanelPage):
    steer(panel, train(200, loss=np.full(200, .5)), step=200)
    events = [halved(step=20), halved("b", step=50, arguments=dict(factor=2)), halved("c", step=80, arguments=dict(factor=.3)), command("pause", step=110, id="p"),
              command("resume", step=118, id="r"), command("undo", step=140, id="u", arguments=dict(id="a")), command("stop", step=160, id="s", arguments=dict(when="epoch")),
              command("scale_lr", "refused", 170, "n"), command("early_stop", step=175, id="e"), EARLY_STOP | dict(step=190),
              command("tag", step=35, id="t", arguments=dict(tags=["a"])), command("note", step=35, id="m", arguments=dict(text="b"))]
    words = words_drawn(panel, *events, step=200)
    assert sorted(word for word, *_ in words) == sorted(["lr ÷2", "lr ×2", "lr ×0.3", "paused", "undo", "stop after epoch", "early stop"])
    for step in (20, 50, 80, 110, 140, 160, 190): assert .25 < upright(panel, step) < .7, step
    for step in (118, 170, 175, 35): assert upright(panel, step) < .1, step
    would = EARLY_STOP | dict(step=190, status="would_stop")
    assert words_drawn(panel, would, step=200)[0][0] == "early stop" and upright(panel, 190) < .25  # fainter


def test_rollbacks_and_resumed_runs_leave_marks(panel: PanelPage):
    steer(panel, train(200, loss=np.full(200, .5)), step=200)
    undone = ROLLED_BACK | dict(to="undo", to_step=100, step=130)
    events = [dict(event="resume", parent="x", checkpoint="step-20", step=20, time=1.79e9), SAVED | dict(step=60), command("checkpoint", step=60, id="c"),
              ROLLED_BACK | dict(to_step=60, step=100), rolled_back(step=100, id="r"), undone, command("undo", step=130, id="u", arguments=dict(id="r")),
              EARLY_STOP | dict(step=180), ROLLED_BACK | dict(to_step=90, step=180)]
    words = words_drawn(panel, *events, step=200)
    assert sorted(word for word, *_ in words) == ["back to 60", "back to 90", "early stop", "resumed", "rollback undone"]
    for step in (20, 100, 130, 180): assert .25 < upright(panel, step) < .7, step
    assert upright(panel, 60) < .1  # that is a triangle, while it is kept


def test_labels_of_marks_do_not_overprint_each_other(panel: PanelPage):
    steer(panel, train(200), step=200)
    for steps in (np.full(4, 190), range(60, 68), range(1, 200), [199, 200, 200, 200]):
        events = [halved(str(i), step=int(step), arguments=dict(factor=1 + i / 10)) for i, step in enumerate(steps)]
        words = words_drawn(panel, *events, step=200)
        assert 1 < len(words) <= 9 and words[0][0] == f"lr ×{1 + (len(events) - 1) / 10:.3g}"  # the last one for certain
        for i, (_, x, y, width) in enumerate(words):
            assert not any(y == other[2] and x < other[1] + other[3] and other[1] < x + width for other in words[:i])


def test_what_an_evaluation_found_is_a_hollow_mark(panel: PanelPage, shots):
    events = [EVALUATED | dict(metrics=dict(val_loss=.5, accuracy=.9), step=100), command("evaluate", step=100)]
    steer(panel, train(200, loss=np.linspace(2, 1, 200)), step=200)
    valid = lambda: (abs(panel.pixels(LOSS, .5, 13)[..., :3].astype(int) - panel.css("--valid")).max(-1) < 40)
    assert not valid().any()
    panel.send(events=events, **STEERED | dict(step=200))
    ring = valid()  # there is no series of that name yet
    rows = np.flatnonzero(ring.any(1))
    middle = rows[len(rows) // 2]
    assert 7 <= len(rows) <= 13 and not ring[middle, 4:9].any()
    assert (*panel.pixels(LOSS, .5, 13)[middle, 6],) == (*panel.css("--bg"), 255)  # it hides the line beneath it
    assert "val_loss evaluated 0.5" in panel.hover(LOSS, .5) and "evaluated" not in panel.hover(LOSS, .7)
    assert panel.page.locator(".legend .series").all_inner_texts() == ["loss 1.000", "val_loss 0.5000"]
    panel.send(table("valid", _step=[50, 150], val_loss=[1.5, 1.2], accuracy=[.5, .6]), **STEERED | dict(step=200))
    assert panel.page.locator(".legend .series").all_inner_texts() == ["loss 1.000", "val_loss 1.200"]
    panel.page.mouse.move(5, 5)
    assert valid()[rows[0] - 3:].any()
    panel.panel.screenshot(path=shots / "front-end-evaluated.png")
    panel.page.locator(".legend button", has_text="accuracy").click()
    panel.drawn()
    assert "accuracy evaluated 0.9" in panel.hover(LOSS, .5)


def test_words_of_commands_are_never_html(panel: PanelPage):
    events = [command(EVIL, by=EVIL), EVALUATED | dict(metrics={f"val_{EVIL}": .1, "val_loss": 1}), command("evaluate", id="v", by=EVIL),
              command("early_stop", "failed", id="e", by=EVIL, reason=EVIL, arguments={EVIL: EVIL, "metric": EVIL}), EARLY_STOP | dict(metric=EVIL),
              SAVED | dict(status="failed", reason=EVIL), ROLLED_BACK | dict(to=EVIL, to_step=EVIL), rolled_back(id="r", arguments=dict(to=EVIL))]
    checkpoints, parent = [kept(140, EVIL, "best", tag=EVIL, name=EVIL, metric=EVIL)], dict(id=EVIL, name=EVIL, checkpoint=EVIL, step=EVIL)
    metrics = {f"val_{EVIL}": [1.], "loss": [1.]}
    steer(panel, table("train", _step=[140], **metrics), events=events, early_stop=EARLY | dict(metric=EVIL, best=None), stopping="step",
          checkpoints=checkpoints, parent=parent)
    panel.page.get_by_role("button", name="earlier").click()
    assert f"checkpoint {EVIL}, best, {EVIL}" in panel.hover(LOSS, 1) and panel.page.locator(".origin").inner_text() == f"goes on from {EVIL}, step {EVIL}"
    assert EVIL in last(panel) and all(EVIL in card for card in cards(panel)) and panel.page.locator(".seen").inner_text() == f"waiting for {EVIL}"
    assert f"val_{EVIL} 0.1" in panel.page.locator(".earlier").inner_text()
    assert panel.field("metric").locator("option").all_inner_texts() == [EVIL, "loss", f"val_{EVIL}"] or f"val_{EVIL}" in panel.field("metric").inner_text()
    assert panel.page.locator("img").count() == 0 and panel.page.evaluate("window.hit") is None


OUTSIDE = """panel => {
  const edge = panel.getBoundingClientRect();
  const all = [...panel.querySelectorAll(":not(.said, .heat *, .plot *, .curve *, .strip *)")].filter((one) => one.checkVisibility() && one.getBoundingClientRect().width);
  return all.filter((one) => one.getBoundingClientRect().right > edge.right || one.getBoundingClientRect().left < edge.left).map((one) => one.outerHTML.slice(0, 99));
}"""


@pytest.mark.parametrize("width", [400, 480, 640, 800, 1040])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_controls_fit(browser: Browser, shots, width, dark):
    page = browser.new_page(viewport=dict(width=width + 40, height=1000), color_scheme="dark" if dark else "light", forced_colors="active" if width == 480 else "none")
    panel = PanelPage(page)
    long = "val_a_rather_long_name_of_a_metric"
    steer(panel, train(200, learning_rate=np.full(200, 1.25e-4)), events=[EVALUATED, command("evaluate", id="v"), halved("b", reason=None), halved(step=150)],
          status="paused", paused_since=1.79e9, learning_rate=1.25e-4, early_stop=EARLY | dict(metric=long, patience=1000, min_delta=.0001), epoch=3, epochs=5, batch=47, batches=79,
          parent=dict(id="a", name="a_name_that_someone_chose_for_a_run", checkpoint="c", step=123456))
    page.get_by_role("button", name="earlier").click()
    panel.field("patience").fill("0")
    panel.field("patience").blur()
    panel.button("Stop after epoch").click()
    panel.drawn()
    panel.panel.screenshot(path=shots / f"front-end-steered-{width}-{'dark' if dark else 'light'}.png")
    assert panel.panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth") and panel.panel.evaluate(OUTSIDE) == []
    assert panel.errors == []
    page.close()
