"""Lightning's, Transformers' and Accelerate's own examples in JupyterLab: each click has one outcome, and what the framework logs is what we recorded."""
import re

from lab import LabPage, notebook
from playwright.sync_api import expect

from trainbook import open_run

LIGHTNING = """
from time import sleep
import torch, torch.nn.functional as F
from lightning import LightningModule, Trainer
from lightning.pytorch.loggers import CSVLogger
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from trainbook.connect.lightning import WatchCallback

class LitAutoEncoder(LightningModule):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 3))
        self.decoder = nn.Sequential(nn.Linear(3, 32), nn.ReLU(), nn.Linear(32, 64))

    def training_step(self, batch, batch_idx):
        sleep(.01)
        loss = F.mse_loss(self.decoder(self.encoder(batch[0])), batch[0])
        self.log("train_loss", loss, prog_bar=True)
        return loss

    def validation_step(self, batch, batch_idx): self.log("val_loss", F.mse_loss(self.decoder(self.encoder(batch[0])), batch[0]))

    def configure_optimizers(self): return torch.optim.Adam(self.parameters(), lr=1e-3)

x = torch.as_tensor(load_digits().data).float() / 16
loaders = DataLoader(TensorDataset(x[:1400]), 50, shuffle=True), DataLoader(TensorDataset(x[1400:]), 200)
autoencoder, callback, logger = LitAutoEncoder(), WatchCallback(name="lightning"), CSVLogger("lightning-logs")
trainer = Trainer(max_epochs=1000, accelerator="cpu", logger=logger, log_every_n_steps=1, callbacks=[callback])
"""
LIGHTNING_LOG = """
import lightning, pandas as pd
run, theirs = callback.run, pd.read_csv(f"{logger.log_dir}/metrics.csv")
for name in ("train_loss", "val_loss"):
    rows = theirs.dropna(subset=[name])
    assert run.history(name) == list(zip(rows["step"] + 1, rows[name])), name
assert autoencoder.encoder(x[:5]).shape == (5, 3) and autoencoder.training
print("lightning", lightning.__version__, "the same log", run.path)
"""
TRANSFORMERS = """
from time import sleep
import torch
from transformers import GPT2Config, GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments
from trainbook.connect.transformers import WatchCallback

class Counting(torch.utils.data.Dataset):
    def __init__(self, n, begin): self.n, self.begin = n, begin
    def __len__(self): return self.n
    def __getitem__(self, number):
        text = (torch.arange(8) + self.begin + number) % 32
        return dict(input_ids=text, labels=text)

class Slow(TrainerCallback):
    def on_step_begin(self, *moment, **parts): sleep(.01)

model = GPT2LMHeadModel(GPT2Config(vocab_size=32, n_positions=8, n_embd=16, n_layer=1, n_head=2))
args = TrainingArguments("out", num_train_epochs=1000, learning_rate=1e-3, logging_steps=1, eval_strategy="epoch", save_strategy="no", report_to="none",
                         use_cpu=True)
callback = WatchCallback(name="transformers")
trainer = Trainer(model, args, train_dataset=Counting(160, 0), eval_dataset=Counting(24, 3), callbacks=[callback, Slow()])
"""
TRANSFORMERS_LOG = """
import transformers
run = callback.run
for name in ("loss", "grad_norm", "eval_loss"):
    assert run.history(name) == [(row["step"], row[name]) for row in trainer.state.log_history if name in row], name
assert model(torch.arange(8)[None]).logits.shape == (1, 8, 32)
print("transformers", transformers.__version__, "the same log", run.path)
"""
ACCELERATE = """
from time import sleep
import torch, torch.nn.functional as F
from accelerate import Accelerator
from accelerate.tracking import GeneralTracker
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from trainbook.connect.accelerate import WatchTracker

class Lines(GeneralTracker):
    name, requires_logging_directory, tracker = "lines", False, None
    def log(self, values, step=None, **more): lines.append((step, values))

x, y = (torch.as_tensor(part) for part in load_digits(return_X_y=True))
x, lines = x.float() / 16, []
tracker = WatchTracker(name="accelerate")
accelerator = Accelerator(cpu=True, log_with=[tracker, Lines()])
accelerator.init_trackers("digits", config=dict(lr=3e-3))
model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer, loader = torch.optim.Adam(model.parameters(), 3e-3), DataLoader(TensorDataset(x[:1400], y[:1400]), 50, shuffle=True)
model, optimizer, loader = accelerator.prepare(model, optimizer, loader)
"""
ACCELERATE_LOOP = """
with tracker.watch(model, optimizer) as run:
    for epoch in run.epochs(1000):
        for xb, yb in run.batches(loader):
            sleep(.01)
            loss = F.cross_entropy(model(xb), yb)
            accelerator.backward(loss)
            optimizer.step(); optimizer.zero_grad()
            accelerator.log(dict(loss=loss.item()), step=run.step)
        accelerator.log(dict(val_loss=F.cross_entropy(model(x[1400:]), y[1400:]).item()), step=run.step)
accelerator.end_training()
"""
ACCELERATE_LOG = """
import accelerate
for name in ("loss", "val_loss"):
    logged = [(step, values[name]) for step, values in lines if name in values]
    assert run.history(name) == logged, name
assert model(x[:5]).shape == (5, 10)
print("accelerate", accelerate.__version__, "the same log", run.path)
"""


def steer(lab: LabPage, name: str, cell: int) -> None:
    """Click through the controls while the cell trains, each when the one before it has had its outcome."""
    panel = lab.page.get_by_role("region", name=f"Training {name}", exact=True)
    pill, commands = panel.locator(".pill"), panel.get_by_text
    expect(panel.get_by_text(re.compile("epoch [2-9]"))).to_be_visible(timeout=60_000)
    panel.scroll_into_view_if_needed()
    for button, outcome in dict(Pause="paused", Resume="training").items():
        panel.get_by_role("button", name=button, exact=True).click()
        expect(pill).to_have_text(outcome)
    for button, sentence in {"Halve learning rate": "Learning rate", "Checkpoint now": "Checkpoint"}.items():
        panel.get_by_role("button", name=button).click()
        expect(commands(re.compile(f"{sentence}.*by panel, (in force|saved)", re.IGNORECASE)).first).to_be_visible()


def stop(lab: LabPage, name: str, cell: int) -> None:
    panel = lab.page.get_by_role("region", name=f"Training {name}", exact=True)
    panel.get_by_role("button", name="Stop now").click()
    lab.wait_done(cell)
    assert not lab.failed(cell), lab.output_text(cell)
    expect(panel.get_by_text("stopped", exact=True)).to_be_visible()


def outcome_of_all(lab: LabPage, cell: int):
    """The run, whose log is the framework's, and in which each click has had one outcome."""
    lab.run_cell(cell)
    lab.wait_done(cell)
    assert not lab.failed(cell), lab.output_text(cell)
    print(text := lab.output_text(cell))
    run = open_run(lab.server.root / text.split()[-1])
    clicks = ["pause", "resume", "scale_lr", "checkpoint", "stop"]
    asked = [(event["command"], event["status"]) for event in run.events() if event["event"] == "command"]
    assert [command for command, status in asked if status == "requested"] == clicks
    assert [command for command, status in asked if status == "applied"] == clicks and len(asked) == 2 * len(clicks)
    assert run.status == "stopped" and len({round(rate, 9) for rate in run.frame()["learning_rate"].dropna()}) >= 2
    assert [entry for entry in run.checkpoints.entries if entry["tag"]]
    return run


def test_lightning(lab: LabPage, jupyter, shots):
    lab.open(notebook([LIGHTNING, "trainer.fit(autoencoder, *loaders)", LIGHTNING_LOG], jupyter.root / "lightning.ipynb"))
    lab.run_cell(0)
    lab.wait_done(0, timeout=60)
    lab.run_cell(1)
    steer(lab, "lightning", 1)
    lab.screenshot(shots / "connect-lightning.png")
    stop(lab, "lightning", 1)
    assert not re.search(r"Epoch \d+:|\d+it/s", lab.output_text(1)), "a progress bar beside the panel"
    outcome_of_all(lab, 2)


def test_transformers(lab: LabPage, jupyter, shots):
    lab.open(notebook([TRANSFORMERS, "trainer.train()", TRANSFORMERS_LOG], jupyter.root / "transformers.ipynb"))
    lab.run_cell(0)
    lab.wait_done(0, timeout=60)
    lab.run_cell(1)
    steer(lab, "transformers", 1)
    lab.screenshot(shots / "connect-transformers.png")
    stop(lab, "transformers", 1)
    assert "Training Loss" not in lab.output_text(1) and lab.output(1).locator("progress").count() == 0, "a table beside the panel"
    outcome_of_all(lab, 2)


def test_accelerate(lab: LabPage, jupyter, shots):
    lab.open(notebook([ACCELERATE, ACCELERATE_LOOP, ACCELERATE_LOG], jupyter.root / "accelerate.ipynb"))
    lab.run_cell(0)
    lab.wait_done(0, timeout=60)
    lab.run_cell(1)
    steer(lab, "accelerate", 1)
    lab.screenshot(shots / "connect-accelerate.png")
    stop(lab, "accelerate", 1)
    outcome_of_all(lab, 2)
