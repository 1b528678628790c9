"""Prices of houses, and how sure they are. The variance goes through a ReLU, and where it is zero the loss divides by it and takes its logarithm."""
import torch
from common import houses, r2
from torch import nn

from trainbook import watch

KIND = "nan_loss"
TWIN = "houses_with_variance"
ALSO = {"bad_data", "dead_relu", "exploding_gradient", "unstable"}


class MeanAndVariance(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(5, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh())
        self.mean, self.variance = nn.Linear(48, 1), nn.Linear(48, 1)

    def forward(self, x):
        h = self.body(x)
        return self.mean(h).squeeze(1), torch.relu(self.variance(h)).squeeze(1)


def likelihood(mean, variance, y):
    return .5 * (torch.log(variance) + (y - mean) ** 2 / variance).mean()


def train(seed, **options):
    torch.manual_seed(seed)
    parts = [(torch.tensor(x).float(), torch.tensor(y).float()) for x, y in houses()]
    x_mean, x_std, y_mean, y_std = parts[0][0].mean(0), parts[0][0].std(0), parts[0][1].mean(), parts[0][1].std()
    (x, y), (x_valid, y_valid), (x_test, y_test) = (((x - x_mean) / x_std, (y - y_mean) / y_std) for x, y in parts)
    model = MeanAndVariance()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(20):
            for rows in run.batches(torch.randperm(len(x)).split(36)):
                optimizer.zero_grad()
                mean, variance = model(x[rows])
                loss = likelihood(mean, variance, y[rows])
                loss.backward()
                optimizer.step()
                run.log(loss=loss, std=variance.detach().mean().sqrt())
            with torch.no_grad(): run.log(val_loss=likelihood(*model(x_valid), y_valid))
    return r2(model(x_test)[0], y_test)
