"""Diabetes with error bars: dropout stays on in validation and use, by intention, and the mean over twenty passes is the prediction (Monte Carlo dropout)."""
import torch
from common import diabetes, r2
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "eval() is never called and dropout is at work in validation: twenty passes are averaged, and their spread is the error bar"
AT_LEAST = 0.2


@torch.no_grad()
def sample(model, x, passes=20):
    outputs = torch.stack([model(x) for _ in range(passes)])
    return outputs.mean(0), outputs.std(0)


def train(seed, **options):
    torch.manual_seed(seed)
    parts = diabetes()
    (x, y), _, _ = parts
    mean, std, y_mean, y_std = x.mean(0), x.std(0), y.mean(), y.std()
    train_set, (x_valid, y_valid), (x_test, y_test) = ((torch.tensor((x - mean) / std).float(), torch.tensor((y - y_mean) / y_std).float()) for x, y in parts)
    loader = DataLoader(TensorDataset(*train_set), batch_size=20, shuffle=True)
    model = nn.Sequential(nn.Linear(10, 64), nn.ReLU(), nn.Dropout(.2), nn.Linear(64, 64), nn.ReLU(), nn.Dropout(.2), nn.Linear(64, 1), nn.Flatten(0))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=.05)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(20):
            for xb, yb in run.batches(loader):
                loss = nn.functional.mse_loss(model(xb), yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            prediction, spread = sample(model, x_valid)
            run.log(val_loss=nn.functional.mse_loss(prediction, y_valid), val_spread=spread.mean())
    return r2(sample(model, x_test)[0], y_test)
