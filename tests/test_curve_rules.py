"""What the rules over curves, gradients and learning rates find in a training, and where they are silent: made-up trainings, each with a look-alike."""
import numpy as np
import pytest

from trainbook.diagnosis.courses import cut_at, loss_curve
from trainbook.diagnosis.judge import judge
from trainbook.diagnosis.model_limits import LIMIT_RULES
from trainbook.diagnosis.step_rules import STEP_RULES
from trainbook.diagnosis.trend_rules import TREND_RULES
from trainbook.run.facts import OptimizerFacts, Parameter, Setup
from trainbook.run.training_facts import Curve, Gradients, TrainingFacts

RULES = STEP_RULES + TREND_RULES + LIMIT_RULES
STEPS = 400
T = np.arange(STEPS)
RNG = np.random.default_rng(0)
NOISE = RNG.normal(0, 1, STEPS)
LEARNS = .3 + 2 * np.exp(-T / 60) + .05 * NOISE
IDLE = 2.3 + .05 * NOISE
COSINE = .05 * (1 + np.cos(np.pi * T / STEPS))
ONE_CYCLE = np.interp(T, [0, 120, 400], [.004, .1, 0])
RESTARTS = np.tile(COSINE[::4], 4)
WARM_UP = np.minimum(1, T / 80) * .1


def training(loss, *, layers=3, ratio=.003, norm=.3, size=5., rate=.1, validation=None, every=20, log_every=1, until=STEPS, setup=None, **more):
    """A training up to a step. `ratio`, `norm` and `size` are numbers, one for each step, or one for each step and layer."""
    def rows(of):
        of = np.array(of, float)
        return np.broadcast_to(of[:, None] if of.ndim == 1 else of, (STEPS, layers))[:until]
    at = np.arange(1, until + 1)
    gradients = Gradients([f"layer{i}" for i in range(layers)], at, {"": np.linalg.norm(rows(norm), axis=1)}, rows(norm), rows(size), rows(ratio))
    means = np.array(loss, float)[:STEPS // log_every * log_every].reshape(-1, log_every).mean(1) if log_every > 1 else np.array(loss, float)
    shown = np.arange(log_every, STEPS + 1, log_every)
    metrics = dict(loss=Curve(shown[shown <= until], means[shown <= until]))
    checked = np.arange(every, STEPS + 1, every)
    validations = {} if validation is None else dict(val_loss=Curve(checked[checked <= until], np.array(validation, float)[checked - 1][checked <= until]))
    rates = dict(learning_rate=Curve(at, np.broadcast_to(np.array(rate, float), STEPS)[:until]))
    return TrainingFacts(**dict(step=until, steps=STEPS, setup=setup, losses=[], loaders=[], validations=[], training=metrics, validation=validations,
                                gradients=gradients, rates=rates, system={}, events=[], lacking=[]) | more)


def found(*args, **options): return [finding.kind for finding in judge(training(*args, **options), RULES)]


def setup(*shapes, dropout=0., decay=0., kind="SGD"):
    parameters = [Parameter(name=f"{i}.weight", shape=list(shape), is_trainable=True, is_optimized=True, size=1., gradient=None, are_units_alike=False)
                  for i, shape in enumerate(shapes)]
    optimizers = {"": OptimizerFacts(kind=kind, learning_rates=[.1], weight_decay=decay, momentum=0.)}
    return Setup(modules=[], parameters=parameters, dropout=dropout, optimizers=optimizers, is_compiled=False)


def exploding():
    loss, norm = LEARNS.copy(), np.full(STEPS, .3)
    loss[250:256], loss[256:] = [.8, 1.4, 4., 30., 4e3, 1e8], np.nan
    norm[248:256], norm[256:] = .3 * 3.**np.arange(8), np.nan
    return loss, norm


def leaping():
    loss, norm, ratio = LEARNS.copy(), .3 + .02 * np.abs(NOISE), np.full(STEPS, .003)
    loss[[200, 260]], norm[[200, 260]], ratio[[200, 260]] = 30., 50., .6
    return loss, norm, ratio


VANISHING = .3 * .1**np.arange(8)[::-1] * np.ones((STEPS, 8))
TOO_LARGE = np.where(T < 20, .5, .02)
SWINGS = .6 + .4 * np.sin(T / 8) + .02 * NOISE
MEMORISED = np.exp(-T / 60) + .01 * NOISE
WORSE = np.interp(T, [0, 120, 400], [.95, .5, .9])
MIDST = 1.5 + .8 * np.exp(-T / 20) + .03 * NOISE
FAULTS = dict(
    nan_loss=(np.where(T < 100, LEARNS, np.nan), {}),
    no_update=(IDLE, dict(ratio=0., rate=0.)),
    frozen_params=(LEARNS, dict(ratio=np.tile([.003, 0., .002], (STEPS, 1)))),
    vanishing_gradient=(IDLE, dict(layers=8, norm=VANISHING)),
    exploding_gradient=(exploding()[0], dict(norm=exploding()[1])),
    unstable=(leaping()[0], dict(norm=leaping()[1], ratio=leaping()[2])),
    lr_too_high=(IDLE, dict(ratio=TOO_LARGE)),
    lr_too_low=(2.3 - .0002 * T + .01 * NOISE, dict(ratio=3e-5)),
    overfitting=(MEMORISED, dict(validation=WORSE)),
    plateau=(IDLE, dict(rate=.1 * .85**T)),
    oscillating_loss=(SWINGS, {}),
    over_regularised=(IDLE, dict(size=np.linspace(5, .5, STEPS), setup=setup([8, 8], [4, 8], decay=.1))),
    underfitting=(MIDST, dict(validation=MIDST, setup=setup([1, 64], [4, 1]))))


@pytest.mark.parametrize("kind", FAULTS)
def test_each_fault_is_found_and_nothing_else(kind):
    loss, options = FAULTS[kind]
    assert found(loss, **options) == [kind]


@pytest.mark.parametrize("kind", FAULTS)
def test_a_finding_has_its_proof(kind):
    loss, options = FAULTS[kind]
    finding, = judge(training(loss, **options), RULES)
    assert finding.step == STEPS and finding.explanation and finding.advice
    assert all(0 < len(points) <= 60 and all(np.isfinite(value) for _, value in points) for points in finding.series.values())


HEALTHY = dict(
    plain=(LEARNS, {}),
    validated=(LEARNS, dict(validation=LEARNS + .05)),
    cosine=(LEARNS, dict(rate=COSINE, ratio=.3 * COSINE)),
    one_cycle=(np.where(T < 60, 2.3 + .004 * T, 2.5 * np.exp(-(T - 60).clip(0) / 60)) + .05 * NOISE, dict(rate=ONE_CYCLE, ratio=.2 * ONE_CYCLE)),
    warm_up_from_zero=(np.where(T < 80, 2.3, .3 + 2 * np.exp(-(T - 80).clip(0) / 40)) + .05 * NOISE, dict(rate=WARM_UP, ratio=.05 * WARM_UP)),
    warm_restarts=(.1 + 2 * np.exp(-T / 50) + 8 * RESTARTS * (T > 100) + .05 * np.abs(NOISE), dict(rate=RESTARTS, ratio=.3 * RESTARTS,
                   validation=.3 + 2 * np.exp(-T / 50) + 6 * RESTARTS * (T > 100))),
    flat_for_a_while=(np.interp(T, [0, 150, 200, 400], [1.39, 1.36, .1, 1e-3]) + .01 * NOISE * (T < 200), {}),
    flat_at_zero=(np.maximum(.7 * np.exp(-T / 5), 1e-6), dict(ratio=np.maximum(.1 * np.exp(-T / 10), 1e-5))),
    tiny_batches=(LEARNS * RNG.chisquare(2, STEPS) / 2, {}),
    noise_floor=(4 * RNG.chisquare(4, STEPS) / 4 + 12 * np.exp(-T / 15), dict(ratio=.03)),
    heavy_dropout=(.9 + 1.4 * np.exp(-T / 60) + .1 * NOISE, dict(validation=LEARNS - .05, setup=setup([64, 8], [4, 64], dropout=.7))),
    label_smoothing=(1.2 + 1.1 * np.exp(-T / 30) + .01 * NOISE, dict(validation=1.25 + 1.1 * np.exp(-T / 30))),
    a_little_worse=(MEMORISED, dict(validation=np.interp(T, [0, 200, 400], [.95, .4, .42]))),
    negative=(-1 - 2 * (1 - np.exp(-T / 60)) + .05 * NOISE, {}),
    fine_tuning=(.3 + .4 * np.exp(-T / 60) + .03 * NOISE, dict(ratio=5e-5)),
    large_steps_at_first=(LEARNS, dict(ratio=np.where(T < 10, .6, .02))),
    hard_batches=(np.where(T % 40 == 39, 30., LEARNS), {}),
    linear_and_noisy=(1 + np.exp(-T / 20) + .05 * NOISE, dict(validation=1 + np.exp(-T / 20), setup=setup([64, 8], [1, 64]))),
    decayed_and_learned=(LEARNS, dict(size=np.linspace(9, 4, STEPS), setup=setup([8, 8], decay=.01))),
    frozen_backbone=(LEARNS, dict(ratio=np.tile([np.nan, np.nan, .003], (STEPS, 1)), norm=np.tile([np.nan, np.nan, .3], (STEPS, 1)))))


@pytest.mark.parametrize("log_every", [1, 40])
@pytest.mark.parametrize("name", HEALTHY)
def test_nothing_is_said_of_a_healthy_training_at_any_step(name, log_every):
    loss, options = HEALTHY[name]
    said = {until: found(loss, **options, until=until, log_every=log_every) for until in (1, 2, 3, 5, 8, 15, *range(20, STEPS + 1, 20))}
    assert not any(said.values()), said


def test_trainings_that_are_not_to_bring_a_loss_down():
    reward = training(IDLE)
    reward.training["episode_reward"] = reward.training["loss"]
    gan = training(IDLE)
    gan.training["loss_D"] = gan.training["loss"]
    gan.gradients.total["D"] = gan.gradients.total[""]
    assert [loss_curve(facts) for facts in (reward, gan)] == [None, None]
    assert [judge(facts, RULES) for facts in (reward, gan)] == [[], []]


def test_little_is_known():
    nothing = training(LEARNS)._replace(training={}, gradients=None, rates={}, steps=None)
    assert judge(nothing, RULES) == []
    assert judge(training(LEARNS)._replace(gradients=None, rates={}, steps=None), RULES) == []
    assert [finding.kind for finding in judge(training(FAULTS["lr_too_low"][0], ratio=1e-6)._replace(steps=None), RULES)] == ["lr_too_low"]


def test_the_loss_as_it_was_measured_stands_in_for_one_that_is_logged_now_and_then():
    loss, options = FAULTS["lr_too_high"]
    facts = training(loss, **options, until=60)._replace(training={})
    assert judge(facts, RULES) == []
    measured = [dict(step=step, number=0, loss=float(loss[step - 1]), graph=None, target=None, class_weights=False) for step in range(1, 61)]
    assert [finding.kind for finding in judge(facts._replace(losses=measured), RULES)] == ["lr_too_high"]


def test_a_rate_that_is_taken_away_is_no_end_of_a_schedule():
    at = np.arange(1, STEPS + 1)
    early, late = Curve(at, .1 * .85**T), Curve(at, COSINE)
    assert cut_at(early, training(IDLE)) == 26
    assert cut_at(late, training(IDLE)) is None
