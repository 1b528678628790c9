"""Records of a sensor that come over the network, one in an answer: thirty answers are waited for before a step can be made."""
import time

import torch
from common import first_symbol, tensors
from torch import nn
from torch.utils.data import DataLoader, IterableDataset

from trainbook import watch

KIND = "data_bottleneck"
TWIN = "records_by_shard"
WHERE = "DataLoader"


class Remote(IterableDataset):
    """Stands for a server that takes three milliseconds to answer, however much is asked for."""
    def __init__(self, x, y, shard=1): self.x, self.y, self.shard = x, y, shard

    def ask(self, rows):
        time.sleep(.003)
        return [(self.x[row], self.y[row]) for row in rows]

    def __iter__(self):
        for rows in torch.randperm(len(self.y)).split(self.shard): yield from self.ask(rows)


class Reader(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.gru, self.out = nn.Embedding(4, 16), nn.GRU(16, 64, batch_first=True), nn.Linear(64, 4)

    def forward(self, x): return self.out(self.gru(self.embed(x))[1][0])


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, _, _ = tensors(first_symbol(1000, 24))
    loader = DataLoader(Remote(*train_set), batch_size=30)
    model = Reader()
    optimizer, criterion = torch.optim.RMSprop(model.parameters(), lr=3e-3), nn.CrossEntropyLoss()
    busy, begun = 0., time.perf_counter()
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(4):
            for x, y in run.batches(loader):
                start = time.perf_counter()
                loss = criterion(model(x), y)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
                busy += time.perf_counter() - start
    return busy / (time.perf_counter() - begun)
