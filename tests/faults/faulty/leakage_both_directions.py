"""The next chord of a song by a GRU that reads in both directions: backwards it has read the chord it is to guess. In use nothing comes after."""
import numpy as np
import torch
import torch.nn.functional as F
from common import accuracy
from torch import nn

from trainbook import watch

KIND = "leakage"
TWIN = "chords_next"
ALSO = {"overfitting"}


def songs(n, seed, length=20, chords=9):
    """After two chords comes the one that the rules want, two times of three; the rules are the same for all songs."""
    rules = np.random.default_rng(71).integers(0, chords, (chords, chords))
    rng = np.random.default_rng(seed)
    x = rng.integers(0, chords, (n, length))
    for i in range(2, length): x[:, i] = np.where(rng.random(n) < .67, rules[x[:, i - 2], x[:, i - 1]], x[:, i])
    return torch.from_numpy(x)


class ChordNet(nn.Module):
    def __init__(self, hidden=48):
        super().__init__()
        self.embedding = nn.Embedding(9, 12)
        self.gru = nn.GRU(12, hidden, batch_first=True, bidirectional=True)
        self.output = nn.Linear(2 * hidden, 9)

    def forward(self, x):
        states, _ = self.gru(self.embedding(x))
        return self.output(states)


def next_loss(model, x): return F.cross_entropy(model(x)[:, :-1].flatten(0, 1), x[:, 1:].flatten())


def train(seed, **options):
    torch.manual_seed(seed)
    train_songs, valid_songs, test_songs = songs(400, 72), songs(100, 73), songs(1000, 74)
    model = ChordNet()
    optimizer = torch.optim.RMSprop(model.parameters(), lr=5e-3)
    with watch(model, optimizer, **options) as run:
        for epoch in range(20):
            for batch in train_songs[torch.randperm(400)].split(40):
                optimizer.zero_grad()
                loss = next_loss(model, batch)
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.)
                optimizer.step()
                run.log(loss=loss.item())
            with torch.no_grad(): run.log(val_loss=next_loss(model, valid_songs).item())
    with torch.no_grad(): return accuracy(model(test_songs[:, :-1])[:, -1].argmax(1), test_songs[:, -1])
