"""Letters by a recurrent network whose decoder gives probabilities; cross_entropy takes them for logits."""
import math

import torch
import torch.nn.functional as F
from common import text
from torch import nn

from trainbook import watch

KIND = "double_softmax"
TWIN = "word_language_model"
WHERE = "cross_entropy"
ALSO = {"plateau", "underfitting"}


BPTT, BATCH = 20, 20


class RNNModel(nn.Module):
    def __init__(self, n_tokens, width=48):
        super().__init__()
        self.encoder, self.rnn, self.decoder = nn.Embedding(n_tokens, width), nn.RNN(width, width, nonlinearity="relu"), nn.Linear(width, n_tokens)
        self.drop = nn.Dropout(.1)

    def forward(self, x, hidden):
        output, hidden = self.rnn(self.drop(self.encoder(x)), hidden)
        return torch.softmax(self.decoder(self.drop(output)), dim=2), hidden


def batchify(tokens):
    return tokens[:len(tokens) // BATCH * BATCH].view(BATCH, -1).t().contiguous()


def get_batch(source, i):
    size = min(BPTT, len(source) - 1 - i)
    return source[i:i + size], source[i + 1:i + 1 + size].reshape(-1)


def evaluate(model, source):
    model.eval()
    total, hidden = 0., torch.zeros(1, BATCH, 48)
    with torch.no_grad():
        for i in range(0, len(source) - 1, BPTT):
            data, targets = get_batch(source, i)
            output, hidden = model(data, hidden)
            total += len(data) * F.cross_entropy(output.flatten(0, 1), targets).item()
    return total / (len(source) - 1)


def train(seed, **options):
    torch.manual_seed(seed)
    *parts, n_tokens = text()
    train_data, val_data, test_data = map(batchify, parts)
    model = RNNModel(n_tokens)
    optimizer = torch.optim.SGD(model.parameters(), lr=4.)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(10):
            model.train()
            hidden = torch.zeros(1, BATCH, 48)
            for i in run.batches(range(0, len(train_data) - 1, BPTT)):
                data, targets = get_batch(train_data, i)
                hidden = hidden.detach()
                optimizer.zero_grad()
                output, hidden = model(data, hidden)
                loss = F.cross_entropy(output.flatten(0, 1), targets)
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), .25)
                optimizer.step()
                run.log(loss=loss.item())
            run.log(val_loss=evaluate(model, val_data))
    score = math.exp(-evaluate(model, test_data))
    return score if math.isfinite(score) else 0.
