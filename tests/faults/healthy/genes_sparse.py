"""A trait from 200 genes, of which six matter, by a linear model with a strong L1 penalty (lasso); full batches, Adam, the rate falls."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = None
SCARY = "most of the loss is the penalty, and it presses all but a few weights to zero; six genes of 200 matter, and these are left"
AT_LEAST = 0.8


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(27)
    x = torch.randn(520, 200, generator=g)
    y = x[:, :6] @ torch.tensor([1.5, -1.2, 1., .9, -.8, .7]) + .4 * torch.randn(520, generator=g)
    model = nn.Sequential(nn.Linear(200, 1), nn.Flatten(0))
    optimizer = torch.optim.Adam(model.parameters(), lr=.03)
    scheduler = torch.optim.lr_scheduler.ExponentialLR(optimizer, .985)
    def mse(rows): return nn.functional.mse_loss(model(x[rows]), y[rows])
    with watch(model, optimizer, scheduler=scheduler, **options) as run:
        for step in run.steps(300):
            loss = mse(slice(160)) + .15 * model[0].weight.abs().sum()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            run.log(loss=loss)
            if step % 10 == 9:
                with torch.no_grad(): run.log(train_mse=mse(slice(160)), val_mse=mse(slice(160, 280)))
    return r2(model(x[280:]), y[280:])
