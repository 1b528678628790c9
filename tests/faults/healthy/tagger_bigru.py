"""Tags of words in sentences by a bidirectional GRU: the tag of a word depends on it and on the word before."""
import torch
from common import accuracy
from torch import nn
from torch.nn import functional as F

from trainbook import watch

KIND = None
AT_LEAST = 0.9


def sentences(n, g):
    words = torch.randint(40, (n, 12), generator=g)
    tags = words % 4
    tags[:, 1:] = torch.where(words[:, :-1] < 8, (tags[:, 1:] + 2) % 4, tags[:, 1:])
    return words, tags


class Tagger(nn.Module):
    def __init__(self, hidden=24):
        super().__init__()
        self.embed = nn.Embedding(40, 16)
        self.gru = nn.GRU(16, hidden, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(2 * hidden, 4)

    def forward(self, words):
        return self.fc(self.gru(self.embed(words))[0])


def loss_of(model, words, tags):
    return F.cross_entropy(model(words).transpose(1, 2), tags)


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(15)
    (words, tags), (words_valid, tags_valid), (words_test, tags_test) = sentences(250, g), sentences(100, g), sentences(200, g)
    model = Tagger()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(20):
            for rows in run.batches(torch.randperm(250).split(25)):
                model.zero_grad()
                loss = loss_of(model, words[rows], tags[rows])
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad():
                run.log(val_loss=loss_of(model, words_valid, tags_valid), val_accuracy=accuracy(model(words_valid).argmax(2), tags_valid))
    with torch.no_grad(): return accuracy(model(words_test).argmax(2), tags_test)
