"""Early stopping in the panel: its switch, its fields, and what it has seen."""
import pytest
from page import PanelPage
from panel_run import EARLY, STEERED, outcome, steer


def test_a_field_is_not_overwritten_while_it_is_edited(panel: PanelPage):
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
    toggle = panel.switch
    assert toggle.get_attribute("aria-checked") == "false"
    toggle.focus()
    panel.page.keyboard.press("Space")
    assert panel.busy == ["Early stopping"] and toggle.get_attribute("aria-checked") == "true"
    panel.send(events=[outcome(panel, "refused")], **STEERED | dict(early_stop=EARLY | dict(on=False)))
    assert panel.busy == [] and toggle.get_attribute("aria-checked") == "false"
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
    panel.switch.click()
    assert panel.commands() == [("early_stop", dict(on=True))]
    panel.send(early_stop=None)
    assert panel.switch.count() == 0 and panel.panel.is_visible() == (parts == ["controls"])


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
