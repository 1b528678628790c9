"""The demand for power twelve hours ahead from the last 24 hours, by a GRU; standardised with the mean of the training; a Learner with gradient clipping
and early stopping."""
import torch
from common import demand, r2, windows
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import GradientClipping, Learner

KIND = None
AT_LEAST = 0.6


class Forecast(nn.Module):
    def __init__(self, hidden=16):
        super().__init__()
        self.gru, self.out = nn.GRU(1, hidden, batch_first=True), nn.Linear(hidden, 1)

    def forward(self, x):
        return self.out(self.gru(x)[0][:, -1]).squeeze(-1)


def train(seed, **options):
    torch.manual_seed(seed)
    series = demand()
    mean, std = series[:900].mean(), series[:900].std()
    def dataset(part):
        x, y = windows((part - mean) / std, 24)
        x, y = x[:-11], y[11:]
        return TensorDataset(torch.tensor(x, dtype=torch.float32).unsqueeze(-1), torch.tensor(y, dtype=torch.float32))
    train_set, valid_set, test_set = dataset(series[:900]), dataset(series[900:1150]), dataset(series[1150:])
    model = Forecast()
    learn = Learner(model, DataLoader(train_set, 32, shuffle=True), DataLoader(valid_set, 128), nn.MSELoss(), torch.optim.Adam(model.parameters(), lr=1e-2),
                    callbacks=[GradientClipping(1.)], **options)
    learn.fit(8)
    x, y = test_set.tensors
    return r2(learn.predict([x]), y)
