"""Vectors of songs from lists that people made (skip-gram with negative samples): two tables, sparse gradients, SparseAdam; songs of a style come close."""
import torch
import torch.nn.functional as F
from common import accuracy
from torch import nn

from trainbook import watch

KIND = None
SCARY = "gradients are sparse, most rows of the tables get none in a step; the loss begins at 6 ln 2 and ends not far below"
AT_LEAST = 0.8

SONGS, STYLES = 240, 8


def neighbours(n, generator):
    """Pairs of songs of one list: two in three are of the same style."""
    song = torch.randint(SONGS, (n,), generator=generator)
    alike = torch.randint(SONGS // STYLES, (n,), generator=generator) * STYLES + song % STYLES
    return song, torch.where(torch.rand(n, generator=generator) < .67, alike, torch.randint(SONGS, (n,), generator=generator))


class SkipGram(nn.Module):
    def __init__(self, width=16):
        super().__init__()
        start = torch.randn(2, SONGS, width) * .3
        self.centre = nn.Embedding.from_pretrained(start[0], freeze=False, sparse=True)
        self.context = nn.Embedding.from_pretrained(start[1], freeze=False, sparse=True)

    def forward(self, song, near, far):
        vector = self.centre(song)
        right = (vector * self.context(near)).sum(1)
        wrong = (self.context(far) @ vector.unsqueeze(2)).squeeze(2)
        return -(F.logsigmoid(right) + F.logsigmoid(-wrong).sum(1)).mean()


def train(seed, **options):
    torch.manual_seed(seed)
    song, near = neighbours(12_000, torch.Generator().manual_seed(80))
    model = SkipGram()
    optimizer = torch.optim.SparseAdam([p for p in model.parameters() if p.requires_grad], lr=.02)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(6):
            for rows in run.batches(torch.randperm(len(song)).split(150)):
                optimizer.zero_grad()
                loss = model(song[rows], near[rows], torch.randint(SONGS, (len(rows), 5)))
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
    vectors = F.normalize(model.centre.weight.detach(), dim=1)
    nearest = (vectors @ vectors.T - 2 * torch.eye(SONGS)).argmax(1)
    return accuracy(nearest % STYLES, torch.arange(SONGS) % STYLES)
