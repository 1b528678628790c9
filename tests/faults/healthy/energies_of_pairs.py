"""The energy of four atoms, which is always below zero, from the six distances between them."""
import torch
from common import r2
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split

from trainbook import watch

KIND = None
AT_LEAST = 0.7


def atoms(n):
    generator = torch.Generator().manual_seed(17)
    distance = .95 + 1.2 * torch.rand(n, 6, generator=generator)
    energy = (torch.exp(-6 * (distance - 1.1)) - 2 * torch.exp(-3 * (distance - 1.1))).sum(1, keepdim=True) - 1
    return TensorDataset((distance - 1.5) / .4, energy)


def energy_net(width=40):
    return nn.Sequential(nn.Linear(6, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, valid_set, test_set = random_split(atoms(1200), [800, 200, 200], torch.Generator().manual_seed(1))
    train_dl, valid_dl = DataLoader(train_set, 16, shuffle=True), DataLoader(valid_set, 200)
    net, loss_fn = energy_net(), nn.SmoothL1Loss()
    opt = torch.optim.Adam(net.parameters(), lr=2e-3)
    with watch(net, opt, **options) as run:
        for epoch in run.epochs(15):
            net.train()
            for distances, energy in run.batches(train_dl):
                loss = loss_fn(net(distances), energy)
                opt.zero_grad()
                loss.backward()
                opt.step()
                run.log(train_loss=loss.item())
            net.eval()
            with torch.no_grad():
                for distances, energy in valid_dl: run.log(val_loss=loss_fn(net(distances), energy))
    with torch.no_grad(): x, y = (torch.stack(part) for part in zip(*test_set))
    return r2(net(x), y)
