"""The soft threshold at the rate that is in force, and LBFGS in a Learner: both on diabetes, beside solutions in closed form."""
import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_diabetes
from sklearn.linear_model import Lasso
from torch import nn

from trainbook import EMA, Callback, GradientAccumulation, Learner, Schedule, watch
from trainbook.model.proximal import ProximalL1

patients, progress = load_diabetes(return_X_y=True)
X = patients / patients.std(0)
Y = (progress - progress.mean()) / progress.std()
x, y = torch.tensor(X), torch.tensor(Y)[:, None]


class At(Callback):
    """Does something when a batch of the training is over."""
    def __init__(self, step, do): self.step, self.do = step, do
    def after_batch(self, learn):
        if learn.run.step == self.step: self.do(learn.run)


def linear():
    model = nn.Linear(10, 1).double()
    for parameter in model.parameters(): nn.init.zeros_(parameter)
    return model


def learner(model, optimizer, *callbacks, tmp_path, batches=50, **more):
    return Learner(model, [(x, y)] * batches, None, F.mse_loss, optimizer, callbacks=callbacks, view=None, dir=tmp_path, **more)


@pytest.mark.parametrize("alpha", [.02, .1, .5])
def test_it_is_the_lasso(alpha, tmp_path):
    model = linear()
    learner(model, torch.optim.SGD(model.parameters(), .2), ProximalL1(2 * alpha), batches=1500, diagnose=False, tmp_path=tmp_path).fit(1)
    found, lasso = model.weight.detach().numpy().ravel(), Lasso(alpha, tol=1e-10, max_iter=10_000).fit(X, Y).coef_
    assert np.abs(found - lasso).max() < 2e-4 and ((found == 0) == (lasso == 0)).all()


def steps_by_hand(rates, weight):
    model = linear()
    optimizer = torch.optim.SGD(model.parameters(), 1.)
    for rate in rates:
        optimizer.param_groups[0]["lr"] = rate
        F.mse_loss(model(x), y).backward(); optimizer.step(); optimizer.zero_grad()
        with torch.no_grad(): model.weight.copy_(F.softshrink(model.weight, rate * weight))
    return model


@pytest.mark.parametrize("kind", ["schedule", "scaled", "with EMA"])
def test_the_rate_in_force(kind, tmp_path):
    """That of the step: before the schedule goes on, and with the factor of the panel's buttons."""
    model = linear()
    optimizer = torch.optim.SGD(model.parameters(), .1)
    rates = dict(schedule=[.1, .05, .025, .0125], scaled=[.1, .1, .05, .05]).get(kind, [.1] * 4)
    more = dict(schedule=lambda: Schedule(torch.optim.lr_scheduler.ExponentialLR(optimizer, .5)), scaled=lambda: At(2, lambda run: run.scale_lr(.5)))
    learner(model, optimizer, ProximalL1(1.), more.get(kind, lambda: EMA(.9))(), batches=4, tmp_path=tmp_path).fit(1)
    assert torch.allclose(model.weight, steps_by_hand(rates, 1.).weight, atol=1e-12) and (model.weight == 0).any()


def test_groups_have_rates_of_their_own_and_biases_stay(tmp_path):
    model = nn.Sequential(nn.Linear(10, 4), nn.Linear(4, 1)).double()
    before = [parameter.detach().clone() for parameter in model.parameters()]
    optimizer = torch.optim.SGD([dict(params=model[0].parameters(), lr=0.), dict(params=model[1].parameters(), lr=1e-9)], .1)
    learner(model, optimizer, ProximalL1(1e12), batches=1, tmp_path=tmp_path).fit(1)
    after = [*model.parameters()]
    assert torch.equal(after[0], before[0]) and not after[2].any() and torch.allclose(after[3], before[3])


def test_only_after_a_step(tmp_path):
    model = linear()
    run = learner(model, torch.optim.SGD(model.parameters(), .1), ProximalL1(.2), GradientAccumulation(2), batches=4, tmp_path=tmp_path).fit(1)
    assert run.frame()["zeros"].notna().tolist() == [False, True, False, True]


# LBFGS

def lbfgs(model): return torch.optim.LBFGS(model.parameters(), line_search_fn="strong_wolfe", tolerance_grad=1e-12, tolerance_change=1e-14)


def test_lbfgs_finds_least_squares(tmp_path):
    model = linear()
    run = learner(model, lbfgs(model), tmp_path=tmp_path, batches=4).fit(1)
    solution, *_ = np.linalg.lstsq(np.c_[X, np.ones(len(X))], Y, rcond=None)
    found = np.r_[model.weight.detach().numpy().ravel(), model.bias.detach().numpy()]
    assert np.abs(found - solution).max() < 1e-6
    losses = run.frame()["loss"]
    least = np.square(np.c_[X, np.ones(len(X))] @ solution - Y).mean()
    assert losses.iloc[0] == pytest.approx(np.square(Y).mean()) and losses.iloc[-1] == pytest.approx(least) and len(losses) == run.step == 4
    assert run.findings == []


@pytest.mark.parametrize("kind", ["Learner", "watch"])
def test_lbfgs_stops_and_goes_on(kind, tmp_path):
    """Its memory of past gradients is in the checkpoint, so the losses are those of a run that was not stopped."""
    def train(stop=None, **more):
        torch.manual_seed(0)
        model = nn.Sequential(nn.Linear(10, 5), nn.Tanh(), nn.Linear(5, 1)).double()
        optimizer = torch.optim.LBFGS(model.parameters(), .5, max_iter=3)
        at_stop = At(stop, lambda run: run.stop())
        if kind == "Learner": return learner(model, optimizer, at_stop, tmp_path=tmp_path, batches=6, **more).fit(2)
        def closure():
            optimizer.zero_grad()
            loss = F.mse_loss(model(x), y)
            loss.backward()
            return loss
        with watch(model, optimizer, view=None, dir=tmp_path, **more) as run:
            for _ in run.epochs(2):
                for _ in run.batches(range(6)):
                    run.log(loss=optimizer.step(closure))
                    if run.step == stop: run.stop()
        return run
    whole, half = train(), train(stop=7)
    assert (half.status, half.step) == ("stopped", 7)
    rest = train(resume=half)
    assert rest.step == 12 and rest.history("loss") == whole.history("loss")
    assert whole.frame()["loss"].iloc[-1] < .6 * whole.frame()["loss"].iloc[0]
