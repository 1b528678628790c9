"""REINFORCE in a small environment of its own, in a while loop until it is solved."""
import torch
from tally import tally
from torch import nn, optim
from torch.distributions import Categorical
from trainbook import watch  #+

torch.manual_seed(7)


class Corridor:
    """Five cells; the right end pays 1, each move costs a little."""
    def reset(self):
        self.at, self.moves = 2, 0
        return self.seen()

    def seen(self):
        return torch.eye(5)[self.at]

    def step(self, action):
        self.at, self.moves = min(max(self.at + (1 if action else -1), 0), 4), self.moves + 1
        return self.seen(), (1. if self.at == 4 else -.05), self.at in (0, 4) or self.moves == 12


env, policy = Corridor(), nn.Sequential(nn.Linear(5, 8), nn.Tanh(), nn.Linear(8, 2))
optimizer = optim.Adam(policy.parameters(), lr=.03)
running_reward, episode = 0., 0
run = watch(policy, optimizer)  #+
while running_reward < .8 and episode < 60 and not run.stopping:  #= while running_reward < .8 and episode < 60:
    state, done, log_probs, rewards = env.reset(), False, [], []
    while not done:
        choice = Categorical(logits=policy(state))
        action = choice.sample()
        log_probs.append(choice.log_prob(action))
        state, reward, done = env.step(action.item())
        rewards.append(reward)
    returns = torch.tensor(rewards).flip(0).cumsum(0).flip(0)
    loss = -(torch.stack(log_probs) * (returns - .3)).sum()
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    episode += 1
    running_reward = .9 * running_reward + .1 * sum(rewards)
    run.log(loss=loss, reward=sum(rewards))  #+
    tally(loss=loss, reward=sum(rewards))
tally.keep(policy=policy)
