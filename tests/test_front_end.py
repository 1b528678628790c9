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
