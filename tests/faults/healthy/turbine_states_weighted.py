"""The state of a turbine from 24 vibrations: four faults have one to three per cent of the rows each; class weights by counts, in a Learner."""
import numpy as np
import torch
from common import balanced_accuracy, tensors, three_parts
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner

KIND = None
SCARY = "four of five classes have one to three per cent of the rows; but the loss has weights by counts"
AT_LEAST = 0.5


def turbines(n=5000):
    rng = np.random.default_rng(33)
    y = rng.choice(5, n, p=[.92, .03, .02, .02, .01])
    centres = rng.normal(0, 1, (5, 24)) * (np.arange(5) > 0)[:, None]
    return three_parts(rng.normal(0, 1, (n, 24)) + .45 * centres[y] + .3 * rng.normal(0, 1, (n, 1)), y, (.5, .2, .3))


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, valid_set, (x_test, y_test) = tensors(turbines())
    model = nn.Sequential(nn.Linear(24, 32), nn.ELU(), nn.Dropout(.1), nn.Linear(32, 5))
    counts = torch.bincount(train_set[1])
    loss = nn.CrossEntropyLoss(weight=counts.sum() / (5 * counts))
    adamw = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=.05)
    learn = Learner(model, DataLoader(TensorDataset(*train_set), 100, shuffle=True), DataLoader(TensorDataset(*valid_set), 500), loss, adamw, **options)
    learn.fit(10)
    return balanced_accuracy(learn.predict([x_test]).argmax(1), y_test)
