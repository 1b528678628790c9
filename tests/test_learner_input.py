"""What a Learner is given wrongly is told with what to do; batches of many kinds are taken."""
from collections import namedtuple

import pytest
import torch
import torch.nn.functional as F
from learners import Endless, Stream, X, Y, by_hand, data, network, says, seed
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_sequence
from torch.optim import SGD, lr_scheduler
from torch.utils.data import DataLoader
from torchmetrics.classification import BinaryAccuracy, MulticlassAccuracy

from trainbook import Learner
from trainbook.train.callback import Callback
from trainbook.train.callbacks import EMA, EarlyStopping, GradientAccumulation, GradientClipping, MixedPrecision, ModelCheckpoint, ReduceLROnPlateau, Schedule

pytestmark = pytest.mark.usefixtures("one_thread")


class Pairs:
    """A batch of a kind that nobody knows."""
    def __init__(self, x, y): self.x, self.y = x, y


def bad(name, expected, *texts, epochs=1, **options):
    return pytest.param(expected, texts, epochs, options, id=name)


class Misspelt(Callback):
    def befor_batch(self, learn): ...


class Misspelt2(Callback):
    def after_epochs(self, learn): ...


LOSS = "loss_func gives one number"


@pytest.mark.parametrize("expected, texts, epochs, options", [
    bad("monitor never logged", ValueError, "EarlyStopping goes by 'val_acc', which was never logged", "loss, val_loss", callbacks=[EarlyStopping("val_acc")]),
    bad("checkpoint's monitor", ValueError, "ModelCheckpoint goes by 'val_acc'", "loss, val_loss", callbacks=[ModelCheckpoint("val_acc")]),
    bad("plateau's monitor", ValueError, "ReduceLROnPlateau goes by 'val_acc'", "loss, val_loss", callbacks=[ReduceLROnPlateau("val_acc")]),
    bad("no validation to stop by", ValueError, "EarlyStopping goes by 'val_loss', which was never logged", "there are loss", valid=None,
        callbacks=[EarlyStopping()]),
    bad("empty train", ValueError, "train_dl has no batches", "drop_last", train=[]),
    bad("empty valid", ValueError, "valid_dl has no batches", valid=[]),
    bad("train gives nothing", ValueError, "train_dl gave no batches", train=Endless([])),
    bad("valid gives nothing", ValueError, "gave no batches", valid=Endless([])),
    bad("train exhausted", ValueError, "train_dl gave no batches", train=iter([(X, Y)]), epochs=2),
    bad("no loader", TypeError, "gives batches, such as a DataLoader", "got 5", train=5),
    bad("loss vector", ValueError, LOSS, "a tensor of shape (8, 1)", ".mean()", loss=lambda pred, y: (pred - y).square()),
    bad("loss float", ValueError, LOSS, "got 3.0", loss=lambda pred, y: 3.),
    bad("loss text", ValueError, LOSS, "got 'bad'", loss=lambda pred, y: "bad"),
    bad("loss None", ValueError, LOSS, "got None", loss=lambda pred, y: None),
    bad("loss tuple", ValueError, LOSS, loss=lambda pred, y: (F.mse_loss(pred, y), 0)),
    bad("loss detached", Exception, "no gradient can be taken of", loss=lambda pred, y: F.mse_loss(pred, y).detach()),
    bad("model without parameters", Exception, "no parameters that could be trained", model=nn.Identity(),
        optimizer=SGD([nn.Parameter(torch.ones(1))], .1), train=[(X, X)], valid=None),
    bad("loss class", TypeError, "nn.MSELoss()", loss=nn.MSELoss),
    bad("optimizer class", TypeError, "got the class SGD", optimizer=SGD),
    bad("callback class", TypeError, "got <class", "parentheses", callbacks=[EMA]),
    bad("metric class", TypeError, "MulticlassAccuracy", metrics=MulticlassAccuracy),
    bad("metric text", TypeError, "torchmetrics' objects or functions", metrics="accuracy"),
    bad("misspelt event", TypeError, "Misspelt2.after_epochs would never be called", "is it after_epoch?", callbacks=[Misspelt2()]),
    bad("misspelt beginning", TypeError, "befor_batch", callbacks=[Misspelt()]),
    bad("conflict", ValueError, "Learner(…) asks for early_stop=5", "asked for already", callbacks=[EarlyStopping()], early_stop=5),
    bad("conflict of two", ValueError, "ModelCheckpoint", "asked for already", callbacks=[ModelCheckpoint(), ModelCheckpoint("loss")]),
    bad("unknown option", TypeError, "nmae", nmae="x"),
    bad("dict batches", TypeError, "a batch is inputs and targets", "got a dict", "override Learner.split", train=[dict(x=X, y=Y)]),
    bad("tensors", TypeError, "got a Tensor", "override Learner.split", train=[X]),
    bad("lone inputs", TypeError, "override Learner.split", train=[(X,)]),
    bad("batches of a class", TypeError, "got a Pairs", "override Learner.split", train=[Pairs(X, Y)]),
    bad("batch it can't move", Exception, "The model is on meta, the batch on cpu", "override split()", model=nn.Linear(6, 1, device="meta"),
        train=[(type("Still", (), dict(device=torch.device("cpu"),
                                       __torch_function__=classmethod(lambda *_: (_ for _ in ()).throw(RuntimeError("device")))))(), Y)]),
    bad("metric raises", ZeroDivisionError, "The metric 'half' failed in update", "of shape (8, 1)", metrics=dict(half=lambda pred, y: 1 / 0)),
    bad("metric is a vector", Exception, "The metric 'error' failed", "one number", metrics=dict(error=lambda pred, y: (pred - y).abs().mean(0).expand(3))),
    bad("metrics of one name", ValueError, "two metrics have one name", metrics=[BinaryAccuracy(), MulticlassAccuracy(2)]),
    bad("metric named loss", ValueError, "call this metric something else", metrics=dict(loss=lambda pred, y: 7.)),
    bad("schedule class", TypeError, "Schedule takes one of torch.optim.lr_scheduler's", callbacks=lambda: [Schedule(lr_scheduler.StepLR)]),
    bad("epochs", TypeError, "whole number", "got 2.5", epochs=2.5),
    bad("clipping", ValueError, "above 0", callbacks=lambda: [GradientClipping(0)]),
    bad("accumulation", ValueError, "whole number", callbacks=lambda: [GradientAccumulation(1.5)]),
    bad("precision", ValueError, "bfloat16", callbacks=lambda: [MixedPrecision(torch.float32)]),
    bad("patience", Exception, "patience", callbacks=lambda: [EarlyStopping(patience=0)]),
])
def test_bad_input(learner, expected, texts, epochs, options):
    with pytest.raises(expected) as error:
        if callable(options.get("callbacks")): options = options | dict(callbacks=options["callbacks"]())
        learner(**options).fit(epochs)
    says(error, *texts)


def test_a_setting_is_no_event(learner):
    class Late(Callback):
        def __init__(self): self.after_steps = 100
    learner([Late()])


def test_model_class(tmp_path):
    with pytest.raises(TypeError, match="one of torch's modules; got <class"):
        Learner(nn.Linear, [], None, F.mse_loss, SGD(nn.Linear(1, 1).parameters(), .1), dir=tmp_path)


@pytest.mark.parametrize("what", ["fit", "lr_find", "valid"])
def test_a_dataloader_without_a_length(learner, what):
    loader = DataLoader(Stream(), 8)
    learn = learner(**(dict(valid=loader) if what == "valid" else dict(train=loader)))
    if what == "lr_find": assert len(learn.lr_find().rates) > 20
    else: assert learn.fit(2).step == 12


def test_iterables_without_a_length(learner):
    learn = learner(train=Endless(data()[0]), valid=Endless(data()[1]))
    assert len(learn.lr_find().rates) > 20
    assert learn.fit(2).frame()["loss"].tolist() == by_hand(2)[0]


def test_dict_batches_with_split(learner, tmp_path):
    class OfDicts(Learner):
        def split(self, batch): return [batch["x"]], batch["y"]
    seed()
    model = network()
    learn = OfDicts(model, [dict(x=x, y=y) for x, y in data()[0]], [dict(x=X, y=Y)], F.mse_loss, SGD(model.parameters(), .1), dir=tmp_path, view=None)
    assert learn.fit(1).step == 6 and learn.predict([dict(x=X, y=Y)]).shape == (8, 1)


def test_named_tuples_with_split(tmp_path):
    Batch = namedtuple("Batch", "x y")
    class OfNamed(Learner):
        def split(self, batch): return [batch.x], batch.y
    model = network()
    OfNamed(model, [Batch(X, Y)], None, F.mse_loss, SGD(model.parameters(), .1), dir=tmp_path, view=None).fit(1)


def test_packed_sequences(learner):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.gru = nn.GRU(2, 1)
        def forward(self, x):
            assert isinstance(x, PackedSequence)
            return self.gru(x)[1][0]
    learner(model=Net(), train=[(pack_sequence([torch.ones(3, 2), torch.ones(2, 2)]), torch.zeros(2, 1))], valid=None).fit(1)


def test_several_inputs(learner):
    class Net(nn.Linear):
        def forward(self, a, b): return super().forward(a + b)
    learn = learner(model=Net(6, 1), train=[(X, X, Y)], valid=[[X, X, Y]])
    learn.fit(2)
    assert learn.predict([(X, X, Y)] * 2).shape == (16, 1)
