"""Cross-validation: a model, an optimizer and a run for each fold."""
import numpy as np
import torch
import torch.nn.functional as F
from mlxtend.data import iris_data
from tally import tally
from torch import nn, optim
from torch.utils.data import DataLoader, Subset, TensorDataset
from trainbook import watch  #+

torch.manual_seed(14)
x, y = iris_data()
data = TensorDataset(torch.tensor(x - x.mean(0), dtype=torch.float32), torch.tensor(y))
folds = np.array_split(np.random.default_rng(0).permutation(len(data)), 3)
scores = []


def fit(fold, epochs):
    model = nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 3))
    optimizer = optim.SGD(model.parameters(), lr=.3)
    train_loader = DataLoader(Subset(data, np.concatenate([part for i, part in enumerate(folds) if i != fold])), 25, shuffle=True)
    valid_x, valid_y = data[folds[fold]]
    with watch(model, optimizer, name=f"fold {fold}", config=dict(fold=fold)) as run:  #= with torch.enable_grad():
        for epoch in run.epochs(epochs):  #= for epoch in range(epochs):
            for xb, yb in run.batches(train_loader):  #= for xb, yb in train_loader:
                loss = F.cross_entropy(model(xb), yb)
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                run.log(loss=loss)  #+
                tally(loss=loss)
            with torch.no_grad():
                val_loss = F.cross_entropy(model(valid_x), valid_y)
            run.log(val_loss=val_loss)  #+
            tally.valid(val_loss=val_loss)
            tally.epoch()
    tally.keep(**{f"fold {fold}": model})
    return val_loss.item()


for fold in range(3):
    scores.append(fit(fold, 2))
