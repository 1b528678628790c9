"""A network that reads digits is to read them in a mirror by low-rank sums (LoRA). Both factors of each begin at zero, and then neither has a gradient,
ever."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "bad_init"
TWIN = "mirrored_lora"
ALSO = {"frozen_params", "no_update", "plateau", "underfitting", "vanishing_gradient"}


class LoRALinear(nn.Module):
    def __init__(self, base, rank=8):
        super().__init__()
        self.base = base.requires_grad_(False)
        self.A = nn.Parameter(torch.zeros(rank, base.in_features))
        self.B = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x) + x @ self.A.T @ self.B.T


def mirrored(x): return x.view(-1, 8, 8).flip(2).flatten(1)


def pretrained(x, y):
    model = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    for _ in range(80):
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((x / 16, y) for x, y in tensors(digits()))
    model = pretrained(x, y)
    for i in (0, 2, 4): model[i] = LoRALinear(model[i])
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=1e-2, weight_decay=0.)
    loader = DataLoader(TensorDataset(mirrored(x), y), batch_size=64, shuffle=True)
    with watch(model, optimizer, config=dict(rank=8), **options) as run:
        for epoch in run.epochs(18):
            for xb, yb in run.batches(loader):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(xb), yb)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(mirrored(x_valid)), y_valid))
    with torch.no_grad(): return accuracy(model(mirrored(x_test)).argmax(1), y_test)
