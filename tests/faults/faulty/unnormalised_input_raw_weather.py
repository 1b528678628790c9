"""How many bicycles are rented in an hour, from the weather as it was measured: pascals by the thousand, metres by the ten thousand, and a flag."""
import numpy as np
import torch
from common import r2, three_parts
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner

KIND = "unnormalised_input"
TWIN = "rentals_by_weather"
WHERE = "x_train"
ALSO = {"dead_relu", "oscillating_loss", "plateau", "underfitting", "unstable"}


def rentals(n=2000):
    """Temperature (C), humidity (%), visibility (m), pressure (hPa), rain (mm), hour, working day; rentals in the city."""
    rng = np.random.default_rng(51)
    temperature, humidity = rng.normal(12, 9, n), rng.uniform(25, 100, n)
    visibility, pressure = rng.uniform(500, 20_000, n), rng.normal(1013, 9, n)
    rain, hour, working = rng.exponential(.6, n) * (rng.random(n) < .3), rng.integers(0, 24, n), rng.random(n) < .7
    commute = np.exp(-(hour - 8) ** 2 / 16) + np.exp(-(hour - 17.5) ** 2 / 20)
    leisure = np.exp(-(hour - 14) ** 2 / 40)
    mean = 1500 * (.15 + np.where(working, commute, leisure)) * np.exp(-((temperature - 22) / 25) ** 2) * np.exp(-.8 * rain) * (1.2 - humidity / 200)
    x = np.stack([temperature, humidity, visibility, pressure, rain, hour, working], 1)
    return three_parts(x, mean + rng.normal(0, 40, n))


def train(seed, **options):
    torch.manual_seed(seed)
    (x_train, y_train), (x_valid, y_valid), (x_test, y_test) = rentals()
    y_scaler = StandardScaler().fit(y_train[:, None])

    def dataset(x, y):
        y = y_scaler.transform(y[:, None])
        return TensorDataset(torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32))
    model = nn.Sequential(
        nn.Linear(7, 64), nn.ReLU(),
        nn.Linear(64, 64), nn.ReLU(),
        nn.Linear(64, 1))
    learner = Learner(model, DataLoader(dataset(x_train, y_train), batch_size=32, shuffle=True), DataLoader(dataset(x_valid, y_valid), batch_size=400),
                      nn.MSELoss(), torch.optim.Adam(model.parameters(), lr=5e-3), **options)
    learner.fit(15)
    test = dataset(x_test, y_test)
    return r2(learner.predict([test.tensors[0]]), test.tensors[1])
