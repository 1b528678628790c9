"""The next letter by a GRU over windows drawn by chance; Adam with the usual betas, validation every fifty steps."""
import torch
import torch.nn.functional as F
from common import text
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.5


class CharGRU(nn.Module):
    def __init__(self, letters, width=40):
        super().__init__()
        self.embed, self.gru, self.head = nn.Embedding(letters, 16), nn.GRU(16, width, batch_first=True), nn.Linear(width, letters)

    def forward(self, x):
        return self.head(self.gru(self.embed(x))[0])


def get_batch(data, n=24, length=24):
    at = torch.randint(len(data) - length - 1, (n,))
    return torch.stack([data[i:i + length] for i in at]), torch.stack([data[i + 1:i + 1 + length] for i in at])


@torch.no_grad()
def loss_of(model, data):
    rows = data[:len(data) // 25 * 25].view(-1, 25)
    return F.cross_entropy(model(rows[:, :-1]).flatten(0, 1), rows[:, 1:].flatten())


def train(seed, **options):
    torch.manual_seed(seed)
    train_data, val_data, test_data, letters = text()
    model = CharGRU(letters)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2, betas=(.9, .999))
    with watch(model, optimizer, **options) as run:
        for step in run.steps(250):
            x, y = get_batch(train_data)
            loss = F.cross_entropy(model(x).flatten(0, 1), y.flatten())
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
            if step % 50 == 49: run.log(val_loss=loss_of(model, val_data))
    return float(loss_of(model, test_data).nan_to_num(99.).neg().exp())
