"""The Trainer of Transformers with our callback: the same losses, its own log as our record, and each control by the Trainer's own means."""
import gc
import signal
import sys

import pytest
import torch
from frameworks import Actions, Steered, act
from transformers import EarlyStoppingCallback, GPT2Config, GPT2LMHeadModel, Trainer, TrainerCallback, TrainingArguments, set_seed
from transformers.utils import logging

from trainbook import open_run
from trainbook.connect.transformers import WatchCallback
from trainbook.train.watch import finish_open_runs

pytestmark = [pytest.mark.usefixtures("one_thread")]
logging.set_verbosity_error()
STEPS = 5  # an epoch
gc.freeze()  # each training collects garbage, and need not look through all that was imported


class Counting(torch.utils.data.Dataset):
    """Texts of numbers, each one larger by one than the one before."""

    def __init__(self, n, begin=0): self.n, self.begin = n, begin
    def __len__(self): return self.n
    def __getitem__(self, number):
        text = (torch.arange(8) + self.begin + number) % 32
        return dict(input_ids=text, labels=text)


class Recording(Trainer):
    """Calls `act` in each batch, with its number from 1, and notes the losses."""

    def __init__(self, *given, act=lambda step: None, **more):
        super().__init__(*given, **more)
        self.act, self.losses = act, []

    def training_step(self, *given, **more):
        loss = super().training_step(*given, **more)
        self.losses.append(loss.item())
        self.act(len(self.losses))
        return loss


def trainer_in(folder, *callbacks, act=lambda step: None, kind=Recording, with_evaluation=True, **options):
    set_seed(0)
    model = GPT2LMHeadModel(GPT2Config(vocab_size=32, n_positions=8, n_embd=16, n_layer=1, n_head=2))
    args = TrainingArguments(str(folder / "out"), **dict(
        num_train_epochs=2, disable_tqdm=False, per_device_train_batch_size=8, learning_rate=1e-2, logging_steps=1, eval_strategy="epoch", save_strategy="no",
        report_to="none", use_cpu=True) | options)
    return kind(model, args, train_dataset=Counting(40), eval_dataset=Counting(24, 3) if with_evaluation else None, callbacks=list(callbacks), act=act)


def steered(folder, actions: Actions, epochs=3, *, can_evaluate=True, **options) -> Steered:
    callback = WatchCallback(name="counting", dir=folder / "runs", view=None, **options)
    trainer = trainer_in(folder, callback, act=lambda step: act(actions, step, callback.run), with_evaluation=can_evaluate, num_train_epochs=epochs,
                         eval_strategy="epoch" if can_evaluate else "no")
    trainer.train()
    return Steered(callback.run, trainer.losses, lambda: trainer.model(torch.arange(8)[None]), dict(train=lambda: trainer.train() and callback.run))


@pytest.fixture
def train(tmp_path):
    """Give a function that trains with the callback, and gives the trainer and the run."""
    def train(act=lambda step, run: None, *callbacks, watching=None, **options):
        callback = WatchCallback(**dict(name="counting", dir=tmp_path / "runs", view=None) | (watching or {}))
        trainer = trainer_in(tmp_path, callback, *callbacks, act=lambda step: act(step, callback.run), **options)
        trainer.train()
        return trainer, callback.run
    return train


@pytest.fixture
def twin(tmp_path):
    """Give a function that trains the same without the callback."""
    def twin(**options):
        trainer = trainer_in(tmp_path, **options | dict(disable_tqdm=True))
        trainer.train()
        return trainer
    return twin


def weights(trainer): return torch.cat([parameter.detach().flatten() for parameter in trainer.model.parameters()])


def logged(trainer, name): return [(row["step"], row[name]) for row in trainer.state.log_history if name in row]


def outcomes(run, command): return [event["status"] for event in run.events() if event.get("command") == command]


def run_in(folder): return open_run(next((folder / "runs").iterdir()))


def test_losses_and_weights_are_the_same(train, twin):
    bare, (watched, run) = twin(), train()
    assert watched.losses == bare.losses and torch.equal(weights(watched), weights(bare))
    times = {"epoch", "step", "loss", "grad_norm", "learning_rate", "eval_loss"}
    strip = lambda history: [{name: value for name, value in row.items() if name in times} for row in history]
    assert strip(watched.state.log_history) == strip(bare.state.log_history)
    assert (run.status, run.step, run.config["learning_rate"]) == ("finished", 10, 1e-2)


def test_its_own_log_is_our_record(train):
    trainer, run = train()
    for name in ("loss", "grad_norm", "eval_loss"): assert run.history(name) == logged(trainer, name), name
    assert dict(run.history("learning_rate")) == dict(logged(trainer, "learning_rate"))
    assert run.frame("valid")["epoch"].tolist() == [0, 1] and set(run.metrics) == {"loss", "grad_norm", "eval_loss"}


def test_its_loss_is_the_mean_of_ours(train):
    trainer, run = train(logging_steps=5)
    ours = [loss for _, loss in run.history("loss")]
    assert ours == trainer.losses and [loss for _, loss in logged(trainer, "loss")] == [pytest.approx(sum(ours[i:i + 5]) / 5) for i in range(0, 10, 5)]


def test_gradients_are_those_of_the_step(train):
    norms = []
    class Measured(TrainerCallback):
        def on_optimizer_step(self, args, state, control, model, **more):
            norms.append(torch.cat([parameter.grad.flatten() for parameter in model.parameters()]).norm().item())
    _, run = train(lambda step, run: None, Measured(), max_grad_norm=.1, num_train_epochs=1)
    assert run.frame("gradients")["total"].values.flatten().tolist() == pytest.approx(norms) and len(norms) == 5
    assert "transformer.h.0.attn.c_attn" in run.layers


def test_stop_now_where_an_evaluation_is_due(train):
    trainer, run = train(lambda step, run: step == 4 and run.stop(), eval_strategy="steps", eval_steps=4)
    assert (run.status, run.step, logged(trainer, "eval_loss")) == ("stopped", 4, [])


def test_a_stop_during_an_evaluation_lets_it_finish(train):
    class Stopping(TrainerCallback):
        def on_prediction_step(self, args, state, control, **more): state.global_step == 4 and act.run.stop()
    act = lambda step, run: setattr(act, "run", run)
    trainer, run = train(act, Stopping(), eval_strategy="steps", eval_steps=4)
    assert (run.status, run.step, len(logged(trainer, "eval_loss")), len(run.frame("valid"))) == ("stopped", 4, 1, 1)


class Rates(TrainerCallback):
    """What a step of SGD moves, without momentum and clipping, is its rate times the gradient."""

    def __init__(self): self.rates = []
    def on_pre_optimizer_step(self, args, state, control, model, **more): self.before = [parameter.detach().clone() for parameter in model.parameters()]
    def on_optimizer_step(self, args, state, control, model, **more):
        moved = torch.cat([(before - parameter).flatten() for before, parameter in zip(self.before, model.parameters())])
        self.rates.append((moved.norm() / torch.cat([parameter.grad.flatten() for parameter in model.parameters()]).norm()).item())


def test_half_the_rate_in_every_later_step(train):
    rates = {}
    for name, factor in dict(whole=1., half=.5).items():
        callback = Rates()
        trainer, run = train(lambda step, run: step == 5 and run.scale_lr(factor), callback, optim="sgd", max_grad_norm=0., lr_scheduler_type="linear")
        rates[name] = callback.rates
    assert rates["half"][:5] == pytest.approx(rates["whole"][:5], rel=1e-3) and len(rates["half"]) == 10
    assert rates["half"][5:] == pytest.approx([rate / 2 for rate in rates["whole"][5:]], rel=1e-3)
    assert run.frame()["learning_rate"].dropna().iloc[-1] == pytest.approx(rates["half"][-1], rel=1e-3)
    assert logged(trainer, "learning_rate")[-1][1] == pytest.approx(rates["whole"][-1], rel=1e-3)  # the scheduler's own


@pytest.mark.parametrize("strategy", ["epoch", "steps"])
def test_evaluate_leaves_no_trace(train, tmp_path, strategy):
    def trained(act=lambda step, run: None):
        best = dict(load_best_model_at_end=True, save_strategy=strategy, eval_strategy=strategy, metric_for_best_model="loss", eval_steps=3, save_steps=3)
        trainer, run = train(act, EarlyStoppingCallback(9), **best)
        return trainer, run, [{**row, "time": 0} for row in trainer.state.log_history if "loss" in row], logged(trainer, "eval_loss")
    plain, evaluated = trained(), trained(lambda step, run: step == 3 and run.evaluate())
    assert evaluated[0].losses == plain[0].losses and evaluated[2:] == plain[2:] and torch.equal(weights(evaluated[0]), weights(plain[0]))
    assert outcomes(evaluated[1], "evaluate") == ["requested", "applied"]
    event, = (event for event in evaluated[1].events() if event["event"] == "validation")
    stopped, _ = train(lambda step, run: step == 3 and run.stop())
    assert event["metrics"] == dict(eval_loss=stopped.evaluate()["eval_loss"])


def test_several_evaluation_sets(train, tmp_path):
    class Several(Recording):
        def __init__(self, *given, eval_dataset, **more): super().__init__(*given, eval_dataset=dict(near=eval_dataset, far=Counting(8, 20)), **more)
    _, run = train(kind=Several, watching=dict(monitor="eval_far_loss", early_stop=dict(patience=1, min_delta=99.)), num_train_epochs=5)
    assert (run.status, len(run.history("eval_far_loss")), len(run.history("eval_near_loss"))) == ("stopped", 2, 2)


def test_early_stopping_goes_by_the_metric_of_theirs(train):
    _, run = train(watching=dict(early_stop=dict(patience=1, min_delta=99.)), num_train_epochs=5, metric_for_best_model="loss")
    assert (run.status, run.step, run.early_stopper.rule.monitor) == ("stopped", 10, "eval_loss") and "early stopping" in run.info["reason"]


def test_the_second_interrupt_breaks_off(train, tmp_path):
    def act(step, run):
        for _ in range(2 * (step == 5)): signal.raise_signal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt): train(act)
    assert (run_in(tmp_path).status, run_in(tmp_path).info["reason"]) == ("stopped", "KeyboardInterrupt")


def test_their_exception_is_theirs(train, tmp_path):
    def act(step, run):
        if step == 5: raise ArithmeticError("theirs")
    with pytest.raises(ArithmeticError, match="theirs"): train(act)
    run = run_in(tmp_path)
    assert (run.status, run.info["reason"], run.step) == ("failed", "ArithmeticError: theirs", 5)
    assert [event["status"] for event in run.events() if event["event"] == "status"] == ["failed"]


def test_an_exception_that_can_not_be_heard(train, tmp_path, monkeypatch):
    """Of another callback: it is noted when the cell, the thread or the script is over."""
    class Failing(TrainerCallback):
        def on_step_end(self, args, state, control, **more):
            if state.global_step == 5: raise ArithmeticError("in a callback")
    with pytest.raises(ArithmeticError) as caught: train(lambda step, run: None, Failing())
    assert run_in(tmp_path).status == "running"
    monkeypatch.setattr(sys, "last_value", caught.value, raising=False)
    finish_open_runs()
    assert (run_in(tmp_path).status, run_in(tmp_path).info["reason"]) == ("failed", "ArithmeticError: in a callback")


def test_a_second_training_begins_anew(train):
    trainer, run = train(lambda step, run: step == 3 and run.stop())
    trainer.act = lambda step: None
    trainer.train()
    callback = next(callback for callback in trainer.callback_handler.callbacks if isinstance(callback, WatchCallback))
    assert (run.step, callback.run.step, callback.run.status, trainer.state.global_step) == (3, 10, "finished", 10)
    assert "training_step" not in vars(trainer) and "evaluate" not in vars(trainer)


def test_resume_by_a_checkpoint_of_theirs(tmp_path, twin):
    def watching(act=lambda step, run: None, **options):
        callback = WatchCallback(name="counting", dir=tmp_path / "runs", view=None)
        return trainer_in(tmp_path, callback, act=lambda step: act(step, callback.run), save_strategy="steps", save_steps=3, **options), callback
    def act(step, run):
        if step == 2: run.scale_lr(.5), run.early_stop(True, patience=7, monitor="eval_loss")
        if step == 7: run.stop()
    trainer, _ = watching(act)
    trainer.train()
    again, callback = watching()
    again.train(resume_from_checkpoint=str(tmp_path / "out/checkpoint-3"))
    run = callback.run
    assert run.history("loss")[0][0] == 4 and run.step == 10 and run.learning_rate.factor == .5 and run.early_stopper.rule.patience == 7
    assert run.frame()["epoch"].dropna().unique().tolist() == [0, 1] and run.progress["batch"] == 5
    assert again.losses[:4] == trainer.losses[3:7]
    assert [note for note in run.notes if "goes on at step 3" in note]


def test_accumulation_is_inside_a_step(train, twin):
    trainer, run = train(gradient_accumulation_steps=4)
    assert trainer.losses == twin(gradient_accumulation_steps=4).losses
    assert run.step == trainer.state.global_step == 4 and (run.progress["batches"], run.progress["unit"]) == (2, "step")
    assert run.history("loss") == logged(trainer, "loss") and len(run.frame("gradients")) == 4
    assert run.frame().dropna(subset=["loss"])["_samples"].tolist() == [32, 8] * 2


def test_mixed_precision(train, twin):
    trainer, run = train(bf16=True)
    assert trainer.losses == twin(bf16=True).losses and len(run.frame("gradients")) == 10


def test_losses_that_the_trainer_hides(train):
    class Broken(Recording):
        def training_step(self, *given, **more): return super().training_step(*given, **more) * (float("nan") if len(self.losses) == 3 else 1.)
    trainer, run = train(kind=Broken, watching=dict(diagnose=False))
    assert [step for step, loss in run.history("loss") if loss != loss] == [3] and not any(loss != loss for _, loss in logged(trainer, "loss"))
    assert [note for note in run.notes if "logging_nan_inf_filter" in note]


@pytest.mark.parametrize("is_late", [False, True])
def test_the_bar_gives_way(tmp_path, capsys, is_late):
    callback = WatchCallback(name="counting", dir=tmp_path / "runs", view="terminal")
    trainer = trainer_in(tmp_path, *() if is_late else (callback,))
    if is_late: trainer.add_callback(callback)
    before = [type(callback) for callback in trainer.callback_handler.callbacks]
    trainer.train()
    shown = capsys.readouterr()
    assert "grad_norm'" not in shown.out + shown.err and "counting finished at step 10" in shown.out and "10/10" not in shown.err
    assert [type(callback) for callback in trainer.callback_handler.callbacks] == before
    trainer.evaluate()  # with its own bar
    assert "3/3" in capsys.readouterr().err


def test_the_bar_stays_where_nothing_is_shown(train, capsys):
    train()
    assert "10/10" in capsys.readouterr().err


@pytest.mark.says("trainbook has a fault in following Transformers")
def test_a_fault_of_ours(train, twin):
    def act(step, run):
        if step == 3: run.loop.begin_step = run.loop.end_step = None
    trainer, run = train(act)
    assert trainer.losses == twin().losses and run.status == "finished"


def test_sft_trainer_of_trl(tmp_path):
    trl, datasets = (pytest.importorskip(name, reason="pip install --no-deps trl datasets dill multiprocess") for name in ("trl", "datasets"))
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast
    words = [*map(str, range(32)), "<pad>", "<eos>", "<unk>"]
    tokenizer = Tokenizer(models.WordLevel({word: number for number, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<pad>", eos_token="<eos>", unk_token="<unk>")
    data = datasets.Dataset.from_list([dict(text=" ".join(str((begin + i) % 32) for i in range(8))) for begin in range(40)])
    class Acting(TrainerCallback):
        def on_pre_optimizer_step(self, args, state, control, **more): state.global_step == 3 and callback.run.evaluate()
    def train(*callbacks):
        set_seed(0)
        model = GPT2LMHeadModel(GPT2Config(vocab_size=len(words), n_positions=16, n_embd=16, n_layer=1, n_head=2))
        args = trl.SFTConfig(str(tmp_path / "out"), num_train_epochs=2, per_device_train_batch_size=8, learning_rate=1e-2, logging_steps=1,
                             eval_strategy="epoch", save_strategy="no", report_to="none", use_cpu=True, bf16=False)
        trainer = trl.SFTTrainer(model, args=args, train_dataset=data, eval_dataset=data.select(range(8)), processing_class=tokenizer,
                                 callbacks=list(callbacks))
        trainer.train()
        return trainer
    callback = WatchCallback(name="sft", dir=tmp_path / "runs", view=None)
    bare, watched = train(), train(callback, Acting())
    assert torch.equal(weights(bare), weights(watched)) and outcomes(callback.run, "evaluate") == ["requested", "applied"]
    for name in ("loss", "grad_norm", "mean_token_accuracy", "eval_loss"):
        assert callback.run.history(name) == logged(watched, name) == logged(bare, name), name


def test_only_for_a_trainer(tmp_path):
    with pytest.raises(LookupError, match="the Trainer of Transformers"):
        from transformers import TrainerControl, TrainerState
        WatchCallback().on_train_begin(None, TrainerState(), TrainerControl())
