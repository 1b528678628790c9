"""The strength of concrete from its mix: 120 rows, a wide MLP and 80 epochs, with nothing to stop it; it learns the noise of the rows."""
import numpy as np
import torch
from common import r2
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "overfitting"
TWIN = "concrete_patience"


def concrete(n, rng):
    """Cement, slag, ash, water, plasticiser, coarse, fine, age: all standardised; strength in units of its spread."""
    x = rng.normal(size=(n, 8))
    y = .8 * x[:, 0] - .6 * x[:, 3] + .5 * np.tanh(1.5 * x[:, 7]) + .3 * x[:, 0] * x[:, 7] + .25 * x[:, 4] + rng.normal(0, .5, n)
    return torch.tensor(x, dtype=torch.float32), torch.tensor(y / 1.3, dtype=torch.float32)


def train(seed, **options):
    torch.manual_seed(seed)
    rng = np.random.default_rng(71)
    train_data, (x_val, y_val), (x_test, y_test) = concrete(120, rng), concrete(150, rng), concrete(400, rng)
    loader = DataLoader(TensorDataset(*train_data), batch_size=16, shuffle=True)
    model = nn.Sequential(nn.Linear(8, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 1))
    criterion = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(80):
            model.train()
            for features, strength in run.batches(loader):
                optimizer.zero_grad()
                loss = criterion(model(features).squeeze(1), strength)
                loss.backward()
                optimizer.step()
                run.log(train_loss=loss.item())
            model.eval()
            with torch.no_grad():
                val_loss = criterion(model(x_val).squeeze(1), y_val).item()
            run.log(val_loss=val_loss)
    with torch.no_grad(): return r2(model(x_test), y_test)
