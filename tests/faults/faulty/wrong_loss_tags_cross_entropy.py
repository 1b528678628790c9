"""Tags of recipes, of which each may have several. The cross-entropy shares one probability out among all tags, and what is compared with .5 means
nothing."""
import numpy as np
import torch
from common import balanced_accuracy, tensors, three_parts
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner

KIND = "wrong_loss"
TWIN = "recipe_tags"
WHERE = "CrossEntropyLoss"
ALSO = {"plateau", "unstable"}


def recipes(n=2000, n_ingredients=50, n_tags=6):
    rng = np.random.default_rng(24)
    x = (rng.random((n, n_ingredients)) < .2).astype(float)
    weights = rng.normal(size=(n_ingredients, n_tags)) * (rng.random((n_ingredients, n_tags)) < .4)
    score = x @ weights + .3 * rng.normal(size=(n, n_tags))
    return three_parts(x, (score > np.quantile(score, [.5, .6, .65, .7, .75, .8], axis=0).diagonal()).astype(float))


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, valid_set, (x_test, y_test) = tensors(recipes())
    model = nn.Sequential(nn.Linear(50, 64), nn.ReLU(), nn.Linear(64, 6))
    learn = Learner(model, DataLoader(TensorDataset(*train_set), 40, shuffle=True), DataLoader(TensorDataset(*valid_set), 200), nn.CrossEntropyLoss(),
                    torch.optim.Adam(model.parameters(), lr=3e-3), **options)
    learn.fit(8)
    model.eval()
    with torch.no_grad(): return balanced_accuracy(model(x_test).sigmoid() > .5, y_test)
