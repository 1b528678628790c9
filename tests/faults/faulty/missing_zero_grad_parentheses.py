"""Shapes by a convolutional network. optimizer.zero_grad is named, and not called, for want of parentheses."""
import torch
import torch.nn.functional as F
from common import accuracy, shapes, tensors
from torch import nn
from torch.utils.data import DataLoader, Dataset

from trainbook import watch

KIND = "missing_zero_grad"
TWIN = "shapes_cnn_one_cycle"
WHERE = "optimizer.zero_grad()"
ALSO = {"lr_too_high", "oscillating_loss", "plateau", "unstable"}


class Pictures(Dataset):
    def __init__(self, x, y, transform): self.x, self.y, self.transform = x, y, transform
    def __len__(self): return len(self.x)
    def __getitem__(self, i): return self.transform(self.x[i]), self.y[i]


def normalise(picture): return (picture * 255 - 60) / 100


def augment(picture):
    if torch.rand(()) < .5: picture = picture.flip(-1)
    return normalise(picture)


def conv(c_in, c_out): return nn.Sequential(nn.Conv2d(c_in, c_out, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU())


@torch.no_grad()
def validate(model, loader):
    model.eval()
    outputs, targets = zip(*[(model(x), y) for x, y in loader])
    return torch.cat(outputs), torch.cat(targets)


def train(seed, **options):
    torch.manual_seed(seed)
    train_part, valid_part, test_part = tensors(shapes())
    train_loader = DataLoader(Pictures(*train_part, augment), batch_size=48, shuffle=True)
    valid_loader, test_loader = (DataLoader(Pictures(*part, normalise), batch_size=120) for part in (valid_part, test_part))
    model = nn.Sequential(conv(1, 16), conv(16, 32), conv(32, 32), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(.1), nn.Linear(32, 4))
    epochs = 12
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=.01)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=.01, epochs=epochs, steps_per_epoch=len(train_loader))
    with watch(model, optimizer, scheduler=scheduler, **options) as run:
        for epoch in run.epochs(epochs):
            model.train()
            for x, y in run.batches(train_loader):
                optimizer.zero_grad
                loss = F.cross_entropy(model(x), y)
                loss.backward()
                optimizer.step()
                scheduler.step()
                run.log(loss=loss)
            output, y = validate(model, valid_loader)
            run.log(val_loss=F.cross_entropy(output, y), val_accuracy=accuracy(output.argmax(1), y))
    output, y = validate(model, test_loader)
    return accuracy(output.argmax(1), y)
