"""Does the letter a come before b? A small transformer with learned positions; every batch is made anew."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from common import accuracy

from trainbook import watch

KIND = None
AT_LEAST = 0.9


def make_batch(size, length=10):
    x = torch.randint(2, 20, (size, length))
    places = torch.rand(size, length).argsort(1)[:, :2]
    x[torch.arange(size), places[:, 0]] = 0
    x[torch.arange(size), places[:, 1]] = 1
    return x, (places[:, 0] < places[:, 1]).long()


class OrderModel(nn.Module):
    def __init__(self, d_model=32):
        super().__init__()
        self.letters, self.positions = nn.Embedding(20, d_model), nn.Embedding(10, d_model)
        self.layers = nn.TransformerEncoder(nn.TransformerEncoderLayer(d_model, 2, 64, 0., batch_first=True), 2, enable_nested_tensor=False)
        self.out = nn.Linear(d_model, 2)

    def forward(self, x):
        h = self.letters(x) + self.positions(torch.arange(x.shape[1]))
        return self.out(self.layers(h).mean(1))


def train(seed, **options):
    torch.manual_seed(seed)
    model = OrderModel()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    x_valid, y_valid = make_batch(200)
    x_test, y_test = make_batch(500)
    with watch(model, optimizer, **options) as run:
        for step in run.steps(220):
            x, y = make_batch(32)
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
            if step % 22 == 21:
                model.eval()
                with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(x_valid), y_valid))
                model.train()
    model.eval()
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
