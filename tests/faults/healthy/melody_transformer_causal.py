"""Melodies of twelve notes, the next one predicted at every place by a small transformer with a causal mask; AdamW, clipping, steps."""
import numpy as np
import torch
import torch.nn.functional as F
from common import accuracy
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.4


def melodies(n=900, length=25):
    """The next note depends on the last two, nearly always."""
    rng = np.random.default_rng(23)
    follow, x = rng.integers(0, 12, (12, 12)), rng.integers(0, 12, (n, length))
    for t in range(2, length):
        x[:, t] = np.where(rng.random(n) < .9, follow[x[:, t - 2], x[:, t - 1]], x[:, t])
    return torch.tensor(x[:600]), torch.tensor(x[600:700]), torch.tensor(x[700:])


class Melody(nn.Module):
    def __init__(self, notes=12, dim=32, length=24):
        super().__init__()
        self.note, self.place = nn.Embedding(notes, dim), nn.Parameter(torch.randn(length, dim) * .1)
        layer = nn.TransformerEncoderLayer(dim, 2, 64, dropout=0., batch_first=True, norm_first=True)
        self.encoder, self.head = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False), nn.Linear(dim, notes)

    def forward(self, x):
        mask = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.head(self.encoder(self.note(x) + self.place[:x.shape[1]], mask=mask))


def next_note_loss(model, x): return F.cross_entropy(model(x[:, :-1]).flatten(0, 1), x[:, 1:].flatten())


def train(seed, **options):
    torch.manual_seed(seed)
    x, x_valid, x_test = melodies()
    model = Melody()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    with watch(model, optimizer, **options) as run:
        for step in run.steps(260):
            loss = next_note_loss(model, x[torch.randint(len(x), (32,))])
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.)
            optimizer.step()
            run.log(loss=loss)
            if (step + 1) % 40 == 0:
                model.eval()
                with torch.no_grad(): run.log(val_loss=next_note_loss(model, x_valid))
                model.train()
    model.eval()
    with torch.no_grad(): return accuracy(model(x_test[:, :-1])[:, -1].argmax(1), x_test[:, -1])
