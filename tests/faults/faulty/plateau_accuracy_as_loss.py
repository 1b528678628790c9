"""Digits; ReduceLROnPlateau is given the accuracy and waits for it to fall: the rate is divided by ten every other epoch, while all goes well."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "plateau"
TWIN = "digits_reduce_on_plateau"
WHERE = "ReduceLROnPlateau"
ALSO = {"lr_too_low", "underfitting"}
SINCE = 102


def epoch_of_training(model, batches, optimizer):
    model.train()
    total = count = 0
    for images, labels in batches:
        optimizer.zero_grad()
        loss = F.cross_entropy(model(images), labels)
        loss.backward()
        optimizer.step()
        total, count = total + loss.item() * len(images), count + len(images)
    return total / count


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), (x_test, y_test) = tensors(digits())
    train_loader = DataLoader(TensorDataset(*train_set), batch_size=32, shuffle=True)
    model = nn.Sequential(nn.BatchNorm1d(64), nn.Linear(64, 40), nn.ReLU(), nn.Linear(40, 10))
    optimizer = torch.optim.SGD(model.parameters(), lr=.03)
    scheduler = ReduceLROnPlateau(optimizer, mode="min", factor=.1, patience=1)
    with watch(model, optimizer, scheduler=scheduler, monitor="val_acc", mode="max", **options) as run:
        for epoch in run.epochs(14):
            train_loss = epoch_of_training(model, run.batches(train_loader), optimizer)
            model.eval()
            with torch.no_grad(): val_acc = accuracy(model(x_valid).argmax(1), y_valid)
            scheduler.step(val_acc)
            run.log(train_loss=train_loss, val_acc=val_acc)
    return accuracy(model(x_test).argmax(1), y_test)
