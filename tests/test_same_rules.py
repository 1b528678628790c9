"""Rules that stand in Python and in TypeScript: the cases of `js/test`, which `npm --prefix js test` holds against the panel, held against the record."""
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from trainbook import compare
from trainbook.run.found import Found
from trainbook.run.groups import group_metrics
from trainbook.run.images import class_color
from trainbook.run.layer_names import layer_groups, layer_labels
from trainbook.run.recorder import Recorder
from trainbook.run.tables import family
from trainbook.run.words import brief, short, tick_label, tick_labels
from trainbook.terminal.progress import figures
from trainbook.widget.feed import Feed
from trainbook.widget.curves import curves, moving_average, window_of

CASES = Path(__file__).parents[1] / "js/test"
FAMILIES, MEANS, GROUPS, LAYERS, NUMBERS, SMOOTHING, FINDINGS = (
    json.loads((CASES / f"{name}.json").read_text()) for name in ("families", "step_means", "groups", "layer_names", "numbers", "smoothing", "findings"))


def test_a_class_has_the_same_colour():
    colors = json.loads((CASES / "class_colors.json").read_text())
    assert [list(class_color(i)) for i in range(len(colors))] == colors


def number(value: float | str) -> float: return float(value)  # JSON has no NaN


def test_metrics_that_belong_together_have_a_name_in_common():
    for train, valid, name in FAMILIES["pairs"]: assert family(train) == family(valid) == name
    for name, own in FAMILIES["alone"].items(): assert family(name) == own


@pytest.mark.parametrize("case", GROUPS, ids=lambda case: case["case"])
def test_metrics_fall_into_the_same_groups(case):
    found = group_metrics(case["names"], case["monitor"])
    assert [dict(name=group.name, title=group.title, metrics=group.metrics) for group in found] == case["groups"]
    assert sorted(name for group in found for name in group.metrics) == sorted(set(case["names"]))


@pytest.mark.parametrize("case", MEANS)
def test_several_values_of_a_step_are_their_mean_everywhere(tmp_path, case):
    """In the picture, a comparison, the terminal, `latest` and a curve."""
    name, logged, expected = MEANS[case]["name"], MEANS[case]["rows"], number(MEANS[case]["mean"])
    before = [{name: 9., "_samples": 4}]
    run = Recorder(case, dir=tmp_path)
    try:
        for run.position.step, rows in enumerate((before, before, logged), 1):
            for row in rows:
                run.tables.set_samples(row.get("_samples"))
                run.log({metric: number(value) for metric, value in row.items() if metric != "_samples"})
                run.flush()
        last = [replace(new, rows=new.rows[new.rows["_step"] == 3]) for new in Feed(run).rows()]
        said = dict(latest=run.latest()[name], curve=run.curve(name)[1][-1], comparison=compare(run).frame[name]["last"].item(),
                    terminal=figures(last)[0][name])
        if not math.isnan(expected): said["picture"] = curves(run, [name])[name].last
        assert all(value == pytest.approx(expected, nan_ok=True) for value in said.values()), said
        assert [step for step, _ in run.history(name)].count(3) == sum(name in row for row in logged)  # all are kept
    finally: run.finish()


def test_layers_are_called_the_same_everywhere():
    for case in LAYERS["labels"]: assert layer_labels(case["names"], case["length"]) == case["labels"]
    for case in LAYERS["groups"]: assert [[*group] for group in layer_groups(case["names"], case["most"])] == case["groups"]


def test_numbers_have_one_notation():
    for value, text in NUMBERS["brief"]: assert brief(float(value)) == text
    for value, text in NUMBERS["short"]: assert short(float(value)) == text
    for case in NUMBERS["tick_labels"]: assert tick_labels(case["ticks"]) == case["labels"]
    for tick, label in NUMBERS["tick_label"]: assert tick_label(tick) == label


def test_curves_are_smoothed_by_one_rule():
    for steps, window in SMOOTHING["windows"]: assert window_of(steps) == window
    for case in SMOOTHING["averages"]:
        assert moving_average(np.array(case["steps"]), np.array(case["values"], float), case["window"]).tolist() == pytest.approx(case["average"])


@pytest.mark.parametrize("case", FINDINGS, ids=lambda case: case["case"])
def test_what_holds_of_what_was_found(case):
    told = dict(event="finding", time=0., explanation="", advice="")
    found = Found([told | event for event in case["events"]])
    assert [[finding.kind, finding.where] for finding in found.findings] == case["shown"]
    assert {tuple(key) for key in case["withdrawn"]} == found.withdrawn - found.muted
