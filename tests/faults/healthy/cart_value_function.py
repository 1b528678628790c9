"""What is a state worth? A critic learns the returns of a cart that is driven by a fixed rule up a hill; the returns are standardised."""
import numpy as np
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.8


def episodes(n, seed, horizon=60, gamma=.97):
    """Drives n carts at once; every step costs 10, and the energy that is used; 500 are earned at the top."""
    rng = np.random.default_rng(seed)
    x, v = rng.uniform(-1.1, .3, n), rng.uniform(-.05, .05, n)
    done, states, rewards = np.zeros(n, bool), [], []
    for _ in range(horizon):
        push = np.sign(v + 1e-9) * (rng.random(n) < .95)
        states.append(np.stack([x / .6, v / .04, np.sin(3 * x), done], 1))
        v = np.clip(v + .0018 * push - .0025 * np.cos(3 * x), -.07, .07)
        x = np.clip(x + v, -1.2, .6)
        top = (x >= .45) & ~done
        rewards.append(np.where(done, 0, -10 - 2 * abs(push)) + 500 * top)
        done |= x >= .45
    returns, value = np.zeros((horizon, n)), np.zeros(n)
    for t in reversed(range(horizon)): value = returns[t] = rewards[t] + gamma * value
    keep = np.s_[:30]
    return torch.tensor(np.concatenate(states[keep]), dtype=torch.float32), torch.tensor(np.concatenate(returns[keep]), dtype=torch.float32)


class Critic(nn.Module):
    def __init__(self, obs_dim=4, hidden=(64, 64)):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(obs_dim, hidden[0]), nn.Tanh(), nn.Linear(hidden[0], hidden[1]), nn.Tanh())
        self.v = nn.Linear(hidden[1], 1)

    def forward(self, obs): return self.v(self.body(obs)).squeeze(-1)


def train(seed, **options):
    torch.manual_seed(seed)
    obs, returns = episodes(150, 91)
    mean, std = returns.mean(), returns.std()
    test_obs, test_returns = episodes(60, 92)
    critic = Critic()
    optimizer = torch.optim.Adam(critic.parameters(), lr=2e-3, eps=1e-5)
    with watch(critic, optimizer, **options) as run:
        for epoch in run.epochs(12):
            for mb_inds in run.batches(torch.randperm(len(obs)).split(64)):
                target = (returns[mb_inds] - mean) / std
                v_loss = .5 * ((critic(obs[mb_inds]) - target) ** 2).mean()
                optimizer.zero_grad()
                v_loss.backward()
                optimizer.step()
                run.log(v_loss=v_loss.item())
    with torch.no_grad(): values = critic(test_obs) * std + mean
    return r2(values, test_returns)
