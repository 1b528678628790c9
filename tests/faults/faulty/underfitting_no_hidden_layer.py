"""Two spirals, to be told apart by a straight line: the model has no hidden layer."""
import torch
import torch.nn.functional as F
from common import accuracy, spirals, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner

KIND = "underfitting"
TWIN = "spirals_relu"
ALSO = {"plateau"}


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, valid_set, (x_test, y_test) = tensors(spirals())
    model = nn.Sequential(nn.Linear(2, 2))
    learn = Learner(model, DataLoader(TensorDataset(*train_set), 32, shuffle=True), DataLoader(TensorDataset(*valid_set), 100), F.cross_entropy,
                    torch.optim.Adam(model.parameters(), lr=5e-3), **options)
    learn.fit(20)
    model.eval()
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
