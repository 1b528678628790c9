"""Digits by a network of two layers, Adagrad, the sum of the losses over the batch; the accuracy is counted as it goes."""
import torch
from common import accuracy, digits, tensors
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.9


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer1 = nn.Linear(64, 80)
        self.act1 = nn.ReLU()
        self.layer2 = nn.Linear(80, 10)
        self.act2 = nn.Identity()

    def forward(self, x):
        x = self.act1(self.layer1(x))
        return self.act2(self.layer2(x))


def train(seed, **options):
    torch.manual_seed(seed)
    (x_train, y_train), (x_dev, y_dev), (x_test, y_test) = ((x / 16, y) for x, y in tensors(digits()))
    model = Classifier()
    loss_function = nn.CrossEntropyLoss(reduction="sum")
    optimizer = torch.optim.Adagrad(model.parameters(), lr=.02)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(12):
            right = 0
            for rows in run.batches(torch.randperm(len(x_train)).split(24)):
                X, Y = x_train[rows], y_train[rows]
                optimizer.zero_grad()
                scores = model(X)
                loss = loss_function(scores, Y)
                loss.backward()
                optimizer.step()
                right += (scores.argmax(1) == Y).sum().item()
                run.log(loss=loss.item() / len(X))
            with torch.no_grad(): run.log(train_acc=right / len(x_train), val_acc=accuracy(model(x_dev).argmax(1), y_dev))
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
