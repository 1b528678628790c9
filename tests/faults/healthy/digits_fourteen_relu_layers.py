"""Digits by fourteen ReLU layers without normalisation or shortcuts, whose weights begin as He et al. say."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "fourteen plain layers; with these weights the signal keeps its size"
AT_LEAST = 0.85


class DeepNet(nn.Module):
    def __init__(self, depth=14, width=64):
        super().__init__()
        self.fcs = nn.ModuleList([nn.Linear(64 if i == 0 else width, width) for i in range(depth)])
        self.out = nn.Linear(width, 10)
        for fc in self.fcs:
            fan_in = fc.weight.shape[1]
            nn.init.normal_(fc.weight, std=(2 / fan_in) ** .5)
            nn.init.zeros_(fc.bias)

    def forward(self, x):
        for fc in self.fcs: x = F.relu(fc(x))
        return self.out(x)


def evaluate(net, x, y):
    with torch.no_grad(): logits = net(x)
    return F.cross_entropy(logits, y).item(), accuracy(logits.argmax(1), y)


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, valid, test = tensors(digits())
    mean, std = train_set[0].mean(), train_set[0].std()
    (x, y), valid, test = (((a - mean) / std, b) for a, b in (train_set, valid, test))
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True, drop_last=True)
    net = DeepNet()
    optimizer = torch.optim.SGD(net.parameters(), lr=.01, momentum=.9, weight_decay=1e-4)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=12)
    with watch(net, optimizer, scheduler=scheduler, config=dict(depth=14), **options) as run:
        for epoch in run.epochs(12):
            for xb, yb in run.batches(loader):
                loss = F.cross_entropy(net(xb), yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            scheduler.step()
            val_loss, val_acc = evaluate(net, *valid)
            run.log(val_loss=val_loss, val_acc=val_acc)
    return evaluate(net, *test)[1]
