"""A policy gradient for a bandit with a context, where some of six actions are forbidden each time. In the entropy stands zero times the logarithm
of zero."""
import torch
from common import accuracy
from torch import nn

from trainbook import watch

KIND = "nan_loss"
TWIN = "bandit_masked_actions"
ALSO = {"bad_data", "unstable"}


def situations(n, generator):
    """Contexts, what each action would bring on average, and which are allowed."""
    context = torch.randn(n, 8, generator=generator)
    worth = context @ torch.linspace(-1, 1, 48).sin().mul(40).cos().view(8, 6)
    allowed = torch.rand(n, 6, generator=generator) < .6
    allowed[torch.arange(n), torch.randint(6, (n,), generator=generator)] = True
    return context, worth, allowed


def train(seed, **options):
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    policy = nn.Sequential(nn.Linear(8, 64), nn.Tanh(), nn.Linear(64, 6))
    optimizer = torch.optim.Adam(policy.parameters(), lr=5e-3)
    with watch(policy, optimizer, monitor="reward", mode="max", **options) as run:
        for step in run.steps(500):
            context, worth, allowed = situations(64, generator)
            log_p = policy(context).masked_fill(~allowed, -torch.inf).log_softmax(1)
            p = log_p.exp()
            gumbel = -torch.empty_like(log_p).exponential_().log()
            action = (log_p.detach() + gumbel).argmax(1, keepdim=True)
            reward = worth.gather(1, action) + .3 * torch.randn(64, 1)
            advantage = (reward - reward.mean()) / reward.std()
            entropy = -(p * log_p).sum(1).mean()
            loss = -(advantage * log_p.gather(1, action)).mean() - .01 * entropy
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(loss=loss, reward=reward.mean(), entropy=entropy)
    context, worth, allowed = situations(1000, torch.Generator().manual_seed(99))
    with torch.no_grad(): chosen = policy(context).masked_fill(~allowed, -torch.inf).argmax(1)
    return accuracy(chosen, worth.masked_fill(~allowed, -torch.inf).argmax(1))
