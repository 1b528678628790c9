"""The sum of the two marked numbers of a sequence, by a plain RNN with ReLU that begins as the identity, as Le et al. do; gradients are clipped at 1."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.35


def adding_problem(n, length=20):
    values = torch.rand(n, length)
    marks = torch.zeros(n, length)
    rows = torch.arange(n)
    marks[rows, torch.randint(0, length // 2, (n,))] = 1
    marks[rows, torch.randint(length // 2, length, (n,))] = 1
    return torch.stack([values * 2 - 1, marks], -1), ((2 * values - 1) * marks).sum(1)


class IRNN(nn.Module):
    def __init__(self, hidden=64):
        super().__init__()
        self.rnn = nn.RNN(2, hidden, nonlinearity="relu", batch_first=True)
        self.fc = nn.Linear(hidden, 1)
        nn.init.eye_(self.rnn.weight_hh_l0)
        nn.init.normal_(self.rnn.weight_ih_l0, std=.05)
        nn.init.zeros_(self.rnn.bias_ih_l0)
        nn.init.zeros_(self.rnn.bias_hh_l0)

    def forward(self, x): return self.fc(self.rnn(x)[0][:, -1]).squeeze(1)


def train(seed, **options):
    torch.manual_seed(99)
    x_valid, y_valid = adding_problem(300)
    x_test, y_test = adding_problem(600)
    torch.manual_seed(seed)
    model = IRNN()
    optimizer = torch.optim.SGD(model.parameters(), lr=.05, momentum=.9)
    mse = nn.MSELoss()
    with watch(model, optimizer, **options) as run:
        for step in run.steps(500):
            x, y = adding_problem(32)
            loss = mse(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.)
            optimizer.step()
            for group in optimizer.param_groups: group["lr"] = .05 * (1 - step / 500)
            run.log(loss=loss.item())
            if step % 50 == 49:
                with torch.no_grad(): run.log(val_loss=mse(model(x_valid), y_valid).item())
    with torch.no_grad(): return r2(model(x_test).nan_to_num(), y_test)
