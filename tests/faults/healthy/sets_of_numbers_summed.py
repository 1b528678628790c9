"""How many different numbers are in a bag? Deep sets: each number is embedded, the embeddings are added, and a small network counts; NLLLoss."""
import torch
from common import accuracy
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner

KIND = None
AT_LEAST = 0.75


class DeepSet(nn.Module):
    def __init__(self, dim=64):
        super().__init__()
        self.phi = nn.Embedding(10, dim)
        self.rho = nn.Sequential(nn.Linear(dim, dim), nn.Tanh(), nn.Linear(dim, dim), nn.Tanh(), nn.Linear(dim, 8), nn.LogSoftmax(dim=1))

    def forward(self, bag):
        return self.rho(self.phi(bag).mean(1))


def bags(n, seed):
    bag = torch.randint(10, (n, 8), generator=torch.Generator().manual_seed(seed))
    return TensorDataset(bag, torch.tensor([len(set(row)) - 1 for row in bag.tolist()]))


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, valid_set, test_set = bags(4000, 1), bags(500, 2), bags(1000, 3)
    model = DeepSet()
    learn = Learner(model, DataLoader(train_set, batch_size=64, shuffle=True), DataLoader(valid_set, batch_size=500), nn.NLLLoss(),
                    torch.optim.Adam(model.parameters(), lr=3e-3), **options)
    learn.fit(12)
    bag, count = test_set.tensors
    return accuracy(learn.predict([bag]).argmax(1), count)
