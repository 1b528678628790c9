"""Reviews by a GRU; a hook keeps every output of the GRU for a plot that is drawn when the training is over, with the graph it came from."""
import torch
from common import memory, reviews, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "memory_leak"
TWIN = "hook_keeps_means"


class Mood(nn.Module):
    def __init__(self, words=120, hidden=64):
        super().__init__()
        self.embed, self.gru, self.out = nn.Embedding(words, 16, padding_idx=0), nn.GRU(16, hidden, batch_first=True), nn.Linear(hidden, 1)

    def forward(self, x): return self.out(self.gru(self.embed(x))[0].mean(1)).squeeze(1)


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), _ = tensors(reviews())
    loader = DataLoader(TensorDataset(*train_set), batch_size=60, shuffle=True)
    model, kept = Mood(), []
    model.gru.register_forward_hook(lambda module, inputs, output: kept.append(output[0]))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    bce = nn.BCEWithLogitsLoss()
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(14):
            if epoch == 1: before = memory()
            for x, y in run.batches(loader):
                loss = bce(model(x), y.float())
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=bce(model(x_valid), y_valid.float()))
    return 1 / (1 + max(0., memory() - before) / 10)
