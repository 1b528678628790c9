"""Headlines of four desks by the mean of the vectors of their words; the vocabulary is that of the training, and other words are number 0."""
from collections import Counter

import numpy as np
import torch
from common import accuracy
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.8


def headlines(n=1400):
    rng = np.random.default_rng(24)
    desk = rng.integers(0, 4, n)
    def word(d): return f"{'abcd'[d]}{int(rng.exponential(15))}" if rng.random() < .45 else f"w{int(rng.exponential(60))}"
    return [[word(d) for _ in range(rng.integers(5, 12))] for d in desk], torch.tensor(desk)


def vocabulary(texts, size=250):
    return {word: number + 1 for number, (word, _) in enumerate(Counter(word for text in texts for word in text).most_common(size))}


def encode(texts, vocab, length=12):
    ids = torch.zeros(len(texts), length, dtype=torch.long)
    for row, text in enumerate(texts): ids[row, :len(text)] = torch.tensor([vocab.get(word, 0) for word in text])
    return ids


def train(seed, **options):
    torch.manual_seed(seed)
    texts, y = headlines()
    vocab = vocabulary(texts[:800])
    x, x_valid, x_test = encode(texts[:800], vocab), encode(texts[800:1000], vocab), encode(texts[1000:], vocab)
    model = nn.Sequential(nn.EmbeddingBag(251, 24, padding_idx=0), nn.Linear(24, 4))
    opt = torch.optim.Adagrad(model.parameters(), lr=.1)
    loss_fn = nn.CrossEntropyLoss()
    with watch(model, opt, **options) as run:
        for epoch in run.epochs(10):
            for rows in run.batches(torch.randperm(800).split(25)):
                opt.zero_grad()
                loss = loss_fn(model(x[rows]), y[:800][rows])
                loss.backward()
                opt.step()
                run.log(loss=loss)
            with torch.no_grad(): out = model(x_valid)
            run.log(val_loss=loss_fn(out, y[800:1000]), val_accuracy=accuracy(out.argmax(1), y[800:1000]))
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y[1000:])
