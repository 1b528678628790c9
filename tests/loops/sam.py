"""Sharpness-aware minimization, written as its packages are: an optimizer around another one, and two steps of its own for each batch."""
import torch
import torch.nn.functional as F
from tally import tally
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset
from trainbook import watch  #+


class SAM(optim.Optimizer):
    def __init__(self, params, base_optimizer, rho=.05, **kwargs):
        super().__init__(params, dict(rho=rho, **kwargs))
        self.base_optimizer = base_optimizer(self.param_groups, **kwargs)
        self.param_groups = self.base_optimizer.param_groups
        self.defaults.update(self.base_optimizer.defaults)

    @torch.no_grad()
    def first_step(self, zero_grad=False):
        norm = torch.stack([p.grad.norm() for group in self.param_groups for p in group["params"]]).norm()
        for group in self.param_groups:
            for p in group["params"]:
                self.state[p]["old_p"] = p.data.clone()
                p.add_(p.grad * (group["rho"] / (norm + 1e-12)))
        if zero_grad: self.zero_grad()

    @torch.no_grad()
    def second_step(self, zero_grad=False):
        for group in self.param_groups:
            for p in group["params"]: p.data = self.state[p]["old_p"]
        self.base_optimizer.step()
        if zero_grad: self.zero_grad()

    @torch.no_grad()
    def step(self, closure=None):
        closure = torch.enable_grad()(closure)
        self.first_step(zero_grad=True)
        closure()
        self.second_step()

    def load_state_dict(self, state_dict):
        super().load_state_dict(state_dict)
        self.base_optimizer.param_groups = self.param_groups


torch.manual_seed(13)
x = torch.randn(96, 6)
y = (x[:, :2].prod(1) > 0).long()
train_loader = DataLoader(TensorDataset(x[:72], y[:72]), 12, shuffle=True)
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = SAM(model.parameters(), optim.SGD, lr=.1, momentum=.9)
run = watch(model, optimizer)  #+
for epoch in run.epochs(3):  #= for epoch in range(3):
    for xb, yb in run.batches(train_loader):  #= for xb, yb in train_loader:
        loss = F.cross_entropy(model(xb), yb)
        loss.backward()
        optimizer.first_step(zero_grad=True)
        F.cross_entropy(model(xb), yb).backward()
        optimizer.second_step(zero_grad=True)
        run.log(loss=loss)  #+
        tally(loss=loss)
    with torch.no_grad():
        val_loss = F.cross_entropy(model(x[72:]), y[72:])
    run.log(val_loss=val_loss)  #+
    tally.valid(val_loss=val_loss)
    tally.epoch()
tally.keep(model=model)
