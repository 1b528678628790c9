"""Shapes by a small convolutional network with a running average of its weights; the gradients of the average are cleared, which has none, and those of
the network add up from step to step."""
import copy

import torch
import torch.nn.functional as F
from common import accuracy, shapes, tensors
from torch import nn

from trainbook import watch

KIND = "missing_zero_grad"
TWIN = "ema_of_weights"
WHERE = "optimizer.zero_grad()"
ALSO = {"exploding_gradient", "lr_too_high", "oscillating_loss", "plateau", "unstable"}


@torch.no_grad()
def update(average, model, decay=.97):
    for kept, new in zip(average.parameters(), model.parameters()): kept.lerp_(new, 1 - decay)


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(shapes())
    model = nn.Sequential(nn.Conv2d(1, 16, 5, stride=2), nn.GroupNorm(4, 16), nn.ReLU(), nn.Conv2d(16, 32, 3, stride=2), nn.ReLU(),
                          nn.Flatten(), nn.Linear(128, 4))
    average = copy.deepcopy(model).requires_grad_(False)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    with watch(dict(model=model, average=average), optimizer, **options) as run:
        for step in run.steps(400):
            rows = torch.randint(len(x), (32,))
            loss = F.cross_entropy(model(x[rows]), y[rows])
            average.zero_grad()
            loss.backward()
            optimizer.step()
            update(average, model)
            run.log(loss=loss)
            if step % 25 == 24:
                output = average(x_valid)
                run.log(val_loss=F.cross_entropy(output, y_valid), val_accuracy=accuracy(output.argmax(1), y_valid))
    return accuracy(average(x_test).argmax(1), y_test)
