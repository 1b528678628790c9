"""An optimizer without a schedule, which has one set of weights to train and another one to evaluate."""
import torch
import torch.nn.functional as F
from schedulefree import AdamWScheduleFree
from tally import tally
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from trainbook import watch  #+

torch.manual_seed(12)
x = torch.randn(96, 6)
y = (x[:, :2].prod(1) > 0).long()
train_loader, valid_loader = DataLoader(TensorDataset(x[:72], y[:72]), 12, shuffle=True), DataLoader(TensorDataset(x[72:], y[72:]), 12)
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = AdamWScheduleFree(model.parameters(), lr=2e-2, warmup_steps=3)
run = watch(model, optimizer)  #+
for epoch in run.epochs(3):  #= for epoch in range(3):
    model.train()
    optimizer.train()
    for xb, yb in run.batches(train_loader):  #= for xb, yb in train_loader:
        loss = F.cross_entropy(model(xb), yb)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        run.log(loss=loss)  #+
        tally(loss=loss)
    model.eval()
    optimizer.eval()
    with torch.no_grad():
        val_loss = sum(F.cross_entropy(model(xb), yb).item() for xb, yb in valid_loader) / len(valid_loader)
    run.log(val_loss=val_loss)  #+
    tally.valid(val_loss=val_loss)
    tally.epoch()
tally.keep(model=model)
