"""Actor and critic in a corridor; the critic gives (16, 1), the rewards are (16): the advantage is a table of 16 by 16, and each walk is judged by those
of all others."""
import torch
from torch import nn
from torch.distributions import Categorical

from trainbook import watch

KIND = "shape_broadcast"
TWIN = "corridor_actor_critic"
ALSO = {"plateau", "underfitting"}


LENGTH = 8


class ActorCritic(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Embedding(LENGTH + 1, 24), nn.Tanh())
        self.actor, self.critic = nn.Linear(24, 2), nn.Linear(24, 1)

    def forward(self, place):
        h = self.body(place)
        return Categorical(logits=self.actor(h)), self.critic(h)


def train(seed, **options):
    torch.manual_seed(seed)
    model = ActorCritic()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    place, gain = torch.randint(0, LENGTH, (16,)), 0.
    with watch(model, optimizer, monitor="reward", mode="max", **options) as run:
        for step in run.steps(700):
            policy, value = model(place)
            action = policy.sample()
            moved = torch.where(torch.rand(16) < .1, 1 - action, action)  # it slips now and then
            after = (place + 2 * moved - 1).clamp(0, LENGTH)
            done = after == LENGTH
            reward = 5 * done.float() - .1
            with torch.no_grad(): goal = reward + .95 * model(after)[1] * ~done
            advantage = goal - value
            loss_actor, loss_critic = -(policy.log_prob(action) * advantage.detach()).mean(), advantage.pow(2).mean()
            loss = loss_actor + .5 * loss_critic - .02 * policy.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            gain = .98 * gain + .02 * reward.mean().item()
            run.log(loss=loss, loss_actor=loss_actor, loss_critic=loss_critic, reward=gain)
            place = torch.where(done, torch.randint(0, LENGTH, (16,)), after)
    with torch.no_grad(): return float(model(torch.arange(LENGTH))[0].probs[:, 1].mean())
