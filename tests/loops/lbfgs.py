"""A sine wave is predicted with LBFGS, which calls a closure as often as it likes."""
import torch
from tally import tally
from torch import nn, optim
from trainbook import watch  #+

torch.manual_seed(5)
phase = torch.rand(8, 1) * 6
wave = torch.sin(torch.arange(20) / 3 + phase).double()
x, y, test_x, test_y = wave[2:, :-1], wave[2:, 1:], wave[:2, :-1], wave[:2, 1:]


class Sequence(nn.Module):
    def __init__(self):
        super().__init__()
        self.lstm, self.linear = nn.LSTM(1, 6, batch_first=True), nn.Linear(6, 1)

    def forward(self, sequence):
        return self.linear(self.lstm(sequence.unsqueeze(2))[0]).squeeze(2)


model, criterion = Sequence().double(), nn.MSELoss()
optimizer = optim.LBFGS(model.parameters(), lr=.8, max_iter=4)
run = watch(model, optimizer)  #+
for i in run.steps(10):  #= for i in range(10):
    def closure():
        optimizer.zero_grad()
        loss = criterion(model(x), y)
        loss.backward()
        return loss
    loss = optimizer.step(closure)
    run.log(loss=loss)  #+
    tally(loss=loss)
    with torch.no_grad():
        test_loss = criterion(model(test_x), test_y)
    run.log(val_loss=test_loss)  #+
    tally.valid(val_loss=test_loss)
tally.keep(model=model)
