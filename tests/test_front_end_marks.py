"""Marks in the plot of the loss: commands, checkpoints, evaluations and what the run did by itself."""
import numpy as np
import pytest
from page import LOSS, PanelPage, table
from panel_run import EARLY_STOP, EVALUATED, ROLLED_BACK, SAVED, STEERED, command, halved, kept, rolled_back, steer, train, words_drawn


def upright(panel: PanelPage, step: int, steps=200) -> float:
    """How much of the height of the plot is inked as an upright at a step; they are dotted."""
    below = panel.pixels(LOSS, step / steps, 7)[60:].astype(int)  # beneath the labels
    soft = abs(below[..., :3] - panel.css("--soft")).max(-1) < 60
    return (soft * below[..., 3] / 255).mean(0).max()


def test_commands_leave_marks(panel: PanelPage):
    steer(panel, train(200, loss=np.full(200, .5)), step=200)
    events = [halved(step=20), halved("b", step=50, arguments=dict(factor=2)), halved("c", step=80, arguments=dict(factor=.3)),
              command("pause", step=110, id="p"),
              command("resume", step=118, id="r"), command("undo", step=140, id="u", arguments=dict(id="a")),
              command("stop", step=160, id="s", arguments=dict(when="epoch")),
              command("scale_lr", "refused", 170, "n"), command("early_stop", step=175, id="e"), EARLY_STOP | dict(step=190),
              command("tag", step=35, id="t", arguments=dict(tags=["a"])), command("note", step=35, id="m", arguments=dict(text="b"))]
    words = words_drawn(panel, *events, step=200)
    assert sorted(word for word, *_ in words) == sorted(["lr ÷2", "lr ×2", "lr ×0.3", "paused", "undo", "stop after epoch", "early stop"])
    for step in (20, 50, 80, 110, 140, 160, 190): assert .25 < upright(panel, step) < .7, step
    for step in (118, 170, 175, 35): assert upright(panel, step) < .1, step
    assert panel.hover(LOSS, 50 / 200).endswith("Learning rate doubled by panel, in force at step 50.")
    assert panel.hover(LOSS, 160 / 200).endswith("Stop after epoch by panel, in force at step 160.") and "panel" not in panel.hover(LOSS, 65 / 200)
    panel.page.locator(".plot").focus()
    panel.page.keyboard.press("End")
    while "step 140" not in panel.page.locator(".plot .hover").inner_text(): panel.page.keyboard.press("ArrowLeft")
    assert "Undone: learning rate halved by panel" in panel.page.locator(".plot .hover").inner_text()  # by keyboard, too
    panel.page.keyboard.press("Escape")
    would = EARLY_STOP | dict(step=190, status="would_stop")
    assert words_drawn(panel, would, step=200)[0][0] == "would stop early" and upright(panel, 190) < .25  # fainter


def test_registered_commands_leave_marks(panel: PanelPage):
    steer(panel, train(200, loss=np.full(200, .5)), step=200)
    events = [command("freeze", step=20, id="f", label="Freeze encoder"), command("freeze", "refused", 60, "g", label="Freeze encoder"),
              command("export", step=90, id="x"),
              command("stop_early", step=120, id="s", label="early stop"), command("pause", step=150, id="p", label="Hold"),
              EARLY_STOP | dict(step=180), EARLY_STOP | dict(step=180, status="taken_back")]
    words = words_drawn(panel, *events, step=200)
    assert sorted(word for word, *_ in words) == ["Freeze encoder", "early stop", "export", "paused"]
    for step in (20, 90, 120, 150): assert .25 < upright(panel, step) < .7, step
    for step in (60, 180): assert upright(panel, step) < .1, step


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
    events = [EVALUATED | dict(metrics=dict(val_loss=.6, accuracy=.9), step=100), command("evaluate", step=100)]
    steer(panel, train(200, loss=np.linspace(2, 1, 200)), step=200)
    valid = lambda: (abs(panel.pixels(LOSS, .5, 13)[..., :3].astype(int) - panel.css("--valid")).max(-1) < 40)
    assert not valid().any()
    panel.send(events=events, **STEERED | dict(step=200))
    ring = valid()  # there is no series of that name yet
    rows = np.flatnonzero(ring.any(1))
    middle = rows[len(rows) // 2]
    assert 7 <= len(rows) <= 13 and not ring[middle, 4:9].any()
    assert (*panel.pixels(LOSS, .5, 13)[middle, 6],) == (*panel.css("--bg"), 255)  # it hides the line beneath it
    assert "val_loss evaluated 0.6" in panel.hover(LOSS, .5) and "evaluated" not in panel.hover(LOSS, .7)
    assert panel.page.locator(".legend .series").all_inner_texts() == ["loss 1.000", "val_loss 0.6000"]
    panel.send(table("valid", _step=[50, 150], val_loss=[1.5, 1.2], accuracy=[.5, .6]), **STEERED | dict(step=200))
    assert panel.page.locator(".legend .series").all_inner_texts() == ["loss 1.000", "val_loss 1.200"]
    panel.page.mouse.move(5, 5)
    assert valid()[rows[0] - 3:].any()
    panel.panel.screenshot(path=shots / "front-end-evaluated.png")
    panel.button("Enlarge accuracy").click()
    panel.drawn()
    assert "accuracy evaluated 0.9" in panel.hover(LOSS, .5)


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
