"""Digits by a convolutional network with batch normalisation and much dropout, as in a Kaggle kernel; Nesterov momentum and one learning rate."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "the loss of the training stays above that of the validation; that is the dropout"
AT_LEAST = 0.93


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.Dropout2d(.25),
            nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2), nn.Dropout2d(.25))
        self.classifier = nn.Sequential(nn.Flatten(), nn.Linear(512, 64), nn.ReLU(), nn.Dropout(.5), nn.Linear(64, 10))

    def forward(self, x):
        return self.classifier(self.features(x))


def validate(model, x, y):
    model.eval()
    with torch.no_grad(): output = model(x)
    return F.cross_entropy(output, y).item(), accuracy(output.argmax(1), y)


def train(seed, **options):
    torch.manual_seed(seed)
    (x_train, y_train), (x_val, y_val), (x_test, y_test) = tensors(digits())
    mean, std = x_train.mean(), x_train.std()
    x_train, x_val, x_test = ((x.view(-1, 1, 8, 8) - mean) / std for x in (x_train, x_val, x_test))
    train_loader = DataLoader(TensorDataset(x_train, y_train), batch_size=48, shuffle=True)
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=.03, momentum=.9, nesterov=True)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(10):
            model.train()
            for data, target in run.batches(train_loader):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(data), target)
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
            val_loss, val_acc = validate(model, x_val, y_val)
            run.log(val_loss=val_loss, val_acc=val_acc)
    return validate(model, x_test, y_test)[1]
