"""Remedies in the panel: a plan that is read before it is applied, and a trial that is kept or taken back."""
import pytest
from page import PanelPage
from panel_run import EVIL, command, outcome, words_drawn
from playwright.sync_api import Browser, Locator, expect
from test_front_end_findings import HALVE, TOO_HIGH, card, finding, gone, send, shown
from test_front_end_look import AXE

CLIP = dict(command="clip_gradients", arguments=dict(percentile=90.), label="Clip the gradients", effect="No gradient is longer than most are.")
LEAKY = dict(command="leaky_relu", arguments={}, label="Leaky ReLU for ReLU", effect="Units that are below zero get a small gradient.")
BURST = finding("exploding_gradient", 90, where="layer1", severity="error", explanation="Gradients grow from layer to layer.",
                advice="Clip them: torch.nn.utils.clip_grad_norm_(model.parameters(), 1.).", remedies=[CLIP, LEAKY, HALVE])
PLANS = dict(remedies=["clip_gradients", "leaky_relu"])
NOW = 1.79e9 + 150


def plan(remedy=CLIP, count=3, step=141, **more) -> dict:
    """What a kernel answers to a click on a remedy."""
    changed = [dict(where="optimizer", before="gradients of any length", after="at most 1.93")] if remedy is CLIP else []
    changed += [dict(where=f"encoder.{i}.activation", before="ReLU()", after="LeakyReLU(0.01)") for i in range(count - len(changed))]
    return dict(event="plan", remedy=remedy["command"], asked=remedy["arguments"], arguments=remedy["arguments"] | dict(limit=1.93), changes=changed, step=step,
                time=NOW, sentence="Gradients longer than 1.93, the 90th percentile of the last 200 steps, are shortened to it.") | more


def applied(remedy=CLIP, id="r", step=142, **more) -> dict:
    return command(remedy["command"], id=id, step=step, time=NOW + 1, arguments=remedy["arguments"] | dict(limit=1.93), undoable=True) | more


def on_trial(remedy=CLIP, id="r", since=142, until=242, **more) -> dict:
    return dict(trial=dict(id=id, command=remedy["command"], label=remedy["label"], since=since, until=until) | more)


def answer(panel: PanelPage, status="applied", **more) -> dict:
    """What became of the last click, now."""
    return outcome(panel, status, time=NOW, **more)


def compared(verdict="better", id="r", step=242, **more) -> dict:
    return dict(event="trial", id=id, command=CLIP["command"], status="compared", verdict=verdict, step=step, time=NOW + 5,
                sentence="loss 0.8123 before, 0.5456 after: better than its trend by 0.215 ± 0.095.") | more


def row(panel: PanelPage, remedy=CLIP) -> Locator:
    return panel.page.locator(".remedies > li").filter(has=panel.page.get_by_role("button", name=remedy["label"], exact=True))


def said(panel: PanelPage, remedy=CLIP) -> str:
    panel.drawn()
    return row(panel, remedy).locator(".remedy-told").inner_text()


def changes(panel: PanelPage) -> list[str]: return panel.page.locator(".changes li:visible").all_inner_texts()


def focused(panel: PanelPage) -> str:
    panel.drawn()
    return panel.page.evaluate("document.activeElement.ariaLabel ?? document.activeElement.textContent")


def strip(panel: PanelPage) -> Locator: return panel.page.get_by_role("group", name="Trial", exact=True)


def started(panel: PanelPage) -> list[dict]:
    """Clip is applied by mouse; returns the events so far."""
    shown(panel, BURST, **PLANS)
    panel.button("Clip the gradients").click()
    send(panel, BURST, plan(), answer(panel), **PLANS)
    panel.button("Apply Clip the gradients").click()
    events = [BURST, plan(), answer(panel, step=142, undoable=True)]
    send(panel, *events, step=176, **PLANS, **on_trial(id=events[-1]["id"]))
    return events


def test_a_plan_is_read_applied_tried_and_kept(panel: PanelPage):
    shown(panel, BURST, **PLANS)
    clip = panel.button("Clip the gradients")
    assert said(panel) == CLIP["effect"] and clip.get_attribute("aria-expanded") == "false"
    clip.dblclick()
    assert panel.commands() == [("plan", dict(remedy="clip_gradients", arguments=dict(percentile=90)))]
    assert panel.busy == ["Clip the gradients"] and said(panel) == "planning …"
    send(panel, BURST, plan(), answer(panel), **PLANS)
    assert said(panel) == plan()["sentence"] and panel.busy == []
    assert changes(panel)[:2] == ["optimizer\ngradients of any length → at most 1.93", "encoder.0.activation\nReLU() → LeakyReLU(0.01)"]
    panel.button("Apply Clip the gradients").dblclick()
    assert panel.commands()[1:] == [("clip_gradients", dict(percentile=90, limit=1.93))]
    assert panel.busy == ["Clip the gradients", "Apply Clip the gradients"] and panel.button("Cancel Clip the gradients").is_disabled()
    done = answer(panel, step=142, undoable=True)
    send(panel, BURST, plan(), done, step=176, **PLANS, **on_trial(id=done["id"]))
    assert said(panel) == "applied at step 142" and changes(panel) == []
    assert row(panel).locator(".trial-words").inner_text() == "Trial of Clip the gradients: 34 of 100 steps"
    told = compared(id=done["id"])
    send(panel, BURST, plan(), done, told, step=250, **PLANS, **on_trial(id=done["id"], verdict="better"))
    assert row(panel).locator(".trial-words").inner_text().split("\n") == ["Trial of Clip the gradients: better", told["sentence"]]
    panel.button("Keep Clip the gradients").click()
    panel.button("Undo Clip the gradients").click()  # one of the two is under way
    assert panel.commands()[2:] == [("keep", dict(id=done["id"]))] and panel.busy == ["Keep Clip the gradients"]
    events = [BURST, plan(), done, told, answer(panel, "refused", reason="it is another one")]
    send(panel, *events, **PLANS, **on_trial(id=done["id"], verdict="better"))
    expect(row(panel).locator(".trial-words")).to_contain_text("refused: it is another one")
    panel.button("Keep Clip the gradients").click()
    send(panel, *events, dict(told, status="kept", step=251), answer(panel, step=251), **PLANS)
    assert said(panel) == "applied at step 142, kept at step 251" and panel.button("Keep Clip the gradients").count() == 0
    panel.page.get_by_role("button", name="earlier").click()
    assert panel.button("Undo").count() == 0  # which would be refused


def test_all_of_it_by_keyboard(panel: PanelPage):
    shown(panel, BURST, **PLANS)
    keyboard = panel.page.keyboard
    panel.button("Clip the gradients").focus()
    keyboard.press("Enter")
    keyboard.press("Escape")  # before the plan has come
    send(panel, BURST, plan(), answer(panel), **PLANS)
    assert changes(panel) == [] and focused(panel) == "Clip the gradients"
    keyboard.press("Space")
    events = [BURST, plan(), plan()]
    send(panel, *events, answer(panel), **PLANS)
    assert focused(panel) == "Apply Clip the gradients"
    keyboard.press("Tab")
    assert focused(panel) == "Cancel Clip the gradients"
    keyboard.press("Enter")
    assert focused(panel) == "Clip the gradients" and changes(panel) == []
    keyboard.press("Enter")
    events.append(plan())
    send(panel, *events, answer(panel), **PLANS)
    assert panel.page.evaluate("document.getElementById(document.activeElement.getAttribute('aria-describedby')).textContent") == plan()["sentence"]
    keyboard.press("Escape")
    assert focused(panel) == "Clip the gradients"
    keyboard.press("Enter")
    events.append(plan())
    send(panel, *events, answer(panel), **PLANS)
    keyboard.press("Enter")
    events.append(answer(panel, step=142, undoable=True))
    send(panel, *events, **PLANS, **on_trial(id=events[-1]["id"]))
    assert focused(panel) == "Clip the gradients"
    for name in ("Keep Clip the gradients", "Undo Clip the gradients"):
        keyboard.press("Tab")
        assert focused(panel) == name
    keyboard.press("Space")
    assert panel.commands()[-1] == ("undo", dict(id=events[-1]["id"]))
    send(panel, *events, answer(panel, step=180), **PLANS)
    assert said(panel) == "taken back at step 180" and focused(panel) == "Clip the gradients"


def test_a_key_that_is_held_down_applies_nothing(panel: PanelPage):
    shown(panel, BURST, **PLANS)
    panel.button("Clip the gradients").focus()
    panel.page.keyboard.down("Enter")
    send(panel, BURST, plan(), answer(panel), **PLANS)
    panel.page.keyboard.down("Enter")
    assert focused(panel) == "Apply Clip the gradients" and len(panel.commands()) == 1


def test_the_trial_is_seen_when_its_card_is_closed_or_gone(panel: PanelPage):
    events = started(panel)
    id = events[-1]["id"]
    assert strip(panel).is_hidden() and row(panel).locator(".trial").is_visible()
    card(panel, "Exploding gradient").locator(".finding-toggle").click()
    assert strip(panel).locator(".trial-words").inner_text() == "Trial of Clip the gradients: 34 of 100 steps"
    card(panel, "Exploding gradient").locator(".finding-toggle").click()
    assert strip(panel).is_hidden()
    panel.page.mouse.move(5, 5)
    panel.page.evaluate("document.activeElement.blur()")
    events += [gone("exploding_gradient", 200, where="layer1")]
    send(panel, *events, step=210, **PLANS, **on_trial(id=id))
    assert strip(panel).locator(".trial-words").inner_text() == "Trial of Clip the gradients: 68 of 100 steps"
    announced = panel.page.locator(".trial-strip + .live-region")
    assert announced.text_content() == ""
    more = dict(verdict="worse", sentence="The loss falls more slowly.")
    send(panel, *events, compared("worse", id), step=250, **PLANS, **on_trial(id=id, **more))
    assert announced.text_content() == "Trial of Clip the gradients: worse. The loss falls more slowly."
    panel.button("Undo Clip the gradients").focus()
    panel.page.keyboard.press("Enter")
    assert panel.commands()[-1] == ("undo", dict(id=id))
    send(panel, *events, compared("worse", id), answer(panel, step=251), **PLANS)
    assert strip(panel).is_hidden() and focused(panel) == "Findings"


def test_nothing_moves_below_while_one_points_there(panel: PanelPage):
    shown(panel, command("pause"), **PLANS)
    panel.page.locator(".events").hover()
    place = panel.page.locator(".events").bounding_box()
    send(panel, command("pause"), **PLANS, **on_trial())
    assert strip(panel).is_hidden() and panel.page.locator(".events").bounding_box() == place
    panel.page.mouse.move(5, 5)
    send(panel, start=1, **PLANS, **on_trial())
    assert strip(panel).is_visible()


def test_of_two_that_are_clicked_the_last_one_is_planned(panel: PanelPage):
    shown(panel, BURST, **PLANS)
    panel.button("Clip the gradients").click()
    first = answer(panel)
    panel.button("Leaky ReLU for ReLU").click()
    assert [given["remedy"] for _, given in panel.commands()] == ["clip_gradients", "leaky_relu"]
    send(panel, BURST, plan(), plan(LEAKY, 19), first, answer(panel), **PLANS)
    assert said(panel) == CLIP["effect"] and len(changes(panel)) == 6 and panel.button("Apply Leaky ReLU for ReLU").is_visible()
    panel.button("and 13 more").click()
    assert len(changes(panel)) == 19 and focused(panel) == "What will change"
    panel.button("Halve the learning rate").click()  # which is applied by its click, as ever
    assert panel.commands()[-1] == ("scale_lr", dict(factor=.5)) and panel.button("Apply Leaky ReLU for ReLU").is_visible()


@pytest.mark.parametrize("status,reason", [("refused", "F.relu is called in forward, which nothing can replace"), ("failed", "no room on the disk")])
def test_what_cannot_be_done_says_why_and_can_be_asked_again(panel: PanelPage, status, reason):
    shown(panel, BURST, **PLANS)
    clip, apply = panel.button("Clip the gradients"), panel.button("Apply Clip the gradients")
    clip.click()
    send(panel, BURST, answer(panel, status, reason=reason), **PLANS)
    assert said(panel) == f"{status}: {reason}" and panel.busy == [] and clip.is_enabled()
    clip.click()
    send(panel, BURST, plan(), answer(panel), **PLANS)
    apply.click()
    send(panel, BURST, plan(), answer(panel, status, reason=reason), **PLANS)
    assert said(panel) == f"{status}: {reason}" and panel.busy == [] and apply.count() == 0 and clip.is_enabled()


def test_where_it_waits_for_a_validation_it_says_so(panel: PanelPage):
    shown(panel, BURST, **PLANS, validating=True)
    assert said(panel) == CLIP["effect"]
    panel.button("Clip the gradients").click()
    assert said(panel) == "waits for the validation to end"
    send(panel, BURST, plan(), answer(panel), **PLANS, validating=True)
    assert said(panel) == plan()["sentence"]
    panel.button("Apply Clip the gradients").click()
    assert said(panel) == "waits for the validation to end"
    send(panel, start=3, **PLANS, validating=True, status="paused")
    assert said(panel) == "waits for the end of the validation, which is paused"


@pytest.mark.parametrize("end", ["finished", "close"])
@pytest.mark.parametrize("stage", ["planning", "plan", "applying", "trial"])
def test_nothing_hangs_when_the_run_ends(panel: PanelPage, end, stage):
    events = [BURST]
    if stage == "trial": events = started(panel)
    else:
        shown(panel, BURST, **PLANS)
        panel.button("Clip the gradients").click()
        if stage != "planning":
            events.append(plan())
            send(panel, *events, answer(panel), **PLANS)
        if stage == "applying": panel.button("Apply Clip the gradients").click()
    if end == "close": panel.page.evaluate("kernel.die('comm_live_update')")
    else: send(panel, *events, status=end, **PLANS, **on_trial(id=events[-1].get("id", "")) if stage == "trial" else {})
    panel.drawn()
    assert not any(name.endswith("gradients") for name in panel.busy) and changes(panel) == []
    assert panel.button("Clip the gradients").is_disabled() and panel.page.locator(".trial button:enabled:visible").count() == 0
    over = "The run can’t be reached." if end == "close" else "The run is over."
    assert said(panel) == ("applied at step 142" if stage == "trial" else over)


def test_a_plan_of_another_size_is_data(panel: PanelPage):
    evil = CLIP | dict(command=EVIL, label=EVIL * 9, effect=EVIL * 999)
    known = [BURST | dict(remedies=[evil])]
    panel.page.set_viewport_size(dict(width=400, height=900))
    shown(panel, *known, remedies=[EVIL])
    panel.page.locator("button.remedy").click()
    made = plan(evil, sentence=EVIL * 400, changes=[dict(where=f"{i}{EVIL}", before="x" * 9999, after="") for i in range(200)])
    send(panel, *known, made, remedies=[EVIL])
    assert len(said_whole := panel.page.locator(".remedy-told").inner_text()) == 400 and said_whole.endswith("…")
    panel.button("and 194 more").click()
    assert len(changes(panel)) == 100 and panel.page.get_by_text("and 100 more").is_visible()
    assert changes(panel)[0] == f"0{EVIL}\n{'x' * 119}… → nothing"
    done = applied(id="r") | dict(command=EVIL, arguments=evil["arguments"])
    verdict = compared(sentence=EVIL * 999)
    trial = on_trial(evil, verdict="better", sentence=EVIL * 999)
    for start in range(2):
        send(panel, *known, made, done, verdict, remedies=[EVIL], **trial)
        assert panel.outside() == [] and panel.page.evaluate("window.hit") is None and panel.page.locator(".findings img").count() == 0
        if not start: panel.page.locator(".finding-toggle").click()
    assert strip(panel).is_visible()


def test_a_remedy_leaves_a_mark_in_the_plots_and_a_plan_leaves_none(panel: PanelPage):
    shown(panel, BURST, **PLANS)
    planned, keep = command("plan", id="p", arguments=dict(remedy="clip_gradients", arguments={})), command("keep", id="k", arguments=dict(id="r"))
    send(panel, BURST, planned, plan(), applied(title="Clip the gradients", step=142), keep, **PLANS)
    words = words_drawn(panel, BURST, planned, plan(), applied(title="Clip the gradients", step=142), keep, compared(), **PLANS)
    assert [word[0] for word in words] == ["Clip the gradients"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_core_finds_nothing_and_all_fits(browser: Browser, scheme, shots):
    page = browser.new_page(viewport=dict(width=440, height=1600), color_scheme=scheme)
    panel = PanelPage(page)
    page.evaluate("dark => { document.body.style.background = dark ? '#16191d' : '#fff'; document.documentElement.lang = 'en'; }", scheme == "dark")
    page.add_script_tag(path=AXE)
    german = LEAKY | dict(label="Gleichrichter mit kleiner negativer Steigung einsetzen", arguments=dict(slope=.01))
    known = [BURST | dict(remedies=[german, CLIP, HALVE]), TOO_HIGH, plan(), applied(), compared()]
    shown(panel, *known, **PLANS, **on_trial(verdict="better", sentence=compared()["sentence"]))
    page.get_by_role("button", name=german["label"], exact=True).click()
    send(panel, *known, plan(german, 20), **PLANS, **on_trial(id="other", verdict="better"))
    for width in (440, 1080):
        page.set_viewport_size(dict(width=width, height=1600))
        panel.drawn()
        assert panel.outside() == []
        panel.page.locator(".findings").screenshot(path=shots / f"remedies-{width}-{scheme}.png")
    page.locator(".finding-toggle").last.click()
    found = page.evaluate("axe.run('.findings', { resultTypes: ['violations'] })")["violations"]
    assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
    page.close()
