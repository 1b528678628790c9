"""Digits by a convolutional network with dropout. The function test never calls model.eval(), so that 60 % of the features are missing from what it
predicts."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn, optim
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "train_eval_mode"
TWIN = "digits_cnn_mnist_example"
WHERE = "dropout"
ALSO = {"over_regularised"}
SINCE = 34


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 16, 3, padding=1), nn.Conv2d(16, 16, 3, padding=1)
        self.dropout = nn.Dropout(.6)
        self.fc1, self.fc2 = nn.Linear(256, 64), nn.Linear(64, 10)

    def forward(self, x):
        x = F.relu(self.conv1(x))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = self.dropout(F.relu(self.fc1(torch.flatten(x, 1))))
        return F.log_softmax(self.fc2(x), dim=1)


def train_epoch(model, loader, optimizer, run):
    model.train()
    for data, target in run.batches(loader):
        optimizer.zero_grad()
        loss = F.nll_loss(model(data), target)
        loss.backward()
        optimizer.step()
        run.log(loss=loss)


def test(model, x, y):
    with torch.no_grad():
        output = model(x)
    return F.nll_loss(output, y).item(), accuracy(output.argmax(1), y)


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), valid, unseen = (((x / 16).view(-1, 1, 8, 8), y) for x, y in tensors(digits()))
    loader = DataLoader(TensorDataset(x, y), batch_size=32, shuffle=True)
    model = Net()
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    scheduler = StepLR(optimizer, step_size=2, gamma=.8)
    with watch(model, optimizer, scheduler=scheduler, **options) as run:
        for epoch in run.epochs(8):
            train_epoch(model, loader, optimizer, run)
            loss, correct = test(model, *valid)
            run.log(val_loss=loss, val_accuracy=correct)
            scheduler.step()
    return test(model, *unseen)[1]
