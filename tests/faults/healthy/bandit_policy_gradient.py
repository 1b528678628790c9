"""Which of five offers suits a customer? A policy is learned from rewards (REINFORCE with a running baseline); no labels, no validation."""
import torch
from common import accuracy
from torch import nn

from trainbook import watch

KIND = None
SCARY = "the loss is negative, wobbles and rises after the first steps; in a policy gradient it says nothing, the reward does"
AT_LEAST = 0.7


def train(seed, **options):
    torch.manual_seed(seed)
    taste = torch.randn(8, 5, generator=torch.Generator().manual_seed(25))
    policy = nn.Sequential(nn.Linear(8, 32), nn.Tanh(), nn.Linear(32, 5))
    optimizer = torch.optim.Adam(policy.parameters(), lr=5e-3)
    baseline = 0.
    with watch(policy, optimizer, show=["reward", "loss"], **options) as run:
        for step in run.steps(700):
            customers = torch.randn(64, 8)
            choice = torch.distributions.Categorical(logits=policy(customers))
            offers = choice.sample()
            rewards = (customers @ taste).gather(1, offers[:, None]).squeeze(1) + .5 * torch.randn(64)
            loss = -(choice.log_prob(offers) * (rewards - baseline)).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            baseline = .9 * baseline + .1 * rewards.mean().item()
            run.log(loss=loss.item(), reward=rewards.mean().item())
    customers = torch.randn(1000, 8)
    return accuracy(policy(customers).argmax(1), (customers @ taste).argmax(1))
