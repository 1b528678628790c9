"""A script for a terminal: arguments, a function main, a checkpoint of its own."""
import argparse

import torch
import torch.nn.functional as F
from mlxtend.data import iris_data
from tally import tally
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset
from trainbook import watch  #+


def evaluate(model, loader):
    model.eval()
    with torch.no_grad():
        right = [(model(xb).argmax(1) == yb).float() for xb, yb in loader]
    model.train()
    return torch.cat(right).mean().item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--lr", type=float, default=.05)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--seed", type=int, default=15)
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    x, y = (torch.tensor(array) for array in iris_data())
    x, order = (x - x.mean(0)).float(), torch.randperm(len(x))
    train_loader = DataLoader(TensorDataset(x[order[:110]], y[order[:110]]), args.batch_size, shuffle=True)
    valid_loader = DataLoader(TensorDataset(x[order[110:]], y[order[110:]]), args.batch_size)
    model = nn.Sequential(nn.Linear(4, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 3))
    optimizer = optim.SGD(model.parameters(), lr=args.lr, momentum=.9, nesterov=True)
    scheduler = optim.lr_scheduler.OneCycleLR(optimizer, args.lr, epochs=args.epochs, steps_per_epoch=len(train_loader))

    best = 0.
    run = watch(model, optimizer, scheduler=scheduler, config=vars(args), monitor="val_accuracy", mode="max")  #+
    for epoch in run.epochs(args.epochs):  #= for epoch in range(args.epochs):
        for xb, yb in run.batches(train_loader):  #= for xb, yb in train_loader:
            loss = F.cross_entropy(model(xb), yb, label_smoothing=.1)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            run.log(loss=loss)  #+
            tally(loss=loss)
        accuracy = evaluate(model, valid_loader)
        run.log(val_accuracy=accuracy)  #+
        tally.valid(val_accuracy=accuracy)
        if accuracy > best:
            best = accuracy
            torch.save(model.state_dict(), "model.pt")
        tally.epoch()
    tally.keep(model=model)


if __name__ == "__main__":
    main()
