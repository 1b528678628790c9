"""Lightning's Trainer with our callback: the same losses, its own log as our record, and each control by Lightning's own means."""
import logging
import signal

import pandas as pd
import pytest
import torch
import torch.nn.functional as F
from frameworks import Actions, Steered, act
from lightning import LightningModule, Trainer, seed_everything
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint, TQDMProgressBar
from lightning.pytorch.loggers import CSVLogger
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import open_run
from trainbook.connect.lightning import FitInterrupted, WatchCallback

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore::UserWarning")]
STEPS = 8  # an epoch
for name in ("lightning.pytorch", "lightning.fabric"): logging.getLogger(name).setLevel(logging.ERROR)


class Sgd(torch.optim.SGD):
    """Notes the rate of each step as it is made, within all hooks."""

    def __init__(self, *given, **more):
        super().__init__(*given, **more)
        self.rates = []

    def step(self, closure=None):
        self.rates.append(self.param_groups[0]["lr"])
        return super().step(closure)


class Digits(LightningModule):
    """Eight batches an epoch; `act` is called in each step, with its number from 1."""

    def __init__(self, act=lambda step: None, lr=.1):
        super().__init__()
        self.save_hyperparameters("lr")
        self.model = nn.Sequential(nn.Linear(8, 16), nn.Dropout(.2), nn.Tanh(), nn.Linear(16, 4))
        self.act, self.losses, self.optimizer = act, [], None

    def loss(self, batch): return F.cross_entropy(self.model(batch[0]), batch[1])

    def training_step(self, batch, number):
        loss = self.loss(batch)
        self.log("train_loss", loss, on_step=True, on_epoch=True)
        self.losses.append(loss.item())
        self.act(len(self.losses))
        return loss

    def validation_step(self, batch, number):
        self.log_dict(dict(val_loss=self.loss(batch), val_accuracy=(self.model(batch[0]).argmax(1) == batch[1]).float().mean()))

    def configure_optimizers(self):
        self.optimizer = Sgd(self.parameters(), self.hparams["lr"])
        return dict(optimizer=self.optimizer, lr_scheduler=dict(scheduler=torch.optim.lr_scheduler.ExponentialLR(self.optimizer, .9), interval="step"))


def data(samples=64):
    torch.manual_seed(1)
    return TensorDataset(torch.randn(samples, 8), torch.randint(4, (samples,)))


def trainer_in(folder, *callbacks, **options):
    quiet = dict(accelerator="cpu", logger=False, enable_checkpointing=False, enable_progress_bar=False, enable_model_summary=False, max_epochs=3)
    return Trainer(callbacks=list(callbacks), default_root_dir=folder, **quiet | options)


def fit(trainer, module, **more):
    seed_everything(0, verbose=False)
    trainer.fit(module, DataLoader(data(), 8, shuffle=True), DataLoader(data(32), 16), **more)
    return module


def module_of(act=lambda step: None, kind=Digits, **more):
    seed_everything(0, verbose=False)
    return kind(act, **more)


class Unvalidated(Digits):
    validation_step = LightningModule.validation_step


def steered(folder, actions: Actions, epochs=3, *, can_evaluate=True, **options) -> Steered:
    callback = WatchCallback(name="digits", dir=folder / "runs", view=None, **options)
    module = module_of(lambda step: act(actions, step, callback.run), Digits if can_evaluate else Unvalidated)
    trainer = trainer_in(folder, callback, max_epochs=epochs)
    fit(trainer, module)
    return Steered(callback.run, module.losses, lambda: module.model(torch.randn(1, 8)), dict(fit=lambda: fit(trainer, module) and callback.run))


@pytest.fixture
def train(tmp_path):
    """Give a function that fits a module with the callback, and gives the module, the run and the trainer."""
    def train(act=lambda step, run: None, *callbacks, kind=Digits, watching=None, **options):
        callback = WatchCallback(**dict(name="digits", dir=tmp_path / "runs", view=None) | (watching or {}))
        module = module_of(lambda step: act(step, callback.run), kind)
        trainer = trainer_in(tmp_path, callback, *callbacks, **options)
        fit(trainer, module)
        return module, callback.run, trainer
    return train


@pytest.fixture
def twin(tmp_path):
    """Give a function that fits the same module without the callback."""
    return lambda kind=Digits, **options: fit(trainer_in(tmp_path, **options), module_of(kind=kind))


def weights(module): return torch.cat([parameter.detach().flatten() for parameter in module.parameters()])


def outcomes(run, command): return [event["status"] for event in run.events() if event.get("command") == command]


def test_losses_and_weights_are_the_same(train, twin):
    bare, (watched, run, _) = twin(), train()
    assert watched.losses == bare.losses and torch.equal(weights(watched), weights(bare))
    assert (run.status, run.step, run.config) == ("finished", 24, dict(lr=.1))
    assert run.frame()["learning_rate"].dropna().tolist()[:24] == pytest.approx(bare.optimizer.rates)


def test_its_own_log_is_our_record(train, tmp_path):
    logger = CSVLogger(tmp_path)
    _, run, _ = train(logger=logger, log_every_n_steps=1)
    theirs = pd.read_csv(f"{logger.log_dir}/metrics.csv")
    for stream, names in dict(train=["train_loss_step", "train_loss_epoch"], valid=["val_loss", "val_accuracy"]).items():
        for name in names:
            rows = theirs.dropna(subset=[name])
            # Lightning counts from 0 the step that was made, we the steps that are done
            assert run.history(name) == list(zip(rows["step"] + 1, rows[name])), (stream, name)
            assert run.frame(stream).dropna(subset=[name])["epoch"].tolist() == rows["epoch"].tolist()
    assert len(run.history("train_loss_step")) == 24 and len(run.history("val_loss")) == 3


def test_a_loss_that_is_not_logged_is_recorded_all_the_same(train):
    class Silent(Digits):
        def log(self, name, *given, **more):
            if not name.startswith("train"): super().log(name, *given, **more)
    module, run, _ = train(kind=Silent, accumulate_grad_batches=2)
    assert run.frame()["loss"].tolist() == pytest.approx(module.losses[1::2])
    assert set(run.metrics) == {"loss", "val_loss", "val_accuracy"}


def test_gradients_are_those_of_the_step(train):
    """As they are applied: behind Lightning's clipping."""
    norms = []
    class Measured(Digits):
        def on_train_batch_end(self, *batch):
            norms.append([torch.cat([parameter.grad.flatten() for parameter in layer.parameters()]).norm().item() for layer in self.model[::3]])
    _, run, _ = train(kind=Measured, max_epochs=1, gradient_clip_val=.1)
    measured = run.frame("gradients")["norm"][["model.0", "model.3"]].values
    assert len(norms) == 8 and measured.tolist() == [pytest.approx(norm) for norm in norms]


@pytest.mark.parametrize("when, steps", [("step", 11), ("epoch", 16)])
def test_a_stop_sets_aside_what_asks_for_more(train, when, steps):
    module, run, trainer = train(lambda step, run: step == 11 and run.stop(when), min_epochs=3)
    assert (run.status, run.step, trainer.limit_val_batches, trainer.min_epochs, module.training) == ("stopped", steps, 1., 3, True)


def test_a_stop_during_a_validation_lets_it_finish(train):
    class Stopping(Digits):
        def validation_step(self, batch, number):
            super().validation_step(batch, number)
            if not self.trainer.sanity_checking and number == 0: self.act(-1)
    module, run, _ = train(lambda step, run: step == -1 and run.stop(), kind=Stopping, val_check_interval=4)
    assert (run.status, run.step, len(run.frame("valid"))) == ("stopped", 4, 1)


def test_half_the_rate_in_every_later_step(train, twin):
    module, run, _ = train(lambda step, run: step == 5 and run.scale_lr(.5))
    rates = twin().optimizer.rates
    assert module.optimizer.rates == rates[:5] + [rate / 2 for rate in rates[5:]]
    assert module.optimizer.param_groups[0]["lr"] == pytest.approx(rates[-1] * .9)  # the scheduler's own


def test_evaluate_leaves_no_trace(train, twin, tmp_path):
    def trained(folder, act=lambda step, run: None):
        logger, best = CSVLogger(tmp_path / folder), ModelCheckpoint(tmp_path / folder, "{step}", monitor="val_loss", save_top_k=-1)
        module, run, trainer = train(act, best, EarlyStopping("val_loss", patience=3), logger=logger, log_every_n_steps=1, enable_checkpointing=True)
        return module, run, pd.read_csv(f"{logger.log_dir}/metrics.csv"), sorted(path.name for path in (tmp_path / folder).glob("*.ckpt"))
    for at in (1, 13):
        plain, evaluated = trained(f"plain {at}"), trained(f"evaluated {at}", lambda step, run: step == at and run.evaluate())
        assert evaluated[0].losses == plain[0].losses and torch.equal(weights(evaluated[0]), weights(plain[0]))
        assert evaluated[2].equals(plain[2]) and evaluated[3] == plain[3]
        assert outcomes(evaluated[1], "evaluate") == ["requested", "applied"]
        event, = (event for event in evaluated[1].events() if event["event"] == "validation")
        stopped = train(lambda step, run: step == at and run.stop())[0]
        expected = trainer_in(tmp_path).validate(stopped, DataLoader(data(32), 16), verbose=False)[0]
        assert event["metrics"] == pytest.approx(expected)


def test_evaluate_with_a_progress_bar_of_theirs(train):
    module, run, trainer = train(lambda step, run: step == 3 and run.evaluate(), TQDMProgressBar(), enable_progress_bar=True)
    assert outcomes(run, "evaluate") == ["requested", "applied"] and trainer.progress_bar_callback.is_enabled


def test_the_second_interrupt_breaks_off_without_an_exit(tmp_path):
    def act(step):
        for _ in range(2 * (step == 5)): signal.raise_signal(signal.SIGINT)
    callback = WatchCallback(dir=tmp_path / "runs", view=None)
    module, trainer = module_of(act), trainer_in(tmp_path, callback)
    with pytest.raises(FitInterrupted): fit(trainer, module)
    assert (callback.run.status, callback.run.info["reason"]) == ("stopped", "FitInterrupted")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert fit(trainer, module) and callback.run.status == "finished"


def test_their_exception_is_theirs(train, tmp_path):
    def act(step, run):
        if step == 5: raise ArithmeticError("theirs")
    with pytest.raises(ArithmeticError, match="theirs"): train(act)
    run = open_run(next((tmp_path / "runs").iterdir()))
    assert (run.status, run.info["reason"], run.step) == ("failed", "ArithmeticError: theirs", 5)
    assert [event["status"] for event in run.events() if event["event"] == "status"] == ["failed"]


def test_a_second_fit_goes_on_counting(tmp_path):
    callback = WatchCallback(name="digits", dir=tmp_path / "runs", view=None)
    module, trainer = module_of(lambda step: step == 5 and callback.run.stop()), trainer_in(tmp_path, callback)
    first = fit(trainer, module) and callback.run
    fit(trainer, module)
    second = callback.run
    assert (first.status, first.step, second.status) == ("stopped", 5, "finished")
    assert second.frame()["epoch"].unique().tolist() == [1, 2] and second.history("train_loss_step")[0][0] == 6 and second.step == 21
    assert trainer.global_step == 21
    fit(trainer_in(tmp_path, callback), module)
    assert callback.run.history("train_loss_step")[0][0] == 1


def test_resume_by_a_checkpoint_of_lightnings(tmp_path, twin):
    def callback(): return WatchCallback(name="digits", dir=tmp_path / "runs", view=None)
    first = callback()
    stopped = module_of(lambda step: step == 10 and (first.run.scale_lr(.5), first.run.early_stop(True, patience=7), first.run.stop()))
    trainer = trainer_in(tmp_path, first)
    fit(trainer, stopped)
    trainer.save_checkpoint(tmp_path / "it.ckpt")
    again, module = callback(), module_of()
    fit(trainer_in(tmp_path, again), module, ckpt_path=tmp_path / "it.ckpt")
    run = again.run
    assert run.history("train_loss_step")[0][0] == 11 and run.learning_rate.factor == .5 and run.early_stopper.rule.patience == 7
    assert module.optimizer.rates == pytest.approx([rate / 2 for rate in twin().optimizer.rates[10:10 + len(module.optimizer.rates)]])
    assert [note for note in run.notes if "goes on at step 10" in note and "it.ckpt" in note]


def test_resume_in_the_middle_of_an_epoch(tmp_path):
    kept = ModelCheckpoint(tmp_path, "at", every_n_train_steps=11, save_top_k=-1)
    fit(trainer_in(tmp_path, kept, WatchCallback(dir=tmp_path / "runs", view=None), enable_checkpointing=True, max_epochs=2), module_of())
    callback = WatchCallback(dir=tmp_path / "runs", view=None)
    fit(trainer_in(tmp_path, callback, max_epochs=2), module_of(), ckpt_path=tmp_path / "at.ckpt")
    run = callback.run
    steps = [step for step, _ in run.history("train_loss_step")]
    assert steps == [12, 13, 14, 15, 16] and run.frame()["epoch"].dropna().unique().tolist() == [1] and run.progress["batch"] == 8


def test_accumulation_is_inside_a_step(train, twin):
    module, run, trainer = train(accumulate_grad_batches=3)
    bare = twin(accumulate_grad_batches=3)
    assert module.losses == bare.losses and torch.equal(weights(module), weights(bare))
    assert run.step == trainer.global_step == 9 and run.progress["batches"] == 3
    assert len(run.history("train_loss_step")) == 9 and len(run.frame("gradients")) == 9
    assert run.frame().dropna(subset=["train_loss_step"])["_samples"].tolist() == [24, 24, 16] * 3


class Adversarial(Digits):
    """Two optimizers by hand."""

    def __init__(self, act, **more):
        super().__init__(act, **more)
        self.automatic_optimization = False

    def training_step(self, batch, number):
        for optimizer in self.optimizers():
            loss = self.loss(batch)
            optimizer.zero_grad()
            self.manual_backward(loss)
            optimizer.step()
        self.log("d_loss", loss)
        self.losses.append(loss.item())
        self.act(len(self.losses))

    def configure_optimizers(self):
        self.both = [Sgd(self.model[0].parameters(), .1), Sgd(self.model[3].parameters(), .2)]
        return self.both


def test_several_optimizers_by_hand(train, twin):
    bare = twin(kind=Adversarial)
    module, run, trainer = train(kind=Adversarial)
    assert module.losses == bare.losses and torch.equal(weights(module), weights(bare))
    assert (run.step, trainer.global_step) == (24, 48) and run.frame()["d_loss"].tolist() == pytest.approx(module.losses)
    assert {"learning_rate/Sgd", "learning_rate/Sgd-1"} <= {*run.frame().columns}
    module, run, _ = train(lambda step, run: step == 3 and run.scale_lr(.5, optimizer="Sgd-1"), kind=Adversarial)
    assert set(module.both[0].rates) == {.1} and module.both[1].rates == [.2] * 3 + [.1] * 21


@pytest.mark.parametrize("precision", ["bf16-mixed", "16-mixed"])
def test_mixed_precision(train, twin, precision):
    module, run, _ = train(precision=precision)
    assert module.losses == twin(precision=precision).losses and len(run.frame("gradients")) >= 8


def test_an_epoch_that_the_module_cuts_short(train):
    class Short(Digits):
        def on_train_batch_start(self, batch, number): return -1 if number == 5 else None
    module, run, _ = train(kind=Short)
    assert run.status == "finished" and run.step == len(module.losses) == 15


def test_the_bar_gives_way(train, capsys):
    _, run, trainer = train(watching=dict(view="terminal"), enable_progress_bar=True)
    shown = capsys.readouterr()
    assert "Epoch 0" not in shown.out + shown.err and "Sanity" not in shown.out + shown.err and "digits finished at step 24" in shown.out
    assert trainer.progress_bar_callback.is_enabled
    train(enable_progress_bar=True)
    shown = capsys.readouterr()
    assert "Epoch 2" in shown.out + shown.err


@pytest.mark.says("trainbook has a fault in following Lightning")
def test_a_fault_of_ours(train, twin):
    def act(step, run):
        if step == 3: run.loop.begin_step = run.loop.end_step = None
    module, run, _ = train(act)
    assert module.losses == twin().losses and run.status == "finished"
