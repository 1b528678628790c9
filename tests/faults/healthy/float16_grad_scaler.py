"""Digits by a small network in float16 with a GradScaler that begins far too high: its first steps are skipped until it has come down."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "infinite gradients in the first steps, which the scaler sees and leaves out; and huge ones later, for they are multiplied by its scale"
AT_LEAST = 0.85


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), (x_test, y_test) = ((x / 16, y) for x, y in tensors(digits()))
    model = nn.Sequential(nn.Flatten(), nn.Linear(64, 96), nn.ReLU(), nn.Linear(96, 48), nn.ReLU(), nn.Linear(48, 10))
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    scaler = torch.amp.GradScaler("cpu", init_scale=2. ** 24)
    loader = DataLoader(TensorDataset(*train_set), batch_size=32, shuffle=True)
    with watch(model, optimizer, state=[scaler], **options) as run:
        for epoch in run.epochs(9):
            for images, labels in run.batches(loader):
                optimizer.zero_grad()
                with torch.autocast("cpu", dtype=torch.float16): loss = F.cross_entropy(model(images), labels)
                scaler.scale(loss).backward()
                scaler.step(optimizer)
                scaler.update()
                run.log(loss=loss, scale=scaler.get_scale())
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(x_valid), y_valid))
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
