"""In the manner of PPO: rollouts in a while loop, each trained on for several epochs of minibatches, which end early if the policy moved too far."""
import torch
from tally import tally
from torch import nn, optim
from torch.distributions import Normal
from torch.utils.data import DataLoader, TensorDataset
from trainbook import watch  #+

torch.manual_seed(8)
actor, critic = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1)), nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
spread = nn.Parameter(torch.zeros(1))
optimizer = optim.Adam([*actor.parameters(), *critic.parameters(), spread], lr=3e-3)
frames, total = 0, 256
run = watch(dict(actor=actor, critic=critic), optimizer)  #+
while frames < total:
    states = torch.rand(64, 2) * 2 - 1
    with torch.no_grad():
        policy = Normal(actor(states), spread.exp())
        actions = policy.sample()
        before, rewards = policy.log_prob(actions), -(actions - states.sum(1, keepdim=True)).square()
        advantages = rewards - critic(states)
    frames += 64
    minibatches = DataLoader(TensorDataset(states, actions, before, rewards, advantages), 16, shuffle=True)
    for _ in range(3):
        for batch in run.batches(minibatches):  #= for batch in minibatches:
            state, action, old, reward, advantage = batch
            policy = Normal(actor(state), spread.exp())
            ratio = (policy.log_prob(action) - old).exp()
            policy_loss = -torch.min(ratio * advantage, ratio.clamp(.8, 1.2) * advantage).mean()
            value_loss = (critic(state) - reward).square().mean()
            loss = policy_loss + .5 * value_loss - .01 * policy.entropy().mean()
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(actor.parameters(), .5)
            optimizer.step()
            run.log(loss=loss, policy_loss=policy_loss)  #+
            tally(loss=loss, policy_loss=policy_loss)
        with torch.no_grad():
            moved = (before - Normal(actor(states), spread.exp()).log_prob(actions)).mean()
        if moved > .02:
            break
tally.keep(actor=actor, critic=critic)
