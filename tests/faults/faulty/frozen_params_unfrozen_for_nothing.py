"""Is a digit even? After four epochs the encoder is unfrozen, but the optimizer was made of what was trainable before, and doesn't know it."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "frozen_params"
TWIN = "gradual_unfreezing"
WHERE = "encoder"
ALSO = {"no_update", "plateau", "underfitting"}
SINCE = 108


def pretrain(encoder, x):
    decoder = nn.Linear(16, 64)
    optimizer = optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=5e-3)
    for _ in range(100):
        optimizer.zero_grad()
        F.mse_loss(decoder(encoder(x)), x).backward()
        optimizer.step()


def set_trainable(module, flag):
    for parameter in module.parameters(): parameter.requires_grad = flag


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((x / 16, (y % 2 == 0).float()) for x, y in tensors(digits()))
    model = nn.Sequential()
    model.encoder = nn.Sequential(nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 16), nn.ReLU())
    pretrain(model.encoder, x)
    model.head = nn.Linear(16, 1)
    set_trainable(model.encoder, False)
    optimizer = optim.Adam([p for p in model.parameters() if p.requires_grad], lr=1e-2)
    loader = DataLoader(TensorDataset(x, y), batch_size=40, shuffle=True)
    criterion = nn.BCEWithLogitsLoss()
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(14):
            if epoch == 4:
                set_trainable(model.encoder, True)
            for xb, yb in run.batches(loader):
                optimizer.zero_grad()
                loss = criterion(model(xb).squeeze(1), yb)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=criterion(model(x_valid).squeeze(1), y_valid))
    with torch.no_grad(): return accuracy(model(x_test).squeeze(1) > 0, y_test)
