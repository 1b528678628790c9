"""A training with Keras on torch that is watched: the same losses, Keras's own log, and each control by Keras's own means."""
import os

os.environ.setdefault("KERAS_BACKEND", "torch")

import signal

import keras
import numpy as np
import pytest
import torch
from frameworks import Actions, Steered, digits, in_passes, outcomes
from keras import layers
from keras.optimizers.schedules import ExponentialDecay
from tables import REFUSED, tell

from trainbook.connect.keras import WatchCallback

pytestmark = pytest.mark.usefixtures("one_thread")
X, Y = digits(320)
TRAIN, VALID, STEPS = (X[:256], Y[:256]), (X[256:], Y[256:]), 8


class Acting(layers.Layer):
    """Does nothing to its input; calls a function in one forward pass of the training, counted from 1."""

    def __init__(self, actions):
        super().__init__()
        self.actions, self.passes = actions or {}, 0

    def call(self, inputs, training=None):
        if training and torch.is_tensor(inputs) and inputs.device.type != "meta":
            self.passes += 1
            self.actions.get(self.passes, lambda: None)()
        return inputs


class Noting(keras.callbacks.Callback):
    """Notes what Keras logs behind each batch, and the rates."""

    def __init__(self):
        super().__init__()
        self.logged, self.rates = [], []

    def on_train_batch_begin(self, batch, logs=None): self.rates.append(float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)))

    def on_train_batch_end(self, batch, logs=None): self.logged.append(logs["loss"])


def schedule(): return ExponentialDecay(.01, 4, .8)


def new_model(actions=None, optimizer=None):
    keras.utils.set_random_seed(0)
    model = keras.Sequential([layers.Input((64,)), layers.Dense(16, activation="relu"), layers.BatchNormalization(), layers.Dropout(.2), Acting(actions),
                              layers.Dense(10)])
    model.compile(optimizer or keras.optimizers.Adam(schedule()), keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def fit(watching=None, actions=None, callbacks=(), model=None, **more):
    """The model, what Keras has logged behind each batch, and its history."""
    model, noting = model or new_model(actions), Noting()
    options = dict(epochs=3, batch_size=32, validation_data=VALID, verbose=0) | more
    model.fit(*TRAIN, callbacks=[*([watching] if watching else []), noting, *callbacks], **options)
    return model, noting, model.history.history


def steered(folder, actions: Actions, epochs=3, *, can_evaluate=True, **options) -> Steered:
    watching = WatchCallback(name="in Keras", dir=folder / "runs", view=None, validation_data=VALID if can_evaluate else None, **options)
    model, noting, _ = fit(watching, in_passes(actions, lambda: watching.run), epochs=epochs)
    return Steered(watching.run, noting.logged, lambda: model.predict(X[:3], verbose=0), dict(fit=lambda: fit(watching, model=model) and watching.run))


def weights(model): return [variable.numpy().copy() for variable in [*model.variables, *model.optimizer.variables]]


def same(some, others): return len(some) == len(others) and all(map(np.array_equal, some, others))


@pytest.fixture
def watching(tmp_path): return WatchCallback(name="in Keras", dir=tmp_path / "runs", view=None, validation_data=VALID)


@pytest.fixture(scope="module")
def twin():
    """The same training that nobody watches."""
    return fit()


def test_the_losses_and_the_log_are_keras_s_own(watching, twin):
    model, noting, history = fit(watching)
    assert noting.logged == twin[1].logged and history == twin[2] and same(weights(model), weights(twin[0]))
    run = watching.run
    assert (run.status, run.step) == ("finished", 3 * STEPS)
    assert [mean for _, mean in run.epoch_means("loss")] == pytest.approx(history["loss"])
    train, valid = run.frame(), run.frame("valid")
    assert train["accuracy"].dropna().tolist() == history["accuracy"]
    for name in ("val_loss", "val_accuracy"): assert valid[name].tolist() == history[name]
    assert train["learning_rate"].iloc[:5].tolist() == pytest.approx(twin[1].rates[:5]) and valid["epoch"].tolist() == [0, 1, 2]
    losses = run.curve("loss")[1]
    assert np.cumsum(losses[:STEPS]) / np.arange(1, STEPS + 1) == pytest.approx(noting.logged[:STEPS])  # Keras logs the mean so far
    assert [layer.split()[-1] for layer in run.layers] == ["Dense", "BatchNormalization", "Dense"]
    assert len(run.frame("gradients")) >= STEPS and {"best", "last"} <= {role for entry in run.checkpoints.entries for role in entry["roles"]}


def test_gradients_are_those_of_each_layer(watching):
    """At the first step, beside those that torch has for the same weights and batch."""
    seen = {}
    model = new_model({2: lambda: seen.update(norm=float(torch.stack([v.value.grad.norm() for v in model.trainable_variables]).norm()))})
    fit(watching, model=model, epochs=1)
    assert watching.run.frame("gradients")["total"].iloc[0] == pytest.approx(seen["norm"], rel=1e-4)


def test_a_stop_that_is_repeated_breaks_off_the_validation(watching):
    seen = []
    class InValidation(keras.callbacks.Callback):
        def on_test_batch_begin(self, batch, logs=None):
            seen.append(batch)
            if batch == 0: watching.run.stop(), watching.run.stop()
    fit(watching, callbacks=[InValidation()], validation_batch_size=8)
    assert seen == [0, 1] and watching.run.status == "stopped"
    assert [event["status"] for event in watching.run.events() if event["event"] == "validation"] == ["partial"]


def test_half_the_rate_is_what_keras_trains_with(watching):
    """The weights are those of a twin whose rate is half from there on."""
    class Halve(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            if batch == 4: self.model.optimizer.learning_rate = float(self.model.optimizer.learning_rate.value) / 2
    plain = lambda actions=None: new_model(actions, keras.optimizers.SGD(.125))
    halved, _, _ = fit(callbacks=[Halve()], model=plain(), epochs=1)
    model, _, _ = fit(watching, model=plain({5: lambda: watching.run.scale_lr(.5)}), epochs=1)
    assert same([v.numpy() for v in model.variables], [v.numpy() for v in halved.variables])


def test_keras_s_own_early_stopping(watching):
    _, _, history = fit(watching, callbacks=[keras.callbacks.EarlyStopping(patience=1, min_delta=9.)], epochs=9)
    assert watching.run.frame("valid")["val_loss"].tolist() == history["val_loss"] and len(history["val_loss"]) == 2


def test_the_second_interrupt_breaks_off(watching):
    def twice():
        signal.raise_signal(signal.SIGINT)
        signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt): fit(watching, {5: twice})
    assert (watching.run.status, signal.getsignal(signal.SIGINT)) == ("stopped", signal.default_int_handler)


def test_their_error_passes_through(watching, twin):
    def fail(): raise ArithmeticError("theirs")
    model = new_model({5: fail})
    with pytest.raises(ArithmeticError, match="theirs"): fit(watching, model=model)
    assert watching.run.status == "failed" and watching.run.info["reason"].startswith("ArithmeticError")
    assert not {"compute_loss"} & {*vars(model)} and "apply" not in vars(model.optimizer)
    fit(model=model, epochs=1)
    fit(watching, model=model, epochs=1)
    assert (watching.run.status, watching.run.step) == ("finished", STEPS)


def test_a_second_fit_is_a_run_of_its_own(watching):
    model, _, _ = fit(watching, epochs=1)
    first = watching.run
    _, _, history = fit(watching, model=model, epochs=1)
    assert first.is_over and watching.run is not first and watching.run.frame("valid")["val_loss"].tolist() == history["val_loss"]
    assert watching.run.curve("loss")[1][0] < first.curve("loss")[1][0]  # the weights went on


def test_resume_by_keras_s_own_means(tmp_path):
    """A fit that fails in its third epoch, and another one that goes on from Keras's backup."""
    def twice(folder, *watchers):
        def fail(): raise ArithmeticError("theirs")
        backup = lambda: keras.callbacks.BackupAndRestore(tmp_path / folder)
        with pytest.raises(ArithmeticError): fit(actions={2 * STEPS + 3: fail}, callbacks=[backup(), *watchers])
        return fit(callbacks=[backup(), *watchers])
    watching = WatchCallback(dir=tmp_path / "runs", view=None)
    (_, noting, history), (_, bare, its_history) = twice("watched", watching), twice("bare")
    assert noting.logged == bare.logged and history == its_history
    run = watching.run
    assert run.frame("valid")["epoch"].tolist() == [2] and (run.curve("loss")[0][0], run.step) == (2 * STEPS + 1, 3 * STEPS)
    assert run.frame("valid")["val_loss"].tolist() == history["val_loss"]
    with pytest.raises(TypeError, match="BackupAndRestore"): WatchCallback(resume=run)


class TwoOptimizers(keras.Model):
    """As a GAN of the Keras documentation: two parts, each with an optimizer, and a `train_step` of its own."""

    def __init__(self):
        super().__init__()
        self.body, self.head = keras.Sequential([layers.Input((64,)), layers.Dense(16)]), keras.Sequential([layers.Input((16,)), layers.Dense(10)])
        self.loss_fn = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

    def compile(self, body_optimizer, head_optimizer):
        super().compile()
        self.body_optimizer, self.head_optimizer = body_optimizer, head_optimizer

    def call(self, inputs): return self.head(self.body(inputs))

    def train_step(self, data):
        x, y = data[0], data[1]
        self.zero_grad()
        loss = self.loss_fn(y, self(x))
        loss.backward()
        for part, optimizer in ((self.body, self.body_optimizer), (self.head, self.head_optimizer)):
            with torch.no_grad(): optimizer.apply([variable.value.grad for variable in part.trainable_weights], part.trainable_weights)
        return dict(my_loss=loss)


def test_several_optimizers(watching):
    def train(*callbacks):
        keras.utils.set_random_seed(0)
        model, noting = TwoOptimizers(), []
        model.compile(keras.optimizers.SGD(.01), keras.optimizers.Adam(.01))
        note = keras.callbacks.LambdaCallback(on_train_batch_end=lambda batch, logs: noting.append(logs["my_loss"]))
        model.fit(*TRAIN, epochs=2, batch_size=32, verbose=0, callbacks=[note, *callbacks])
        return noting
    assert train(watching) == train()
    run = watching.run
    assert {"learning_rate/body_optimizer", "learning_rate/head_optimizer"} <= {*run.frame()} and run.frame()["my_loss"].notna().sum() == 2 * STEPS
    assert {("total", "body_optimizer"), ("total", "head_optimizer")} <= {*run.frame("gradients")}


def test_accumulated_gradients(watching):
    make = lambda: new_model(optimizer=keras.optimizers.Adam(.01, gradient_accumulation_steps=2))
    assert fit(watching, model=make())[1].logged == fit(model=make())[1].logged
    assert watching.run.step == 3 * STEPS and (watching.run.frame("gradients").index % 2 == 0).all()


@pytest.mark.says("no optimizer is watched whose rate could be scaled")
def test_a_compiled_step_is_left_alone(tmp_path):
    """Nothing of ours is within the step. It is not compiled here, as that takes half a minute."""
    watching, seen = WatchCallback(dir=tmp_path, view=None), []
    model = new_model({3: lambda: seen.append({"compute_loss"} & {*vars(model)} | {"apply"} & {*vars(model.optimizer)}), 4: lambda: watching.run.scale_lr(.5)})
    model.jit_compile = True
    model.train_function = lambda data: model.train_step(data[0])
    _, noting, _ = fit(watching, model=model, epochs=1, validation_data=None)
    assert seen == [set()] and watching.run.frame()["loss"].dropna().tolist() == noting.logged
    assert any("jit_compile" in event.get("text", "") for event in watching.run.events()) and outcomes(watching.run, "scale_lr") == ["refused"]
    refused, = (event for event in watching.run.events() if event.get("status") == "refused")
    tell(REFUSED, "Keras, *÷2* with `jit_compile=True`", "why it is refused", refused["reason"])


def test_mixed_precision(watching, twin):
    """Keras scales the loss; the gradients are recorded as they are without that."""
    keras.mixed_precision.set_dtype_policy("mixed_float16")
    try: watched, bare = fit(watching, epochs=1), fit(epochs=1)
    finally: keras.mixed_precision.set_dtype_policy("float32")
    assert watched[1].logged == bare[1].logged
    assert watching.run.frame("gradients")["total"].iloc[:3].max() < 100


@pytest.mark.parametrize("view, is_printed", [("terminal", False), (None, True)])
def test_nothing_is_printed_twice(tmp_path, capsys, view, is_printed):
    watching = WatchCallback(dir=tmp_path, view=view)
    fit(watching, verbose=1, epochs=2)
    said = capsys.readouterr().out
    assert ("Epoch 1/2" in said, "recording to" in said) == (is_printed, not is_printed)


@pytest.mark.says("a fault in following Keras")
def test_a_fault_of_ours_does_no_harm(watching, twin, monkeypatch):
    def break_it(): monkeypatch.setattr(watching.run.loop, "end_step", lambda: 1 / 0)
    assert fit(watching, {5: break_it})[1].logged == twin[1].logged


def test_a_callback_that_is_not_in_a_list(watching):
    """Keras then calls batch callbacks on another thread."""
    model = new_model({5: lambda: watching.run.stop()})
    model.fit(*TRAIN, epochs=2, batch_size=32, verbose=0, callbacks=watching)
    assert (watching.run.status, watching.run.step) == ("stopped", 5)


def test_options_and_backend_are_checked(monkeypatch):
    with pytest.raises(TypeError, match="is it 'monitor'"): WatchCallback(monitr="val_accuracy")
    monkeypatch.setattr(keras.backend, "backend", lambda: "jax")
    with pytest.raises(RuntimeError, match="Keras runs on jax"): WatchCallback()
