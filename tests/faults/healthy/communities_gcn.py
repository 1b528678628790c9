"""Communities in a graph of 300 nodes by a graph convolutional network; the whole graph at a time, a sixth of the nodes has a label."""
import torch
import torch.nn.functional as F
from common import accuracy
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.8


def graph(n=300, classes=5):
    g = torch.Generator().manual_seed(16)
    y = torch.randint(classes, (n,), generator=g)
    edge = torch.rand(n, n, generator=g) < torch.where(y[:, None] == y, .08, .012)
    adjacency = (edge.triu(1) | edge.triu(1).T | torch.eye(n, dtype=bool)).float()
    scale = adjacency.sum(1).rsqrt()
    x = F.one_hot(y, classes).float() @ torch.randn(classes, 16, generator=g) * .5 + torch.randn(n, 16, generator=g)
    return scale[:, None] * adjacency * scale, x, y, torch.randperm(n, generator=g).split([50, 100, 150])


class GCN(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.lin1, self.lin2 = nn.Linear(16, hidden), nn.Linear(hidden, 5)

    def forward(self, A, x):
        h = F.dropout(F.relu(A @ self.lin1(x)), .5, self.training)
        return A @ self.lin2(h)


def train(seed, **options):
    torch.manual_seed(seed)
    A, x, y, (train_mask, val_mask, test_mask) = graph()
    model = GCN()
    optimizer = torch.optim.Adam(model.parameters(), lr=.01, weight_decay=5e-3)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(range(1, 201)):
            model.train()
            optimizer.zero_grad()
            loss = F.cross_entropy(model(A, x)[train_mask], y[train_mask])
            loss.backward()
            optimizer.step()
            model.eval()
            with torch.no_grad(): out = model(A, x)
            run.log(loss=loss, val_loss=F.cross_entropy(out[val_mask], y[val_mask]), val_acc=accuracy(out[val_mask].argmax(1), y[val_mask]))
    return accuracy(out[test_mask].argmax(1), y[test_mask])
