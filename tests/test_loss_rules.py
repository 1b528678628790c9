"""The rules over losses, loaders and validations: each finds its fault in made-up facts, and all are silent where a training only looks as if it had one."""
import math

import numpy as np
import pytest

from trainbook.diagnosis.call_rules import CALL_RULES
from trainbook.diagnosis.data_rules import DATA_RULES
from trainbook.diagnosis.first_losses import FIRST_LOSS_RULES
from trainbook.diagnosis.gan_rules import GAN_RULES
from trainbook.diagnosis.judge import judge
from trainbook.diagnosis.label_rules import LABEL_RULES
from trainbook.diagnosis.leakage_rules import LEAKAGE_RULES
from trainbook.diagnosis.order_rules import ORDER_RULES
from trainbook.diagnosis.parameter_rules import PARAMETER_RULES
from trainbook.diagnosis.unit_rules import UNIT_RULES
from trainbook.diagnosis.validation_rules import VALIDATION_RULES
from trainbook.run.training_facts import Curve, TrainingFacts

RULES = (*FIRST_LOSS_RULES, *PARAMETER_RULES, *CALL_RULES, *ORDER_RULES, *DATA_RULES, *LEAKAGE_RULES, *VALIDATION_RULES, *LABEL_RULES, *UNIT_RULES,
         *GAN_RULES)
FAULTS, SOUND = {}, {}


def faulty(kind, where=None):
    def keep(make):
        FAULTS[make.__name__] = make, kind, where
        return make
    return keep


def sound(make):
    SOUND[make.__name__] = make
    return make


# --- facts, those of a classifier of four classes that learns, but for what is said ---

def values(shape, mean=0., std=1., **more):
    return dict(shape=list(shape), dtype="float32", low=mean - 2 * std, high=mean + 2 * std, mean=mean, std=std, non_finite=0) | more


def graph(*ops, reached=("0.weight", "1.weight"), shapes=None, strangers=()):
    nodes = [dict(op=op, inputs=[i + 1] if i + 1 < len(ops) else [], shape=shapes[i] if shapes else [32, 4]) for i, op in enumerate(ops)]
    return dict(nodes=nodes, reached=list(reached), strangers=list(strangers), is_whole=True)


def parameter(name, **more):
    return dict(name=name, shape=[8, 8], is_trainable=True, is_optimized=True, size=1., gradient=1., are_units_alike=False) | more


def labels(*counts): return values([sum(counts)], dtype="int64", low=0., high=len(counts) - 1., classes={str(i): count for i,
                                                                                                         count in enumerate(counts) if count})


def falling(step): return 1.4 * .93**step


def flat(step): return 1.39


def loss(step, value, **more):
    return dict(
        step=step, number=0, time=0., loss=value, graph=graph("NllLoss", "LogSoftmax", "Addmm"), class_weights=False, inputs=[values([32, 8], repeated=0)],
        input_models=[""],
        target=labels(8, 8, 8, 8), output=values([32, 4]), parameters=[parameter("0.weight"), parameter("1.weight")], activations=[], learning_rates=[.1],
        first_layer="Linear", evaluating=[], fits=[], old_gradients=[], graphs_alive=0, cleared=[""], stepped=[""], empty_steps=[], sequences=[], terms=[],
        classes=dict(counts=[8] * 4, hits=[7] * 4, sure_and_wrong=0., sure=.5)) | more


SETUP = dict(modules=[["", "Sequential"], ["0", "Linear"], ["1", "ReLU"], ["2", "Linear"]], parameters=[], dropout=0., hidden=[], is_compiled=False,
             optimizers={"": dict(kind="SGD", learning_rates=[.1], weight_decay=0., momentum=0., owns=["0.weight", "1.weight"], foreign=0)})
LOADER = dict(step=0, is_valid=False, samples=1000, batch_size=32, workers=0, is_shuffled=True, with_replacement=False)


def training(course=falling, steps=60, setup=None, facts=None, **more):
    "`more` may hold functions of the step"
    def at(step): return {name: value(step) if callable(value) else value for name, value in more.items()}
    losses = [loss(step, course(step), **at(step)) for step in range(1, steps + 1)]
    return TrainingFacts(**dict(step=steps, steps=None, setup=SETUP | (setup or {}), losses=losses, loaders=[LOADER], validations=[], training={},
                                validation={}, gradients=None,
                                rates={}, system={}, events=[], lacking=[]) | (facts or {}))


def validation(step=30, **more):
    return dict(step=step, inputs=[values([120, 8])], target=None, output=None, training=[], wants_gradients=False, graphs_alive=0) | more


def relu(**more): return [dict(op="Relu", layer="0", shape=[32, 64], dead=.1, saturated=0., mean=.4, std=.6) | more]


# --- what a loop forgets ---

@faulty("missing_zero_grad", "optimizer.zero_grad()")
def never_cleared(): return training(flat, old_gradients=lambda step: [""] if step > 1 else [], cleared=[])


@faulty("no_update", "lr")
def a_rate_of_zero(): return training(flat, facts=dict(rates={"learning_rate": Curve(np.arange(1, 61), np.zeros(60))}))


@sound
def a_warm_up_from_zero(): return training(facts=dict(rates={"learning_rate": Curve(np.arange(1, 61), np.linspace(0, .1, 60))}))


@faulty("no_update", "optimizer.step()")
def step_is_not_called(): return training(flat, stepped=[])


@sound
def thirty_two_batches_a_step(): return training(cleared=lambda step: [""] if step % 32 == 1 else [], stepped=lambda step: [""] if step % 32 == 0 else [])


@faulty("no_update", "optimizer.zero_grad()")
def cleared_before_the_step(): return training(flat, empty_steps=[""])


@faulty("no_update", "optimizer")
def an_optimizer_of_another_model(): return training(flat, parameters=[parameter("0.weight", is_optimized=False), parameter("1.weight", is_optimized=False)])


@faulty("frozen_params", "1")
def a_head_that_came_later(): return training(parameters=[parameter("0.weight"), parameter("1.weight", is_optimized=False)])


@faulty("frozen_params", "0")
def features_that_are_detached(): return training(graph=graph("NllLoss", "LogSoftmax", reached=["1.weight"]))


@faulty("frozen_params", "layers")
def layers_in_a_list(): return training(setup=dict(hidden=["layers"]), graph=graph("NllLoss", "LogSoftmax", strangers=[[8, 8]]))


@sound
def a_frozen_backbone():
    frozen = parameter("0.weight", is_trainable=False, is_optimized=False)
    return training(parameters=[frozen, parameter("1.weight")], graph=graph("NllLoss", "LogSoftmax", reached=["1.weight"]))


@sound
def only_the_head_in_the_optimizer(): return training(parameters=[parameter("0.weight", is_optimized=False), parameter("1.weight")])


@sound
def branches_in_turn(): return training(graph=lambda step: graph("NllLoss", "LogSoftmax", reached=[f"{step % 2}.weight"]))


@faulty("train_eval_mode", "model.train()")
def left_in_eval(): return training(evaluating=lambda step: ["drop"] if step > 20 else [])


@faulty("train_eval_mode", "drop")
def validated_in_training(): return training(facts=dict(validations=[validation(20, training=["drop"]), validation(40, training=["drop"])]))


@sound
def batch_norm_updated_at_the_end(): return training(facts=dict(validations=[validation(20), validation(40), validation(60, training=["norm"])]))


@faulty("no_shuffle", "DataLoader")
def sorted_by_class(): return training(target=lambda step: labels(*[32 if step // 15 == i else 0 for i in range(4)]))


@sound
def batches_of_two(): return training(target=lambda step: labels(*[1 if i in (step % 4, step * 7 % 4) else 0 for i in range(4)]))


@faulty("memory_leak", "training")
def losses_in_a_list(): return training(**dict.fromkeys(["graphs_alive", "losses_alive"], lambda step: min(31, max(0, step - 2))))


@sound
def the_last_loss_is_kept(): return training(graphs_alive=1)


@faulty("memory_leak", "validation")
def graphs_of_validations(): return training(facts=dict(validations=[validation(10 * i, wants_gradients=True, graphs_alive=i) for i in range(6)]))


@sound
def validations_with_gradients(): return training(facts=dict(validations=[validation(10 * i, wants_gradients=True, graphs_alive=1) for i in range(6)]))


# --- losses ---

@faulty("double_softmax")
def softmax_before_cross_entropy(): return training(flat, graph=graph("NllLoss", "LogSoftmax", "Softmax", "Addmm"))


@faulty("wrong_loss")
def softmax_of_one_output():
    return training(flat, graph=graph("BinaryCrossEntropy", "Softmax", "Addmm", shapes=[[], [32, 1], [32, 1]]), target=labels(16, 16),
                    output=values([32, 1]), classes=None)


@faulty("wrong_loss")
def a_minus_before_the_loss(): return training(lambda step: -falling(step), graph=graph("Neg", "NllLoss", "LogSoftmax"))


@faulty("wrong_loss")
def squares_between_classes():
    return training(lambda step: 8., graph=graph("MseLoss", "Squeeze", "Addmm"), target=labels(*[3] * 10), output=values([30, 1]), classes=None)


@sound
def squares_between_ratings():
    return training(lambda step: 2. / step, graph=graph("MseLoss", "Squeeze", "Addmm"), target=labels(1, 3, 6, 9, 6, 3, 1), output=values([29, 1]),
                    classes=None)


@faulty("shape_broadcast")
def a_column_against_a_row():
    return training(lambda step: 1., graph=graph("MseLoss", "Expand", "Addmm", shapes=[[], [32, 32], [32, 1]]), target=values([32]),
                    output=values([32, 1]), classes=None)


# --- data ---

@faulty("bad_data", "inputs")
def a_hole_in_the_data(): return training(lambda step: 1. if step < 9 else math.nan, inputs=lambda step: [values([32, 8], non_finite=int(step == 9))])


@faulty("bad_data", "column 3")
def a_stand_in(): return training(inputs=[values([50, 8], squeezed=dict(column=3, share=1e-4))])


@faulty("bad_data", "inputs")
def copies_of_rows(): return training(inputs=[values([32, 8], repeated=7)])


@sound
def drawn_with_replacement(): return training(inputs=[values([32, 8], repeated=7)], facts=dict(loaders=[LOADER | dict(with_replacement=True)]))


@faulty("unnormalised_input", "column 7")
def a_column_of_thousands(): return training(lambda step: 80. / step, inputs=[values([32, 8], 90., 250., scales=[1.] * 7 + [700.])])


@sound
def raw_pixels_that_do_no_harm(): return training(inputs=[values([32, 8], 120., 70.)])


@sound
def raw_inputs_before_batch_norm(): return training(flat, steps=14, inputs=[values([32, 8], 120., 70.)], first_layer="BatchNorm1d")


@faulty("unnormalised_target", "target")
def megawatts():
    return training(lambda step: 2.5e7, graph=graph("MseLoss", "Squeeze", "Addmm"), target=values([32], 5000., 900.), output=values([32, 1]), classes=None)


@faulty("data_skew", "inputs")
def a_validation_that_is_not_normalised(): return training(facts=dict(validations=[validation(inputs=[values([120, 8], .1, .35)])]))


def scaled_by(*kinds):
    """A training whose layers behind the first modules see other numbers than those that the model is given in the validation."""
    modules = [["", "Sequential"], *([str(place), kind] for place, kind in enumerate((*kinds, "Linear")))]
    return training(setup=dict(modules=modules), facts=dict(validations=[validation(inputs=[values([120, 8], 35., 50.)])]))


@faulty("data_skew", "inputs")
def a_validation_that_is_not_normalised_before_a_flatten(): return scaled_by("Flatten")


@sound
def a_model_whose_first_module_scales(): return scaled_by("Flatten", "Scale")


@sound
def an_augmented_training(): return training(inputs=[values([32, 8], .05, 1.2)], facts=dict(validations=[validation()]))


@faulty("leakage", "column 5")
def a_column_that_tells_all(): return training(correlation=dict(column=5, share=.99, second=.1))


@sound
def a_window_of_a_series(): return training(correlation=dict(column=7, share=.98, second=.95))


@sound
def a_line_through_one_column(): return training(inputs=[values([32, 1])], correlation=dict(column=0, share=.99))


# --- labels ---

@faulty("class_imbalance", "target")
def one_in_thirty_two(): return training(lambda step: .2, target=labels(31, 1), classes=dict(counts=[31, 1], hits=[31, 0], sure_and_wrong=0., sure=.5))


@sound
def the_same_with_weights():
    return training(lambda step: .2, target=labels(31, 1), class_weights=True, classes=dict(counts=[31, 1], hits=[20, 0], sure_and_wrong=0., sure=.5))


@faulty("label_noise", "target")
def labels_that_contradict():
    return training(lambda step: .9, steps=90, classes=lambda step: dict(counts=[8] * 4, hits=[6] * 4, sure_and_wrong=.04, sure=.2 if step > 3 else 0.))


@sound
def a_net_that_is_sure_by_its_size():
    return training(lambda step: .9, steps=90, classes=dict(counts=[8] * 4, hits=[6] * 4, sure_and_wrong=.04, sure=.2))


@sound
def a_hard_task(): return training(lambda step: .9, steps=90, classes=dict(counts=[8] * 4, hits=[6] * 4, sure_and_wrong=.002, sure=.2))


# --- units ---

@faulty("dead_relu", "1")
def dead_units(): return training(flat, activations=relu(dead=.95))


@sound
def a_sparse_net(): return training(activations=relu(dead=.95))


@faulty("saturated_activation", "0")
def saturated_units(): return training(flat, activations=relu(op="Tanh", saturated=.9))


@sound
def an_output_that_is_sure(): return training(flat, activations=relu(op="Sigmoid", saturated=.9, shape=[32, 4]))


@faulty("bad_init", "0")
def units_that_are_alike(): return training(flat, parameters=[parameter("0.weight", are_units_alike=True), parameter("1.weight")])


@faulty("bad_init", "model")
def a_first_loss_of_thousands(): return training(lambda step: 5000. / step)


@sound
def a_first_loss_that_is_soon_gone(): return training(lambda step: 12. * .8**step)


@faulty("vanishing_gradient", "rnn")
def nothing_comes_back_through_time(): return training(flat, sequences=[dict(layer="rnn", first=1e-8, last=1., length=60)])


@sound
def the_last_steps_are_enough(): return training(sequences=[dict(layer="rnn", first=1e-8, last=1., length=60)])


# --- two nets ---

def gan(made, judged=lambda step: 1.2, generated=lambda step: .9):
    "`made`: of the fakes, mean, standard deviation and spread"
    real, noise, losses = values([64, 2], 0., 1.4, spread=1.3), values([64, 8]), []
    names = [parameter("G.0.weight"), parameter("D.0.weight")]
    for step in range(1, 121):
        mean, std, spread = made(step)
        fake = values([64, 2], mean, std, spread=spread)
        about = dict(parameters=names, target=None, output=values([64, 1]), classes=None, cleared=["G", "D"], stepped=["D"])
        losses += [loss(step, judged(step), inputs=[real, fake], input_models=["D", "D"], graph=graph("BinaryCrossEntropyWithLogits",
                                                                                                      reached=["D.0.weight"]), **about),
                   loss(step, generated(step), number=1, inputs=[noise, fake], input_models=["G", "D"],
                        graph=graph("BinaryCrossEntropyWithLogits", reached=["G.0.weight", "D.0.weight"]), **about | dict(stepped=["G"]))]
    optimizers = {name: SETUP["optimizers"][""] | dict(owns=[f"{name}.0.weight"]) for name in "GD"}
    return training()._replace(step=120, losses=losses, setup=SETUP | dict(optimizers=optimizers))


@sound
def a_gan_in_balance(): return gan(lambda step: (0., 1.4, 1.25), judged=lambda step: 1.38)


@sound
def a_gan_that_starts_in_one_place(): return gan(lambda step: (.5, .4, .3 if step < 30 else 1.2))


@faulty("mode_collapse", "G")
def fakes_that_are_alike(): return gan(lambda step: (.5, .6, .2))


@faulty("gan_imbalance", "D")
def a_discriminator_that_always_wins(): return gan(lambda step: (3., .5, .9), lambda step: 1.4 / (1 + step), lambda step: .7 + step / 30)


@faulty("gan_imbalance", "D")
def a_discriminator_that_sleeps(): return gan(lambda step: (6., .5, .9), lambda step: 1.4, lambda step: .7 / step)


@sound
def a_wasserstein_gan(): return gan(lambda step: (1., 1., 1.), lambda step: .1 - step / 90, lambda step: step / 90)


# --- what is found ---

@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_found_and_nothing_else(name):
    make, kind, where = FAULTS[name]
    found = judge(make(), RULES)
    assert {one.kind for one in found} == {kind}
    assert where in (None, *(one.where for one in found))
    for one in found:
        assert one.step > 0 and one.explanation and one.advice
        assert all(len(points) <= 60 for points in one.series.values())


@pytest.mark.parametrize("name", SOUND)
def test_what_only_looks_wrong_is_no_finding(name): assert judge(SOUND[name](), RULES) == []


@pytest.mark.parametrize("name", [name for name, (_, kind, _) in FAULTS.items()
                                  if kind in ("missing_zero_grad", "double_softmax", "wrong_loss", "shape_broadcast", "no_update", "frozen_params",
                                              "no_shuffle", "memory_leak")])
def test_exact_kinds_are_known_by_step_15(name):
    make, kind, _ = FAULTS[name]
    facts = make()
    if facts.validations: return
    rates = {one: Curve(curve.steps[:15], curve.values[:15]) for one, curve in facts.rates.items()}
    found = judge(facts._replace(step=15, losses=[one for one in facts.losses if one["step"] <= 15], rates=rates), RULES)
    assert kind in {one.kind for one in found} or name == "sorted_by_class"  # of which one class is known by then


def test_rules_say_nothing_without_facts():
    assert judge(training(steps=0), RULES) == []
    assert judge(TrainingFacts(0, None, None, [], [], [], {}, {}, None, {}, {}, [], []), RULES) == []


def test_facts_of_a_batch_are_enough():
    "Nothing that an older version did not measure is needed"
    more = "number time input_models old_gradients graphs_alive cleared stepped empty_steps sequences terms classes correlation apart".split()
    for make in (*SOUND.values(), *(make for make, *_ in FAULTS.values())):
        facts = make()
        bare = [{name: value for name, value in one.items() if name not in more} for one in facts.losses]
        for rule in RULES: list(rule(facts._replace(losses=bare, setup=None, loaders=[], validations=[])))
