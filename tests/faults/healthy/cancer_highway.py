"""Tumours by a highway network of twenty layers; the gates begin nearly closed, and every layer hands on what it is given."""
import torch
from common import accuracy, cancer, tensors
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
AT_LEAST = 0.88


class HighwayLayer(nn.Module):
    def __init__(self, size, gate_bias):
        super().__init__()
        self.H, self.T = nn.Linear(size, size), nn.Linear(size, size)
        self.T.bias.data.fill_(gate_bias)

    def forward(self, x):
        transform = torch.sigmoid(self.T(x))
        return torch.tanh(self.H(x)) * transform + x * (1 - transform)


class Highway(nn.Module):
    def __init__(self, size=20, depth=20):
        super().__init__()
        self.first = nn.Linear(30, size)
        self.layers = nn.Sequential(*[HighwayLayer(size, gate_bias=-3.) for _ in range(depth)])
        self.last = nn.Linear(size, 1)

    def forward(self, x):
        return self.last(self.layers(torch.tanh(self.first(x)))).squeeze(1)


def train(seed, **options):
    torch.manual_seed(seed)
    train_part, *others = cancer()
    scaler = StandardScaler().fit(train_part[0])
    (x, y), valid, (x_test, y_test) = tensors((scaler.transform(x), y.astype("float32")) for x, y in (train_part, *others))
    model = Highway()
    optimizer = torch.optim.SGD(model.parameters(), lr=.05)
    criterion = nn.BCEWithLogitsLoss()
    loader = DataLoader(TensorDataset(x, y), batch_size=20, shuffle=True)
    run = watch(model, optimizer, **options)
    for epoch in range(12):
        for features, target in loader:
            loss = criterion(model(features), target)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss.item())
        with torch.no_grad(): run.log(val_loss=criterion(model(valid[0]), valid[1]).item())
    run.finish()
    return accuracy(model(x_test) > 0, y_test)
