"""What the panel tells of commands and their outcomes, and of what the run did by itself."""
from page import PanelPage
from panel_run import EARLY, EARLY_STOP, EVALUATED, ROLLED_BACK, SAVED, STEERED, command, halved, outcome, rolled_back, steer, train

ODD = [None, {}, dict(to=None, tag=[1]), dict(to=dict(a=1)), dict(factor="x"), dict(factor=None), dict(patience=[1]), dict(id=3), dict(when=0),
       dict(on="yes", metric=None)]


def test_whatever_arguments_came_do_no_harm(panel: PanelPage):
    names = ["stop", "scale_lr", "early_stop", "undo", "evaluate", "checkpoint", "rollback", "constructor", None]
    events = [command(name, status, arguments=how, label=how, id=f"{name} {status} {i}") for name in names for status in ("applied", "refused")
              for i, how in enumerate(ODD)]
    circle = [command("undo", id=one, arguments=dict(id=other), undoable=True) for one, other in ("xy", "yx", "xy", "zz")]
    odd = [EVALUATED | dict(metrics=None), EVALUATED | dict(metrics=dict(val_loss=None, loss="constructor")), EARLY_STOP | dict(best=None),
           dict(event="command", step=1, time=0)]
    steer(panel, train(20), events=events + circle + odd)
    panel.page.get_by_role("button", name="earlier").click()
    assert panel.last_line == "A command" and panel.page.locator(".line").count() == 20


def test_a_command_is_taken_back_once(panel: PanelPage):
    steer(panel, events=[halved(), command("pause", id="p")])
    assert panel.button("Undo").count() == 0  # a pause is not to be undone
    steer(panel, events=[halved()])
    panel.button("Undo").dblclick()
    assert panel.commands() == [("undo", dict(id="a"))] and panel.busy == ["Undo"]
    panel.send(events=[outcome(panel, "refused", reason="no")], start=1, **STEERED)
    assert panel.button("Undo").count() == 0  # of what was refused
    earlier = panel.page.get_by_role("button", name="earlier (1)")
    earlier.click()
    panel.button("Undo").click()
    assert panel.commands()[1:] == [("undo", dict(id="a"))]
    undone = outcome(panel, "applied", step=150, undoable=True)
    panel.send(events=[undone], start=2, **STEERED)
    assert panel.last_line == "Undone: learning rate halved by panel, in force at step 150."
    assert panel.button("Undo").count() == 1 and panel.page.locator(".line").get_by_role("button").count() == 0
    panel.send(events=[command("undo", step=160, id="u", arguments=dict(id=undone["id"]))], start=3, **STEERED)
    assert panel.page.locator(".line", has_text="Learning rate halved").get_by_role("button", name="Undo").is_visible()  # it is in force again
    panel.send(**STEERED | dict(status="finished"))
    assert panel.button("Undo").count() == 0


def test_a_rollback_is_taken_back(panel: PanelPage):
    steer(panel, events=[ROLLED_BACK, rolled_back()])
    panel.button("Undo").click()
    assert panel.commands() == [("undo", dict(id="a"))] and panel.busy == ["Undo"]
    panel.send(events=[ROLLED_BACK | dict(to="undo", to_step=140, step=150), outcome(panel, "applied", step=150)], start=2, **STEERED)
    assert panel.last_line == "Undone: roll back to best by panel, in force at step 150." and panel.button("Undo").count() == 0


def test_earlier_commands_newest_first(panel: PanelPage):
    steer(panel, events=[halved()])
    toggle = panel.page.get_by_role("button", name="earlier")
    assert toggle.count() == 0  # there are none
    later = [halved("b", step=150), command("stop", "requested", 151, "s", arguments=dict(when="epoch")), halved("c", step=160),
             command("pause", step=170, id="p")]
    panel.send(events=later, start=1, **STEERED)
    lines = lambda: [text.split("\u2003")[1] for text in panel.page.locator(".earlier li:visible p").all_inner_texts()]
    assert toggle.inner_text() == "earlier (4)" and toggle.get_attribute("aria-expanded") == "false" and lines() == []
    toggle.click()
    panel.drawn()
    said = [f"Learning rate halved by panel, in force at step {step}." for step in (160, 150, 140)]
    assert toggle.get_attribute("aria-expanded") == "true" and lines() == [said[0], "Stop after epoch by panel, requested.", *said[1:]]
    second = panel.page.locator(".line", has_text="150").get_by_role("button", name="Undo")
    second.focus()
    panel.send(events=[command("stop", "applied", 200, "s", arguments=dict(when="epoch"))], start=5, **STEERED)
    assert panel.last_line == "Stop after epoch by panel, in force at step 200."
    assert lines() == ["Pause by panel, in force at step 170.", *said] and second.evaluate("one => one === document.activeElement")
    panel.page.keyboard.press("Enter")
    assert panel.commands() == [("undo", dict(id="b"))]
    toggle.click()
    panel.drawn()
    assert lines() == []


COUNTED = """async (state) => {
  let reads = 0, strokes = 0, letters = 0, last = 0;
  const watched = (event) => new Proxy(event, { get: (from, name) => (reads++, from[name]) });
  const common = { event: "command", command: "scale_lr", status: "applied", undoable: true, by: "panel", time: 1, arguments: { factor: 0.5 } };
  const halved = (i) => watched({ ...common, id: `${i}`, step: i });
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
  document.querySelector(".events .more").click();
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


def test_a_checkpoint_that_was_not_saved(panel: PanelPage):
    failed = SAVED | dict(status="failed", step=130, reason="OSError: No space left on device")
    steer(panel, events=[SAVED])
    assert panel.cards == []
    panel.send(events=[failed], start=1, **STEERED)
    assert panel.cards == ["No checkpoint saved at step 130: OSError: No space left on device"]
    panel.send(events=[SAVED | dict(step=140)], start=2, **STEERED)
    assert panel.cards == []


def test_what_the_run_did_by_itself(panel: PanelPage):
    would = EARLY_STOP | dict(status="would_stop", step=380)
    because = "val_loss no better than 0.1702 (step 300) for 3 checks."
    steer(panel, events=[would], early_stop=EARLY | dict(on=False, would_stop=380))
    assert panel.cards == [f"Early stopping is off; it would have stopped at step 380: {because}"]
    panel.send(**STEERED | dict(early_stop=EARLY | dict(would_stop=380)))
    assert panel.cards == []  # it is on now
    panel.send(**STEERED | dict(early_stop=EARLY | dict(on=False)))
    assert panel.cards == []  # it goes by something else now
    panel.send(events=[EARLY_STOP], start=1, **STEERED | dict(stopping="step"))
    assert panel.cards == [f"Early stopping at step 412: {because}"]
    panel.send(**STEERED | dict(status="stopped"))
    assert panel.cards == [f"Early stopping at step 412: {because}"]
    panel.send(**STEERED)
    assert panel.cards == []  # it goes on after all
    panel.send(events=[EARLY_STOP | dict(best=None, waited=1)], start=2, **STEERED | dict(status="stopped"))
    assert panel.cards == ["Early stopping at step 412: no finite val_loss for 1 check."]


def test_why_a_run_ended_badly(panel: PanelPage):
    steer(panel, status="lost", step=7)
    assert panel.cards == ["Lost at step 7. The process is gone: it was killed or restarted, or its machine went down. What was recorded is kept."]
    panel.send(**STEERED | dict(status="lost", step=7, reason="Kernel restarted."))
    assert panel.cards == ["Lost at step 7. Kernel restarted."]
    panel.send(**STEERED | dict(status="failed", step=7, reason="ValueError: x"))
    assert panel.cards == ["Failed at step 7. ValueError: x"]
    panel.send(**STEERED)
    assert panel.cards == []
