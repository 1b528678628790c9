"""Two spirals; the points were generated one spiral after the other, and the loader does not shuffle them; Learner."""
import torch
import torch.nn.functional as F
from common import accuracy, spirals, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner

KIND = "no_shuffle"
TWIN = "spirals_relu"
WHERE = "DataLoader"
ALSO = {"lr_too_high", "oscillating_loss", "plateau", "unstable"}


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, valid_set, (x_test, y_test) = tensors(spirals())
    order = train_set[1].argsort()
    train_set = [part[order] for part in train_set]
    model = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    learn = Learner(model, DataLoader(TensorDataset(*train_set), 32), DataLoader(TensorDataset(*valid_set), 100), F.cross_entropy,
                    torch.optim.Adam(model.parameters(), lr=5e-3), **options)
    learn.fit(20)
    model.eval()
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
