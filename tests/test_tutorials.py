"""The tutorials run in a real kernel, and keep what they promise on any seed."""
import time
from pathlib import Path

import nbformat
import pytest

from trainbook.train.notebook import run_notebook

TUTORIALS = sorted((Path(__file__).parent.parent / "nbs/tutorials").glob("*.ipynb"))


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_tutorial_is_short_and_explained(path):
    cells = nbformat.read(path, 4).cells
    assert len(cells) <= 36
    assert cells[0].source.startswith("# ") and "\n> " in cells[0].source
    for cell, following in zip(cells, cells[1:] + [None]):
        if cell.cell_type == "code" and not cell.source.startswith("import"):
            assert following is None or following.cell_type == "markdown", f"what is to be seen after {cell.source!r}?"


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_quickstart_reads_digits(tmp_path, seed):
    notebook = nbformat.read(TUTORIALS[0], 4)
    seeded = [cell for cell in notebook.cells if "torch.manual_seed(0)" in cell.source]
    assert len(seeded) == 1
    seeded[0].source = seeded[0].source.replace("torch.manual_seed(0)", f"torch.manual_seed({seed})")
    nbformat.write(notebook, tmp_path / "quickstart.ipynb")
    began = time.time()
    run, = run_notebook(tmp_path / "quickstart.ipynb")
    accuracy = run.latest()["val_accuracy"]
    print(f"seed {seed}: val_accuracy {accuracy:.3f} after {run.config['epochs']} epochs, {time.time() - began:.0f} s")
    assert run.status == "finished" and run.config["epochs"] <= 10
    assert accuracy >= .97


def test_your_own_loop(tmp_path):
    (tmp_path / "own.ipynb").write_bytes(TUTORIALS[1].read_bytes())
    runs = run_notebook(tmp_path / "own.ipynb")
    assert [run.status for run in runs] == ["finished", "finished", "stopped", "finished"]


def test_gradients(tmp_path):
    """Its own asserts hold what each illness looks like; all runs end, also those that diverge."""
    (tmp_path / "gradients.ipynb").write_bytes(TUTORIALS[2].read_bytes())
    runs = run_notebook(tmp_path / "gradients.ipynb")
    names = ["healthy", "vanishing", "exploding", "clipped", "dead", "lr 0.0005", "lr 0.02", "lr 0.5"]
    assert [(run.name, run.status) for run in runs] == [(name, "finished") for name in names]


def test_steer_a_run(tmp_path):
    """Its hands press what a person would, and each press does what the page says."""
    (tmp_path / "steer.ipynb").write_bytes(TUTORIALS[3].read_bytes())
    runs = {run.name: run for run in run_notebook(tmp_path / "steer.ipynb")}
    assert [run.status for run in runs.values()] == ["finished"] * 5 + ["stopped"] * 2
    assert runs["a tenth"].history("val_loss")[-1][1] < .9 * runs["untouched"].history("val_loss")[-1][1]
    assert runs["paused"].history("loss") == runs["untouched"].history("loss")
    assert runs["patient"].progress["epoch"] < 39 and "early stopping" in runs["patient"].info["reason"]


def test_learner(tmp_path):
    """Its own asserts hold that a function, a class, callbacks and Learner find the same losses."""
    (tmp_path / "learner.ipynb").write_bytes(TUTORIALS[4].read_bytes())
    runs = run_notebook(tmp_path / "learner.ipynb")
    assert [(run.name, run.status) for run in runs] == [("learner", "finished"), ("with everything", "finished")]
    assert all(run.latest()["val_accuracy"] > .9 for run in runs)


def test_write_a_callback(tmp_path):
    """What its callbacks do is seen in the runs, and the last one's state goes from one run into the next."""
    (tmp_path / "callback.ipynb").write_bytes(TUTORIALS[5].read_bytes())
    runs = {run.name: run for run in run_notebook(tmp_path / "callback.ipynb")}
    assert [name for name, run in runs.items() if run.status != "finished"] == ["half"]
    assert 0 < runs["measured"].latest()["val_worst"] < .5
    assert runs["the rest"].parent["id"] == runs["half"].path.name
    assert runs["the rest"].history("loss") == runs["skipped"].history("loss")


def test_stop_go_back_go_on(tmp_path):
    """Whoever goes on has the losses of the run that nobody stopped; whoever goes back has better ones."""
    (tmp_path / "stop.ipynb").write_bytes(TUTORIALS[6].read_bytes())
    runs = {run.name: run for run in run_notebook(tmp_path / "stop.ipynb")}
    stopped = [name for name, run in runs.items() if run.status == "stopped"]
    assert stopped[:3] == ["stopped", "a stream, stopped", "patient"] and set(stopped[3:]) <= {"with a Learner"}
    assert runs["resumed"].history("loss") == runs["untouched"].history("loss")
    assert runs["a tenth"].tags == ["keep", "digits"] and runs["a tenth"].parent["name"] == "patient"
