"""What is a house worth? A network with dropout on standardised columns, with Huber's loss; validation and estimates in the mode of evaluation."""
import torch
from common import houses, r2, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
AT_LEAST = 0.7


def standardise(parts):
    (x, y), *_ = parts
    return [((xs - x.mean(0)) / x.std(0), ((ys - y.mean()) / y.std()).unsqueeze(1)) for xs, ys in parts]


def build(n_in, width=64, p=.3):
    return nn.Sequential(
        nn.Linear(n_in, width), nn.ReLU(), nn.Dropout(p),
        nn.Linear(width, width), nn.ReLU(), nn.Dropout(p),
        nn.Linear(width, 1))


def estimate(regressor, x):
    regressor.eval()
    with torch.no_grad():
        return regressor(x)


def train(seed, **options):
    torch.manual_seed(seed)
    train_data, valid_data, test_data = standardise(tensors(houses()))
    train_dl = DataLoader(TensorDataset(*train_data), batch_size=50, shuffle=True)
    regressor = build(5)
    huber = nn.HuberLoss()
    optimizer = torch.optim.Adam(regressor.parameters(), lr=3e-3)
    with watch(regressor, optimizer, **options) as run:
        for epoch in run.epochs(15):
            regressor.train()
            for features, price in run.batches(train_dl):
                loss = huber(regressor(features), price)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(huber=loss.item())
            guess = estimate(regressor, valid_data[0])
            run.log(val_huber=huber(guess, valid_data[1]).item(), val_r2=r2(guess, valid_data[1]))
    return r2(estimate(regressor, test_data[0]), test_data[1])
