"""A regression whose batches are buckets of very different sizes. The loss is the sum over a batch: small ones go well, and each large one makes a
step thirty times as long, which throws the weights away."""
import torch
from common import r2, tensors, three_parts
from sklearn.datasets import make_friedman1
from torch import nn

from trainbook import watch

KIND = "unstable"
TWIN = "buckets_of_all_sizes"
ALSO = {"exploding_gradient", "lr_too_high", "nan_loss", "oscillating_loss", "plateau", "saturated_activation", "underfitting"}


class Regressor(nn.Module):
    def __init__(self):
        super().__init__()
        self.l1, self.l2, self.l3 = nn.Linear(10, 48), nn.Linear(48, 24), nn.Linear(24, 1)

    def forward(self, x):
        return self.l3(torch.tanh(self.l2(torch.tanh(self.l1(x)))))[:, 0]


def buckets(n):
    """Most of them small, one in twenty large."""
    order, sizes = torch.randperm(n), []
    while sum(sizes) < n: sizes.append(int(torch.randint(160, 240, ())) if torch.rand(()) < .05 else int(torch.randint(4, 12, ())))
    sizes[-1] -= sum(sizes) - n
    return order.split(sizes)


def train(seed, **options):
    torch.manual_seed(seed)
    x, y = make_friedman1(2000, 10, noise=.5, random_state=9)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(three_parts(2 * x - 1, (y - 14.4) / 5))
    model, criterion = Regressor(), nn.MSELoss(reduction="sum")
    optimizer = torch.optim.SGD(model.parameters(), lr=.02)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(12):
            for rows in run.batches(buckets(len(x))):
                loss = criterion(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_mse=((model(x_valid) - y_valid) ** 2).mean())
    with torch.no_grad(): return r2(model(x_test), y_test)
