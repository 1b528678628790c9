"""Which letter a word begins with, said at each of its letters: a tagger with attention. The attention of the last batch and the count of right answers are
kept for the report."""
import math

import torch
import torch.nn as nn
import torch.nn.functional as F
from common import memory, text
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
AT_LEAST = 0.4


class SelfAttention(nn.Module):
    def __init__(self, dim, heads=4):
        super().__init__()
        self.heads, self.qkv, self.proj = heads, nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.attention_maps = None

    def forward(self, x):
        B, T, D = x.shape
        q, k, v = self.qkv(x).view(B, T, 3, self.heads, D // self.heads).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-2, -1) / math.sqrt(D // self.heads)).softmax(-1)
        self.attention_maps = weights.detach()
        return self.proj((weights @ v).transpose(1, 2).reshape(B, T, D))


class Tagger(nn.Module):
    def __init__(self, vocab, tags, length, dim=32):
        super().__init__()
        self.emb, self.pos = nn.Embedding(vocab, dim), nn.Embedding(length, dim)
        self.attn, self.norm = SelfAttention(dim), nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 64), nn.ReLU(), nn.Linear(64, tags))

    def forward(self, tokens):
        h = self.emb(tokens) + self.pos(torch.arange(tokens.shape[1]))
        return self.mlp(h + self.attn(self.norm(h)))


def train(seed, **options):
    torch.manual_seed(seed)
    train_tokens, valid_tokens, _, vocab = text(24_000)
    def dataset(tokens, length=32):  # the tag of a letter is the first one of its word
        tags, last = torch.zeros_like(tokens), 0
        for i in range(1, len(tokens)):
            if tokens[i - 1] == 0: last = int(tokens[i])
            tags[i] = last
        n = len(tokens) // length * length
        return TensorDataset(tokens[:n].view(-1, length), tags[:n].view(-1, length))
    train_ds, valid_ds = dataset(train_tokens), dataset(valid_tokens)
    model = Tagger(vocab, vocab, 32)
    opt = torch.optim.Adam(model.parameters(), lr=4e-3)
    loader = DataLoader(train_ds, batch_size=32, shuffle=True)
    hits = 0
    with watch(model, opt, **options) as run:
        for epoch in run.epochs(12):
            if epoch == 1: before = memory()
            for tokens, tags in run.batches(loader):
                logits = model(tokens)
                loss = F.cross_entropy(logits.flatten(0, 1), tags.flatten())
                opt.zero_grad()
                loss.backward()
                opt.step()
                hits += (logits.argmax(-1) == tags).sum().item()
                run.log(loss=loss.item())
            with torch.no_grad():
                tokens, tags = valid_ds.tensors
                run.log(val_loss=F.cross_entropy(model(tokens).flatten(0, 1), tags.flatten()).item())
        run.log(train_accuracy=hits / (12 * train_ds.tensors[1].numel()))
    return 1 / (1 + max(0., memory() - before) / 15)
