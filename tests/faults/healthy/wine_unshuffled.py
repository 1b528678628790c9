"""Wine in batches of 16 that are the same in every epoch: the table is in random order already. No scaling by hand; batch normalisation comes first."""
import torch
from common import accuracy, tensors, wine
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "raw inputs up to 1700, and a loader that does not shuffle; but batch normalisation comes first, and the rows are in random order"
AT_LEAST = 0.9


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), (x_test, y_test) = tensors(wine())
    train_loader = DataLoader(TensorDataset(*train_set), batch_size=16, shuffle=False)
    model = nn.Sequential(nn.BatchNorm1d(13), nn.Linear(13, 24), nn.ReLU(), nn.Linear(24, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    cross_entropy = nn.CrossEntropyLoss()
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(40):
            model.train()
            for inputs, labels in run.batches(train_loader):
                optimizer.zero_grad()
                loss = cross_entropy(model(inputs), labels)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            model.eval()
            with torch.no_grad(): run.log(val_loss=cross_entropy(model(x_valid), y_valid))
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
