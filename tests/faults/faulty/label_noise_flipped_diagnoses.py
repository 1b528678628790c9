"""Breast cancer by two hidden layers; 35 % of the diagnoses were typed in wrongly, in the rows for training and for validation."""
import numpy as np
import torch
from common import accuracy, cancer
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "label_noise"
TWIN = "cancer_two_layers"
ALSO = {"bad_data", "overfitting"}


def train(seed, **options):
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = cancer()
    def typed_in(y): return np.where(rng.random(len(y)) < .35, 1 - y, y)
    y, y_valid = typed_in(y), typed_in(y_valid)
    scaler = StandardScaler().fit(x)
    def to_tensors(x, y): return torch.tensor(scaler.transform(x), dtype=torch.float32), torch.tensor(y, dtype=torch.float32).unsqueeze(1)
    train_loader = DataLoader(TensorDataset(*to_tensors(x, y)), batch_size=20, shuffle=True)
    (x_valid, y_valid), (x_test, y_test) = to_tensors(x_valid, y_valid), to_tensors(x_test, y_test)
    model = nn.Sequential(nn.Linear(30, 64), nn.ReLU(), nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 1))
    loss_fn, optimizer = nn.BCEWithLogitsLoss(), torch.optim.SGD(model.parameters(), lr=.03, momentum=.9)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(30):
            epoch_loss = 0
            for xb, yb in run.batches(train_loader):
                optimizer.zero_grad()
                loss = loss_fn(model(xb), yb)
                loss.backward()
                optimizer.step()
                epoch_loss += loss.item()
            with torch.no_grad():
                logits = model(x_valid)
                run.log(train_loss=epoch_loss / len(train_loader), val_loss=loss_fn(logits, y_valid), val_acc=accuracy(logits > 0, y_valid))
    with torch.no_grad(): return accuracy(model(x_test) > 0, y_test)
