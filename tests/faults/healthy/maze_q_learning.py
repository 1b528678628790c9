"""Q-learning from recorded walks through a maze: a target network, which is a copy taken every 25 steps, says what the next place is worth."""
import copy

import numpy as np
import torch
import torch.nn.functional as F
from common import r2
from torch import nn

from trainbook import watch

KIND = None
SCARY = "the target network has no gradient and no optimizer; the loss jumps up whenever it is replaced"
AT_LEAST = 0.7

GAMMA, SIZE = .9, 6


def move(places, actions):
    steps = np.array([[0, 1], [0, -1], [1, 0], [-1, 0]])
    after = (places + steps[actions]).clip(0, SIZE - 1)
    wall = (after[:, 0] == 3) & (after[:, 1] < 4)
    after = np.where(wall[:, None], places, after)
    done = (after == SIZE - 1).all(1)
    return after, np.where(done, 1., -.02), done


def true_values():
    """The worth of each action at each place, by iteration."""
    places = np.argwhere(np.ones((SIZE, SIZE)))
    q = np.zeros((SIZE, SIZE, 4))
    for _ in range(80):
        for action in range(4):
            after, reward, done = move(places, np.full(len(places), action))
            q[places[:, 0], places[:, 1], action] = reward + GAMMA * ~done * q.max(2)[after[:, 0], after[:, 1]]
    return places, q.reshape(-1, 4)


def scaled(places): return torch.tensor(places / (SIZE - 1) * 2 - 1, dtype=torch.float32)


def train(seed, **options):
    torch.manual_seed(seed)
    rng = np.random.default_rng(22)
    places, actions = rng.integers(0, SIZE, (3000, 2)), rng.integers(0, 4, 3000)
    after, rewards, done = move(places, actions)
    memory = scaled(places), torch.tensor(actions), torch.tensor(rewards).float(), scaled(after), torch.tensor(done).float()
    q_net = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 4))
    target_net = copy.deepcopy(q_net)
    optimizer = torch.optim.Adam(q_net.parameters(), lr=3e-3)
    with watch(dict(q=q_net, target=target_net), optimizer, **options) as run:
        for step in run.steps(900):
            rows = torch.randint(3000, (64,))
            state, action, reward, state_after, is_last = (part[rows] for part in memory)
            with torch.no_grad(): expected = reward + GAMMA * (1 - is_last) * target_net(state_after).max(1).values
            value = q_net(state).gather(1, action.unsqueeze(1)).squeeze(1)
            loss = F.smooth_l1_loss(value, expected)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % 25 == 24: target_net.load_state_dict(q_net.state_dict())
            run.log(loss=loss, mean_q=value.mean())
    everywhere, worth = true_values()
    inside = ~(((everywhere[:, 0] == 3) & (everywhere[:, 1] < 4)) | (everywhere == SIZE - 1).all(1))
    with torch.no_grad(): return r2(q_net(scaled(everywhere))[inside], worth[inside])
