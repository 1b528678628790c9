"""The chance that the home team wins, by a sigmoid and the Brier score. The bias of the last layer begins at 9, where the sigmoid is flat."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = "saturated_activation"
TWIN = "matches_brier"
WHERE = "head"
ALSO = {"bad_init", "lr_too_low", "no_update", "plateau", "underfitting", "vanishing_gradient"}


def matches(n, g):
    """Difference in rating, form, rest and injuries; the probability that the home team wins, and whether it did."""
    x = torch.randn(n, 5, generator=g)
    chance = torch.sigmoid(1.6 * x[:, 0] + .8 * x[:, 1] - .6 * x[:, 2] * x[:, 3] + .3)
    return x, (torch.rand(n, generator=g) < chance).float(), chance


class WinProbability(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.head = nn.Linear(5, 24), nn.Linear(24, 1)
        nn.init.constant_(self.head.bias, 9.)

    def forward(self, x):
        return torch.sigmoid(self.head(torch.relu(self.body(x)))).squeeze(1)


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(96)
    (x, won, _), (x_val, won_val, _), (x_test, _, chance) = matches(3000, g), matches(500, g), matches(500, g)
    model = WinProbability()
    brier = nn.MSELoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=.3, momentum=.8)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(10):
            for rows in run.batches(torch.randperm(len(x)).split(75)):
                loss = brier(model(x[rows]), won[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(brier=loss)
            with torch.no_grad(): run.log(val_brier=brier(model(x_val), won_val))
    with torch.no_grad(): return r2(model(x_test), chance)
