"""Plants typical faults into typical networks, each into each, and says what was found: so many that no rule fits them one by one.

    python tests/faults/grid.py                     all, with seed 0
    python tests/faults/grid.py dead_relu cnn       faults, kinds and trainings by name, or part of a name
    python tests/faults/grid.py --seeds 0 1 2 -j 2  three seeds; two at a time

A fault that does no harm in a training counts neither way: its score must be below that of the sound training by more than `suite.CLEAR`.
"""
import argparse, copy, math, multiprocessing, tempfile, time, warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

import common
import torch
import torch.nn.functional as F
from common import tensors
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset, default_collate

import score as score_of
import suite

SOUND = {}  # name -> function that gives a `Training`
FAULTS = {}  # name -> (kind, kinds that are true as well, function that changes a `Training`)


# --- a training ---

@dataclass
class Training:
    """All that a training is made of, so that a fault can change one thing of it."""
    train: tuple  # of tensors (x, y)
    valid: tuple
    test: tuple
    model: nn.Module
    criterion: Callable
    measure: Callable  # (output, y) -> score
    optimizer: Callable  # (parameters) -> optimizer
    epochs: int = 15
    batch: int = 32
    shuffle: bool = True
    scheduler: "Callable | None" = None  # (optimizer, steps) -> scheduler, stepped once a batch
    clip: "float | None" = None
    parameters: Callable = lambda model: model.parameters()
    clears: Callable = lambda step: True
    steps: Callable = lambda step: True
    train_mode: bool = True
    valid_mode: bool = False
    before: Callable = lambda x, y: (x, y)  # what a batch goes through
    wait: float = 0.  # seconds to read a batch
    kept: "list | None" = None  # where the losses go, graph and all
    kind: str = "mlp"
    extra: Callable = lambda model: 0.  # added to the loss


def output_and_loss(training, x, y):
    output = training.model(x)
    return output, training.criterion(output, y)


def fit(training, **options):
    from trainbook import watch
    model = training.model
    def collate(samples):
        time.sleep(training.wait)
        return default_collate(samples)
    loader = DataLoader(TensorDataset(*training.train), training.batch, shuffle=training.shuffle, collate_fn=collate)
    valid_loader = DataLoader(TensorDataset(*training.valid), 128)
    optimizer = training.optimizer(training.parameters(model))
    scheduler = training.scheduler(optimizer, training.epochs * len(loader)) if training.scheduler else None
    step = 0
    with watch(model, optimizer, scheduler=scheduler, **options) as run:
        for epoch in run.epochs(training.epochs):
            model.train(training.train_mode)
            for x, y in run.batches(loader):
                x, y = training.before(x, y)
                if training.clears(step): optimizer.zero_grad()
                loss = output_and_loss(training, x, y)[1] + training.extra(model)
                loss.backward()
                if training.clip: nn.utils.clip_grad_norm_(model.parameters(), training.clip)
                if training.steps(step): optimizer.step()
                if scheduler: scheduler.step()
                if training.kept is not None: training.kept.append(loss)
                run.log(loss=loss)
                step += 1
            model.train(training.valid_mode)
            with torch.no_grad():
                outputs, losses = zip(*[output_and_loss(training, x, y) for x, y in valid_loader])
                sizes = torch.tensor([len(output) for output in outputs])
                score = training.measure(torch.cat(outputs), training.valid[1])
                run.log(val_loss=(torch.stack(losses) * sizes).sum() / sizes.sum(), **{f"val_{training.measure.__name__}": score})
    model.eval()
    with torch.no_grad(): return training.measure(training.model(training.test[0]), training.test[1])


def accuracy(output, y): return common.accuracy(output.argmax(-1) if output.ndim > 1 and output.shape[-1] > 1 else output.reshape(-1) > 0, y)
def balanced(output, y): return common.balanced_accuracy(output.argmax(-1), y)
def r2(output, y): return common.r2(output, y)


# --- sound trainings ---

def sound(function):
    SOUND[function.__name__] = function
    return function


def standardised(parts):
    mean, std = parts[0][0].mean(0), parts[0][0].std(0) + 1e-8
    return tuple(((x - mean) / std, y) for x, y in parts)


def layers(*sizes, act=nn.ReLU):
    stack = [layer for a, b in zip(sizes, sizes[1:]) for layer in (nn.Linear(a, b), act())]
    return nn.Sequential(*stack[:-1])


def adam(lr): return lambda parameters: optim.Adam(parameters, lr=lr)
def sgd(lr, momentum=.9): return lambda parameters: optim.SGD(parameters, lr=lr, momentum=momentum)


@sound
def digits_mlp():
    parts = tuple((x / 16, y) for x, y in tensors(common.digits()))
    return Training(*parts, layers(64, 64, 32, 10), F.cross_entropy, accuracy, adam(2e-3))


@sound
def wine_tanh():
    return Training(*standardised(tensors(common.wine())), layers(13, 24, 24, 3, act=nn.Tanh), F.cross_entropy, accuracy, sgd(.05), epochs=40, batch=16)


@sound
def cancer_binary():
    def loss(output, y): return F.binary_cross_entropy_with_logits(output.squeeze(-1), y.float())
    return Training(*standardised(tensors(common.cancer())), layers(30, 32, 16, 1), loss, accuracy, adam(1e-3), epochs=30, batch=16)


@sound
def houses_mlp():
    parts = standardised(tensors(common.houses()))
    mean, std = parts[0][1].mean(), parts[0][1].std()
    parts = tuple((x, ((y - mean) / std)[:, None]) for x, y in parts)
    return Training(*parts, layers(5, 64, 64, 1), nn.MSELoss(), r2, adam(3e-3), epochs=20)


@sound
def digits_cnn():
    parts = tuple(((x / 16).reshape(-1, 1, 8, 8), y) for x, y in tensors(common.digits()))
    model = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.ReLU(), nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
                          nn.Conv2d(32, 32, 3, padding=1), nn.ReLU(), nn.Flatten(), nn.Dropout(.2), nn.Linear(512, 10))
    return Training(*parts, model, nn.CrossEntropyLoss(), accuracy, adam(1e-3), epochs=10, kind="cnn")


@sound
def shapes_cnn_batchnorm():
    def block(a, b): return nn.Sequential(nn.Conv2d(a, b, 3, stride=2, padding=1), nn.BatchNorm2d(b), nn.ReLU())
    model = nn.Sequential(block(1, 16), block(16, 32), block(32, 32), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(32, 4))
    return Training(*tensors(common.shapes()), model, nn.CrossEntropyLoss(), accuracy, adam(5e-3), epochs=14, kind="cnn")


class LastState(nn.Module):
    def __init__(self, rnn, head, embedding=None, drop=0.):
        super().__init__()
        self.embedding, self.rnn, self.drop, self.head = embedding, rnn, nn.Dropout(drop), head

    def forward(self, x):
        if self.embedding: x = self.embedding(x)
        return self.head(self.drop(self.rnn(x)[0][:, -1]))


@sound
def digits_rows_gru():
    parts = tuple(((x / 16).reshape(-1, 8, 8), y) for x, y in tensors(common.digits()))
    model = LastState(nn.GRU(8, 48, batch_first=True), nn.Linear(48, 10))
    return Training(*parts, model, nn.CrossEntropyLoss(), accuracy, adam(3e-3), epochs=15, clip=1., kind="rnn")


@sound
def reviews_lstm():
    model = LastState(nn.LSTM(16, 24, batch_first=True, bidirectional=True), nn.Linear(48, 2), nn.Embedding(120, 16), .4)
    return Training(*tensors(common.reviews()), model, nn.CrossEntropyLoss(), accuracy, adam(4e-3), epochs=8, kind="rnn")


@sound
def demand_lstm():
    series = common.demand()
    series = (series - series[:900].mean()) / series[:900].std()
    x, y = (torch.tensor(a, dtype=torch.float32) for a in common.windows(series, 24))
    x, y = x[..., None], y[:, None]
    parts = (x[:850], y[:850]), (x[900:1100], y[900:1100]), (x[1150:], y[1150:])
    return Training(*parts, LastState(nn.LSTM(1, 32, batch_first=True), nn.Linear(32, 1)), nn.MSELoss(), r2, adam(5e-3), epochs=20, kind="rnn")


class Encoder(nn.Module):
    def __init__(self, width, classes, length, features, depth=2, drop=.1):
        super().__init__()
        self.embed = nn.Linear(features, width)
        self.positions = nn.Parameter(.02 * torch.randn(length, width))
        layer = nn.TransformerEncoderLayer(width, 4, 2 * width, drop, batch_first=True, norm_first=True)
        self.encoder, self.head = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False), nn.Linear(width, classes)

    def forward(self, x): return self.head(self.encoder(self.embed(x) + self.positions).mean(1))


@sound
def digits_rows_transformer():
    parts = tuple(((x / 16).reshape(-1, 8, 8), y) for x, y in tensors(common.digits()))
    return Training(*parts, Encoder(32, 10, 8, 8), nn.CrossEntropyLoss(), accuracy, adam(2e-3), epochs=14, kind="transformer")


class Letters(nn.Module):
    """A causal model of letters."""
    def __init__(self, letters, width=32, length=24, depth=2):
        super().__init__()
        self.embed, self.positions = nn.Embedding(letters, width), nn.Parameter(.02 * torch.randn(length, width))
        layer = nn.TransformerEncoderLayer(width, 4, 3 * width, .1, batch_first=True, norm_first=True)
        self.encoder, self.head = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False), nn.Linear(width, letters)
        self.register_buffer("mask", torch.full((length, length), -math.inf).triu(1))

    def forward(self, x): return self.head(self.encoder(self.embed(x) + self.positions, mask=self.mask))


@sound
def letters_transformer():
    *parts, letters = common.text()
    parts = tuple((part[:len(part) // 24 * 24 - 24].reshape(-1, 24), part[1:len(part) // 24 * 24 - 23].reshape(-1, 24)) for part in parts)
    def loss(output, y): return F.cross_entropy(output.flatten(0, 1), y.flatten())
    def accuracy(output, y): return common.accuracy(output.argmax(-1), y)
    return Training(*parts, Letters(letters), loss, accuracy, adam(3e-3), epochs=25, batch=32, kind="transformer")


@sound
def digits_autoencoder():
    parts = tuple((x / 16, x / 16) for x, y in tensors(common.digits()))
    return Training(*parts, nn.Sequential(layers(64, 48, 12), layers(12, 48, 64)), nn.MSELoss(), r2, adam(2e-3), epochs=20, kind="mlp")


# --- faults ---

class NotApplicable(Exception): pass


def fault(kind, *also):
    def keep(function):
        FAULTS[function.__name__] = kind, frozenset(also), function
        return function
    return keep


def need(is_so):
    if not is_so: raise NotApplicable


def is_classes(training): return training.train[1].dtype == torch.int64
def is_numbers(training): return training.train[0].dtype == torch.float32
def linears(training): return [module for module in training.model.modules() if isinstance(module, nn.Linear)]


def last_layer(training): return linears(training)[-1]


def change_x(training, change, parts=("train", "valid", "test")):
    for part in parts:
        x, y = getattr(training, part)
        setattr(training, part, (change(x), y))


def scale_rate(training, factor):
    old = training.optimizer
    def scaled(parameters):
        optimizer = old(parameters)
        for group in optimizer.param_groups: group["lr"] *= factor
        return optimizer
    training.optimizer = scaled


class Then(nn.Module):
    """A model and what comes after it."""
    def __init__(self, model, function):
        super().__init__()
        self.model, self.function = model, function
    def forward(self, x): return self.function(self.model(x))


@fault("lr_too_high", "exploding_gradient", "nan_loss", "dead_relu", "saturated_activation", "oscillating_loss", "unstable")
def rate_times_300(t): scale_rate(t, 300)


@fault("lr_too_high", "exploding_gradient", "nan_loss", "dead_relu", "saturated_activation", "oscillating_loss", "unstable")
def rate_times_60(t): scale_rate(t, 60)


@fault("lr_too_high", "exploding_gradient", "nan_loss", "dead_relu", "saturated_activation", "oscillating_loss", "unstable")
def rate_of_sgd(t): t.optimizer = sgd(3., .9)


@fault("lr_too_low", "underfitting")
def rate_over_1000(t): scale_rate(t, 1e-3)


@fault("lr_too_low", "underfitting")
def rate_over_200(t): scale_rate(t, 5e-3)


@fault("plateau", "lr_too_low", "underfitting")
def decays_at_once(t): t.scheduler = lambda optimizer, steps: optim.lr_scheduler.StepLR(optimizer, max(1, steps // 40), gamma=.1)


@fault("missing_zero_grad")
def never_cleared(t): t.clears = lambda step: False


@fault("no_update")
def never_stepped(t): t.steps = lambda step: False


@fault("no_update", "frozen_params")
def optimizer_of_a_copy(t): t.parameters = lambda model: copy.deepcopy(model).parameters()


@fault("frozen_params")
def only_the_head_is_given(t):
    head = last_layer(t)
    t.parameters = lambda model: head.parameters()


@fault("frozen_params")
def all_but_the_head_are_frozen(t):
    head = set(last_layer(t).parameters())
    for parameter in t.model.parameters(): parameter.requires_grad_(parameter in head)


@fault("double_softmax")
def softmax_before_cross_entropy(t):
    need(t.criterion is F.cross_entropy or isinstance(t.criterion, nn.CrossEntropyLoss))
    t.model = Then(t.model, nn.Softmax(dim=-1))


@fault("double_softmax", "wrong_loss")
def sigmoid_before_logits(t):
    need(last_layer(t).out_features == 1 and is_classes(t))
    t.model = Then(t.model, nn.Sigmoid())
    t.measure = named("accuracy", lambda output, y: common.accuracy(output.reshape(-1) > .5, y))


def named(name, function):
    function.__name__ = name
    return function


@fault("wrong_loss", "shape_broadcast")
def squares_of_class_numbers(t):
    need(is_classes(t) and last_layer(t).out_features > 2 and t.train[1].ndim == 1)
    head = last_layer(t)
    head.weight, head.bias, head.out_features = nn.Parameter(head.weight[:1].detach()), nn.Parameter(head.bias[:1].detach()), 1
    t.criterion = lambda output, y: F.mse_loss(output.squeeze(-1), y.float())
    t.measure = named("accuracy", lambda output, y: common.accuracy(output.reshape(-1).round(), y))


@fault("wrong_loss")
def logits_into_nll(t):
    need(is_classes(t) and last_layer(t).out_features > 1 and t.train[1].ndim == 1)
    t.criterion = nn.NLLLoss()


@fault("wrong_loss")
def squares_of_probabilities(t):
    need(is_classes(t) and last_layer(t).out_features > 2 and t.train[1].ndim == 1)
    classes = last_layer(t).out_features
    t.criterion = lambda output, y: F.mse_loss(output.softmax(-1), F.one_hot(y, classes).float())


@fault("shape_broadcast")
def flat_targets(t):
    need(t.measure is r2 and t.train[1].shape[-1] == 1)
    for part in ("train", "valid"): setattr(t, part, (getattr(t, part)[0], getattr(t, part)[1].squeeze(-1)))
    warnings.simplefilter("ignore")


@fault("train_eval_mode", "overfitting")
def trained_in_eval_mode(t):
    need(any(isinstance(m, (nn.Dropout, nn.BatchNorm2d)) and getattr(m, "p", 1) for m in t.model.modules()))
    t.train_mode = False


@fault("train_eval_mode")
def validated_in_train_mode(t):
    need(any(isinstance(m, (nn.Dropout, nn.BatchNorm2d)) and getattr(m, "p", 1) for m in t.model.modules()))
    t.valid_mode = True


@fault("no_shuffle")
def sorted_and_unshuffled(t):
    need(is_classes(t) and t.train[1].ndim == 1)
    order = t.train[1].argsort()
    t.train, t.shuffle = (t.train[0][order], t.train[1][order]), False


@fault("label_noise", "overfitting")
def half_of_the_labels_by_chance(t):
    need(is_classes(t) and t.train[1].ndim == 1)
    x, y = t.train
    noisy = torch.rand(len(y)) < .5
    t.train = x, torch.where(noisy, torch.randint(int(y.max()) + 1, y.shape), y)
    t.epochs *= 2


@fault("class_imbalance")
def one_class_is_nearly_all(t):
    need(is_classes(t) and t.train[1].ndim == 1)
    x, y = t.train
    keep = (y == 0) | (torch.rand(len(y)) < .04)
    t.train, t.epochs = (x[keep], y[keep]), 4 * t.epochs
    t.measure = balanced if last_layer(t).out_features > 1 else named("balanced", lambda output, y: common.balanced_accuracy(output.reshape(-1) > 0, y))


@fault("unnormalised_input", "saturated_activation", "exploding_gradient", "dead_relu", "lr_too_high", "unstable")
def inputs_times_255(t):
    need(is_numbers(t))
    change_x(t, lambda x: x * 255)


@fault("unnormalised_input", "saturated_activation", "exploding_gradient", "dead_relu", "lr_too_high", "unstable")
def a_column_in_thousands(t):
    need(is_numbers(t) and t.train[0].ndim == 2 and t.train[0] is not t.train[1])
    scale = torch.ones(t.train[0].shape[1])
    scale[::4] = 3000
    change_x(t, lambda x: x * scale + 5 * scale * (scale > 1))


@fault("unnormalised_input")
def inputs_far_from_zero(t):
    need(is_numbers(t))
    change_x(t, lambda x: x + 100)


@fault("unnormalised_target", "exploding_gradient", "lr_too_high", "unstable", "lr_too_low")
def targets_in_hundred_thousands(t):
    need(t.measure is r2)
    for part in ("train", "valid", "test"): setattr(t, part, (getattr(t, part)[0], getattr(t, part)[1] * 1e5 + 2e5))


@fault("bad_data", "nan_loss")
def some_inputs_are_nan(t):
    need(is_numbers(t))
    x = t.train[0].clone()
    x[torch.rand(len(x)) < .01] = math.nan
    t.train = x, t.train[1]


@fault("bad_data")
def holes_filled_with_a_sentinel(t):
    need(is_numbers(t) and t.train[0].ndim == 2)
    def holes(x):
        x = x.clone()
        x[torch.rand(x.shape) < .15] = -999.
        return x
    change_x(t, holes)


@fault("bad_data", "label_noise")
def rows_and_targets_shuffled_apart(t):
    t.train = t.train[0], t.train[1][torch.randperm(len(t.train[1]))]


@fault("leakage")
def the_target_is_among_the_inputs(t):
    need(is_numbers(t) and t.train[0].ndim == 2 and t.train[1].ndim < 3 and t.train[0].shape != t.train[1].shape)
    for part in ("train", "valid"):
        x, y = getattr(t, part)
        x = x.clone()
        x[:, 0] = y.reshape(-1).float()
        setattr(t, part, (x, y))


@fault("leakage")
def validated_on_training_rows(t):
    n = len(t.valid[0])
    t.train = tuple(a[:n] for a in t.train)
    t.valid, t.epochs = t.train, 2 * t.epochs


@fault("overfitting")
def sixty_samples_for_long(t):
    need(t.measure is not r2 or t.kind != "rnn")
    t.train = tuple(a[:60] for a in t.train)
    t.epochs *= 8


@fault("overfitting")
def a_tenth_and_a_wide_network(t):
    need(t.kind == "mlp" and t.train[0].ndim == 2)
    n = max(40, len(t.train[0]) // 10)
    t.train = tuple(a[:n] for a in t.train)
    t.model, t.epochs = layers(t.train[0].shape[1], 512, 512, last_layer(t).out_features), 10 * t.epochs


@fault("underfitting")
def two_hidden_units(t):
    need(t.kind == "mlp")
    t.model, t.epochs = layers(t.train[0].shape[1], 2, last_layer(t).out_features), 2 * t.epochs


@fault("underfitting")
def a_narrow_network(t):
    answers = last_layer(t).out_features
    if isinstance(t.model, Letters): t.model = Letters(t.model.embed.num_embeddings, 4, depth=1)
    elif t.kind == "cnn":
        t.model = nn.Sequential(nn.Conv2d(1, 2, 3, stride=2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2, answers))
    else:
        need(t.kind == "rnn" and isinstance(t.model.rnn, nn.GRU))
        t.model = LastState(nn.GRU(8, 2, batch_first=True), nn.Linear(2, answers))
    t.epochs *= 2


@fault("over_regularised", "underfitting")
def weight_decay_of_one(t):
    lr = t.optimizer([nn.Parameter(torch.zeros(1))]).param_groups[0]["lr"]
    t.optimizer = lambda parameters: optim.Adam(parameters, lr=lr, weight_decay=1.)


@fault("over_regularised", "underfitting")
def l2_by_hand(t): t.extra = lambda model: .5 * sum(parameter.square().sum() for parameter in model.parameters())


@fault("over_regularised", "underfitting")
def dropout_of_95(t):
    need(t.kind in ("mlp", "cnn") and isinstance(t.model, nn.Sequential))
    t.model = nn.Sequential(*[one for layer in t.model for one in ((layer, nn.Dropout(.95)) if isinstance(layer, nn.ReLU) else (layer,))])
    need(any(isinstance(layer, nn.Dropout) and layer.p == .95 for layer in t.model))


def deep(t, act, depth=14, width=32):
    need(t.kind == "mlp" and t.train[0].ndim == 2)
    t.model = layers(t.train[0].shape[1], *[width] * depth, last_layer(t).out_features, act=act)


@fault("vanishing_gradient", "saturated_activation", "bad_init", "underfitting", "plateau")
def fourteen_sigmoid_layers(t): deep(t, nn.Sigmoid)


@fault("vanishing_gradient", "bad_init", "underfitting", "plateau")
def twenty_five_tanh_layers_small(t):
    deep(t, nn.Tanh, 25)
    for layer in linears(t): nn.init.normal_(layer.weight, std=.05)


@fault("vanishing_gradient", "plateau")
def an_rnn_that_forgets(t):
    need(t.kind == "rnn" and is_classes(t))
    t.train, t.valid, t.test = tensors(common.first_symbol())
    t.model, t.epochs = LastState(nn.RNN(8, 24, batch_first=True), nn.Linear(24, 4), nn.Embedding(4, 8)), 15


@fault("exploding_gradient", "bad_init", "nan_loss", "lr_too_high", "unstable", "saturated_activation")
def twenty_relu_layers_large(t):
    deep(t, nn.ReLU, 20)
    for layer in linears(t): nn.init.normal_(layer.weight, std=.6)


@fault("exploding_gradient", "bad_init", "nan_loss", "lr_too_high", "unstable", "saturated_activation")
def a_recurrent_matrix_of_three(t):
    need(t.kind == "rnn" and t.model.embedding is None)
    features, out = t.train[0].shape[-1], last_layer(t).out_features
    t.model = LastState(nn.RNN(features, 48, nonlinearity="relu", batch_first=True), nn.Linear(48, out))
    nn.init.eye_(t.model.rnn.weight_hh_l0)
    t.model.rnn.weight_hh_l0.data *= 3
    t.clip = None


@fault("dead_relu", "bad_init", "vanishing_gradient", "no_update", "plateau")
def biases_of_minus_ten(t):
    found = [layer for layer in t.model.modules() if isinstance(layer, (nn.Linear, nn.Conv2d))]
    kinds = {type(layer) for layer in t.model.modules()}
    need(len(found) > 2 and nn.ReLU in kinds and nn.BatchNorm2d not in kinds and t.kind != "transformer")
    for layer in found[:-1]: nn.init.constant_(layer.bias, -10.)


@fault("saturated_activation", "bad_init", "vanishing_gradient", "plateau")
def tanh_with_weights_of_five(t):
    need(t.kind == "mlp")
    t.model = layers(t.train[0].shape[1], 64, 64, last_layer(t).out_features, act=nn.Tanh)
    for layer in linears(t)[:-1]: nn.init.normal_(layer.weight, std=5.)


@fault("saturated_activation", "bad_init", "vanishing_gradient", "plateau")
def sigmoid_with_weights_of_five(t):
    need(t.kind == "mlp")
    t.model = layers(t.train[0].shape[1], 64, 64, last_layer(t).out_features, act=nn.Sigmoid)
    for layer in linears(t)[:-1]: nn.init.normal_(layer.weight, std=5.)


def initialise(t, init):
    for parameter in t.model.parameters(): init(parameter)


@fault("bad_init", "vanishing_gradient", "no_update", "dead_relu", "plateau")
def all_zero(t): initialise(t, nn.init.zeros_)


@fault("bad_init", "plateau", "underfitting")
def all_a_half(t): initialise(t, lambda parameter: nn.init.constant_(parameter, .5))


@fault("bad_init", "exploding_gradient", "saturated_activation", "lr_too_high", "unstable", "lr_too_low")
def all_of_std_one(t): initialise(t, lambda parameter: nn.init.normal_(parameter, std=1.))


@fault("nan_loss", "exploding_gradient", "bad_data")
def log_of_a_probability(t):
    need(is_classes(t) and last_layer(t).out_features > 1 and t.train[1].ndim == 1)
    t.criterion = lambda output, y: -(torch.log((output * 40).softmax(-1) * F.one_hot(y, output.shape[-1]) + 0) * F.one_hot(y, output.shape[-1])).sum(-1).mean()


@fault("nan_loss", "exploding_gradient", "bad_data")
def a_root_near_zero(t):
    need(t.measure is r2)
    t.criterion = lambda output, y: ((output - y).square().sum(-1).clamp(min=.001) - .001).sqrt().mean() * .1 + F.mse_loss(output, y)


@fault("bad_data", "nan_loss")
def divided_by_a_batch_std(t):
    need(is_numbers(t))
    t.before = lambda x, y: ((x - x[:1].mean()) / x[:1].std(0, unbiased=True), y)


@fault("oscillating_loss", "lr_too_high", "unstable", "exploding_gradient")
def sgd_at_the_edge(t): t.optimizer = sgd(.6 if t.kind == "mlp" else .4, .95)


@fault("oscillating_loss", "lr_too_high", "unstable")
def adam_at_a_twentieth(t): t.optimizer = adam(5e-2)


@fault("data_bottleneck")
def a_slow_reader(t): t.wait = .03


@fault("data_skew", "overfitting")
def validated_on_a_shifted_camera(t):
    need(is_numbers(t))
    change_x(t, lambda x: x * 1.6 + .8, ("valid", "test"))


@fault("data_skew", "overfitting")
def trained_on_half_of_the_classes(t):
    need(is_classes(t) and t.train[1].ndim == 1 and last_layer(t).out_features > 2)
    keep = t.train[1] < (last_layer(t).out_features + 1) // 2
    t.train = tuple(a[keep] for a in t.train)


@fault("memory_leak")
def losses_with_their_graphs(t): t.kept = []


@fault("unstable", "lr_too_high", "exploding_gradient", "bad_data")
def a_batch_in_forty_is_huge(t):
    need(is_numbers(t))
    t.before = lambda x, y: (x * 200 if torch.rand(()) < .025 else x, y)


# --- running ---

@dataclass(frozen=True)
class Planted:
    """A fault in a training, with what `score` asks of a program."""
    sound: str
    fault: "str | None" = None
    KIND: "str | None" = None
    ALSO: frozenset = frozenset()
    WHERE: None = None
    SINCE: int = 0

    @property
    def name(self): return f"{self.fault or 'sound'} in {self.sound}"


def all_planted():
    for sound in SOUND:
        yield Planted(sound)
        for name, (kind, also, _) in FAULTS.items(): yield Planted(sound, name, kind, also)


def train_here(planted, seed, dir, results):
    """Sends the score and the folder of the run; None if the training has nothing that the fault could spoil."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # torch and trainbook warn of faults, as they should
    torch.manual_seed(seed)
    training = SOUND[planted.sound]()
    try:
        if planted.fault: FAULTS[planted.fault][2](training)
    except NotApplicable: return results.send(None)
    score = fit(training, dir=dir, name=planted.sound, view=None, checkpoint=None)
    [info] = Path(dir).glob("*/run.json")
    results.send((score, str(info.parent)))


def outcome(planted, seed, runs):
    """Trains in a process of its own, which sees nothing of what another one left behind."""
    dir = Path(runs, f"{planted.fault}-{planted.sound}-{seed}")
    dir.mkdir(parents=True)
    context = multiprocessing.get_context("fork")  # torch is imported once, by warm_up
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=train_here, args=(planted, seed, dir, there))
    process.start()
    there.close()
    try: return here.recv()
    except EOFError: raise RuntimeError(f"{planted.name} with seed {seed} failed; its error stands above") from None
    finally: process.join()


UNSCORED = {"data_bottleneck", "memory_leak", "leakage", "nan_loss", "train_eval_mode"}  # kinds whose harm is no lower score on these data


def is_harmful(planted, score, sound_score): return planted.KIND in UNSCORED or not score > sound_score - suite.CLEAR


def line(planted, verdict, score):
    """What was found in one training."""
    told = " ".join(f"{one.kind}@{one.step}" for one in verdict.told)
    is_right = score_of.is_diagnosed(planted, verdict)
    mark = "right" if is_right and score_of.is_first(planted, verdict.held) else "held" if is_right else "missed"
    late = "" if score_of.is_in_time(planted, verdict) else "late"
    return f"| {mark} | {late} | {planted.KIND} | {planted.name} | {score:.3f} | {verdict.steps} | {told} | {score_of.kinds_of(verdict.held)} |"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="faults, kinds and trainings by name, or part of a name; all of those given have to be there")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0])
    parser.add_argument("--runs", type=Path, help="an empty folder for the runs; by default a temporary one")
    parser.add_argument("-j", type=int, default=1, help="how many trainings run at a time")
    args = parser.parse_args()
    from trainbook import open_run
    chosen = [one for one in all_planted() if one.fault is None or all(name in f"{one.name} {one.KIND}" for name in args.names)]
    tasks = [(one, seed) for seed in args.seeds for one in chosen]
    suite.warm_up()
    runs = args.runs or tempfile.mkdtemp()
    with ThreadPoolExecutor(args.j) as pool: results = dict(zip(tasks, pool.map(lambda task: outcome(*task, runs), tasks)))
    results = {task: result for task, result in results.items() if result}
    harmful = {task: result for task, result in results.items()
               if task[0].fault is None or is_harmful(task[0], result[0], results[Planted(task[0].sound), task[1]][0])}
    verdicts = {task: score_of.live_verdict(open_run(folder)) for task, (_, folder) in harmful.items()}
    print(f"{len(verdicts)} trainings; in {len(results) - len(harmful)} others the fault did no harm", *score_of.figures(verdicts, args.seeds), "", sep="\n")
    print("| found | in time | kind | fault | score | steps | told | held |", "|---" * 8 + "|", sep="\n")
    for (one, seed), verdict in sorted(verdicts.items(), key=lambda item: (item[0][0].KIND or "", item[0][0].name)):
        if one.fault or verdict.told: print(line(one, verdict, harmful[one, seed][0]))


if __name__ == "__main__": main()
