"""A line through measurements with large errors; the rate is a hundred times smaller than it could be, which the scatter of the losses hides."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = "lr_too_low"
TWIN = "noisy_measurements"
WHERE = "lr"
ALSO = {"label_noise", "plateau", "underfitting"}


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(1)
    x = torch.randn(2000, 6, generator=g)
    truth = x @ torch.tensor([[1.5], [-2.], [.5], [0.], [1.], [.3]]) + .8
    y = truth + 2 * torch.randn(2000, 1, generator=g)
    model = nn.Sequential(nn.Linear(6, 16), nn.ELU(), nn.Linear(16, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-4)
    with watch(model, optimizer, **options) as run:
        for step in run.steps(600):
            rows = torch.randint(1500, (4,))
            loss = (model(x[rows]) - y[rows]).pow(2).mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            run.log(loss=loss)
            if step % 60 == 59:
                with torch.no_grad(): run.log(val_loss=(model(x[1500:]) - y[1500:]).pow(2).mean())
    return r2(model(x[1500:]), truth[1500:])
