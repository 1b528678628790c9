"""The sum of a sequence by a recurrent network without clipping: the short ones go well, and every fortieth batch, of long ones, ruins it."""
import torch
import torch.nn.functional as F
from common import r2
from torch import nn

from trainbook import watch

KIND = "unstable"
TWIN = "sequence_sums_clipped"
WHERE = "rnn"
ALSO = {"dead_relu", "exploding_gradient", "lr_too_high", "nan_loss", "oscillating_loss", "plateau"}
SINCE = 39


def sequences(n, length, generator):
    x = torch.rand(n, length, 1, generator=generator) - .4
    return x, x.sum((1, 2))


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(9)
    short, long, (x_test, y_test) = sequences(600, 8, g), sequences(60, 90, g), sequences(200, 12, g)
    rnn, readout = nn.RNN(1, 24, nonlinearity="relu", batch_first=True), nn.Linear(24, 1)
    model = nn.ModuleDict(dict(rnn=rnn, readout=readout))
    def predict(x): return readout(rnn(x)[0][:, -1]).squeeze(1)
    nn.init.eye_(rnn.weight_hh_l0)
    optimizer = torch.optim.SGD(model.parameters(), lr=.01)
    with watch(model, optimizer, **options) as run:
        for step in run.steps(400):
            x, y = long if step % 40 == 39 else short
            rows = torch.randint(len(x), (20,))
            loss = F.mse_loss(predict(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
            if step % 50 == 49:
                with torch.no_grad(): run.log(val_loss=F.mse_loss(predict(x_test), y_test))
    return r2(predict(x_test), y_test)
