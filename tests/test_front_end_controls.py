"""The controls of the panel: what they ask for, how they stand, and where they are."""
import re

import numpy as np
import pytest
from page import PanelPage, table
from panel_run import EARLY, EVALUATED, OVER, STEERED, command, halved, kept, outcome, steer, train
from playwright.sync_api import Browser, expect

CLICKS = {"Pause": ("pause", {}), "Stop now": ("stop", dict(when="step")), "Stop after epoch": ("stop", dict(when="epoch")),
          "Halve learning rate": ("scale_lr", dict(factor=.5)), "Double learning rate": ("scale_lr", dict(factor=2)), "Evaluate now": ("evaluate", {}),
          "Checkpoint now": ("checkpoint", {}), "Roll back to best": ("rollback", dict(to="best"))}


def test_every_control_gives_its_command(panel: PanelPage):
    steer(panel, table("train", _step=[1, 2], loss=[2., 1], epoch=[0, 0]), table("valid", _step=[2], val_loss=[1.], accuracy=[.5]))
    for name in CLICKS: panel.button(name).click()
    assert panel.commands() == list(CLICKS.values())
    panel.switch.click()
    assert panel.field("monitor").locator("option").all_inner_texts() == ["loss", "val_loss", "accuracy"]
    panel.field("monitor").select_option("accuracy")
    panel.field("mode").select_option("max")
    panel.field("patience").fill("5")
    panel.field("patience").press("Enter")
    panel.field("min delta").fill("1e-3")
    panel.field("min delta").blur()
    panel.field("restore best").check()
    settings = dict(on=False), dict(monitor="accuracy"), dict(mode="max"), dict(patience=5), dict(min_delta=.001), dict(restore_best=True)
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


@pytest.mark.parametrize("name,said", [("Pause", "pausing …"), ("Stop now", "stopping …"), ("Stop after epoch", "stopping …"), ("Halve learning rate", ""),
                                       ("Evaluate now", "evaluating …"), ("Checkpoint now", "saving …"), ("Roll back to best", "rolling back …")])
@pytest.mark.parametrize("status", ["applied", "refused", "failed"])
def test_what_is_asked_for_is_pressed_until_its_outcome_is_known(panel: PanelPage, name, said, status):
    steer(panel)
    assert panel.busy == [] and panel.hint == ""
    panel.button(name).click()
    assert panel.busy == [name] and panel.hint == said
    panel.send(events=[outcome(panel, "requested")], **STEERED)
    assert panel.busy == [name] and panel.hint == said
    panel.send(events=[outcome(panel, status)], start=1, **STEERED)
    assert panel.busy == [] and panel.hint == ""
    assert len(panel.commands()) == 1


def test_stopping_is_what_the_run_says(panel: PanelPage):
    steer(panel, stopping="epoch")
    pressed = lambda: [panel.button(name).get_attribute("aria-pressed") for name in ("Stop now", "Stop after epoch")]
    assert pressed() == ["false", "true"] and panel.hint == "stopping …"
    panel.send(**STEERED | dict(stopping="step"))
    assert pressed() == ["true", "false"]
    panel.send(**STEERED | dict(status="stopped", stopping="step"))
    assert panel.hint == "" and panel.busy == [] and panel.button("Stop now").count() == 0


def test_two_quick_clicks_are_two_halvings_but_one_evaluation(panel: PanelPage):
    steer(panel)
    once = ["Evaluate now", "Checkpoint now", "Roll back to best"]
    for name in ("Halve learning rate", *once): panel.button(name).dblclick()
    assert panel.commands() == 2 * [CLICKS["Halve learning rate"]] + [CLICKS[name] for name in once]
    first = panel.asked()[1]
    panel.send(events=[halved(first["id"])], **STEERED)
    assert panel.busy == ["Halve learning rate", *once]  # of the other one nothing is known yet


def test_a_command_is_repeated_until_it_is_acknowledged(panel: PanelPage):
    steer(panel)
    panel.page.evaluate("() => { shown.model.send = content => shown.model.sent.push(content) }")
    panel.button("Pause").click()
    panel.page.wait_for_function("shown.model.sent.length > 3")
    expect(panel.page.locator(".hint")).to_have_text("no answer yet; still asking", timeout=10_000)
    asked = panel.asked()[1:]
    assert len({one["id"] for one in asked}) == 1 and {one["command"] for one in asked} == {"pause"}
    panel.page.evaluate("id => shown.model.emit({ kind: 'update', tables: [], acknowledged: [id], route: null }, [])", asked[0]["id"])
    assert panel.hint == "pausing …"
    count = len(panel.asked())
    panel.page.wait_for_timeout(700)
    assert len(panel.asked()) == count


@pytest.mark.parametrize("status", OVER)
def test_nothing_can_be_asked_of_a_run_that_is_over(panel: PanelPage, status):
    steer(panel, events=[halved()], status=status)
    assert not any(one.is_visible() for one in panel.page.locator(".steering :is(button, input, select)").all())
    assert panel.button("Undo").count() == 0 and panel.busy == []
    assert panel.page.get_by_role("progressbar").count() == 0


def test_what_can_be_done_with_a_run_that_is_over(panel: PanelPage):
    """Lines of Python to copy, a note and a tag."""
    panel.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    steer(panel, train(20), status="finished", path="runs/a_run", tags=["baseline"])
    said = panel.page.locator(".said")
    for name, line in dict(compare='compare(dir="runs")', resume='watch(model, optimizer, resume="runs/a_run")', folder="runs/a_run",
                           export='open_run("runs/a_run").frame().to_csv("run.csv")', reopen='open_run("runs/a_run").panel()').items():
        panel.button(name).click()
        expect(said).to_have_text(line)
        expect(said).to_have_attribute("data-copied", re.compile("cop"))
    assert "best: val_loss 0.1702 at step 120" in panel.panel.inner_text() and "tags: baseline" in panel.panel.inner_text()
    panel.field("Note or tag").fill(" a remark ")
    panel.field("Note or tag").press("Enter")
    panel.field("Note or tag").fill("t" * 65)
    panel.button("Add tag").click()
    assert "a tag has up to 64 characters" in panel.panel.inner_text()
    panel.field("Note or tag").fill("good")
    panel.button("Add tag").click()
    assert panel.commands() == [("note", dict(text="a remark")), ("tag", dict(tags=["good"]))]
    expect(panel.page.get_by_text("tag is kept")).to_be_visible()
    panel.send(**STEERED | dict(status="failed", step=0, checkpoints=[], reason="no data", path="a_run"))
    assert panel.button("resume").is_hidden()
    panel.button("compare").click()
    expect(said).to_have_text('compare(dir=".")')
    assert re.match(r"digits\s+failed\s+(epoch 1\s+)?Failed at step 0\. no data", panel.panel.inner_text())


def test_what_a_run_cannot_do_is_not_offered(panel: PanelPage):
    panel.show()
    panel.send()  # an older run, which does not say
    names = lambda: [one.get_attribute("aria-label") or one.inner_text().strip() for one in panel.page.locator(".controls :is(button, input, select)").all()
                     if one.is_visible()]
    assert names() == ["Pause", "Stop now", "Stop after epoch"]
    panel.send(**STEERED | dict(can_scale=False, can_evaluate=False, can_checkpoint=False, early_stop=None))
    assert names() == ["Pause", "Stop now", "Stop after epoch"]
    panel.send(**STEERED | dict(learning_rate=None))
    assert names()[3:5] == ["Halve learning rate", "Double learning rate"] and panel.page.locator(".now").inner_text() == ""
    panel.send(**STEERED | dict(learning_rate=3.75e-4, learning_rate_scale=.25))
    assert panel.page.locator(".now").inner_text() == "3.75e-4"


def test_a_loop_without_epochs_has_no_words_of_epochs(panel: PanelPage):
    """Before it begins nobody knows: then all is there, as the panel keeps its height."""
    place = lambda: panel.page.locator("header .place").inner_text()
    later, thin = panel.button("Stop after epoch"), panel.page.get_by_label("Epoch progress")
    steer(panel, epoch=None, batch=None, step=0)
    assert later.is_disabled() and later.is_visible()
    panel.send(**STEERED | dict(epoch=None, batch=3, batches=200, unit="step", step=0, began=1.79e9))
    assert later.is_hidden() and thin.is_hidden() and place() == "step 3 of 200"
    panel.send(**STEERED | dict(epoch=None, batch=3, batches=200, step=3))
    assert later.is_hidden() and place() == "batch 3 of 200"
    panel.send(**STEERED | dict(epoch=0, epochs=2, batch=3, batches=200, step=3))
    assert later.is_enabled() and thin.is_visible() and place() == "epoch 1 of 2\nbatch 3 of 200"


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
    assert panel.hint == "rolling back …" and places() == before


@pytest.mark.parametrize("width", [400, 480, 640, 800, 1040])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_the_controls_fit(browser: Browser, shots, width, dark):
    page = browser.new_page(viewport=dict(width=width + 40, height=1000), color_scheme="dark" if dark else "light",
                            forced_colors="active" if width == 480 else "none")
    panel = PanelPage(page)
    long = "val_a_rather_long_name_of_a_metric"
    steer(panel, train(200, learning_rate=np.full(200, 1.25e-4)), events=[EVALUATED, command("evaluate", id="v"), halved("b", reason=None), halved(step=150)],
          status="paused", paused_since=1.79e9, learning_rate=1.25e-4, early_stop=EARLY | dict(monitor=long, patience=1000, min_delta=.0001),
          epoch=3, epochs=5, batch=47, batches=79, parent=dict(id="a", name="a_name_that_someone_chose_for_a_run", checkpoint="c", step=123456))
    page.get_by_role("button", name="earlier").click()
    panel.field("patience").fill("0")
    panel.field("patience").blur()
    panel.button("Stop after epoch").click()
    panel.drawn()
    panel.panel.screenshot(path=shots / f"front-end-steered-{width}-{'dark' if dark else 'light'}.png")
    assert panel.panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth") and panel.outside() == []
    assert panel.errors == []
    page.close()
