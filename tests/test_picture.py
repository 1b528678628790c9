"""The picture of a run: which metrics stand together, that labels are distinct and fit, and how large it is."""
import base64
import json
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from trainbook import compare, open_run
from trainbook.run.recorder import Recorder
from trainbook.widget.curves import COLORS, colors_of, curve_of, curves, log_ticks, span_of
from trainbook.widget.drawing import cut, draw, layer_labels, layout
from trainbook.widget.picture import picture

PAIRS = [("loss", "val_loss"), ("train_loss", "valid_loss"), ("train/loss", "eval/loss"), ("loss_train", "loss_test"), ("training.loss", "validation.loss"),
         ("loss/train", "loss/dev"), ("Train_Loss", "Val_Loss"), ("actor/train_loss", "actor/test_loss"), ("acc", "acc_val"), ("dice", "dev_dice")]


def a_run(folder, name="a run", steps=40, layers=(), **curve):
    run = Recorder(name, dir=folder)
    table = run.tables.open("gradients", [("total", "<f8"), ("norm", "<f4", (len(layers),))]) if layers else None
    if layers: run.describe(layers=list(layers), kinds=["Linear"] * len(layers))
    for run.position.step in range(1, steps + 1):
        run.log(**{name: value(run.position.step) for name, value in curve.items()})
        if table: table.append(run.position.step, 0., np.geomspace(1e-3, .1, len(layers)).astype("<f4").tobytes())
    return run


@pytest.mark.parametrize("train, valid", PAIRS)
def test_a_pair_is_drawn_together(tmp_path, train, valid):
    run = Recorder("pair", dir=tmp_path)
    for run.position.step in range(1, 6):
        run.log({train: 1.})
        run.log({valid: 2.})
    shown = curves(run)
    assert list(shown) == [train, valid] and list(colors_of(shown).values()) == list(COLORS[:2])
    assert list(run.frame("valid")) [0] == valid
    drawn = draw(run).axes[0].get_legend().get_texts()
    assert [text.get_text().split("  ")[0] for text in drawn] == [train, valid]
    assert list(compare(run).courses[run].curves) == [train, valid]
    run.finish()


def test_what_only_looks_like_a_pair_is_not(tmp_path):
    run = a_run(tmp_path, q_val=lambda step: 1., std_dev=lambda step: 2., value=lambda step: 3., trainable=lambda step: 4.)
    assert list(curves(run)) == ["q_val"] and list(curves(run, ["std_dev"])) == ["std_dev"] and not len(run.frame("valid"))
    run.finish()


def test_colors_are_distinct():
    assert list(colors_of(["loss", "train_loss", "val_loss", "test_loss"]).values()) == [COLORS[0], COLORS[3], COLORS[1], COLORS[2]]
    assert colors_of(["val_loss"]) == dict(val_loss=COLORS[1])


NAMES = some.lists(some.text("abc.1_ é漢", min_size=1, max_size=50), min_size=1, max_size=20, unique=True)


@given(NAMES)
@settings(deadline=None)
def test_labels_of_layers_are_distinct_and_short(names):
    labels = layer_labels(names)
    assert len(labels) == len(names) and all(len(label) <= 18 for label in labels)
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize("names", [["gc1 GraphConvolution", "gc2 GraphConvolution"], ["0 MultiheadAttention", "1 MultiheadAttention", "10 MultiheadAttention"],
                                   [f"blocks.{i}.attention.query_key_value" for i in range(12)]])
def test_labels_of_layers_in_the_picture(tmp_path, names):
    run = a_run(tmp_path, layers=names, loss=lambda step: 1 / step)
    figure = draw(run)
    figure.canvas.draw()
    labels = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert len(set(labels)) == len(names)
    run.finish()


@pytest.mark.parametrize("layers", [(), ("a", "b")], ids=["alone", "with a map"])
@pytest.mark.parametrize("name", ["short", "w" * 200, "a long name of several words " * 8, "漢字" * 60])
def test_the_title_fits(tmp_path, name, layers):
    run = a_run(tmp_path, name[:80].strip(), layers=layers, loss=lambda step: 1 / step)
    run.position.step = 123456
    figure = draw(run)
    figure.canvas.draw()
    title, = figure.texts
    assert title.get_window_extent().x1 <= figure.bbox.x1 and str(run.progress["step"]) in title.get_text()
    run.finish()


@pytest.mark.parametrize("low", [.9, .3, .02, 1e-4])
def test_a_scale_has_at_least_two_numbers(tmp_path, low):
    run = a_run(tmp_path, loss=lambda step: 1.8 * (low / 1.8) ** (step / 40))
    figure = draw(run)
    figure.canvas.draw()
    axes = figure.axes[0]
    bottom, top = axes.get_ylim()
    seen = {label.get_text() for label in axes.get_yticklabels(which="both") if label.get_text() and bottom <= label.get_position()[1] <= top}
    assert 2 <= len(seen) <= 10, seen
    run.finish()


RANGES = [(.9, 1.8), (.3, 1.8), (.02, 1.8), (1e-4, 1.8), (5.2, 7.), (1.0001, 1.0002), (1e-12, 1e12), (3e5, 4e5), (1e-9, 1.1e-9), (.5, .5), (7., 90.)]


@pytest.mark.parametrize("low, high", RANGES)
def test_a_logarithmic_axis_has_a_number_at_both_ends(low, high):
    made = curve_of("loss", np.arange(60), np.geomspace(high, low, 60))
    span = span_of([made], is_log=True)
    ticks = log_ticks(span.low, span.high)
    assert span.low <= low and high <= span.high and (ticks[0], ticks[-1]) == span[:2] and 2 <= len(ticks) <= 6
    assert low == high or np.log(span.high / span.low) < 1.2 * np.log(high / low) + .03  # no room is wasted
    gaps = np.diff(np.log(ticks)) / np.log(span.high / span.low)
    assert gaps.min() >= .19


@pytest.mark.parametrize("sign", [1, -1])
def test_only_outliers_of_the_first_steps_are_left_out(sign):
    late, early = np.full(1000, 1.) + np.arange(1000) / 1000, np.full(1000, 1.) + np.arange(1000) / 1000
    late[600], early[:5] = 90, 90
    assert span_of([curve_of("value", np.arange(1000), sign * late)], is_log=False).high - sign * 90 * (sign > 0) >= -1
    low, high, _, beyond = span_of([curve_of("value", np.arange(1000), sign * early)], is_log=False)
    assert high - low < 2 and beyond == sign * 90


@pytest.mark.parametrize("count", range(1, 30))
@pytest.mark.parametrize("has_map", [False, True])
def test_plots_lie_apart_and_within_the_picture(count, has_map):
    wide, high, boxes = layout(min(count, 9), has_map)
    assert len(boxes) == min(count, 9)
    for i, (left, top, width, height) in enumerate(boxes):
        assert left >= .6 and left + width <= wide and top >= .3 and top + height + .25 <= high
        assert width > 1.9 and not (has_map and top < 2.7 and left + width > 6.5)
        for other in boxes[:i]: assert left >= other.left + other.width + .4 or top >= other.top + other.height + .4 or other.left >= left + width + .4


def test_many_metrics_are_small_multiples(tmp_path):
    names = ["policy_loss", "value_loss", "reward", "fps", "entropy", "explained_variance", "clip_fraction", "lr", "episode_length", "grad_norm", "temperature",
             "horizon"]
    run = a_run(tmp_path, **{name: lambda step, i=i: 1 + step * i for i, name in enumerate(names)})
    run.finish()
    figure = draw(run)
    shown = [text.get_text().split("  ")[0] for axes in figure.axes for text in axes.get_legend().get_texts()]
    assert shown[:2] == ["policy_loss", "value_loss"] and len(figure.axes) == 9 and "more groups are in run.frame()" in figure.texts[0].get_text()
    assert len({axes.get_xlim() for axes in figure.axes}) == 1


@pytest.mark.parametrize("epochs, reach", [(2, 50), (100_000, 40)], ids=["near", "far"])
def test_the_planned_end_is_shown_while_it_is_near(tmp_path, epochs, reach):
    run = a_run(tmp_path, loss=lambda step: 1 / step)
    run.position.epoch, run.position.epochs, run.position.batch, run.position.batches = 1, epochs, 15, 25
    figure = draw(run)
    assert figure.axes[0].get_xlim()[1] == reach and f"step 40 of {25 * epochs}" in figure.texts[0].get_text()
    run.finish()
    assert draw(run).axes[0].get_xlim()[1] == 40


STRANGE = [0, -0., 1e-320, 1e308, -1e308, float("nan"), float("inf"), float("-inf"), 1e-30, 5, -3, 1.]


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("seed", range(5))
def test_any_values_can_be_drawn(tmp_path, seed):
    random = np.random.default_rng(seed)
    runs = [a_run(tmp_path, steps=random.integers(1, 70), **{name: lambda step, some=random.integers(1, 13): random.choice(STRANGE[:some]) for name in names})
            for names in (["loss"], ["loss", "val_loss"], ["$x$", "acc", "val_acc", "loss_D", "loss_G"])]
    for run in runs:
        run.finish()
        draw(run).canvas.draw()
    compare(*runs).figure().canvas.draw()


def test_a_killed_run_is_lost_in_its_picture(tmp_path):
    run = a_run(tmp_path, loss=lambda step: 1 / step)
    run.flush()
    info = json.loads((run.path / "run.json").read_text())
    (run.path / "killed").mkdir()
    for file in [*run.path.glob("*.npy"), run.path / "events.jsonl"]: (run.path / "killed" / file.name).write_bytes(file.read_bytes())
    (run.path / "killed" / "run.json").write_text(json.dumps(info | dict(process=info["process"] | dict(started=0, since_boot=0))))
    assert " lost, step 40" in draw(open_run(run.path / "killed")).texts[0].get_text()
    assert " running at " in draw(run).texts[0].get_text()  # a picture that was saved says of when it is
    run.finish()
    assert " finished, step 40" in draw(run).texts[0].get_text()


def test_a_picture_is_small_and_says_how_it_is_opened(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    noise = np.random.default_rng(0).normal(size=1001)
    run = a_run("runs", "<b>&", 1000, layers=[f"encoder.{i}" for i in range(20)], loss=lambda step: float(np.exp(.2 * noise[step] - step / 200)))
    bundle = picture(run)
    assert len("".join(bundle.values())) < 80_000  # of a PNG and an SVG, it was 250,000
    assert f"open_run(&#x27;runs/{run.path.name}&#x27;).panel()" in bundle["text/html"] and "<b>" not in bundle["text/html"]
    inside, = re.findall('src="data:image/png;base64,([^"]*)"', bundle["text/html"])
    assert base64.b64decode(inside)[:4] == base64.b64decode(bundle["image/png"])[:4] == b"\x89PNG"
    assert {path.name for path in run.path.glob("picture.*")} == {"picture.svg", "picture.png"}
    run.finish()


@given(some.text(max_size=40), some.integers(3, 30))
def test_a_text_is_cut_in_its_middle(text, length):
    short = cut(text, length)
    assert len(short) <= max(length, 1)
    if short != text:
        head, tail = short.split("…")[0], short.split("…")[-1]
        assert text.startswith(head) and text.endswith(tail)
