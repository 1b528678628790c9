"""Guess which digit it is, and be told right or wrong: a network that learns what each answer is worth, from a memory of the last 3000 guesses."""
from collections import deque
import random

import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn

from trainbook import watch

KIND = None
SCARY = "memory grows for the first 200 steps; but the list of guesses has an end, and is full then"
AT_LEAST = 0.85


class Memory:
    def __init__(self, size): self.items = deque(maxlen=size)
    def push(self, *items): self.items.extend(zip(*items))
    def sample(self, n): return (torch.stack(column) for column in zip(*random.sample(self.items, n)))


def train(seed, **options):
    torch.manual_seed(seed)
    random.seed(seed)
    (x, y), _, (x_test, y_test) = ((x / 16, y) for x, y in tensors(digits()))
    q, memory = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 10)), Memory(3000)
    optimizer = torch.optim.Adam(q.parameters(), lr=3e-3)
    with watch(q, optimizer, monitor="reward", mode="max", **options) as run:
        for step in run.steps(700):
            rows = torch.randint(len(x), (16,))
            with torch.no_grad(): best = q(x[rows]).argmax(1)
            guess = torch.where(torch.rand(16) < max(.1, 1 - step / 300), torch.randint(10, (16,)), best)
            reward = (guess == y[rows]).float()
            memory.push(x[rows], guess, reward)
            if step < 4: continue
            states, actions, rewards = memory.sample(64)
            loss = F.mse_loss(q(states).gather(1, actions[:, None])[:, 0], rewards)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss, reward=reward.mean(), remembered=len(memory.items))
    with torch.no_grad(): return accuracy(q(x_test).argmax(1), y_test)
