"""Shapes by blocks with batch normalisation. Without eval(), each picture that comes alone is normalised by itself."""
import torch
import torch.nn.functional as F
from common import accuracy, shapes, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "train_eval_mode"
TWIN = "shapes_one_at_a_time"
WHERE = "bn"
ALSO = {"data_skew"}
SINCE = 25


class Block(nn.Module):
    def __init__(self, c):
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(c, c, 3, padding=1, bias=False), nn.BatchNorm2d(c)
        self.conv2, self.bn2 = nn.Conv2d(c, c, 3, padding=1, bias=False), nn.BatchNorm2d(c)

    def forward(self, x):
        return F.relu(x + self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x))))))


@torch.no_grad()
def classify(model, pictures):
    return torch.cat([model(picture[None]) for picture in pictures])


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), (x_test, y_test) = tensors(shapes(n=1000))
    loader = DataLoader(TensorDataset(*train_set), batch_size=24, shuffle=True)
    model = nn.Sequential(nn.Conv2d(1, 12, 4, stride=2), Block(12), nn.MaxPool2d(2), Block(12), nn.Flatten(), nn.Linear(108, 4))
    optimizer = torch.optim.SGD(model.parameters(), lr=.02, momentum=.9, weight_decay=1e-4)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(7):
            model.train()
            for xb, yb in run.batches(loader):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(xb), yb)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            output = classify(model, x_valid)
            run.log(val_loss=F.cross_entropy(output, y_valid), val_accuracy=accuracy(output.argmax(1), y_valid))
    return accuracy(classify(model, x_test).argmax(1), y_test)
