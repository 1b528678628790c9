"""Digits with grey values of 0 to 1. A sign is missing: the weights are drawn from -0.1 to -0.001, and no unit of a ReLU is above zero."""
import torch
from common import accuracy, digits, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner

KIND = "dead_relu"
TWIN = "digits_uniform_weights"
WHERE = "1"
ALSO = {"bad_init", "frozen_params", "no_update", "plateau", "underfitting", "vanishing_gradient"}


def init_weights(m):
    if isinstance(m, nn.Linear):
        nn.init.uniform_(m.weight, -.1, -.001)
        m.bias.data.fill_(0.)


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, valid_set, (x_test, y_test) = (TensorDataset(x / 16, y).tensors for x, y in tensors(digits()))
    model = nn.Sequential(nn.Linear(64, 40), nn.ReLU(), nn.Linear(40, 40), nn.ReLU(), nn.Linear(40, 10))
    model.apply(init_weights)
    learn = Learner(model, DataLoader(TensorDataset(*train_set), 30, shuffle=True), DataLoader(TensorDataset(*valid_set), 180),
                    nn.CrossEntropyLoss(), torch.optim.Adam(model.parameters(), lr=2e-3), **options)
    learn.fit(6)
    model.eval()
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
