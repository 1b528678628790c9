"""What others can do with public names only: drive the loop from another framework, add a command with a button, an undo and a state."""
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import lightning
import pytest
import torch
import torch.nn.functional as F
from outsiders.input_noise import InputNoise, noise_of
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import open_run, watch
from trainbook.run.control import Command

OUTSIDERS = Path(__file__).parent / "outsiders"


@pytest.mark.parametrize("path", sorted(OUTSIDERS.glob("*.py")), ids=lambda path: path.stem)
def test_outsiders_are_short_and_touch_no_underscore(path):
    source = path.read_text()
    assert source.count("\n") < 60
    assert not [word for word in source.replace("(", " ").split() if "._" in word]


# Lightning

class Digits(lightning.LightningModule):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(nn.Linear(8, 16), nn.Dropout(.2), nn.Tanh(), nn.Linear(16, 4))
        self.losses, self.act = [], lambda module: None

    def training_step(self, batch, number):
        loss = F.cross_entropy(self.model(batch[0]), batch[1])
        self.losses.append(loss.item())
        self.act(self)
        return loss

    def validation_step(self, batch, number):
        self.log("val_loss", F.cross_entropy(self.model(batch[0]), batch[1]))

    def configure_optimizers(self):
        optimizer = torch.optim.Adam(self.parameters(), .01)
        return dict(optimizer=optimizer, lr_scheduler=torch.optim.lr_scheduler.StepLR(optimizer, 1, .5))


def fit(folder, callbacks=(), act=lambda module: None):
    lightning.seed_everything(0, verbose=False)
    data = TensorDataset(torch.randn(64, 8), torch.randint(4, (64,)))
    module = Digits()
    module.act = act
    trainer = lightning.Trainer(max_epochs=3, accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False,
                                enable_model_summary=False, callbacks=list(callbacks), default_root_dir=folder)
    trainer.fit(module, DataLoader(data, 8, shuffle=True), DataLoader(data, 16))
    return module, trainer


@pytest.fixture
def callback(tmp_path):
    from outsiders.lightning_callback import Watch
    return Watch(name="in Lightning", dir=tmp_path / "runs", view=None)


def test_lightning_keeps_its_losses(tmp_path, callback):
    bare, (watched, _) = fit(tmp_path)[0], fit(tmp_path, [callback])
    assert watched.losses == bare.losses and all(map(torch.equal, watched.parameters(), bare.parameters()))
    run = callback.run
    assert (run.status, run.step) == ("finished", 24)
    assert run.frame()["loss"].tolist() == pytest.approx(bare.losses)
    assert run.frame("valid")["epoch"].tolist() == [0, 1, 2] and run.frame()["learning_rate"].iloc[[0, 8, 16]].tolist() == [.01, .005, .0025]
    assert len(run.frame("gradients")) >= 8 and {"best", "last"} <= {role for entry in run.checkpoints.entries for role in entry["roles"]}


def test_lightning_stops_at_a_click(tmp_path, callback):
    def act(module):
        if len(module.losses) == 11: open_run(callback.run.path).stop()  # as from another process
        if len(module.losses) == 11: callback.run.recorder.tick()  # the clerk looks into the inbox ten times a second
    module, trainer = fit(tmp_path, [callback], act)
    assert len(module.losses) == 11 and callback.run.status == "stopped" and callback.run.step == 11


def test_lightning_pauses_and_halves_the_rate(tmp_path, callback):
    from threading import Timer
    def act(module):
        if len(module.losses) == 5:
            callback.run.scale_lr(.5), callback.run.pause()
            Timer(.3, callback.run.resume).start()
    fit(tmp_path, [callback], act)
    run = callback.run
    assert [event["status"] for event in run.events() if event["event"] == "status"] == ["paused", "running", "finished"]
    assert run.frame()["learning_rate"].iloc[[4, 5, 8]].tolist() == [.01, .005, .0025]


def test_lightning_fails_as_itself(tmp_path, callback):
    def act(module):
        if len(module.losses) == 5: raise ArithmeticError("theirs")
    with pytest.raises(ArithmeticError, match="theirs"): fit(tmp_path, [callback], act)
    assert callback.run.status == "failed" and "theirs" in callback.run.info["reason"]


# A command of one's own

def install(folder: Path) -> Path:
    """Puts the outsider's package where pip would, with its entry point."""
    about = folder / "input_noise-0.1.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: input-noise\nVersion: 0.1\n")
    (about / "entry_points.txt").write_text("[trainbook.parts]\ninput_noise = input_noise:InputNoise\n")
    (folder / "input_noise.py").write_text((OUTSIDERS / "input_noise.py").read_text())
    return folder


TRAIN = """
    import sys, torch
    from torch import nn
    from input_noise import noise_of
    from trainbook import watch
    from trainbook.run.control import Command
    folder, resume = sys.argv[1], sys.argv[2:]
    model = nn.Linear(4, 4)
    sgd = torch.optim.SGD(model.parameters(), .1)
    with watch(model, sgd, name="noisy", dir=folder, view=None, resume=resume[0] if resume else None) as run:
        noise = noise_of(run)
        print("begins at", noise.level)
        for epoch in run.epochs(4 if resume else 2):
            for batch in run.batches(range(3)):
                noise(torch.ones(4))
                if run.step == 2: first = run.commands.submit(Command("scale_noise"))
                if run.step == 3: run.commands.submit(Command("scale_noise", dict(factor=5)))
                if run.step == 4: print(noise.level); run.undo(first)
                if run.step == 5: print(noise.level); run.commands.submit(Command("scale_noise", dict(factor=-1)))
    print([entry["label"] for entry in run.info["steering"]["commands"]])
    print([(event["status"], event.get("label")) for event in run.events() if event.get("command") == "scale_noise"])
"""


def test_a_command_registered_by_entry_point(tmp_path):
    """It is found by its entry point, can be undone, has a button in the panel and a state in checkpoints."""
    place, runs = install(tmp_path / "site"), tmp_path / "runs"
    def train(*more):
        ended = subprocess.run([sys.executable, "-c", textwrap.dedent(TRAIN), runs, *more], capture_output=True, text=True,
                               env={"PYTHONPATH": str(place), "PATH": "", "HOME": str(tmp_path)})
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.splitlines()
    began, doubled, undone, labels, outcomes = train()
    assert (began, doubled, undone) == ("begins at 0.01", str(.01 * 2. * 5.), str(.01 * 5.))
    assert labels == "['Double the noise']"
    assert outcomes.count("'requested'") == 3 and outcomes.count("('applied', 'Double the noise')") == 2 and "refused" in outcomes
    run, = runs.iterdir()
    assert train(run)[0] == f"begins at {.01 * 5.}"


def test_a_part_that_can_not_be_made_is_said(tmp_path, monkeypatch):
    """The run goes on without it."""
    from importlib.metadata import EntryPoint

    from trainbook.train import live
    entry = EntryPoint("broken", "outsiders.nowhere:Part", "trainbook.parts")
    monkeypatch.setattr(live, "plugins", lambda group: [entry])
    with pytest.warns(RuntimeWarning, match="goes on without broken, which another package brings"):
        with watch(dir=tmp_path, view=None) as run: assert len(list(run.steps(3))) == 3
    assert run.status == "finished"


def test_two_commands_of_one_name_are_said(tmp_path):
    with watch(nn.Linear(2, 2), dir=tmp_path, view=None) as run:
        run.loop.attach(InputNoise(run))
        assert noise_of(run).level == .01
        with pytest.raises(ValueError, match="there is a command 'scale_noise' already"): run.loop.attach(InputNoise(run))


def test_a_label_travels_with_the_event(tmp_path):
    with watch(dir=tmp_path, view=None) as run:
        run.loop.attach(InputNoise(run))
        for _ in run.steps(2): run.commands.submit(Command("scale_noise"))
    assert {event["label"] for event in run.events() if event.get("status") == "applied"} == {"Double the noise"}


def test_the_recipe_for_a_command_works(tmp_path):
    """The blocks of "Add a command" in CONTRIBUTING.md, in their order: a module, its pyproject.toml, a script."""
    text = (Path(__file__).parents[1] / "CONTRIBUTING.md").read_text(encoding="utf-8").split("### Add a command")[1].split("## Habits")[0]
    module, project, script = re.findall(r"```\w+\n(.*?)```", text, re.DOTALL)
    (tmp_path / "noise").mkdir()
    (tmp_path / "noise/input_noise.py").write_text(module)
    (tmp_path / "noise/pyproject.toml").write_text(project)
    site = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", str(site), str(tmp_path / "noise")]
    subprocess.run(install, check=True, capture_output=True)
    done = subprocess.run([sys.executable, "-c", script], cwd=tmp_path, env=os.environ | dict(PYTHONPATH=str(site)), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "['Double the noise by python, requested.', 'Double the noise by python, in force at step 2.']"
