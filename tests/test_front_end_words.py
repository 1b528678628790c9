"""Words of the panel about the run and the machine, which are never HTML."""
import numpy as np
from page import LOSS, MAP, PanelPage, table
from panel_run import (
    EARLY, EARLY_STOP, EVALUATED, EVIL, NAN_FOUND, ROLLED_BACK, SAVED, STEERED, SYSTEM, command, gradients, kept, losses, norms,
    rolled_back, steer, train,
)


def test_what_the_machine_does(panel: PanelPage):
    panel.show()
    machine = dict(cpus=16, memory=64 * 2**30, gpu="NVIDIA H200", gpu_memory=141 * 2**30)
    words = lambda: panel.page.locator("footer > span:visible").all_inner_texts()
    panel.send(train(20), machine=machine)
    unknown = ["samples/s –", "waiting for data –", "GPU – · –", "CPU –", "memory –"]  # each has its place
    assert words() == ["step 20", *unknown, "run a_run"] and panel.page.get_by_text("watching costs").count() == 0
    panel.send(table("system", _step=[1, 20], **SYSTEM), step=20, machine=machine)
    assert words() == ["step 20", "samples/s 5,412", "waiting for data 3 %", "GPU 81 % · 6.2 / 141 GB", "CPU 118 %", "memory 1.2 GB", "run a_run"]
    watching = panel.page.locator("header .watched")
    assert watching.inner_text() == "watching costs 0.6 % · buttons work while the cell runs"
    panel.show()
    known = {name: SYSTEM[name] for name in ("steps_per_second", "cpu")} | dict(watching=[.3, .0002], data_wait=[.1, np.nan])
    panel.send(train(20), table("system", _step=[1, 20], **known), reads_every=32)
    assert words() == ["step 20", "steps/s 84", "waiting for data –", "CPU 118 %", "memory –", "values read every 32 rows", "run a_run"]
    assert watching.inner_text() == "watching costs <0.1 % · buttons work while the cell runs"
    assert watching.get_attribute("title").endswith("by a subshell, beside the cell that trains.")
    panel.send(step=20, status="finished", mean_rates=dict(steps_per_second=81.7))
    assert words() == ["step 20", "mean steps/s 82", "CPU 84 %", "run a_run"]
    assert watching.inner_text() == "watching costs 15 %"


def test_where_it_goes_on_from(panel: PanelPage):
    steer(panel)
    origin = panel.page.locator("header .origin")
    assert origin.is_hidden()
    panel.send(**STEERED | dict(parent=dict(id="run_7f3a", name="digits", checkpoint="step-120", step=120)))
    assert origin.inner_text() == "goes on from digits, step 120" and origin.get_attribute("title") == "checkpoint step-120 of run run_7f3a"


def test_names_are_words_and_never_html(panel: PanelPage):
    names = [f"{EVIL}{i}" for i in range(3)]
    panel.show(names, name=EVIL)
    events = [NAN_FOUND | dict(layer=EVIL), dict(event="command", command=EVIL, status="failed", by=EVIL, reason=EVIL, step=3, time=1.79e9)]
    metrics = {"loss": losses(50), f"val_{EVIL}": losses(50), EVIL: losses(50), "b" + EVIL: losses(50)}
    panel.send(train(50, **metrics), gradients(norms(50, 3)), events=events, status="failed", reason=EVIL, folder=EVIL,
               machine=dict(cpus=1, memory=1, gpu=EVIL, gpu_memory=1))
    panel.page.locator(".gradients .label").nth(1).click()
    panel.drawn()
    assert panel.page.locator(".gradients .shown .subject").get_attribute("title") == names[1]
    assert panel.hover(MAP, .5, .5).startswith(names[1])
    panel.page.locator(".small .title").first.click()
    panel.drawn()
    assert EVIL in panel.hover(LOSS, .5)
    text = panel.panel.inner_text()
    assert panel.page.locator("header .name").inner_text() == EVIL and f"in the gradients of {EVIL} at step 172" in text and text.count(EVIL) >= 7
    assert panel.page.locator("img").count() == 0 and panel.page.evaluate("window.hit") is None


def test_words_of_commands_are_never_html(panel: PanelPage):
    events = [command(EVIL, by=EVIL), EVALUATED | dict(metrics={f"val_{EVIL}": .1, "val_loss": 1}), command("evaluate", id="v", by=EVIL),
              command("early_stop", "failed", id="e", by=EVIL, reason=EVIL, arguments={EVIL: EVIL, "metric": EVIL}), EARLY_STOP | dict(metric=EVIL),
              SAVED | dict(status="failed", reason=EVIL), ROLLED_BACK | dict(to=EVIL, to_step=EVIL), rolled_back(id="r", arguments=dict(to=EVIL))]
    checkpoints, parent = [kept(140, "best", tag=EVIL, name=EVIL, metric=EVIL)], dict(id=EVIL, name=EVIL, checkpoint=EVIL, step=7)
    metrics = {f"val_{EVIL}": [1.], "loss": [1.]}
    steer(panel, table("train", _step=[140], **metrics), events=events, early_stop=EARLY | dict(monitor=EVIL, best=None), stopping="step",
          checkpoints=checkpoints, parent=parent)
    panel.page.get_by_role("button", name="earlier").click()
    assert f"checkpoint best, {EVIL}" in panel.hover(LOSS, 1) and panel.page.locator(".origin").inner_text() == f"goes on from {EVIL}, step 7"
    assert EVIL in panel.last_line and all(EVIL in card for card in panel.cards) and panel.page.locator(".seen").inner_text() == f"waiting for {EVIL}"
    assert f"val_{EVIL} 0.1" in panel.page.locator(".earlier").inner_text()
    assert panel.field("monitor").locator("option").all_inner_texts() == [EVIL, "loss", f"val_{EVIL}"] or f"val_{EVIL}" in panel.field("monitor").inner_text()
    assert panel.page.locator("img").count() == 0 and panel.page.evaluate("window.hit") is None
