"""Shapes by convolutions. The group of the last layer has a rate of 50, for a point in the wrong place."""
import torch
import torch.nn as nn
import torch.nn.functional as F
from common import accuracy, shapes, tensors
from torch.optim.lr_scheduler import ReduceLROnPlateau
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "lr_too_high"
TWIN = "shapes_two_groups"
WHERE = "fc"
ALSO = {"dead_relu", "exploding_gradient", "nan_loss", "oscillating_loss", "plateau", "unstable"}


def conv_bn(c_in, c_out, stride):
    bn = nn.BatchNorm2d(c_out)
    return nn.Sequential(nn.Conv2d(c_in, c_out, 3, stride, 1, bias=False), bn, nn.ReLU(inplace=True))


class ShapeNet(nn.Module):
    def __init__(self, n_classes=4):
        super().__init__()
        self.stem = conv_bn(1, 12, 1)
        self.layer1 = conv_bn(12, 16, 2)
        self.layer2 = conv_bn(16, 24, 2)
        self.fc = nn.Linear(24, n_classes)

    def forward(self, x):
        x = self.layer2(self.layer1(self.stem(x)))
        return self.fc(F.adaptive_avg_pool2d(x, 1).flatten(1))


@torch.no_grad()
def validate(model, loader, run):
    model.eval()
    total, correct, n = 0., 0, 0
    for images, labels in run.batches(loader, valid=True):
        output = model(images)
        total += F.cross_entropy(output, labels, reduction="sum").item()
        correct += (output.argmax(1) == labels).sum().item()
        n += len(labels)
    return total / n, correct / n


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, val_set, (x_test, y_test) = tensors(shapes(1000, noise=.4))
    train_loader = DataLoader(TensorDataset(*train_set), batch_size=30, shuffle=True)
    val_loader = DataLoader(TensorDataset(*val_set), batch_size=100)
    model = ShapeNet()
    backbone = [p for name, p in model.named_parameters() if not name.startswith("fc")]
    optimizer = torch.optim.SGD([{"params": backbone, "lr": .05}, {"params": model.fc.parameters(), "lr": 50.}], momentum=.9, weight_decay=1e-4)
    scheduler = ReduceLROnPlateau(optimizer, mode="min", factor=.1, patience=1)
    with watch(model, optimizer, scheduler=scheduler, **options) as run:
        for epoch in run.epochs(8):
            model.train()
            for images, labels in run.batches(train_loader):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(images), labels)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            val_loss, val_acc = validate(model, val_loader, run)
            scheduler.step(val_loss)
            run.log(val_loss=val_loss, val_acc=val_acc)
    model.eval()
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
