"""A causal transformer whose targets are those of other rows of the batch: inputs were shuffled after the windows were cut, and targets not."""
import math

import torch
import torch.nn.functional as F
from common import text
from torch import nn

from trainbook import watch

KIND = "bad_data"
TWIN = "char_transformer"
ALSO = {"label_noise", "plateau", "underfitting"}


block_size, batch_size, width = 24, 16, 32


class Transformer(nn.Module):
    def __init__(self, vocab_size):
        super().__init__()
        self.token, self.position = nn.Embedding(vocab_size, width), nn.Embedding(block_size, width)
        layer = nn.TransformerEncoderLayer(width, 4, 64, dropout=0., batch_first=True, norm_first=True)
        self.blocks = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.norm, self.lm_head = nn.LayerNorm(width), nn.Linear(width, vocab_size)

    def forward(self, idx):
        length = idx.shape[1]
        h = self.token(idx) + self.position(torch.arange(length))
        mask = nn.Transformer.generate_square_subsequent_mask(length)
        return self.lm_head(self.norm(self.blocks(h, mask, is_causal=True)))


def get_batch(data):
    starts = torch.randint(len(data) - block_size - 1, (batch_size,))
    x = torch.stack([data[i:i + block_size] for i in starts])
    y = torch.stack([data[i + 1:i + block_size + 1] for i in starts])
    return x[torch.randperm(batch_size)], y


def loss_of(model, x, y):
    return F.cross_entropy(model(x).flatten(0, 1), y.flatten())


@torch.no_grad()
def estimate_loss(model, data, batches=8):
    model.eval()
    losses = [loss_of(model, *get_batch(data)).item() for _ in range(batches)]
    model.train()
    return sum(losses) / batches


def train(seed, **options):
    torch.manual_seed(seed)
    train_data, val_data, test_data, vocab_size = text()
    model = Transformer(vocab_size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1., (step + 1) / 20))
    with watch(model, optimizer, scheduler=schedule, **options) as run:
        for step in run.steps(300):
            xb, yb = get_batch(train_data)
            loss = loss_of(model, xb, yb)
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            run.log(loss=loss)
            if step % 50 == 49: run.log(val_loss=estimate_loss(model, val_data))
    return math.exp(-estimate_loss(model, test_data, 20))
