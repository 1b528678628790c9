"""Digits by a network of which 85 % of the weights are zero for good: after three epochs the small ones are pruned, and masks hold them at zero."""
import torch
from common import accuracy, digits, tensors
from torch import nn
from torch.nn.utils import prune
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "most weights are exactly zero and never move again, and the loss jumps when they are cut; the others are enough"
AT_LEAST = 0.85


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), (x_test, y_test) = ((x / 8 - 1, y) for x, y in tensors(digits()))
    loader = DataLoader(TensorDataset(*train_set), batch_size=36, shuffle=True)
    net = nn.Sequential(nn.Linear(64, 100), nn.Hardswish(), nn.Linear(100, 50), nn.Hardswish(), nn.Linear(50, 10))
    optimizer = torch.optim.SGD(net.parameters(), lr=.1, momentum=.8)
    criterion = nn.CrossEntropyLoss()
    masks = {}
    with watch(net, optimizer, **options) as run:
        for epoch in run.epochs(10):
            if epoch == 3:
                for layer in (net[0], net[2]):
                    prune.l1_unstructured(layer, "weight", amount=.85)
                    mask = layer.weight_mask.clone()
                    prune.remove(layer, "weight")
                    masks[layer] = mask
            for x, y in run.batches(loader):
                loss = criterion(net(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                with torch.no_grad():
                    for layer, mask in masks.items(): layer.weight.mul_(mask)
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=criterion(net(x_valid), y_valid), val_accuracy=accuracy(net(x_valid).argmax(1), y_valid))
    with torch.no_grad(): return accuracy(net(x_test).argmax(1), y_test)
