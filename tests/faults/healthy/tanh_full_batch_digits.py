"""Digits by tanh layers with Xavier's weights; RMSprop over steps, an accuracy on the way."""
import torch
from common import accuracy, digits, tensors
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.94


class MLP(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden1, self.hidden2, self.output = nn.Linear(64, 48), nn.Linear(48, 48), nn.Linear(48, 10)
        for layer in self.hidden1, self.hidden2: nn.init.xavier_uniform_(layer.weight)

    def forward(self, x):
        return self.output(torch.tanh(self.hidden2(torch.tanh(self.hidden1(x)))))


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(digits())
    mean, std = x.mean(), x.std()
    x, x_valid, x_test = ((part - mean) / std for part in (x, x_valid, x_test))
    model, loss_function = MLP(), nn.CrossEntropyLoss()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)
    run = watch(model, optimizer, **options)
    for step in run.steps(300):
        rows = torch.randperm(len(x))[:64]
        optimizer.zero_grad()
        prediction = model(x[rows])
        loss = loss_function(prediction, y[rows])
        loss.backward()
        optimizer.step()
        run.log(loss=loss, accuracy=(prediction.argmax(1) == y[rows]).float().mean())
        if step % 30 == 0:
            with torch.no_grad(): run.log(val_loss=loss_function(model(x_valid), y_valid))
    run.finish()
    return accuracy(model(x_test).argmax(1), y_test)
