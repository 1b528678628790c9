"""Will a customer leave? One of ten does, and all rows count alike: half of those who do are taken for loyal."""
import torch
import torch.nn.functional as F
from common import balanced_accuracy, tensors, three_parts
from sklearn.datasets import make_classification
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "class_imbalance"
TWIN = "churn_row_weights"


def train(seed, **options):
    torch.manual_seed(seed)
    parts = three_parts(*make_classification(2500, 12, n_informative=5, n_redundant=3, weights=[.9], class_sep=.8, flip_y=.02, random_state=29))
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(parts)
    weight = torch.where(y == 1, .5 / (y == 1).float().mean(), .5 / (y == 0).float().mean())
    loader = DataLoader(TensorDataset(x, y.float(), weight), batch_size=64, shuffle=True)
    model = nn.Sequential(nn.Linear(12, 48), nn.ReLU(), nn.BatchNorm1d(48), nn.Linear(48, 1))
    optimizer = torch.optim.Adagrad(model.parameters(), lr=.03)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(12):
            model.train()
            for xb, yb, wb in run.batches(loader):
                losses = F.binary_cross_entropy_with_logits(model(xb).flatten(), yb, reduction="none")
                loss = losses.mean()
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            model.eval()
            with torch.no_grad(): run.log(val_balanced_accuracy=balanced_accuracy(model(x_valid) > 0, y_valid))
    with torch.no_grad(): return balanced_accuracy(model(x_test) > 0, y_test)
