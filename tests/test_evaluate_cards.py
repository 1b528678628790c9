"""What a card says is in a record: each of its figures is looked up in the files that its source names, by code of its own."""
import html
import json
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from trainbook.data.cleaning import Cleaning
from trainbook.data.dataset import Dataset
from trainbook.evaluate.calibration import calibration
from trainbook.evaluate.card import STATED, Card, Entry, in_markdown
from trainbook.evaluate.data_card import data_card
from trainbook.evaluate.model_card import model_card
from trainbook.evaluate.predictions import Predictions
from trainbook.run.run import open_run

RUNS = sorted((Path(__file__).parent / "corpus").glob("runs*/2*"))
NUMBER = re.compile(r"(?<![\w.])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?(?![\w.])")
HOSTILE = "<img src=x onerror=alert(1)> | `a` [b](javascript:c)\n# d"


@pytest.fixture(params=RUNS, ids=lambda path: path.name.split("_")[1] + path.parent.name.removeprefix("runs"))
def folder(request, tmp_path) -> Path:
    """Runs of earlier versions: finished, stopped, failed, lost, without metrics, with odd names."""
    return Path(shutil.copytree(request.param, tmp_path / request.param.name))


def whole_rows(path: Path) -> np.ndarray:
    """All rows of a table; the header of a run that was killed may count fewer."""
    with open(path, "rb") as file:
        read = {1: np.lib.format.read_array_header_1_0, 2: np.lib.format.read_array_header_2_0}[np.lib.format.read_magic(file)[0]]
        _, _, kind = read(file)
        rest = file.read()
    return np.frombuffer(rest[:len(rest) // kind.itemsize * kind.itemsize], kind)


def record_of(folder: Path, entry: Entry):
    """What the files say where an entry says that it is from."""
    file, _, place = entry.source.partition(": ")
    if file == "run.json":
        found = json.loads((folder / file).read_text())
        for key in place.split(", ")[0].split("/"): found = found[int(key)] if isinstance(found, list) else found.get(key)
        return found["value"] if place.startswith("checkpoints/") else found
    if file.startswith("stream "):
        step, values = int(place.removeprefix("step ")), []
        for path in folder.glob("*.npy"):
            if path.stem.split(".")[0] not in ("train", "valid"): continue
            rows = whole_rows(path)
            for name in rows.dtype.names:
                if name == entry.name: values += rows[name][rows["_step"] == step].tolist()
                if name == "key": values += rows["value"][(rows["_step"] == step) & (rows["key"].astype(str) == entry.name)].tolist()
        return values
    return (folder / "events.jsonl").read_text()


def test_every_figure_is_in_a_record(folder):
    card = model_card(folder)
    looked_at = 0
    for entry in card.entries:
        if entry.value is None or entry.source.startswith(STATED): continue
        found = record_of(folder, entry)
        if isinstance(entry.value, float) and isinstance(found, list):
            assert min(found) - 1e-9 <= entry.value <= max(found) + 1e-9 or not np.isfinite(entry.value), entry
        elif isinstance(entry.value, int | float) and not isinstance(entry.value, bool): assert entry.value == found, entry
        elif entry.name in ("started", "ended"): assert pd.Timestamp(entry.value).timestamp() == int(found)
        elif entry.name != "status": assert set(NUMBER.findall(entry.text)) <= set(NUMBER.findall(json.dumps(found) + str(found))) | {"0"}, entry
        looked_at += 1
    assert looked_at > 5 and next(entry.value for entry in card.entries if entry.name == "status") == open_run(folder).status
    # and the page has no number that no entry has
    told = " ".join([*(f"{entry.name} {entry.text} {entry.source}" for entry in card.entries), card.title, card.about])
    page = html.unescape(re.sub(r"\\([\\`*_\[\]|~$])", r"\1", card.markdown())).replace("**", "")
    assert set(NUMBER.findall(page)) <= set(NUMBER.findall(told))


def test_a_run_without_metrics_and_one_whose_tables_are_none(tmp_path):
    folder = Path(shutil.copytree(RUNS[0], tmp_path / "run"))
    for path in folder.glob("*.npy"): path.unlink()
    first = json.loads((folder / "run.json").read_text()) | dict(checkpoints=[])
    (folder / "run.json").write_text(json.dumps(first))
    assert [entry.value for entry in model_card(folder).entries if entry.name == "metrics"] == [None]
    (folder / "train.npy").write_bytes(b"no table")
    gap, = (entry for entry in model_card(folder).entries if entry.name == "metrics")
    assert gap.value is None and "can't be read" in gap.source


def hostile_run(tmp_path: Path) -> Path:
    folder = Path(shutil.copytree(RUNS[0], tmp_path / "run"))
    info = json.loads((folder / "run.json").read_text())
    info |= dict(name=HOSTILE, config={HOSTILE: HOSTILE}, data={HOSTILE: [dict(raw=HOSTILE), dict(shape="wide")], "none": []}, packages=HOSTILE,
                 checkpoints=[7, dict(name=HOSTILE, value=.5)], machine=[HOSTILE])
    (folder / "run.json").write_text(json.dumps(info))
    return folder


def test_hostile_names_mean_nothing(tmp_path):
    card = model_card(hostile_run(tmp_path), caveats=HOSTILE)
    assert "<img" not in card.html() and "<img" not in card.markdown()
    rows = [line for line in card.markdown().splitlines() if line.startswith("| **")]
    assert len(rows) == len(card.entries) and {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}
    assert "[b](javascript" not in card.markdown()


def test_markdown_means_only_itself():
    markdown = pytest.importorskip("markdown_it").MarkdownIt("commonmark").enable("table")
    for text in (HOSTILE.replace("\n", " "), "a_b_c *d* **e** ~~f~~ <b> &amp; | g \\| h", "1. x", "> y", "`` ` ``", "$x$ [1]: z"):
        cell = markdown.render(f"| a |\n| --- |\n| **x** {in_markdown(text)} |\n")
        shown = re.sub(r"<[^>]+>", "", cell.split("<tbody>")[1])
        assert html.unescape(shown).strip() == f"x {text}"


def test_what_is_stated_is_marked_and_gaps_are_named():
    card = model_card(RUNS[0], intended_use="reading digits")
    stated = [entry for entry in card.entries if entry.source.startswith(STATED)]
    assert [(entry.name, entry.value) for entry in stated] == [("intended use", "reading digits")]
    assert {"users", "out of scope", "caveats", "evaluations"} <= {entry.name for entry in card.gaps}


def test_figures_are_traced_to_the_data(tmp_path):
    data = Dataset.of(pd.DataFrame(dict(x=[1., 2., 3.])), "three", tmp_path)
    other = Dataset.of(pd.DataFrame(dict(x=[1., 2., 4.])), "others", tmp_path)
    folder = Path(shutil.copytree(RUNS[0], tmp_path / "run"))
    info = json.loads((folder / "run.json").read_text())
    (folder / "run.json").write_text(json.dumps(info | dict(data=dict(train=other.lineage, valid=data.lineage))))

    def source(of: Dataset | None) -> str:
        found = calibration(Predictions.of_outputs([[2., 0.], [0., 1.], [1., 0.]], [0, 1, 1], data=of))
        return next(entry.source for entry in model_card(folder, evaluations=[found]).entries if entry.name == "Calibration: Brier score")

    assert source(data) == f"Calibration: data {data.hash[:16]}, the run's valid"
    assert source(other).endswith("the run's train, which the model was trained on") and "can't be traced" in source(None)


def test_a_card_of_data_counts_what_is_there(tmp_path):
    table = pd.DataFrame({"age": [1., np.nan, 3., 3.], HOSTILE: ["a", None, "b", "b"]})
    cleaning = Cleaning(Dataset.of(table, "people", tmp_path))
    card = data_card(cleaning)
    found = {entry.name: entry.value for entry in card.entries}
    assert (found["rows"], found["columns"], found["missing values"], found["rows that are there before"]) == (4, 2, 2, 1)
    assert found["column age"] == "float64, 1 missing, 1 to 3, median 3" and found["hash of the table"] == cleaning.dataset.hash
    assert "<img" not in card.html() and isinstance(card, Card)


@pytest.mark.parametrize("bad", [None, 3, "no such folder", [1, 2]])
def test_no_run(bad, tmp_path):
    with pytest.raises((TypeError, FileNotFoundError), match="run"): model_card(tmp_path / bad if isinstance(bad, str) else bad)
    with pytest.raises(TypeError, match="a Dataset or a Cleaning is needed"): data_card(bad)
