"""Reviews that were read from two folders, the bad ones first and then the good ones, and are not shuffled: each epoch ends with good ones only."""
import torch
import torch.nn.functional as F
from common import accuracy, reviews, tensors
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "no_shuffle"
TWIN = "reviews_two_heads"
WHERE = "DataLoader"
ALSO = {"oscillating_loss", "unstable"}


class Encoder(nn.Module):
    def __init__(self, words=120, width=24):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.conv = nn.Conv1d(width, 32, 2)

    def forward(self, tokens):
        return F.relu(self.conv(self.embedding(tokens).transpose(1, 2))).mean(2)


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(reviews())
    order = y.argsort(stable=True)
    x, y = x[order], y[order]
    encoder = Encoder()
    heads = nn.ModuleDict(dict(mood=nn.Linear(32, 2), length=nn.Linear(32, 1)))
    opt_encoder = optim.Adam(encoder.parameters(), lr=5e-3)
    opt_heads = optim.Adam(heads.parameters(), lr=5e-3)
    loader = DataLoader(TensorDataset(x, y), batch_size=32)

    def predict(tokens): return heads["mood"](encoder(tokens))

    with watch(dict(encoder=encoder, heads=heads), dict(encoder=opt_encoder, heads=opt_heads), **options) as run:
        for epoch in run.epochs(15):
            for tokens, mood in run.batches(loader):
                features = encoder(tokens)
                loss_mood = F.cross_entropy(heads["mood"](features), mood)
                loss_length = F.mse_loss(heads["length"](features).squeeze(1), (tokens > 0).float().mean(1))
                opt_encoder.zero_grad()
                opt_heads.zero_grad()
                (loss_mood + .2 * loss_length).backward()
                opt_encoder.step()
                opt_heads.step()
                run.log(loss_mood=loss_mood, loss_length=loss_length)
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(predict(x_valid), y_valid))
    return accuracy(predict(x_test).argmax(1), y_test)
