"""The course of diabetes by a wide network with dropout of a half, trained for long."""
import torch
from common import diabetes, r2
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "the validation is better than the training, because of dropout"
AT_LEAST = 0.2


def train(seed, **options):
    torch.manual_seed(seed)
    parts = diabetes()
    x_scaler, y_scaler = StandardScaler().fit(parts[0][0]), StandardScaler().fit(parts[0][1][:, None])
    train_part, valid_part, test_part = ((torch.tensor(x_scaler.transform(x)).float(), torch.tensor(y_scaler.transform(y[:, None])).float()) for x, y in parts)
    train_dl, valid_dl = DataLoader(TensorDataset(*train_part), 45, shuffle=True), DataLoader(TensorDataset(*valid_part), 88)
    model = nn.Sequential(nn.Linear(10, 96), nn.ReLU(), nn.Dropout(.6), nn.Linear(96, 96), nn.ReLU(), nn.Dropout(.6), nn.Linear(96, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    criterion = nn.MSELoss()
    model.train()
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(70):
            model.train()
            for inputs, targets in run.batches(train_dl):
                loss = criterion(model(inputs), targets)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            model.eval()
            with torch.no_grad():
                for inputs, targets in run.batches(valid_dl, valid=True): run.log(val_loss=criterion(model(inputs), targets))
    return r2(model(test_part[0]), test_part[1])
