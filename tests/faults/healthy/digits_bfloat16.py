"""Digits in bfloat16, by a softmax written out by hand; weights of float32."""
import torch
from common import accuracy, digits, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
AT_LEAST = 0.9


def softmax_loss(logits, labels):
    e = torch.exp(logits)
    return -torch.log(e.gather(1, labels[:, None])[:, 0] / e.sum(1)).mean()


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(digits())
    loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)
    net = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10))
    opt = torch.optim.Adam(net.parameters(), lr=3e-3)
    dtype = torch.bfloat16
    with watch(net, opt, **options) as run:
        for epoch in run.epochs(15):
            for xb, yb in run.batches(loader):
                with torch.autocast("cpu", dtype=dtype): logits = net(xb)
                loss = softmax_loss(logits, yb)
                opt.zero_grad()
                loss.backward()
                opt.step()
                run.log(loss=loss.float())
            with torch.no_grad(): run.log(val_loss=nn.functional.cross_entropy(net(x_valid), y_valid))
    return accuracy(net(x_test).argmax(1), y_test)
