"""Names of people and places in sentences, word by word: nine in ten words are neither; the cross entropy has weights of the classes. A bidirectional
LSTM, padding left out of the loss."""
import numpy as np
import torch
import torch.nn.functional as F
from common import balanced_accuracy
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
AT_LEAST = 0.6


def sentences(n=700, length=20):
    """Words 1 to 79; some are names after a certain word only, and a few of these are not names even then. Tags: 0 none, 1 person, 2 place; -100 padding."""
    rng = np.random.default_rng(32)
    x, tags = rng.integers(1, 60, (n, length)), np.zeros((n, length), int)
    for row in range(n):
        for place in rng.choice(np.arange(1, length), 2, replace=False):
            kind = rng.integers(1, 3)
            x[row, place - 1], x[row, place] = rng.choice([[1, 2], [3, 4]][kind - 1]), rng.integers(60, 80)
            tags[row, place] = kind if rng.random() < .45 else 0
        tags[row, :] *= 1
        end = rng.integers(12, length + 1)
        x[row, end:], tags[row, end:] = 0, -100
    return torch.tensor(x), torch.tensor(tags)


class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(80, 16, padding_idx=0)
        self.lstm = nn.LSTM(16, 16, batch_first=True, bidirectional=True)
        self.out = nn.Linear(32, 3)

    def forward(self, x): return self.out(self.lstm(self.embed(x))[0]).transpose(1, 2)


def train(seed, **options):
    torch.manual_seed(seed)
    x, tags = sentences()
    loader = DataLoader(TensorDataset(x[:450], tags[:450]), batch_size=15, shuffle=True)
    model = Tagger()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    weight = torch.tensor([.4, 4., 4.])
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(8):
            for words, targets in run.batches(loader):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(words), targets, weight=weight, ignore_index=-100)
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
            with torch.no_grad(): out = model(x[450:550])
            run.log(val_loss=F.cross_entropy(out, tags[450:550], weight=weight, ignore_index=-100).item())
    with torch.no_grad(): out = model(x[550:]).argmax(1)
    real = tags[550:] >= 0
    return balanced_accuracy(out[real], tags[550:][real])
