"""`check` on twenty mistakes and twenty set-ups that are sound, some of which look as if they were not."""
import copy
import random

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_breast_cancer, load_diabetes, load_digits
from torch import nn
from torch.optim import LBFGS, SGD, Adam, AdamW

from trainbook import check

DIGITS = load_digits()
X, Y = torch.tensor(DIGITS.data / 16, dtype=torch.float32)[:64], torch.tensor(DIGITS.target)[:64]
AGE, PROGRESS = (torch.tensor(part[:64], dtype=torch.float32) for part in load_diabetes(return_X_y=True))
CANCER, IS_BENIGN = (torch.tensor(part[:64], dtype=torch.float32) for part in load_breast_cancer(return_X_y=True))
SCORE = (PROGRESS - PROGRESS.mean()) / PROGRESS.std()
TOKENS = torch.randint(50, (16, 12), generator=torch.Generator().manual_seed(0))
PLANTED, SOUND = {}, {}


def planted(kind, where=None):
    def keep(make):
        PLANTED[make.__name__] = make, kind, where
        return make
    return keep


def sound(make):
    SOUND[make.__name__] = make
    return make


def net(*ends, inputs=64, hidden=32, outputs=10): return nn.Sequential(nn.Linear(inputs, hidden), nn.ReLU(), nn.Linear(hidden, outputs), *ends)


def adam(model, rate=3e-3): return Adam(model.parameters(), rate)


def digits(model, loss=F.cross_entropy, x=X, y=Y, optimizer=None): return model, loss, (x, y), optimizer or adam(model)


# Mistakes

@planted("double_softmax")
def softmax_before_cross_entropy(): return digits(net(nn.Softmax(1)))


@planted("double_softmax")
def sigmoid_before_bce_with_logits():
    model = net(nn.Sigmoid(), inputs=30, outputs=1)
    return model, lambda out, y: F.binary_cross_entropy_with_logits(out.squeeze(1), y), ((CANCER - CANCER.mean(0)) / CANCER.std(0), IS_BENIGN), adam(model)


@planted("wrong_loss")
def nll_of_scores(): return digits(net(), F.nll_loss)


@planted("wrong_loss")
def nll_of_probabilities(): return digits(net(nn.Softmax(1)), F.nll_loss)


@planted("wrong_loss")
def cross_entropy_of_one_output(): return digits(net(outputs=1), y=torch.zeros_like(Y))


@planted("wrong_loss")
def squared_error_of_classes(): return digits(net(outputs=1), lambda out, y: ((out.squeeze(1) - y.float()) ** 2).mean())


@planted("wrong_loss", "output")
def relu_before_negative_targets(): return digits(net(nn.ReLU(), nn.Flatten(0), inputs=10, outputs=1), F.mse_loss, AGE * 20, SCORE)


@planted("unnormalised_target", "output")
def sigmoid_before_large_targets(): return digits(net(nn.Sigmoid(), nn.Flatten(0), inputs=10, outputs=1), F.mse_loss, AGE * 20, SCORE)


@planted("unnormalised_target", "target")
def targets_as_they_are(): return digits(net(nn.Flatten(0), inputs=10, outputs=1), F.mse_loss, AGE * 20, PROGRESS * 1000)


@planted("unnormalised_input", "inputs")
def columns_of_all_scales():
    return digits(net(nn.Flatten(0), inputs=30, outputs=1), F.binary_cross_entropy_with_logits, CANCER, IS_BENIGN)


@planted("unnormalised_input", "inputs")
def pixels_up_to_255(): return digits(net(), x=X * 255)


@planted("shape_broadcast")
def a_column_against_a_row(): return digits(net(inputs=10, outputs=1), F.mse_loss, AGE * 20, SCORE)


class WithList(nn.Module):
    def __init__(self):
        super().__init__()
        self.layers, self.head = [nn.Linear(64, 64), nn.Linear(64, 32)], nn.Linear(32, 10)

    def forward(self, x):
        for layer in self.layers: x = layer(x).relu()
        return self.head(x)


@planted("frozen_params", "model")
def layers_in_a_list(): return digits(WithList())


class Detached(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(64, 32), nn.Linear(32, 10)

    def forward(self, x): return self.head(torch.tensor(self.body(x).relu().detach().numpy()))


@planted("frozen_params", "body")
def by_way_of_numpy(): return digits(Detached())


@planted("frozen_params", "2")
def a_head_after_the_optimizer():
    model = net()
    optimizer = adam(model)
    model[2] = nn.Linear(32, 10)
    return digits(model, optimizer=optimizer)


@planted("no_update")
def an_optimizer_of_another_model(): return digits(net(), optimizer=adam(net()))


@planted("no_update")
def a_loss_from_the_predicted_class():
    def loss(out, y): return (out.argmax(1) != y).float().mean()
    return digits(net(), loss)


@planted("bad_init")
def weights_that_are_all_alike():
    model = net()
    for layer in model[::2]: nn.init.constant_(layer.weight, .1)
    return digits(model)


@planted("vanishing_gradient")
def twelve_sigmoids():
    layers = [layer for _ in range(12) for layer in (nn.Linear(64, 64), nn.Sigmoid())]
    return digits(nn.Sequential(*layers, nn.Linear(64, 10)))


@planted("lr_too_high")
def a_rate_of_thirty(): return digits(model := net(), optimizer=SGD(model.parameters(), 30.))


@planted("lr_too_low")
def a_rate_of_a_millionth(): return digits(model := net(), optimizer=SGD(model.parameters(), 3e-3))


@planted("bad_data", "inputs")
def a_nan_in_the_inputs():
    x = X.clone()
    x[3, 4] = torch.nan
    return digits(net(), x=x)


@planted("train_eval_mode")
def dropout_asleep(): return digits(nn.Sequential(nn.Linear(64, 32), nn.Dropout(.5), nn.Linear(32, 10)).eval())


@planted("no_shuffle")
def sorted_classes(): return digits(net(), y=torch.zeros_like(Y))


@planted("class_imbalance")
def one_in_sixteen(): return digits(net(outputs=2), y=(torch.arange(64) % 16 == 0).long())


@planted("dead_relu")
def biases_far_below():
    model = net()
    nn.init.constant_(model[0].bias, -5.)
    return digits(model)


@planted("saturated_activation")
def tanh_of_large_weights():
    model = nn.Sequential(nn.Linear(64, 32), nn.Tanh(), nn.Linear(32, 10))
    nn.init.normal_(model[0].weight, std=5.)
    return digits(model)


# Sound

@sound
def a_plain_net(): return digits(net())


@sound
def without_an_optimizer(): return (*digits(net())[:3], None)


@sound
def log_softmax_and_nll(): return digits(net(nn.LogSoftmax(1)), F.nll_loss)


@sound
def log_softmax_twice(): return digits(net(nn.LogSoftmax(1)))


@sound
def one_hot_and_smoothing(): return digits(net(), nn.CrossEntropyLoss(label_smoothing=.1), y=F.one_hot(Y, 10).float())


@sound
def a_sigmoid_for_shares(): return digits(net(nn.Sigmoid(), nn.Flatten(0), inputs=10, outputs=1), F.mse_loss, AGE * 20, (PROGRESS - 25) / 325)


@sound
def a_regression_of_ratings_with_two_outputs():
    return digits(net(inputs=10, outputs=2), F.smooth_l1_loss, AGE * 20, torch.stack([SCORE, -SCORE], 1))


@sound
def a_convolution_with_batch_norm():
    model = nn.Sequential(nn.Unflatten(1, (1, 8, 8)), nn.Conv2d(1, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Flatten(), nn.Linear(288, 10))
    return digits(model)


@sound
def raw_columns_into_batch_norm():
    return digits(nn.Sequential(nn.BatchNorm1d(30), net(nn.Flatten(0), inputs=30, outputs=1)), F.binary_cross_entropy_with_logits, CANCER, IS_BENIGN)


@sound
def a_backbone_that_is_frozen():
    model = net()
    model[0].requires_grad_(False)
    return digits(model, optimizer=Adam(model[2].parameters(), 1e-2))


@sound
def a_head_that_starts_at_zero():
    model = nn.Sequential(*[layer for _ in range(5) for layer in (nn.Linear(64, 64), nn.ReLU())], nn.Linear(64, 10))
    nn.init.zeros_(model[-1].weight)
    return digits(model)


@sound
def a_warm_up_from_zero():
    model = net()
    optimizer = adam(model)
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1., step / 100))
    assert optimizer.param_groups[0]["lr"] == 0
    return digits(model, optimizer=optimizer)


@sound
def frozen_batch_norms():
    model = nn.Sequential(nn.Linear(64, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(.2), nn.Linear(32, 10))
    model[1].eval()
    return digits(model)


@sound
def much_dropout(): return digits(nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Dropout(.7), nn.Linear(128, 10)))


@sound
def an_imbalance_that_is_weighed():
    return digits(net(outputs=2), nn.CrossEntropyLoss(torch.tensor([1., 15.])), y=(torch.arange(64) % 16 == 0).long())


class Language(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding, self.head = nn.Embedding(50, 32), nn.Linear(32, 50)
        self.encoder = nn.TransformerEncoderLayer(32, 4, 64, batch_first=True)
        self.unused = nn.Linear(32, 1)

    def forward(self, tokens): return self.head(self.encoder(self.embedding(tokens)))


@sound
def a_language_model_with_a_branch_that_is_not_used():
    def loss(out, tokens): return F.cross_entropy(out[:, :-1].flatten(0, 1), tokens[:, 1:].flatten())
    model = Language()
    return model, loss, (TOKENS, TOKENS), AdamW(model.parameters(), 1e-3)


class Gru(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.GRU(8, 16, batch_first=True), nn.Linear(16, 10)

    def forward(self, x): return self.head(self.rnn(x.unflatten(1, (8, 8)))[0][:, -1])


@sound
def a_recurrent_net(): return digits(Gru())


@sound
def lbfgs(): return digits(model := net(), optimizer=LBFGS(model.parameters(), .1, max_iter=4))


class ByName(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = net()

    def forward(self, pixels, mask): return self.body(pixels * mask)


@sound
def inputs_by_name():
    model = ByName()
    return model, F.cross_entropy, (dict(pixels=X, mask=torch.ones_like(X)), Y), adam(model)


@sound
def a_tiny_batch(): return digits(net(), x=X[:2], y=Y[:2])


@sound
def an_adversarial_input(): return digits(net(), x=X.clone().requires_grad_())


@sound
def a_discriminator_of_real_ones():
    model = net(nn.Flatten(0), outputs=1)
    return digits(model, F.binary_cross_entropy_with_logits, y=torch.ones(64))


def made(make):
    torch.manual_seed(0)
    return make()


def findings(make, **more):
    return [(finding.kind, finding.where) for finding in check(*made(make), seconds=60, **more).findings]


@pytest.mark.filterwarnings("ignore:Using a target size")
@pytest.mark.parametrize("name", PLANTED)
def test_a_mistake_is_found_and_nothing_else(name):
    make, kind, where = PLANTED[name]
    [(found, at)] = findings(make)
    assert found == kind and where in (None, at)


@pytest.mark.parametrize("name", SOUND)
def test_what_is_sound_is_left_in_peace(name): assert findings(SOUND[name]) == []


def test_there_are_enough_of_both(): assert len(PLANTED) >= 20 and len(SOUND) >= 20


@pytest.mark.parametrize("name", ["much_dropout", "a_convolution_with_batch_norm", "lbfgs"])
def test_everything_is_as_it_was(name):
    model, loss, batch, optimizer = made(SOUND[name])
    states = copy.deepcopy([model.state_dict(), optimizer.state_dict()])
    modes, numbers = [module.training for module in model.modules()], (torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate())
    check(model, loss, batch, optimizer)
    assert all(torch.equal(value, states[0][key]) for key, value in model.state_dict().items())
    assert optimizer.state_dict() == states[1] and [module.training for module in model.modules()] == modes
    assert all(parameter.grad is None for parameter in model.parameters())
    assert torch.get_rng_state().equal(numbers[0]) and (np.random.get_state()[1].tolist(), random.getstate()) == numbers[1:]


def test_a_model_that_can_t_be_copied():
    model = net()
    model.lock = __import__("threading").Lock()
    with pytest.raises(TypeError) as raised: check(*digits(model))
    assert "this one can't be copied" in str([*getattr(raised.value, "__notes__", ()), raised.value])
