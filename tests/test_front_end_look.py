"""How the panel looks through the life of a run, and to whom: its height, its targets, axe-core's rules, forced colours."""
from pathlib import Path

import numpy as np
import pytest
from page import PARTS, PanelPage, table
from panel_run import EARLY, EARLY_STOP, LAYERS, OVER, SAVED, STEERED, SYSTEM, gradients, halved, kept, losses, norms, steer
from playwright.sync_api import Browser

AXE = Path(__file__).parents[1] / "js/node_modules/axe-core/axe.min.js"
WORKS = dict(epochs=5, batches=40, machine=dict(cpus=2, memory=8 * 2**30, gpu="H200", gpu_memory=141 * 2**30))
LIFE = [  # what is new, and how the run stands then
    dict(epoch=None, batch=None),
    dict(epoch=0, batch=1),
    dict(rows=20, epoch=0, batch=20, seconds_left=3600.),
    dict(rows=40, epoch=0, batch=40, validating=True, seconds_left=83.),
    dict(rows=60, epoch=1, batch=20, seconds_left=12., valid=True, early_stop=EARLY | dict(best=None, best_step=None)),
    dict(rows=80, epoch=1, batch=40, rate=.5, events=1, stopping="epoch", learning_rate=7.5e-4),
    dict(rows=100, epoch=2, batch=20, rate=.5, events=3, status="paused", paused_since=1.79e9, early_stop=EARLY | dict(on=False, would_stop=90)),
    dict(rows=120, epoch=2, batch=40, rate=.5, events=4, checkpoints=[kept(40, tag="mine"), kept(120, "best")], seconds_left=1.),
]
EVENTS = [halved(step=60), EARLY_STOP | dict(step=90, status="would_stop"), SAVED | dict(status="failed", reason="the disk is full", step=95),
          halved("b", step=110)]


def live(panel: PanelPage, rows=0, rate=1., events=0, valid=False, **state):
    """A moment of a run that has logged so many steps."""
    steps = np.arange(1, rows + 1)
    factors = np.where(steps > 50, rate, 1)
    norm = norms(rows)
    tables = [table("train", _step=steps, loss=losses(rows), learning_rate=1.5e-3 * factors, epoch=steps // 41),
              gradients(norm, update_ratio=norm / 100, parameter_norm=norm * 100), table("system", _step=[1, rows], **SYSTEM)] if rows else []
    if valid or events: tables.append(table("valid", _step=[40], val_loss=[1.2], epoch=[0]))
    panel.send(*tables, events=EVENTS[:events], **STEERED | WORKS | dict(step=rows, checkpoints=[]) | state)


@pytest.mark.parametrize("width", [400, 700, 820, 1040])
def test_the_panel_keeps_its_height_while_it_trains(panel: PanelPage, width):
    panel.page.set_viewport_size(dict(width=width + 40, height=900))
    panel.show(LAYERS)
    heights = []
    for moment in LIFE:
        live(panel, **moment)
        heights.append(panel.panel.evaluate("panel => panel.clientHeight"))
    assert set(heights) == {heights[0]}, heights


def test_targets_are_large_enough_for_fingers(panel: PanelPage):
    for state in (dict(), dict(status="finished", path="runs/a")):
        steer(panel, events=EVENTS, **state)
        live(panel, rows=80, valid=True, events=4, **state)
        small = panel.panel.evaluate("""panel => [...panel.querySelectorAll("button, input:not([type=checkbox]), select, label.field")]
          .filter((one) => one.checkVisibility() && Math.min(one.offsetWidth, one.offsetHeight) < 24).map((one) => one.outerHTML)""")
        assert small == []


def states(panel: PanelPage):
    """The panel in each way a run can stand, by name."""
    for name, moment in dict(waiting=LIFE[0], running=LIFE[4], paused=LIFE[6]).items():
        panel.show(LAYERS)
        live(panel, **moment)
        yield name
    for status in OVER:
        panel.show(LAYERS)
        live(panel, **LIFE[6] | dict(status=status, reason="no data", path="runs/a", tags=["baseline"]))
        yield status
    panel.show()
    live(panel, status="failed", reason="no data", gradients_every=1)
    yield "failed at once"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_core_finds_nothing_serious(browser: Browser, scheme):
    page = browser.new_page(viewport=dict(width=1080, height=900), color_scheme=scheme)
    panel = PanelPage(page)
    page.evaluate("dark => { document.body.style.background = dark ? '#16191d' : '#fff'; document.documentElement.lang = 'en'; }", scheme == "dark")
    page.add_script_tag(path=AXE)
    found = {}
    for name in states(panel):
        panel.drawn()
        result = page.evaluate("axe.run('.trainbook-panel', { resultTypes: ['violations'] })")
        bad = [(one["id"], one["impact"], [node["html"][:140] for node in one["nodes"]][:3]) for one in result["violations"]
               if one["impact"] in ("serious", "critical")]
        if bad: found[name] = bad
    page.close()
    assert found == {}


def test_everything_is_reached_by_keyboard(panel: PanelPage):
    for state in (dict(), dict(status="finished", path="runs/a")):
        steer(panel)
        live(panel, **LIFE[6] | state)
        wanted = panel.panel.evaluate("""panel => [...panel.querySelectorAll("button, input, select, [tabindex]")]
          .filter((one) => one.checkVisibility() && !one.disabled).length""")
        panel.page.evaluate("document.activeElement.blur()")
        for reached in range(wanted):
            panel.page.keyboard.press("Tab")
            assert panel.panel.evaluate("panel => panel.contains(document.activeElement)"), reached
            outline = panel.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert outline != "none", panel.page.evaluate("document.activeElement.outerHTML")


def test_nothing_moves_for_who_wants_it_still(browser: Browser):
    page = browser.new_page(reduced_motion="reduce", forced_colors="active", viewport=dict(width=1080, height=900))
    panel = PanelPage(page)
    steer(panel, parts=PARTS)
    live(panel, **LIFE[4])
    moving = panel.panel.evaluate("""panel => [...panel.querySelectorAll("*")]
      .flatMap((one) => ["", "::before", "::after"].map((part) => getComputedStyle(one, part)))
      .filter((style) => parseFloat(style.transitionDuration) > 0 || style.animationName !== "none").length""")
    assert moving == 0 and panel.outside() == []
    page.close()
