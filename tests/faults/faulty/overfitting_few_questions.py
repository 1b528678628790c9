"""Questions and answers as vectors (two towers), from ninety-six pairs that are gone through again and again: the towers know them by heart."""
import torch
import torch.nn.functional as F
from common import accuracy
from torch import nn

from trainbook import watch

KIND = "overfitting"
TWIN = "questions_two_towers"


def pairs(n, g, topics=16):
    topic = torch.randint(topics, (n,), generator=g)
    def words(start): return torch.where(torch.rand(n, 6, generator=g) < .6, start + topic[:, None] * 3 + torch.randint(3, (n, 6), generator=g),
                                         torch.randint(120, 150, (n, 6), generator=g))
    return words(0), words(60), topic


class Trainer:
    def __init__(self, lr=3e-3, width=24):
        def tower(): return nn.Sequential(nn.EmbeddingBag(150, width), nn.ReLU(), nn.Linear(width, width))
        self.model = nn.ModuleDict(dict(question=tower(), answer=tower()))
        self.optimizer = torch.optim.Adam(self.model.parameters(), lr=lr)

    def scores(self, questions, answers):
        return F.normalize(self.model["question"](questions), dim=1) @ F.normalize(self.model["answer"](answers), dim=1).T / .1

    def loss(self, questions, answers):
        scores, own = self.scores(questions, answers), torch.arange(len(questions))
        return (F.cross_entropy(scores, own) + F.cross_entropy(scores.T, own)) / 2

    def step(self, questions, answers):
        self.optimizer.zero_grad()
        loss = self.loss(questions, answers)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(24)
    (questions, answers, _), valid, (q_test, a_test, topic) = pairs(96, g), pairs(96, g), pairs(300, g)
    trainer = Trainer()
    with watch(trainer.model, trainer.optimizer, **options) as run:
        for epoch in run.epochs(160):
            for rows in run.batches(torch.randperm(96).split(32)): run.log(loss=trainer.step(questions[rows], answers[rows]))
            with torch.no_grad(): run.log(val_loss=torch.stack([trainer.loss(q, a) for q, a in zip(valid[0].split(32), valid[1].split(32))]).mean())
    found = trainer.scores(q_test, a_test).argmax(1)
    return accuracy(topic[found], topic)
