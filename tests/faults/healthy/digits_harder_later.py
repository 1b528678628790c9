"""Digits by a CNN: upright ones for six epochs, then turned and noisy ones."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn

from trainbook import watch

KIND = None
SCARY = "the loss of the training jumps to many times what it was, in the middle: the pictures are harder from there on"
AT_LEAST = 0.8


def spoil(x, strength):
    """Turned by a little, with noise."""
    angle = strength * torch.randn(len(x)) * .25
    zero = torch.zeros_like(angle)
    turn = torch.stack([angle.cos(), -angle.sin(), zero, angle.sin(), angle.cos(), zero], 1).view(-1, 2, 3)
    return F.grid_sample(x, F.affine_grid(turn, x.shape, align_corners=False), align_corners=False) + strength * .25 * torch.randn_like(x)


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_val, y_val), (x_test, y_test) = ((x.view(-1, 1, 8, 8) / 16, y) for x, y in tensors(digits()))
    model = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
                          nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Flatten(), nn.Linear(512, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=.03, momentum=.9, weight_decay=1e-4)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(14):
            model.train()
            for rows in run.batches(torch.randperm(len(x)).split(64)):
                images = x[rows] if epoch < 6 else spoil(x[rows], 1.)
                loss = F.cross_entropy(model(images), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(train_loss=loss)
            model.eval()
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(x_val), y_val))
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
