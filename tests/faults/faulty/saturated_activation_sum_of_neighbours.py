"""To which of three communities does a person belong? A graph network whose tanh gets the sum over dozens of neighbours, not the mean: all units
say 1 or -1."""
import torch
import torch.nn.functional as F
from common import accuracy
from torch import nn

from trainbook import watch

KIND = "saturated_activation"
TWIN = "communities_graph_net"
WHERE = "act"
ALSO = {"overfitting", "plateau", "underfitting", "unnormalised_input", "vanishing_gradient"}


def graph(n=360):
    g = torch.Generator().manual_seed(23)
    y = torch.arange(n) % 3
    together = torch.where(y[:, None] == y[None], .16, .06)
    upper = (torch.rand(n, n, generator=g) < together).float().triu(1)
    adjacency = upper + upper.T + torch.eye(n)
    rate = .5 + .45 * F.one_hot(y, 3).float().repeat(1, 5) * torch.rand(15, generator=g)
    words = torch.poisson(rate, generator=g)
    order = torch.randperm(n, generator=g)
    return words, adjacency, y, order[:90], order[90:180], order[180:]


class GraphConv(nn.Module):
    def __init__(self, in_features, out_features):
        super().__init__()
        self.linear = nn.Linear(in_features, out_features)

    def forward(self, x, adjacency):
        return self.linear(adjacency @ x)


class GCN(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.conv1, self.conv2, self.act = GraphConv(15, hidden), GraphConv(hidden, hidden), nn.Tanh()
        self.classify = nn.Linear(hidden, 3)

    def forward(self, x, adjacency):
        x = self.act(self.conv1(x, adjacency))
        x = self.act(self.conv2(x, adjacency))
        return self.classify(x)


def train(seed, **options):
    torch.manual_seed(seed)
    x, adjacency, y, idx_train, idx_val, idx_test = graph()
    model = GCN()
    optimizer = torch.optim.Adam(model.parameters(), lr=.01, weight_decay=5e-4)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(150):
            model.train()
            optimizer.zero_grad()
            output = model(x, adjacency)
            loss_train = F.cross_entropy(output[idx_train], y[idx_train])
            loss_train.backward()
            optimizer.step()
            model.eval()
            with torch.no_grad(): output = model(x, adjacency)
            run.log(loss=loss_train, val_loss=F.cross_entropy(output[idx_val], y[idx_val]))
    with torch.no_grad(): return accuracy(model(x, adjacency)[idx_test].argmax(1), y[idx_test])
