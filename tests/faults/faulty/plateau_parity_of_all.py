"""Is the number of ones odd? A GRU is asked at the end of 20 bits only; nothing leads there from a guess, and the loss stays at that of a coin."""
import torch
import torch.nn.functional as F
from common import accuracy
from torch import nn

from trainbook import watch

KIND = "plateau"
TWIN = "parity_every_step"
ALSO = {"underfitting", "vanishing_gradient"}


class Parity(nn.Module):
    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.GRU(1, 24, batch_first=True), nn.Linear(24, 1)

    def forward(self, bits):
        return self.head(self.rnn(bits.unsqueeze(-1) * 2 - 1)[0]).squeeze(-1)


def batch(n, length=20):
    bits = torch.randint(2, (n, length)).float()
    return bits, bits.cumsum(1) % 2


def loss_of(output, odd):
    return F.binary_cross_entropy_with_logits(output[:, -1], odd[:, -1])


def train(seed, **options):
    torch.manual_seed(seed)
    valid, test, model = batch(200), batch(500), Parity()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    with watch(model, optimizer, **options) as run:
        for step in run.steps(350):
            bits, odd = batch(32)
            loss = loss_of(model(bits), odd)
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.)
            optimizer.step()
            run.log(loss=loss)
            if step % 25 == 24:
                with torch.no_grad(): run.log(val_loss=loss_of(model(valid[0]), valid[1]))
    with torch.no_grad(): return accuracy(model(test[0])[:, -1] > 0, test[1][:, -1])
