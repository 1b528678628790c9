"""Two spirals told apart by a network of three layers; Learner, Adam."""
import torch
import torch.nn.functional as F
from common import accuracy, spirals, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner

KIND = None
AT_LEAST = 0.9


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, valid_set, (x_test, y_test) = tensors(spirals())
    model = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    learn = Learner(model, DataLoader(TensorDataset(*train_set), 32, shuffle=True), DataLoader(TensorDataset(*valid_set), 100), F.cross_entropy,
                    torch.optim.Adam(model.parameters(), lr=5e-3), **options)
    learn.fit(20)
    model.eval()
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
