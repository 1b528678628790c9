"""Which of five waves is in a noisy signal? The signals were recorded form by form and come in this order, so that a batch holds one form and an epoch
ends with the last."""
import numpy as np
import torch
import torch.nn.functional as F
from common import accuracy, tensors, three_parts
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "no_shuffle"
TWIN = "waveforms_two_modules"
WHERE = "DataLoader"
ALSO = {"data_skew", "oscillating_loss", "overfitting", "train_eval_mode", "unstable"}


def waves(n=1200, length=48):
    rng = np.random.default_rng(30)
    t = (np.arange(length) / 16 * rng.uniform(.8, 1.4, (n, 1)) + rng.random((n, 1))) % 1
    y = rng.integers(0, 5, n)
    forms = np.stack([np.sin(2 * np.pi * t), np.sign(t - .5), 2 * t - 1, 1 - 2 * t, 1 - 4 * abs(t - .5)])
    return three_parts((forms[y, np.arange(n)] + rng.normal(0, .35, t.shape))[:, None], y)


def predict(encoder, head, x):
    encoder.eval()
    head.eval()
    with torch.no_grad(): return head(encoder(x))


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), (x_test, y_test) = tensors(waves())
    order = train_set[1].argsort()
    train_set = train_set[0][order], train_set[1][order]
    encoder = nn.Sequential(nn.Conv1d(1, 16, 7, stride=2), nn.BatchNorm1d(16), nn.ReLU(), nn.Conv1d(16, 24, 5, stride=2), nn.ReLU(),
                            nn.AdaptiveMaxPool1d(2), nn.Flatten())
    head = nn.Sequential(nn.Linear(48, 40), nn.ReLU(), nn.Dropout(.7), nn.Linear(40, 5))
    optimizer = torch.optim.NAdam([*encoder.parameters(), *head.parameters()], lr=4e-3)
    loader = DataLoader(TensorDataset(*train_set), batch_size=30)
    with watch(dict(encoder=encoder, head=head), optimizer, **options) as run:
        for epoch in run.epochs(14):
            encoder.train()
            head.train()
            for x, y in run.batches(loader):
                loss = F.cross_entropy(head(encoder(x)), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            output = predict(encoder, head, x_valid)
            run.log(val_loss=F.cross_entropy(output, y_valid), val_accuracy=accuracy(output.argmax(1), y_valid))
    return accuracy(predict(encoder, head, x_test).argmax(1), y_test)
