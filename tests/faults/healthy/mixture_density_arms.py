"""Where a robot's arm may be bent to reach a point: there are several answers, and a network says a mixture of five Gaussians."""
import torch
from common import r2
from torch import nn
from torch.distributions import Categorical, MixtureSameFamily, Normal

from trainbook import watch

KIND = None
SCARY = "the loss is negative for most of the time and falls further: a density may be above 1"
AT_LEAST = 0.9


def arms(n, generator):
    """x for a given y, where up to three x are right."""
    x = torch.rand(n, generator=generator)
    return (x + .3 * torch.sin(2 * torch.pi * x) + .01 * torch.randn(n, generator=generator))[:, None], x


class MDN(nn.Module):
    def __init__(self, k=5):
        super().__init__()
        self.hidden = nn.Sequential(nn.Linear(1, 40), nn.Tanh(), nn.Linear(40, 40), nn.Tanh())
        self.logits, self.means, self.log_stds = (nn.Linear(40, k) for _ in range(3))

    def forward(self, y):
        h = self.hidden(4 * y - 2)
        return MixtureSameFamily(Categorical(logits=self.logits(h)), Normal(self.means(h), self.log_stds(h).clamp(-5, 2).exp()))


def train(seed, **options):
    generator = torch.Generator().manual_seed(77)
    (y, x), (y_valid, x_valid), (y_test, x_test) = (arms(n, generator) for n in (1500, 300, 500))
    torch.manual_seed(seed)
    model = MDN()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 20, gamma=.3)
    with watch(model, optimizer, scheduler=scheduler, **options) as run:
        for epoch in run.epochs(40):
            for rows in run.batches(torch.randperm(1500).split(100)):
                optimizer.zero_grad()
                nll = -model(y[rows]).log_prob(x[rows]).mean()
                nll.backward()
                optimizer.step()
                run.log(nll=nll)
            scheduler.step()
            with torch.no_grad(): run.log(val_nll=-model(y_valid).log_prob(x_valid).mean())
    with torch.no_grad():
        mixture = model(y_test)
        nearest = (mixture.component_distribution.mean - x_test[:, None]).abs().argmin(1)
        return r2(mixture.component_distribution.mean.gather(1, nearest[:, None]), x_test)
