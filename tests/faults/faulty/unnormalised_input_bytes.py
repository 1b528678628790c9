"""Digits as bytes of a picture file, 0 to 255, given to LeNet's convolutions as they are."""
import torch
import torch.nn.functional as F
from common import accuracy, digits
from torch import nn
from torch.utils.data import DataLoader, Dataset

from trainbook import watch

KIND = "unnormalised_input"
TWIN = "digits_bytes_scaled"
ALSO = {"dead_relu", "exploding_gradient", "lr_too_high", "nan_loss", "oscillating_loss", "plateau", "underfitting", "unstable"}


class Bytes(Dataset):
    def __init__(self, x, y): self.x, self.y = torch.tensor(x / 16 * 255).to(torch.uint8).view(-1, 1, 8, 8), torch.tensor(y)
    def __len__(self): return len(self.y)
    def __getitem__(self, i): return self.x[i].float(), self.y[i]


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(1, 6, 3, padding=1), nn.ReLU(), nn.Conv2d(6, 16, 3), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Sequential(nn.Linear(144, 84), nn.ReLU(), nn.Linear(84, 10))

    def forward(self, x): return self.classifier(self.features(x).flatten(1))


def train(seed, **options):
    torch.manual_seed(seed)
    trainloader, validloader, testloader = (DataLoader(Bytes(*part), batch_size=size, shuffle=size == 32) for part, size in zip(digits(), (32, 360, 360)))
    net = LeNet()
    optimizer = torch.optim.SGD(net.parameters(), lr=.05, momentum=.9)
    with watch(net, optimizer, **options) as run:
        for epoch in run.epochs(6):
            for inputs, labels in run.batches(trainloader):
                optimizer.zero_grad()
                loss = F.cross_entropy(net(inputs), labels)
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
            inputs, labels = next(iter(validloader))
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(net(inputs), labels).item())
    inputs, labels = next(iter(testloader))
    with torch.no_grad(): return accuracy(net(inputs).argmax(1), labels)
