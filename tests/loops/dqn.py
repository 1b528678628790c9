"""Q-learning with a replay buffer and a target network: the first steps only fill the buffer."""
import random
from collections import deque

import torch
import torch.nn.functional as F
from tally import tally
from torch import nn, optim
from trainbook import watch  #+

torch.manual_seed(9)
random.seed(9)
network = lambda: nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
policy_net, target_net = network(), network()
target_net.load_state_dict(policy_net.state_dict())
optimizer = optim.RMSprop(policy_net.parameters(), lr=3e-3)
memory, at = deque(maxlen=60), 2
run = watch(policy_net, optimizer)  #+
for step in run.steps(60):  #= for step in range(60):
    state = torch.eye(6)[at]
    action = random.randrange(2) if random.random() < .9 * .95**step else policy_net(state).argmax().item()
    at = at + 1 if action else at - 1
    done = at in (0, 5)
    memory.append((state, action, float(at == 5), torch.eye(6)[at], done))
    if done: at = 2
    loss = torch.tensor(0.)
    if len(memory) >= 16:
        states, actions, rewards, following, ends = zip(*random.sample(memory, 16))
        with torch.no_grad():
            goal = torch.tensor(rewards) + .9 * target_net(torch.stack(following)).amax(1) * ~torch.tensor(ends)
        value = policy_net(torch.stack(states)).gather(1, torch.tensor(actions)[:, None])[:, 0]
        loss = F.smooth_l1_loss(value, goal)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_value_(policy_net.parameters(), .1)
        optimizer.step()
        run.log(loss=loss)  #+
    if step % 10 == 9:
        target_net.load_state_dict(policy_net.state_dict())
    tally(**dict(loss=loss) if len(memory) >= 16 else {})
tally.keep(policy=policy_net, target=target_net)
