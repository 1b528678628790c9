"""A driver is imitated from a broken log: in four of ten rows it says any of the three actions, and not the one he took."""
import numpy as np
import torch
from common import tensors, three_parts
from torch import nn
from torch.distributions import Categorical

from trainbook import watch

KIND = "label_noise"
TWIN = "imitated_driver"
ALSO = {"bad_data", "plateau", "underfitting"}


def drives(n=3000):
    rng = np.random.default_rng(23)
    distance, speed, slope = rng.random(n), rng.random(n), rng.uniform(-1, 1, n)
    needed = speed ** 2 - distance - .3 * slope * speed + .3
    action = np.where(needed > .12, 0, np.where(needed > -.12, 1, 2))
    return three_parts(np.stack([distance, speed, slope], 1) * 2 - [1, 1, 0], action)


def train(seed, **options):
    torch.manual_seed(seed)
    (states, actions), (s_valid, a_valid), (s_test, a_test) = tensors(drives())
    def logged(actions): return torch.where(torch.rand(len(actions)) < .4, torch.randint(3, actions.shape), actions)
    actions, a_valid = logged(actions), logged(a_valid)
    policy = nn.Sequential(nn.Linear(3, 48), nn.Tanh(), nn.Linear(48, 48), nn.Tanh(), nn.Linear(48, 3))
    optimizer = torch.optim.RMSprop(policy.parameters(), lr=2e-3)
    with watch(policy, optimizer, **options) as run:
        for step in run.steps(500):
            rows = torch.randint(len(states), (100,))
            distribution = Categorical(logits=policy(states[rows]))
            loss = -distribution.log_prob(actions[rows]).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss, entropy=distribution.entropy().mean())
            if (step + 1) % 50 == 0:
                with torch.no_grad(): run.log(val_loss=-Categorical(logits=policy(s_valid)).log_prob(a_valid).mean())
    with torch.no_grad(): return Categorical(logits=policy(s_test)).log_prob(a_test).exp().mean().item()  # how often it does what he did
