"""Digits by a wide network, validated every five steps; with a graph, and each loss is kept in the history together with all that its graph holds."""
import torch
import torch.nn.functional as F
from common import digits, memory, tensors
from torch import nn, optim

from trainbook import watch

KIND = "memory_leak"
TWIN = "digits_validated_often"
SINCE = 5


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), _ = ((x / 16, y) for x, y in tensors(digits()))
    model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 10))
    optimizer = optim.SGD(model.parameters(), lr=.1, momentum=.9)
    history = dict(loss=[], val_loss=[])
    with watch(model, optimizer, **options) as run:
        for step in run.steps(400):
            rows = torch.randperm(len(x))[:32]
            loss = F.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            history["loss"].append(loss.item())
            run.log(loss=history["loss"][-1])
            if step % 5 == 4:
                val_loss = F.cross_entropy(model(x_valid), y_valid)
                history["val_loss"].append(val_loss)
                run.log(val_loss=history["val_loss"][-1].item())
            if step == 20: before = memory()
    return 1 / (1 + max(0., memory() - before) / 20)
