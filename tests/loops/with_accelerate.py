"""Accelerate prepares all of it and decides when the optimizer steps."""
import torch
import torch.nn.functional as F
from accelerate import Accelerator
from tally import tally
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset
from trainbook import watch  #+

torch.manual_seed(11)
x = torch.randn(96, 6)
y = (x[:, :2].prod(1) > 0).long()
accelerator = Accelerator(cpu=True, gradient_accumulation_steps=2)
model = nn.Sequential(nn.Linear(6, 16), nn.ReLU(), nn.Linear(16, 2))
optimizer = optim.AdamW(model.parameters(), lr=1e-2)
scheduler = optim.lr_scheduler.LinearLR(optimizer, 1., .1, 9)
train_loader, valid_loader = DataLoader(TensorDataset(x[:72], y[:72]), 12, shuffle=True), DataLoader(TensorDataset(x[72:], y[72:]), 12)
model, optimizer, train_loader, valid_loader, scheduler = accelerator.prepare(model, optimizer, train_loader, valid_loader, scheduler)
run = watch(model, optimizer, scheduler=scheduler)  #+
for epoch in run.epochs(3):  #= for epoch in range(3):
    model.train()
    for xb, yb in run.batches(train_loader):  #= for xb, yb in train_loader:
        with accelerator.accumulate(model):
            loss = F.cross_entropy(model(xb), yb)
            accelerator.backward(loss)
            optimizer.step()
            scheduler.step()
            optimizer.zero_grad()
        run.log(loss=loss)  #+
        tally(loss=loss)
    model.eval()
    with torch.no_grad():
        val_loss = torch.cat([accelerator.gather_for_metrics(F.cross_entropy(model(xb), yb, reduction="none")) for xb, yb in valid_loader]).mean()
    run.log(val_loss=val_loss)  #+
    tally.valid(val_loss=val_loss)
    tally.epoch()
tally.keep(model=accelerator.unwrap_model(model))
