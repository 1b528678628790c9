"""Every event in words, as all that show a run tell it."""
import pytest

from trainbook.run.contract import event_of
from trainbook.run.words import EventWords

EARLY_STOP = dict(event="early_stop", status="stopped", metric="val_loss", best=.1702, best_step=300, waited=3, step=412, time=1.79e9)
EVALUATED = dict(event="validation", status="evaluated", metrics=dict(val_loss=.1702345, accuracy=.968), step=140, time=1.79e9)
ROLLED_BACK = dict(event="rollback", to="best", to_step=120, step=140, time=1.79e9)
SAVED = dict(event="checkpoint", status="saved", name="step-120", roles=["best"], tag=None, metric="val_loss", value=.17, step=120, time=1.79e9)
FOUND = dict(event="finding", finding="non_finite_gradient", layer="fc2", value="nan", layers=5, step=172, time=1.79e9)


def command(name: str, status="applied", step=140, id="a", by="panel", time=1.79e9, **more) -> dict:
    return dict(event="command", command=name, status=status, step=step, id=id, by=by, time=time, arguments={}) | more


def halved(id="a", **more) -> dict: return command("scale_lr", id=id, **dict(arguments=dict(factor=.5), undoable=True) | more)


def rolled_back(status="applied", step=140, **more) -> dict:
    return command("rollback", status, step, **dict(arguments=dict(to="best"), undoable=True) | more)


def told(*events) -> dict:
    """The last event with its words, read as any reader reads it."""
    words = EventWords()
    return [words.complete(event_of(event)) for event in events][-1]


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
    "Early stopping on: monitor accuracy by panel, in force at step 140.": [command("early_stop", arguments=dict(on=True, monitor="accuracy"))],
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
    "Tag a, <b> by script at step 140.": [command("tag", by="script", arguments=dict(tags=["a", "<b>"]))],
    "Untag by panel at step 140.": [command("untag")],  # it was not said which
    f"Note “{'x' * 59}…” by panel at step 140.": [command("note", arguments=dict(text="x" * 200))],
    "Freeze encoder by panel, in force at step 140.": [command("freeze", label="Freeze encoder")],
    "freeze by panel, in force at step 140.": [command("freeze", label="")],
    "Freeze encoder by panel, refused: it is frozen": [command("freeze", "refused", label="Freeze encoder", reason="it is frozen")],
    "Undone: LR warm-up by panel, in force at step 150.": [command("warm_up", label="LR warm-up"), command("undo", step=150, id="b", arguments=dict(id="a"))],
    "Pause by panel, in force at step 140.": [command("pause", label="Hold")],  # the front end has words of its own
}


@pytest.mark.parametrize("said", SENTENCES)
def test_a_command_is_told(said): assert told(*SENTENCES[said])["sentence"] == said


@pytest.mark.parametrize("said, event", {
    "Early stopping at step 412: val_loss no better than 0.1702 (step 300) for 3 checks.": EARLY_STOP,
    "Early stopping at step 412: no finite val_loss for 1 check.": EARLY_STOP | dict(best=None, best_step=None, waited=1),
    "Early stopping is off; it would have stopped at step 412: val_loss no better than 0.1702 (step 300) for 3 checks.": EARLY_STOP | dict(status="would_stop"),
    "The early stop is taken back.": EARLY_STOP | dict(status="taken_back"),
    "Evaluated at step 140: val_loss 0.1702, accuracy 0.968.": EVALUATED,
    "Evaluated in part at step 140: val_loss 0.1702, accuracy 0.968.": EVALUATED | dict(status="partial"),
    "Back to the weights of step 120, at step 140.": ROLLED_BACK,
    "The roll back is undone.": ROLLED_BACK | dict(to="undo"),
    "Checkpoint step-120 saved at step 120.": SAVED,
    "No checkpoint saved at step 120: disk full": SAVED | dict(status="failed", reason="disk full"),
    "No checkpoint saved at step 120: it did not say why": SAVED | dict(status="failed"),
    "NaN in the gradients of fc2 at step 172, and of 4 layers more.": FOUND,
    "Infinity in the gradients of fc2 at step 172.": FOUND | dict(value="inf", layers=1),
    "Gradients are measured every 8 steps: a measurement takes 13.0% of a step's time.": dict(event="budget", every=8, share=.13, step=50, time=1.79e9),
    "samples at step 20: 8×8, HW uint8.": dict(event="media", name="samples", kind="image", about="8×8, HW uint8", step=20, time=1.79e9),
    "Goes on from x, checkpoint step-20.": dict(event="resume", parent="x", checkpoint="step-20", step=20, time=1.79e9),
    "so far": dict(event="note", text="so far", step=20, time=1.79e9),
    "The run is paused.": dict(event="status", status="paused", step=20, time=1.79e9),
}.items())
def test_what_happened_is_told(said, event): assert told(event)["sentence"] == said


@pytest.mark.parametrize("label, event", [
    ("lr ÷2", halved()), ("lr ×3", halved(arguments=dict(factor=3))), ("lr ÷10", halved(arguments=dict(factor=.1))),
    ("lr ×0.3", halved(arguments=dict(factor=.3))),
    ("lr of d ÷2", halved(arguments=dict(factor=.5, optimizer="d"))),
    (None, halved(status="refused")), ("stop", command("stop")), ("stop after epoch", command("stop", arguments=dict(when="epoch"))),
    ("paused", command("pause", label="Hold")), (None, command("resume")), (None, command("checkpoint")), (None, command("rollback")),
    ("Freeze encoder", command("freeze", title="Freeze encoder")),
    ("Freeze encoder", command("freeze", label="Freeze encoder")), (None, command("freeze", "refused", label="Freeze encoder")), ("export", command("export")),
    ("early stop", EARLY_STOP), ("would stop early", EARLY_STOP | dict(status="would_stop")), (None, EARLY_STOP | dict(status="taken_back")),
    ("back to 120", ROLLED_BACK), ("rollback undone", ROLLED_BACK | dict(to="undo")),
    ("resumed", dict(event="resume", parent="x", checkpoint="y", step=1, time=0.)), (None, EVALUATED), (None, SAVED)])
def test_what_stands_beside_a_curve(label, event): assert told(event).get("label") == label


ODD = [None, {}, dict(to=None, tag=[1]), dict(to=dict(a=1)), dict(factor="x"), dict(factor=None), dict(factor=float("inf")), dict(patience=[1]), dict(id=3),
       dict(id=[]), dict(when=0), dict(on="yes", metric=None), dict(tags=3), dict(text=None)]


@pytest.mark.parametrize("arguments", ODD, ids=repr)
@pytest.mark.parametrize("name", ["stop", "scale_lr", "early_stop", "undo", "evaluate", "checkpoint", "rollback", "tag", "note", "constructor"])
def test_any_arguments_have_words(name, arguments):
    for status in ("requested", "applied", "refused"):
        event = told(command(name, status, arguments=arguments))
        assert event["sentence"] and "\n" not in event["sentence"] and event["arguments"] == arguments


@pytest.mark.parametrize("event", [
    dict(event="command"), dict(event="rollback"), dict(event="early_stop", best="x"), dict(event="eclipse"), dict(event="validation", metrics=None)])
def test_what_can_not_be_told_is_kept_without_words(event):
    event = event | dict(step=1, time=0.)
    assert told(event).items() <= event.items()
