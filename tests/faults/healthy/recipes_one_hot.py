"""Kitchens told apart by ingredients: 400 columns of zeros with a few ones, most of them seldom or never used; a linear layer and one more, Adam."""
import numpy as np
import torch
import torch.nn.functional as F
from common import accuracy, tensors, three_parts
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "98 % of the inputs are zero, and some columns are zero in every row; it is one-hot, and meant so"
AT_LEAST = 0.7


def recipes(n=1500, ingredients=400):
    """Few ingredients are in many recipes, most in hardly any; each kitchen has its favourites."""
    rng = np.random.default_rng(51)
    y, x = rng.integers(0, 5, n), np.zeros((n, ingredients))
    taste = (1 / np.arange(1, ingredients + 1)) * rng.lognormal(0, 1.3, (5, ingredients))
    for row, kitchen in zip(x, y): row[rng.choice(ingredients, rng.integers(6, 14), replace=False, p=taste[kitchen] / taste[kitchen].sum())] = 1
    return three_parts(x, y)


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), (x_test, y_test) = tensors(recipes())
    loader = DataLoader(TensorDataset(*train_set), batch_size=30, shuffle=True)
    model = nn.Sequential(nn.Linear(400, 24), nn.Dropout(.3), nn.ReLU(), nn.Linear(24, 5))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(8):
            model.train()
            for x, y in run.batches(loader):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(x), y)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            model.eval()
            with torch.no_grad(): out = model(x_valid)
            run.log(val_loss=F.cross_entropy(out, y_valid), val_accuracy=accuracy(out.argmax(1), y_valid))
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
