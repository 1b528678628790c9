"""Means as a person would take them by hand, for batches and logs of shapes that public trainers were wrong about."""
import contextlib
import io
import math
import warnings
from collections import UserDict, namedtuple
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_sequence
from torch.optim import SGD
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics.classification import MulticlassF1Score
from trainings import Doing, regression

from trainbook import Learner, compare
from trainbook.measure.throughput import samples_in
from trainbook.train import metrics
from trainbook.train.callbacks import L2, EarlyStopping, ReduceLROnPlateau, Schedule
from trainbook.train.metrics import AverageMetric
from trainbook.widget.curves import curves

pytestmark = pytest.mark.usefixtures("one_thread")


class Plain:
    """A batch of a library's own class, with neither shape nor length."""
    def __init__(self, **parts): vars(self).update(parts)


class Encoding(UserDict):
    """In the manner of a tokenizer's output."""
    def to(self, device): return self


class Graphs:
    """In the manner of a batch of graphs: nodes and edges of all of them in one."""
    def __init__(self, n):
        self.x, self.edge_index, self.num_graphs = torch.zeros(7 * n, 2), torch.zeros(2, 11 * n, dtype=int), n
        self.batch = torch.arange(n).repeat_interleave(7)


Step = namedtuple("Step", "state action reward")


@dataclass
class Nested:
    inputs: dict
    weight: float


HIDDEN = dict(
    encoding=lambda n: Encoding(input_ids=torch.zeros(n, 9, dtype=int), attention_mask=torch.zeros(n, 9), labels=torch.zeros(n)),
    transitions=lambda n: Step(torch.zeros(n, 4), torch.zeros(n, dtype=int), torch.zeros(n)),
    dataclass_of_dicts=lambda n: Nested(dict(a=torch.zeros(n, 3), b=[torch.zeros(n), torch.zeros(n, 2)]), .5),
    dict_of_lists=lambda n: dict(text=["a b"] * n, label=list(range(n)), ids=torch.zeros(n, 5)),
    numpy_pair=lambda n: (np.zeros((n, 3)), np.zeros(n)),
    crops=lambda n: ([torch.zeros(n, 3, 8, 8) for _ in range(6)], torch.zeros(n)),
    triplet=lambda n: (torch.zeros(n, 3), torch.zeros(n, 3), torch.zeros(n, 3)),
    packed_with_labels=lambda n: (pack_sequence([torch.zeros(i + 1, 2) for i in range(n)], enforce_sorted=False), torch.zeros(n)),
    jagged_with_labels=lambda n: (torch.nested.nested_tensor([torch.zeros(i + 1, 2) for i in range(n)], layout=torch.jagged), torch.zeros(n)),
    padded_and_lengths=lambda n: (torch.zeros(n, 12), torch.ones(n, dtype=int), torch.zeros(n, 12)),
    none_among_them=lambda n: dict(image=torch.zeros(n, 3, 4, 4), caption=None, label=torch.zeros(n)),
    scalar_beside=lambda n: (torch.zeros(n, 3), torch.zeros(n), torch.tensor(.5)),
    list_of_pairs=lambda n: [(torch.zeros(3), torch.zeros(())) for _ in range(n)],
    list_of_image_and_dict=lambda n: [(torch.zeros(3, 20 + i, 30), dict(boxes=torch.zeros(i + 1, 4))) for i in range(n)],
    list_of_image_and_number=lambda n: [(torch.zeros(3, 8, 8), i) for i in range(n)],
    plain_object=lambda n: Plain(text=torch.zeros(n, 12, dtype=int), label=torch.zeros(n)),
    namespace=lambda n: SimpleNamespace(x=torch.zeros(n, 4), y=torch.zeros(n)),
    graphs=Graphs,
)


@pytest.mark.parametrize("name", HIDDEN)
def test_values_logged_in_a_validation_are_decided_by_as_their_mean_over_samples(new, name):
    """Batches of 4, 4 and 2 samples with the values 1, 2 and 6: the mean is (4 + 8 + 12) / 10 = 2.4, by which the best is listed."""
    model = nn.Linear(1, 1)
    with new(model=model, optimizer=SGD(model.parameters(), .1)) as run:
        for _ in run.epochs(1):
            for _ in run.batches(range(2)): model(torch.ones(1, 1)).sum().backward()
            for batch, value in zip(run.batches([HIDDEN[name](n) for n in (4, 4, 2)], valid=True), (1., 2., 6.)): run.log(val_loss=value)
    best, = [entry for entry in run.info["checkpoints"] if "best" in entry["roles"]]
    assert best["value"] == pytest.approx(2.4)


@pytest.mark.parametrize("name", HIDDEN)
def test_samples_of_hidden_shapes(name):
    """As many samples as the batch was made of, whatever it is."""
    assert [samples_in(HIDDEN[name](n)) for n in (2, 3, 5, 6)] == [2, 3, 5, 6]


def ragged(new, values=((64, 1.), (1, 100.)), name="val_loss", **options):
    """A run with one validation, in which a value is logged for each of its batches."""
    model = nn.Linear(1, 1)
    run = new(model=model, optimizer=SGD(model.parameters(), .1), **options)
    for _ in run.epochs(1):
        for _ in run.batches(range(2)): run.log(loss=1.)
        left = iter(values)
        for _ in run.batches([torch.zeros(n, 2) for n, _ in values], valid=True): run.log({name: next(left)[1]})
    run.finish()
    return run


MEAN = (64 * 1. + 100.) / 65


def test_the_latest_value_of_a_validation_is_its_mean(new):
    """val_loss logged for each batch of a validation: `latest()` tells what it was decided by, 2.523, not the last batch's 100."""
    assert ragged(new).latest()["val_loss"] == pytest.approx(MEAN)


def test_the_line_of_an_epoch_tells_the_mean_of_a_validation(new):
    """val_loss logged for each batch of a validation: the terminal's line has 2.523, not 100."""
    with contextlib.redirect_stdout(io.StringIO()) as said: ragged(new, view="terminal")
    assert "2.523" in said.getvalue(), said.getvalue()


def test_a_picture_has_one_point_for_a_validation(new):
    """Issue: several values of a metric in one step are drawn as their mean, the same in panel, picture, compare and latest()."""
    shown = curves(ragged(new, ((4, 1.), (4, 3.))), ["val_loss"])["val_loss"]
    assert shown.values.tolist() == [2.]


def test_compare_says_the_best_that_the_checkpoint_has(new):
    """The best of a run in `compare` is that of its best checkpoint, and so is its last value."""
    run = ragged(new)
    best, = [entry for entry in run.info["checkpoints"] if "best" in entry["roles"]]
    row = compare(run).frame.iloc[0]
    assert best["value"] == pytest.approx(MEAN) and row["val_loss", "best"] == pytest.approx(MEAN) and row["val_loss", "last"] == pytest.approx(MEAN)


def test_a_setting_that_is_changed_later_judges_the_same_means(new):
    """val_loss logged for each batch, means fall (2, 1.5, 1.2): early_stop(patience=2) set in between does not stop."""
    values = iter([1., 3., 1., 2., 1., 1.4])
    with new(early_stop=5) as run:
        for epoch in run.epochs(3):
            for _ in run.batches(range(2)): run.log(loss=1.)
            for _ in run.batches([torch.zeros(4, 2)] * 2, valid=True): run.log(val_loss=next(values))
            if epoch == 1: run.early_stop(patience=2)
    assert run.status == "finished" and run.step == 6, run.info["reason"]


def test_a_validation_of_many_batches_does_not_use_up_a_changed_patience(new):
    """The same with five batches in the first validation alone."""
    with new(early_stop=9) as run:
        for epoch in run.epochs(2):
            for _ in run.batches(range(2)): run.log(loss=1.)
            values = iter([.1, .9, .9, .9, .9])
            for _ in run.batches([torch.zeros(4, 2)] * 5, valid=True): run.log(val_loss=next(values) - epoch)
            if epoch == 0: run.early_stop(patience=3)
    assert run.status == "finished" and run.step == 4, run.info["reason"]


@pytest.mark.parametrize("name", ["eval_loss", "validation/loss", "dev_f1", "test_acc"])
def test_a_monitor_of_any_name_logged_for_each_batch(new, name):
    """The same under other names: their mean decides."""
    run = ragged(new, name=name, monitor=name, mode="min")
    best, = [entry for entry in run.info["checkpoints"] if "best" in entry["roles"]]
    assert best["value"] == pytest.approx(MEAN)


def test_a_batch_of_no_samples_weighs_nothing(new):
    """A filtered batch can have no rows (0 of 4 columns), and its mean is no number; the validation's is that of the others."""
    run = ragged(new, ((4, 1.), (0, math.nan), (4, 3.)))
    best, = [entry for entry in run.info["checkpoints"] if "best" in entry["roles"]] or [dict(value=None)]
    assert best["value"] == 2.


@pytest.mark.parametrize("how", ["plain loop", "no_grad"])
def test_values_of_batches_without_our_iterator_are_one_validation_or_it_is_said(new, how):
    """`for xb, yb in valid_dl: run.log(val_loss=…)` five times at one step must not use up a patience of three silently."""
    model = nn.Linear(2, 1)
    optimizer = SGD(model.parameters(), .01)
    values = iter([.1, .9, .8, .7, .9, .05, .8, .7, .6, .8, .04, .7, .6, .5, .7])  # the means fall: .68, .59, .51
    with warnings.catch_warnings(record=True) as said, new(model=model, optimizer=optimizer, early_stop=3) as run:
        warnings.simplefilter("always")
        for _ in run.epochs(3):
            for x in run.batches([torch.ones(4, 2)] * 3):
                model(x).sum().backward()
                optimizer.step()
            with torch.no_grad() if how == "no_grad" else contextlib.nullcontext():
                for _ in range(5): run.log(val_loss=next(values))
    assert run.step == 9 or said or run.notes, run.info["reason"]


@pytest.mark.says("which was not logged so far")
def test_a_metric_of_some_epochs_only(new):
    """BLEU every second epoch: its values stand at their own steps, and patience counts them and not the epochs."""
    with new(monitor="val_bleu", early_stop=2) as run:
        for epoch in run.epochs(6):
            for _ in run.batches(range(3)): run.log(loss=1.)
            run.log(val_loss=1.)
            if epoch % 2: run.log(val_bleu=[.3, .2, .25][epoch // 2])
    assert run.history("val_bleu") == [(6, .3), (12, .2), (18, .25)] and run.step == 18


def test_nan_in_one_epoch_is_no_best_and_no_end(new):
    """A NaN validation uses up patience and is never the best; the epoch behind it can be."""
    model = nn.Linear(1, 1)
    with new(model=model, optimizer=SGD(model.parameters(), .1), early_stop=2) as run:
        for epoch in run.epochs(4):
            for _ in run.batches(range(2)): pass
            run.log(val_loss=[1., math.nan, .5, math.inf][epoch])
    best = [entry["value"] for entry in run.info["checkpoints"] if "best" in entry["roles"]]
    assert best == [.5] and run.status == "finished"


@pytest.mark.parametrize("value", [np.float16(.5), np.float32(.5), np.array(.5), torch.tensor(.5, dtype=torch.float16),
                                   torch.tensor([[.5]], dtype=torch.bfloat16),
                                   torch.tensor(.5, requires_grad=True), nn.Parameter(torch.tensor([.5]))],
                         ids=["float16", "float32", "array", "half tensor", "one in two dimensions", "with a gradient", "parameter"])
@pytest.mark.parametrize("valid", [False, True])
def test_one_number_decides_however_it_is_wrapped(new, value, valid):
    """The value in the checkpoint's entry is the number, and no graph is kept; in a validation as behind it."""
    model = nn.Linear(1, 1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with new(model=model, optimizer=SGD(model.parameters(), .1)) as run:
            for _ in run.epochs(1):
                for _ in run.batches(range(2)): pass
                if valid:
                    for _ in run.batches([torch.zeros(2, 1)], valid=True): run.log(val_loss=value)
                else: run.log(val_loss=value)
    best, = [entry["value"] for entry in run.info["checkpoints"] if "best" in entry["roles"]]
    assert best == .5 and type(best) is float


def test_a_large_whole_number_is_the_nearest_float(new):
    """Tokens seen, 2**53 + 2: recorded exactly where a double can hold it."""
    with new() as run:
        for _ in run.steps(1): run.log(tokens=2**53 + 2)
    assert run.latest()["tokens"] == 2**53 + 2


# Names that would overwrite one another

def test_a_name_given_twice_to_log_is_an_error(new):
    """log({"loss": 1.}, loss=2.): one of two values would be gone."""
    with new() as run:
        for _ in run.steps(1):
            with pytest.raises(ValueError): run.log({"loss": 1.}, loss=2.)


X, Y, BATCHES = regression()


def learner(tmp_path, *callbacks, train=BATCHES, valid=BATCHES, loss=F.mse_loss, model=None, rate=.05, **more):
    torch.manual_seed(0)
    model = model or nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 1))
    return Learner(model, train, valid, loss, SGD(model.parameters(), rate), callbacks=callbacks, dir=tmp_path, view=None, **more)


def test_a_callback_can_not_overwrite_the_loss_of_the_learner(tmp_path):
    """learn.log(loss=…) in a callback: the recorded loss would be another one than the loss trained on."""
    learn = learner(tmp_path, Doing(after_backward=lambda learn: learn.log(loss=0.)))
    try: learn.fit(1)
    except ValueError: return
    assert 0. not in learn.run.frame()["loss"].tolist()


def test_two_penalties_of_one_kind_are_both_recorded_or_refused(tmp_path):
    """Two L2 penalties: what is recorded as l2 is what was added to the loss, .3 times the squares, or they are refused."""
    added = []
    learn = learner(tmp_path, L2(.1), L2(.2), Doing(order=500, after_backward=lambda learn: added.append((learn.loss_grad - learn.loss).item())))
    try: learn.fit(1)
    except ValueError: return
    assert learn.run.frame()["l2"].tolist() == pytest.approx(added, rel=1e-4)


def test_metrics_whose_cleaned_names_collide_are_refused_where_they_are_written(tmp_path):
    """dict(Acc=…, acc=…): an error when the learner is made, not after an epoch of training."""
    with pytest.raises(ValueError, match="one name"): learner(tmp_path, metrics=dict(Acc=lambda p, y: 0., acc=lambda p, y: 1.))


def test_a_name_that_a_person_gave_a_metric_is_its_name(tmp_path):
    """metrics=dict(mIoU=…) is logged as val_mIoU, which is what monitor= will be told."""
    assert "val_mIoU" in learner(tmp_path, metrics=dict(mIoU=lambda p, y: 0.)).validate()


# The mean loss of a Learner's validation

@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16, torch.float32, torch.float64])
def test_a_mean_loss_of_half_precision_is_added_up_as_numbers(tmp_path, dtype):
    """A model in half precision with a constant loss of 3 over 800 batches of 32: the mean is 3."""
    learn = learner(tmp_path, model=nn.Linear(4, 1).to(dtype), valid=[(torch.zeros(32, 4, dtype=dtype), torch.zeros(32, 1, dtype=dtype))] * 800,
                    loss=lambda p, y: p.mean() * 0 + 3,
                    metrics=dict(three=lambda p, y: torch.tensor(3., dtype=dtype), nine=lambda p, y: 9))
    assert learn.validate() == dict(val_loss=3., val_three=3., val_nine=9.)


def test_a_mean_over_many_samples_keeps_its_digits(tmp_path):
    """4,000 batches of 4,096 samples with the loss .1: the mean is .1 to six digits, as a double gives it."""
    mean, value = AverageMetric(lambda p, y: torch.tensor(.1)), torch.zeros(4096)
    for _ in range(4000): mean.update(value, value)
    assert float(mean.compute()) == pytest.approx(.1, rel=1e-6)


@pytest.mark.parametrize("wrap", [np.float16, lambda value: torch.tensor(value, dtype=torch.bfloat16), lambda value: torch.tensor(value, dtype=torch.int32),
                                  float], ids=["float16", "bfloat16", "int32", "float"])
def test_a_mean_of_narrow_numbers(wrap):
    """3 over 9,000 samples of numpy's or torch's narrow types: sums are as wide as a double."""
    mean = AverageMetric(lambda p, y: wrap(3))
    for _ in range(90): mean.update(None, None, 100)
    assert float(mean.compute()) == 3.


def test_a_mean_where_the_device_has_no_doubles(monkeypatch):
    """On Apple's GPUs sums are of single precision: what each addition loses is kept, so the mean is that of doubles to six digits."""
    monkeypatch.setattr(metrics, "sum_type", lambda device: torch.float32)
    values = torch.rand(4000, generator=torch.Generator().manual_seed(0))
    left, mean = iter(values), AverageMetric(lambda p, y: next(left))
    for _ in values: mean.update(None, None, 4096)
    assert mean.compute().dtype is torch.float32 and float(mean.compute()) == pytest.approx(values.double().mean().item(), rel=2e-7)


@pytest.mark.parametrize("batch, samples", [
    ([(torch.zeros(32, 5), torch.zeros(32, 9)), (torch.zeros(32, dtype=int), torch.zeros(32, dtype=int))], 32),  # pairs of inputs and of targets, in tuples
    (([(torch.zeros(32, 5), torch.zeros(32, 9))] * 2, torch.zeros(32)), 32), ([Step(torch.zeros(4), 0, 1.)] * 7, 7),
    ((SimpleNamespace(num_graphs=5, x=torch.zeros(30, 2)), torch.zeros(30)), 5), ((SimpleNamespace(size=(64, 48)),) * 3, 3),
    (dict(image=SimpleNamespace(size=(64, 48)), label=torch.zeros(6)), 6), (SimpleNamespace(_size=(3, 4)), None), (nn.Linear, None), (torch.zeros(0, 3), 0)])
def test_samples_of_objects_and_tuples(batch, samples):
    """An object that is a part of a batch, such as an image, doesn't tell by its attributes; tuples in a list are samples only if they are built alike."""
    assert samples_in(batch) == samples


def test_an_object_that_holds_itself():
    """A batch that points to itself, directly and in a dict, is looked at once."""
    batch = SimpleNamespace(x=torch.zeros(4, 2))
    batch.own, batch.more = batch, dict(own=batch)
    assert samples_in(batch) == 4


@pytest.mark.parametrize("how", ["list of samples", "object"])
def test_a_learners_mean_is_over_the_samples_of_its_batches(tmp_path, how):
    """Where the prediction tells nothing, targets or the batch do: 8, 8 and 3 samples."""
    class Whole(Learner):
        def split(self, batch): return [batch], batch if how == "list of samples" else None
    class Scale(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(()))
        def forward(self, batch): return self.scale
    forms = {"list of samples": lambda x, y: list(zip(x, y)), "object": lambda x, y: SimpleNamespace(x=x, y=y)}
    valid, values, model = [forms[how](x, y) for x, y in zip(X[:19].split(8), Y[:19].split(8))], iter([1., 2., 6.]), Scale()
    learn = Whole(model, valid, valid, lambda pred, y: pred * 0 + next(values), SGD(model.parameters(), .1), dir=tmp_path, view=None)
    assert learn.validate()["val_loss"] == pytest.approx((8 + 16 + 18) / 19)


def f1_of(pred, y):
    """The F1 score of class 1, by hand."""
    hit = ((pred == 1) & (y == 1)).sum().item()
    return 2 * hit / max(1, (pred == 1).sum().item() + (y == 1).sum().item())


def test_metrics_that_need_all_predictions_over_a_ragged_last_batch(tmp_path):
    """F1 and AUROC over 19 samples in batches of 8 are those of all of them at once."""
    torch.manual_seed(3)
    x, y = torch.randn(19, 4), torch.randint(0, 2, (19,))
    learn = learner(tmp_path, train=[(x, y)], valid=DataLoader(TensorDataset(x, y), 8), model=nn.Linear(4, 2), loss=F.cross_entropy,
                    metrics=dict(f1=MulticlassF1Score(2, average=None)))
    with torch.no_grad(): pred = learn.model(x)
    class OfOne(MulticlassF1Score):
        def compute(self): return super().compute()[1]
    learn = learner(tmp_path, train=[(x, y)], valid=DataLoader(TensorDataset(x, y), 8), model=learn.model, loss=F.cross_entropy,
                    metrics=dict(f1=OfOne(2, average=None)))
    found = learn.validate()
    assert found["val_f1"] == pytest.approx(f1_of(pred.argmax(1), y)) and found["val_loss"] == pytest.approx(F.cross_entropy(pred, y).item(), rel=1e-5)


@pytest.mark.parametrize("form", ["tuple", "dict", "dataclass", "named"])
def test_the_mean_loss_of_several_outputs_over_a_ragged_last_batch(tmp_path, form):
    """Outputs in a tuple, dict, dataclass or named tuple, 19 samples in batches of 8: the loss of all samples at once."""
    Pair = namedtuple("Pair", "a b")
    @dataclass
    class Out:
        a: object
        b: object
    makes = dict(tuple=lambda a, b: (a, b), dict=lambda a, b: dict(a=a, b=b), dataclass=Out, named=Pair)
    reads = dict(tuple=lambda out: out[0], dict=lambda out: out["a"], dataclass=lambda out: out.a, named=lambda out: out.a)
    class Two(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = nn.Linear(4, 1), nn.Linear(4, 3)
        def forward(self, x): return makes[form](self.a(x), self.b(x).mean((0, 1)))
    x, y = X[:19], Y[:19]
    learn = learner(tmp_path, model=Two(), valid=DataLoader(TensorDataset(x, y), 8), loss=lambda out, y: F.mse_loss(reads[form](out), y),
                    metrics=dict(mae=lambda out, y: F.l1_loss(reads[form](out), y)))
    with torch.no_grad(): a = learn.model.a(x)
    assert learn.validate() == pytest.approx(dict(val_loss=F.mse_loss(a, y).item(), val_mae=F.l1_loss(a, y).item()), rel=1e-5)


def test_the_mean_over_tokens_where_split_flattens(tmp_path):
    """A language model whose targets are flattened: batches of 8, 8 and 3 texts of 5 tokens weigh as they have tokens."""
    ids = torch.arange(19 * 5).view(19, 5) % 11
    class Texts(Learner):
        def split(self, batch): return [batch], batch.flatten()
    class Model(nn.Module):
        def __init__(self):
            super().__init__()
            self.out = nn.Embedding(11, 11)
        def forward(self, x): return self.out(x).flatten(0, 1)
    torch.manual_seed(0)
    model = Model()
    learn = Texts(model, [ids], ids.split(8), F.cross_entropy, SGD(model.parameters(), .1), dir=tmp_path, view=None)
    with torch.no_grad(): expected = F.cross_entropy(model(ids), ids.flatten()).item()
    assert learn.validate()["val_loss"] == pytest.approx(expected, rel=1e-5)


def test_a_single_sample_left_over_and_squeezed(tmp_path):
    """9 samples in batches of 4; the model squeezes, so the last prediction has no dimension: its sample counts once."""
    class Squeezed(nn.Linear):
        def forward(self, x): return super().forward(x).squeeze()
    x, y = X[:9], Y[:9, 0]
    torch.manual_seed(0)
    learn = learner(tmp_path, model=Squeezed(4, 1), valid=[(a, b if len(b) > 1 else b[0]) for a, b in zip(x.split(4), y.split(4))], train=[(x[:4], y[:4])])
    with torch.no_grad(): expected = F.mse_loss(learn.model(x), y).item()
    assert learn.validate()["val_loss"] == pytest.approx(expected, rel=1e-5)


def test_an_empty_batch_does_not_spoil_the_mean_loss(tmp_path):
    """One batch of a validation was filtered down to nothing: the mean is that of all samples there are."""
    learn = learner(tmp_path, valid=[BATCHES[0], (torch.zeros(0, 4), torch.zeros(0, 1)), BATCHES[1]])
    with torch.no_grad(): expected = F.mse_loss(learn.model(X[:16]), Y[:16]).item()
    assert learn.validate()["val_loss"] == pytest.approx(expected, rel=1e-5)


# What callbacks go by, if they log a value for each batch of a validation themselves

def logging(values):
    """A callback that logs the next of these in each batch of a validation."""
    left = iter(values)
    return Doing(after_batch=lambda learn: None if learn.training else learn.log(val_extra=next(left)))


PER_BATCH = [1., 1., 1., 1., 1., .8, .8, .8, .8, 1.6, .7, .7, .7, .7, 1.7, .6, .6, .6, .6, 1.8]  # the means fall; each epoch's last value rises


def test_early_stopping_goes_by_the_mean(tmp_path):
    """The means fall (1, .96, .9, .84), the last batch's value rises: nothing stops."""
    learn = learner(tmp_path, logging(PER_BATCH), EarlyStopping("val_extra", patience=1, mode="min"))
    assert learn.fit(4).step == 20


def test_reduce_on_plateau_goes_by_the_mean(tmp_path):
    """The same values: the rate stays."""
    learn = learner(tmp_path, logging(PER_BATCH), ReduceLROnPlateau("val_extra", factor=.5, patience=1, mode="min"))
    assert set(learn.fit(4).frame()["learning_rate"]) == {.05}


def test_torchs_plateau_goes_by_the_mean(tmp_path):
    """The same values, with torch's own scheduler: the rate stays."""
    learn = learner(tmp_path, logging(PER_BATCH))
    learn.callbacks += Schedule(torch.optim.lr_scheduler.ReduceLROnPlateau(learn.optimizer, factor=.5, patience=0), monitor="val_extra")
    assert set(learn.fit(4).frame()["learning_rate"]) == {.05}


# Means of a training epoch in a terminal

@pytest.mark.parametrize("shape", ["tuple", "dict", "list of pairs"])
def test_the_training_mean_in_a_terminal_is_over_samples(new, shape):
    """Batches of 6 and 1 samples with the losses 1 and 8: the line says 2, whatever a batch is."""
    batch = dict(tuple=lambda n: (torch.zeros(n, 3), torch.zeros(n)), dict=lambda n: dict(x=torch.zeros(n, 3), y=torch.zeros(n)))
    batch["list of pairs"] = lambda n: [(torch.zeros(3), torch.zeros(())) for _ in range(n)]
    with contextlib.redirect_stdout(io.StringIO()) as said, new(view="terminal") as run:
        for _ in run.epochs(2):
            for _, value in zip(run.batches([batch[shape](n) for n in (6, 1)]), (1., 8.)): run.log(loss=value)
    lines = [line.split() for line in said.getvalue().splitlines() if line.strip()[:2] in ("1 ", "2 ")]
    assert [float(line[1]) for line in lines] == [2., 2.], said.getvalue()


# A training metric that decides

NOISY = [(5., 1., 9.), (4., 2., 6.), (4., 4., 7.), (9., 9., .1), (1., 1., 1.), (1., 1., 2.)]  # the means: 5, 4, 5, 6, 1, 1.3


def noisy(new, stop=None, bare=False, **more):
    """The losses of six epochs, in a loop over batches or in one that only logs; it may be told to stop in an epoch and a batch."""
    model = nn.Linear(1, 1)
    optimizer = SGD(model.parameters(), 0.)
    with new(model, optimizer, monitor="loss", **more) as run:
        for epoch in run.epochs(len(NOISY)):
            for i in range(3) if bare else run.batches(range(3)):
                model(torch.ones(1, 1)).sum().backward()
                optimizer.step()
                run.log(loss=NOISY[epoch][i])
                if (epoch, i) == stop: run.stop()
    return run


@pytest.mark.parametrize("bare", [False, True], ids=["batches", "a loop of its own"])
def test_a_training_loss_stops_by_its_means(new, bare):
    """With a patience of two after epoch 4, and not in the third batch that is no better than the second."""
    run = noisy(new, bare=bare, early_stop=2)
    assert (run.step, run.info["reason"]) == (12, "early stopping: loss no better than 4 (step 6) for 2 checks")
    best, = [entry for entry in run.info["checkpoints"] if "best" in entry["roles"]]
    assert (best["value"], best["step"]) == (4., 6)


def test_a_training_loss_stops_alike_where_it_goes_on_in_the_middle_of_an_epoch(new):
    half = noisy(new, stop=(1, 1), early_stop=2)
    assert (half.step, half.status) == (5, "stopped")
    assert noisy(new, early_stop=2, resume=half).info["reason"] == "early stopping: loss no better than 4 (step 6) for 2 checks"


@pytest.mark.parametrize("epochs", [True, False])
def test_would_have_stopped_is_not_said_of_single_batches(new, epochs):
    """While early stopping is off, the hint is the step at which the means would have stopped it; a loop without epochs has no hint."""
    if epochs: run = noisy(new, early_stop=dict(on=False, patience=2))
    else:
        with new(monitor="loss", early_stop=dict(on=False, patience=2)) as run:
            for i in run.steps(18): run.log(loss=NOISY[i // 3][i % 3])
    assert run.info["steering"]["early_stop"]["would_stop"] == (12 if epochs else None)
    assert [event["step"] for event in run.events() if event["event"] == "early_stop"] == ([12] if epochs else [])


@pytest.mark.parametrize("kind", ["ours", "torch's"])
def test_a_plateau_of_the_training_loss_is_one_of_its_means(tmp_path, kind):
    """The last batch of an epoch is harder each time, the means fall: the rate stays."""
    x = torch.ones(24, 1)
    model = nn.Linear(1, 1)
    optimizer, losses = SGD(model.parameters(), .05), iter([9., 1., 7., 2., 4., 3., 2., 3.5])
    def loss(pred, targets): return pred.mean() * 0 + next(losses)
    callback = ReduceLROnPlateau("loss", patience=1) if kind == "ours" else Schedule(
        torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=0), monitor="loss")
    learn = Learner(model, [(x[:12], x[:12]), (x[12:], x[12:])], None, loss, optimizer, callbacks=callback, view=None, dir=tmp_path)
    assert set(learn.fit(4).frame()["learning_rate"]) == {.05}
