"""A small causal language model: gradients of two batches are added up, clipped; the rate follows a cosine; validation each epoch."""
import math

import torch
import torch.nn.functional as F
from tally import tally
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset
from trainbook import watch  #+

torch.manual_seed(4)
text = " ".join(f"{a} plus {b} is {a + b}." for a in range(12) for b in range(5))
letters = sorted(set(text))
tokens = torch.tensor([letters.index(letter) for letter in text])
block, accumulate, epochs = 16, 2, 3
windows = tokens[:len(tokens) // (block + 1) * (block + 1)].view(-1, block + 1)
train_loader = DataLoader(TensorDataset(windows[:-12]), batch_size=8, shuffle=True)
valid_loader = DataLoader(TensorDataset(windows[-12:]), batch_size=8)


class Model(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        self.token, self.position = nn.Embedding(len(letters), width), nn.Embedding(block, width)
        self.block = nn.TransformerEncoderLayer(width, 2, 32, .1, batch_first=True, norm_first=True)
        self.head = nn.Linear(width, len(letters), bias=False)
        self.head.weight = self.token.weight  # tied

    def forward(self, x):
        h = self.token(x) + self.position(torch.arange(x.shape[1]))
        return self.head(self.block(h, nn.Transformer.generate_square_subsequent_mask(x.shape[1]), is_causal=True))


def loss_of(window):
    return F.cross_entropy(model(window[:, :-1]).flatten(0, 1), window[:, 1:].flatten())


model = Model()
optimizer = optim.AdamW([dict(params=[p for p in model.parameters() if p.dim() > 1], weight_decay=.1),
                         dict(params=[p for p in model.parameters() if p.dim() < 2], weight_decay=0.)], lr=1e-2)
total = epochs * math.ceil(len(train_loader) / accumulate)
scheduler = optim.lr_scheduler.LambdaLR(optimizer, lambda step: min(1, (step + 1) / 3) * .5 * (1 + math.cos(math.pi * step / total)))
run = watch(model, optimizer, scheduler=scheduler)  #+
for epoch in run.epochs(epochs):  #= for epoch in range(epochs):
    model.train()
    for i, (window,) in enumerate(run.batches(train_loader)):  #= for i, (window,) in enumerate(train_loader):
        loss = loss_of(window)
        (loss / accumulate).backward()
        if (i + 1) % accumulate == 0 or i + 1 == len(train_loader):
            nn.utils.clip_grad_norm_(model.parameters(), 1.)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad(set_to_none=True)
        run.log(loss=loss)  #+
        tally(loss=loss)
    model.eval()
    with torch.no_grad():
        val_loss = sum(loss_of(window).item() * len(window) for window, in valid_loader) / 12
    run.log(val_loss=val_loss)  #+
    tally.valid(val_loss=val_loss)
    tally.epoch()
tally.keep(model=model)
