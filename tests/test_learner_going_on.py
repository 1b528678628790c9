"""A fit that goes on, in another run or behind the last one, is the fit that was not stopped."""
import pytest
import torch
from learners import Log, Oops, at_step, by_hand, epochs, fit, network, scaled, scripted, seed, stop_with, weights
from torch.optim import SGD, lr_scheduler
from trainings import same

from trainbook.train.callbacks import EMA, GradientAccumulation, GradientClipping, MixedPrecision, ReduceLROnPlateau, Schedule

pytestmark = pytest.mark.usefixtures("one_thread")


def kinds(name, optimizer):
    return dict(
        plain=lambda: [], ema=lambda: [EMA(.7)], half=lambda: [MixedPrecision(torch.float16)],
        onecycle=lambda: [Schedule(lr_scheduler.OneCycleLR(optimizer, .1, total_steps=30))],
        accumulation=lambda: [GradientAccumulation(4)], each_epoch=lambda: [Schedule(lr_scheduler.StepLR(optimizer, 1, .5), "epoch")],
        plateau=lambda: [ReduceLROnPlateau(factor=.5, patience=1)],
        all=lambda: [EMA(.7), MixedPrecision(torch.float16), Schedule(lr_scheduler.OneCycleLR(optimizer, .1, total_steps=30)), GradientAccumulation(4),
                     GradientClipping(.1)])[name]()


def going(learner, name, *more, **options):
    seed()
    model = network()
    optimizer = SGD(model.parameters(), .05, momentum=.9)
    return scaled(learner([*kinds(name, optimizer), *more], model=model, optimizer=optimizer, **options), init_scale=2.**18, growth_interval=3)


def resumed(name, how): return pytest.param(name, how, id=f"{name}-{how}")


@pytest.mark.parametrize("name, how", [
    *(resumed(name, how) for name in ("plain", "ema", "half", "onecycle", "accumulation", "all") for how in ("step", "epoch", "SIGINT")
      if how != "SIGINT" or name in ("plain", "all")),
    resumed("each_epoch", "step"), resumed("each_epoch", "epoch"), resumed("plateau", "step"), resumed("plateau", "epoch")])
def test_a_learner_goes_on(learner, name, how):
    n = 10 if name == "plateau" else 3
    whole = going(learner, name)
    run = whole.fit(n)
    valid = run.frame("valid")["val_loss"].tolist()
    stop_at = next((i for i in range(1, 9) if valid[i] > min(valid[:i])), None) * 6 + 3 if name == "plateau" else 9
    first = going(learner, name, at_step(stop_at, stop_with(how), "after_loss")).fit(n)
    first.finish()
    second = going(learner, name, resume=first)
    seed(77)
    again = second.fit(n)
    done = again.info["parent"]["step"]
    assert done == (stop_at if how != "epoch" else stop_at + 3) and again.step == 6 * n
    assert again.frame()["loss"].tolist()[-(6 * n - done):] == run.frame()["loss"].tolist()[done:]
    assert same(weights(second.model), weights(whole.model)) and second.validation == whole.validation
    for learn in (whole, second):
        seed(5)
        learn.fit(1)
    assert second.run is again and same(weights(second.model), weights(whole.model))


@pytest.mark.says("does not tell whether low or high is good")
def test_going_on_from_an_epoch_whose_end_scaled_the_rate(learner):
    plateau = lambda: ReduceLROnPlateau("val_script", factor=.5, patience=1)
    first = learner([plateau()], metrics=scripted([1., 2., 3.]))
    first.fit(0)
    first.run.share = 1e9  # each epoch is saved
    run = first.fit(2)
    assert run.learning_rate.factor == .5
    run.finish()
    second = learner([plateau()], metrics=scripted([.5]), resume=run)
    assert second.fit(3).learning_rate.factor == .5


def test_fit_after_the_end_of_a_run_that_went_on(learner):
    first = learner().fit(1)
    first.finish()
    learn = learner(resume=first)
    learn.fit(2).finish()
    before = weights(learn.model)
    learn.fit(0)
    assert same(weights(learn.model), before)


def test_fit_after_the_end_of_a_run(learner):
    learn = learner()
    first = learn.fit(1)
    first.finish()
    second = learn.fit(1)
    assert second is not first and second.step == 6 and not second.is_over
    losses = first.frame()["loss"].tolist() + second.frame()["loss"].tolist()
    assert losses == by_hand(2)[0]


def test_two_learners_of_one_model(learner):
    one = learner([log := Log()])
    one.fit(1)
    other = learner(model=one.model, optimizer=one.optimizer)
    other.fit(1)
    assert one.run.is_over and not other.run.is_over and one.run.path != other.run.path
    one.fit(1)
    assert other.run.is_over and log.seen == fit(*epochs(1)) * 2
    assert one.run.frame().index.tolist() == list(range(1, 7))


def test_a_fit_that_raised_has_not_finished(learner):
    learn = learner([at_step(3, Oops)])
    with pytest.raises(Oops): learn.fit(1)
    assert learn.run.status != "finished" and learn.fit(1).status == "finished"


def test_a_fit_that_raised_has_failed(learner):
    learn = learner([at_step(3, Oops("of this"))])
    with pytest.raises(Oops): learn.fit(1)
    assert (learn.run.status, learn.run.info["reason"]) == ("failed", "Oops: of this")
