"""The tutorials run in a real kernel, and keep what they promise."""
import re
from pathlib import Path

import nbformat
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from trainbook import LiveRun, watch
from trainbook.run.run import runs_in
from trainbook.terminal.notebook import run_notebook

TUTORIALS = sorted((Path(__file__).parent.parent / "nbs/tutorials").glob("*.ipynb"))


@pytest.mark.parametrize("path", TUTORIALS, ids=lambda path: path.stem)
def test_tutorial_is_short_and_explained(path):
    cells = nbformat.read(path, 4).cells
    assert len(cells) <= 36 and path.stat().st_size <= 700_000  # as nbs/outputs.py takes it
    assert cells[0].source.startswith("# ") and "\n> " in cells[0].source
    for cell, following in zip(cells, cells[1:] + [None]):
        if cell.cell_type == "code" and not cell.source.startswith("import"):
            assert following is None or following.cell_type == "markdown", f"what is to be seen after {cell.source!r}?"


def test_quickstart_reads_digits(tmp_path):
    (tmp_path / "quickstart.ipynb").write_bytes(TUTORIALS[0].read_bytes())
    run, = run_notebook(tmp_path / "quickstart.ipynb")
    accuracy = run.latest()["val_accuracy"]
    print(f"val_accuracy {accuracy:.3f} after {run.config['epochs']} epochs")
    assert run.status == "finished" and run.config["epochs"] <= 10
    assert accuracy >= .97


def test_your_own_loop(tmp_path):
    (tmp_path / "own.ipynb").write_bytes(TUTORIALS[1].read_bytes())
    runs = run_notebook(tmp_path / "own.ipynb")
    assert [run.status for run in runs] == ["finished", "finished", "stopped", "finished", "finished", "stopped"]
    validated, patient = runs[1], runs[2]
    assert 10 <= min(validated.history("val_loss"), key=lambda at: at[1])[0] / 7 <= 30  # "between epoch ten and thirty"
    assert [(event["by"], event["status"]) for event in patient.events() if event["event"] == "command"] == [("python", "requested"), ("python", "applied")]
    assert patient.notes == ["no better for 10 epochs"] and patient.progress["epoch"] < 199


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
    rates = runs["a third of a cycle"].frame()["learning_rate"]
    assert rates.loc[:200].max() > .1 and rates.loc[201:].max() < .21 / 3
    assert runs["changed my mind"].frame()["learning_rate"].loc[101:110].round(6).eq(.3).all()
    would_stop, = [event for event in runs["untouched"].events() if event.get("status") == "would_stop"]
    assert would_stop["event"] == "early_stop" and runs["enough"].progress["step"] == 100
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
    """A run that goes on has the losses of the one that was not stopped; a run that goes back has better ones."""
    (tmp_path / "stop.ipynb").write_bytes(TUTORIALS[6].read_bytes())
    runs = {run.name: run for run in run_notebook(tmp_path / "stop.ipynb")}
    stopped = [name for name, run in runs.items() if run.status == "stopped"]
    assert stopped[:3] == ["stopped", "a stream, stopped", "patient"] and set(stopped[3:]) <= {"with a Learner"}
    assert runs["resumed"].history("loss") == runs["untouched"].history("loss")
    tenth, at = runs["a tenth"], runs["patient"].progress["step"]
    assert [event["step"] for event in tenth.events() if event["event"] == "rollback"] == [at]
    assert tenth.frame(joined=False)["learning_rate"].round(6).eq(.02).all()
    assert runs["a tenth"].tags == ["keep", "digits"] and runs["a tenth"].parent["name"] == "patient"


def test_what_you_can_look_at(tmp_path):
    """On another seed than the one it was saved with it is what its prose says, and all that it shows can be read back."""
    notebook = nbformat.read(TUTORIALS[7], 4)
    seeded = [cell for cell in notebook.cells if "torch.manual_seed(0)" in cell.source]
    assert len(seeded) == 1
    seeded[0].source = seeded[0].source.replace("torch.manual_seed(0)", "torch.manual_seed(1)")
    nbformat.write(notebook, tmp_path / "look.ipynb")
    runs = {run.name: run for run in run_notebook(tmp_path / "look.ipynb")}
    assert [(name, run.status) for name, run in runs.items()] == [(name, "finished") for name in ("GAN", "language model", "REINFORCE", "segmentation")]
    shown = {name: [one.step for one in run.media(name)] for run in runs.values() for name in {one.name: None for one in run.media()}}
    assert shown == dict(samples=[*range(100, 701, 100)], text=[*range(40, 201, 40)], returns=[*range(10, 61, 10)], policy=[*range(10, 61, 10)],
                         found=[*range(25, 151, 25)])
    last = {name: run.frame().tail(30).mean() for name, run in runs.items()}
    assert abs(last["GAN"]["loss_D"] - 1.386) < .15 and .35 < last["GAN"]["D(fake)"] <= last["GAN"]["D(real)"] < .65
    assert last["language model"]["loss"] < 2.3 and runs["language model"].frame()["tokens"].loc[100] * 5 == runs["language model"].latest()["tokens"]
    rewards = runs["REINFORCE"].frame()["reward"]
    assert rewards.head(5).mean() < 35 and rewards.tail(10).mean() > 70
    masks, shares = runs["segmentation"].media("found"), runs["segmentation"].latest()
    assert all((one.path.parent / one.facts["mask"]).is_file() and len(one.value) == 8 for one in masks)
    assert min(shares["val_iou_disc"], shares["val_iou_square"]) > .5


def test_twelve_ways_a_training_fails(tmp_path):
    """Each failure is found, as the first one, and after its cure nothing is."""
    (tmp_path / "twelve.ipynb").write_bytes(TUTORIALS[8].read_bytes())
    runs = run_notebook(tmp_path / "twelve.ipynb")
    found = {run.name: next((one.kind for one in run.findings), None) for run in runs}
    failures = {"softmax twice": "double_softmax", "never cleared": "missing_zero_grad", "a column and a row": "shape_broadcast",
                "never eval()": "train_eval_mode", "sorted": "no_shuffle", "as it came": "unnormalised_input", "rate 1.5": "lr_too_high",
                "sigmoids": "vanishing_gradient", "dead": "dead_relu", "by hand": "nan_loss", "rare": "class_imbalance", "too long": "overfitting"}
    assert found == {run.name: failures.get(run.name) for run in runs} and failures.keys() <= found.keys()
    assert {run.name: run.status for run in runs if run.status != "finished"} == {"left at the best": "stopped"}


def test_bring_your_own_framework(tmp_path):
    """Its own asserts hold that each framework's log is the run's; each was stopped or went on as its section says, and has learned to read."""
    (tmp_path / "frameworks.ipynb").write_bytes(TUTORIALS[9].read_bytes())
    runs = {run.name: run for run in run_notebook(tmp_path / "frameworks.ipynb")}
    stopped, finished = ("Lightning", "fastai", "Ignite"), ("Transformers", "Accelerate", "Keras", "skorch", "by hand")
    assert {name: run.status for name, run in runs.items()} == dict.fromkeys(stopped, "stopped") | dict.fromkeys(finished, "finished")
    read = {name: max(value for metric, value in run.latest().items() if "acc" in metric) for name, run in runs.items()}
    print(read)
    assert min(read.values()) > .8


def test_from_a_messy_table(tmp_path):
    """Its own asserts hold the hashes and the order of the errors; no run has a finding, and each knows its way from the raw file."""
    (tmp_path / "table.ipynb").write_bytes(TUTORIALS[10].read_bytes())
    runs = run_notebook(tmp_path / "table.ipynb")
    assert [(run.name, run.status, run.findings) for run in runs] == [("genres", "finished", []), ("and director", "finished", [])]
    assert [len(run.data["train"]) for run in runs] == [11, 14] and runs[0].data["train"][0]["raw"] == "movies.parquet"


def test_a_sensors_year(tmp_path):
    (tmp_path / "sensor.ipynb").write_bytes(TUTORIALS[11].read_bytes())
    run, = run_notebook(tmp_path / "sensor.ipynb")
    assert run.status == "finished" and run.findings == []
    assert [record["reason"] for record in run.data["valid"][-2:]] == ["for the network", "the rows of a loader"]


def test_classical_or_deep(tmp_path):
    """Its own asserts hold what is recommended and what can be told apart; the one run that is kept is an ordinary one."""
    path, = (path for path in TUTORIALS if path.stem == "13_classical_or_deep")
    (tmp_path / "models.ipynb").write_bytes(path.read_bytes())
    run, = run_notebook(tmp_path / "models.ipynb")
    assert (run.name, run.status) == ("ResNet", "finished") and run.latest()["loss"] < .1


def test_several_losses(tmp_path):
    """A plain sum learns the ink; in one unit all three are learned, and each run has the weights beside the losses."""
    path, = (path for path in TUTORIALS if path.stem == "14_several_losses")
    (tmp_path / "losses.ipynb").write_bytes(path.read_bytes())
    runs = {run.name: run for run in run_notebook(tmp_path / "losses.ipynb")}
    assert [*runs] == ["plain sum", "one unit", "uncertainty", "dwa", "gradnorm", "pcgrad", "by hand"]
    assert {run.status for run in runs.values()} == {"finished"}
    found = {name: [run.latest()[f"val_{metric}"] for metric in ("acc_digit", "r2_ink", "r2_picture")] for name, run in runs.items() if name != "by hand"}
    assert found["plain sum"][0] < .8 and all(value > goal for value, goal in zip(found["one unit"], (.95, .95, .8)))
    moved = {name: run.frame()[["weight/digit", "weight/ink", "weight/picture"]].std().max() > .01 for name, run in runs.items()}
    assert moved == {name: name not in ("plain sum", "one unit") for name in runs}


def test_how_good_is_it(tmp_path):
    """Its own asserts hold that the temperature helps and that the promise is kept; the card has no metric that the run has not."""
    path, = (path for path in TUTORIALS if path.stem.startswith("17"))
    (tmp_path / "good.ipynb").write_bytes(path.read_bytes())
    run, = run_notebook(tmp_path / "good.ipynb")
    assert run.status == "finished" and {*run.data} == {"train", "valid"} and run.latest()["val_loss"] < 1


def test_an_optimizer_race(tmp_path):
    """Its own asserts hold the table; the winner's run is an ordinary one, beside those of all other trainings."""
    path, = [path for path in TUTORIALS if path.stem.startswith("15_")]
    (tmp_path / "race.ipynb").write_bytes(path.read_bytes())
    run_notebook(tmp_path / "race.ipynb")
    long, *short = sorted((runs_in(folder) for folder in (tmp_path / "runs").glob("race-*")), key=len, reverse=True)
    assert len(long) == 16 * 4 + 8 * 2 + 8 * 2 and [len(runs) for runs in short] == [2 * 2 + 2 * 2 + 2] * 2
    assert {run.status for run in long} <= {"finished", "failed"} and min(run.latest().get("val_loss", 9) for run in long) < .4


class OwnLoop:
    """The network and the loop of tutorial 02, of which the tests below leave lines out."""

    def __init__(self, folder, *, with_optimizer=True, name):
        torch.manual_seed(0)
        self.x, self.y = torch.randn(70, 10), torch.randn(70, 1)
        self.batches = torch.arange(70).split(10)
        self.model = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Dropout(.2), nn.Linear(64, 1))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=3e-3)
        self.run = watch(self.model, self.optimizer if with_optimizer else None, name=name, dir=folder, view=None)

    def loss(self, rows): return nn.functional.mse_loss(self.model(self.x[rows]), self.y[rows])

    def step(self, rows):
        loss = self.loss(rows)
        loss.backward(), self.optimizer.step(), self.optimizer.zero_grad()
        return loss


def test_your_own_loop_without_epochs(tmp_path):
    own = OwnLoop(tmp_path, name="no epochs")
    with own.run as run:
        for rows in tqdm(run.batches(own.batches), disable=True): run.log(loss=own.step(rows))
    assert (run.status, run.step, run.progress["epoch"], run.progress["batches"]) == ("finished", 7, None, 7)


def test_your_own_loop_without_batches(tmp_path):
    own = OwnLoop(tmp_path, name="no batches")
    with own.run as run:
        for epoch in run.epochs(5): run.log(loss=own.step(slice(None)))
    assert (run.status, run.step, [step for step, _ in run.history("loss")]) == ("finished", 5, [1, 2, 3, 4, 5])


def test_your_own_loop_with_valid_forgotten(tmp_path, recwarn):
    own = OwnLoop(tmp_path, name="forgotten")
    with own.run as run:
        for epoch in run.epochs(2):
            for rows in run.batches(own.batches): run.log(loss=own.step(rows))
            with torch.no_grad():
                for rows in run.batches(own.batches): run.log(val_loss=own.loss(rows))
    assert run.step == 14 and run.curve("val_loss")[0].tolist() == [7, 14]
    said = [str(warning.message) for warning in recwarn if issubclass(warning.category, RuntimeWarning)]  # not those of sockets that others left open
    assert [text for text in said if "valid=True" in text] == said != []


def test_your_own_loop_without_with(tmp_path):
    own = OwnLoop(tmp_path, name="no with")
    run = own.run
    for rows in run.batches(own.batches): own.step(rows)  # and no log
    assert run.status == "finished" and len(run.frame()) == 0 and len(run.frame("gradients")) == 7
    assert [entry["roles"] for entry in run.checkpoints] == [["last"]]
    run.log(test_loss=.5)
    assert run.history("test_loss") == [(7, .5)]


def test_medical_images(tmp_path):
    """Its own asserts hold that patches which are bent help; the run of each seed ends, and the first is better than a guess of all vessels."""
    source, = (path for path in TUTORIALS if path.stem.startswith("16_"))
    (tmp_path / "medical.ipynb").write_bytes(source.read_bytes())
    runs = run_notebook(tmp_path / "medical.ipynb")
    assert len(runs) == 7 and {run.status for run in runs} == {"finished"}
    assert runs[0].latest()["val_dice"] > .5


def test_your_own_loop_without_optimizer(tmp_path):
    own = OwnLoop(tmp_path, with_optimizer=False, name="no optimizer")
    with own.run as run:
        for rows in run.batches(own.batches): run.log(loss=own.step(rows))
        with pytest.raises(ValueError): run.scale_lr(.5)
    assert "learning_rate" not in run.frame() and not len(run.frame("gradients"))


def test_resumed_counters(tmp_path):
    """What tutorial 07 says: `enumerate` begins anew in an epoch that goes on, `run.progress` does not."""
    model = nn.Linear(1, 1)
    loader = DataLoader(torch.arange(70.)[:, None], 10, shuffle=True)

    def train(**options):
        optimizer, seen = torch.optim.SGD(model.parameters(), lr=1e-4), []
        with watch(model, optimizer, dir=tmp_path, view=None, **options) as run:
            for _ in run.epochs(2):
                for number, batch in enumerate(run.batches(loader)):
                    if run.step == 10 and "resume" not in options: run.stop()
                    model(batch).mean().backward(), optimizer.step(), optimizer.zero_grad()
                    seen.append((number, run.progress["batch"]))
        return run, seen

    half, _ = train(name="half")
    assert train(name="rest", resume=half)[1] == [(0, 4), (1, 5), (2, 6), (3, 7)]


def test_the_map_names_what_there_is():
    """Modules, front end files, classes and functions that CONTRIBUTING names."""
    root = Path(__file__).parent.parent
    told = (root / "CONTRIBUTING.md").read_text().split("### Add a command")[0]
    code = "\n".join(path.read_text() for path in (root / "trainbook").rglob("*.py"))
    modules = {name for name in re.findall(r"`(\w+\.\w+)`", told) if name.split(".")[0] in ("run", "measure", "widget", "terminal", "train")}
    modules -= {f"run.{name}" for name in dir(LiveRun)} | {"run.json"}
    files = set(re.findall(r"(\w+\.ts)`", told))
    names = set(re.findall(r"`([A-Z]\w+|[a-z]+_of|way_out|per_step|family)`", told)) - {"AUTOGENERATED"}
    assert len(modules) > 20 and len(files) > 5 and len(names) > 10
    assert [name for name in modules if not (root / "trainbook" / f"{name.replace('.', '/')}.py").is_file()] == []
    assert [name for name in files if not any((root / "js" / folder / name).is_file() for folder in ("widget", "data", "model"))] == []
    assert [name for name in names if not re.search(rf"^(class |def |){name}\b", code, re.M)] == []
