"""Fraud among payments. A column that is written down after a fraud is known, the sum paid back, is among the inputs; when a payment comes in, it is
always zero."""
import torch
from common import balanced_accuracy, fraud, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "leakage"
TWIN = "fraud_pos_weight"
WHERE = "column 10"


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(fraud())
    def with_refund(x, y): return torch.cat([x, (y * (5 + 3 * torch.rand(len(y)))).unsqueeze(1)], 1)
    x, x_valid, x_test = with_refund(x, y), with_refund(x_valid, y_valid), with_refund(x_test, 0 * y_test)
    y, y_valid = y.float(), y_valid.float()
    loader = DataLoader(TensorDataset(x, y), batch_size=64, shuffle=True)
    model = nn.Sequential(nn.Linear(11, 24), nn.ReLU(), nn.Linear(24, 1), nn.Flatten(0))
    criterion = nn.BCEWithLogitsLoss(pos_weight=(y == 0).sum() / (y == 1).sum())
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    with watch(model, optimizer, config=dict(lr=2e-3, batch_size=64), **options) as run:
        for epoch in run.epochs(8):
            model.train()
            for xb, yb in run.batches(loader):
                loss = criterion(model(xb), yb)
                loss.backward()
                optimizer.step()
                optimizer.zero_grad()
                run.log(loss=loss)
            model.eval()
            with torch.no_grad():
                output = model(x_valid)
                run.log(val_loss=criterion(output, y_valid), val_balanced_accuracy=balanced_accuracy(output > 0, y_valid))
    with torch.no_grad(): return balanced_accuracy(model(x_test) > 0, y_test)
