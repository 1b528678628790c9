"""Are two signatures by the same writer? One convolutional network reads both strokes, and their angle is to be small or not (CosineEmbeddingLoss)."""
import torch
from common import accuracy
from torch import nn

from trainbook import watch

KIND = None
SCARY = "most pairs of two writers lie beyond the margin soon and give no gradient, and the loss then hardly moves"
AT_LEAST = 0.85

WRITERS = 12


class Pairs:
    """Strokes (n, 2, 40) of writers with habits of their own; half of the pairs are of one writer."""
    def __init__(self, seed):
        habits = torch.Generator().manual_seed(75)
        self.size, self.phase = torch.randn(WRITERS, 2, 4, generator=habits), 6.28 * torch.rand(WRITERS, 2, 4, generator=habits)
        self.g = torch.Generator().manual_seed(seed)

    def stroke(self, writer):
        t = torch.arange(40) / 40 * (1 + .05 * torch.randn(len(writer), 1, 1, 1, generator=self.g))
        waves = torch.sin(6.28 * torch.arange(1, 5)[:, None] * t + self.phase[writer][..., None])
        return (self.size[writer][..., None] * waves).sum(2) + .5 * torch.randn(len(writer), 2, 40, generator=self.g)

    def draw(self, n):
        first = torch.randint(WRITERS, (n,), generator=self.g)
        second = torch.where(torch.rand(n, generator=self.g) < .5, first, torch.randint(WRITERS, (n,), generator=self.g))
        return self.stroke(first), self.stroke(second), first == second


def encoder():
    return nn.Sequential(nn.Conv1d(2, 24, 5, stride=2), nn.SiLU(), nn.Conv1d(24, 32, 5, stride=2), nn.SiLU(), nn.Flatten(), nn.Linear(224, 12))


def train(seed, **options):
    torch.manual_seed(seed)
    pairs, valid, test = Pairs(1000 + seed), Pairs(76).draw(300), Pairs(77).draw(1000)
    net = encoder()
    optimizer = torch.optim.Adamax(net.parameters(), lr=4e-3)
    criterion = nn.CosineEmbeddingLoss(margin=.2)
    def label(same): return same.float() * 2 - 1
    with watch(net, optimizer, **options) as run:
        for step in run.steps(320):
            left, right, same = pairs.draw(48)
            loss = criterion(net(left), net(right), label(same))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss)
            if step % 40 == 39:
                with torch.no_grad(): run.log(val_loss=criterion(net(valid[0]), net(valid[1]), label(valid[2])))
    with torch.no_grad(): return accuracy(torch.cosine_similarity(net(test[0]), net(test[1])) > .6, test[2])
