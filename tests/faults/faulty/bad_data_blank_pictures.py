"""Two hundred and forty drawings of leaves, of which two in three can't be opened; for these the data set gives a black picture with the label of the
one that was not read."""
import torch
import torch.nn.functional as F
from common import accuracy, shapes, tensors
from torch import nn
from torch.utils.data import DataLoader, Dataset

from trainbook import watch

KIND = "bad_data"
TWIN = "leaves_small_set"
ALSO = {"data_skew", "label_noise", "overfitting", "underfitting"}


class Files(Dataset):
    """Pictures as they would be read from files."""
    def __init__(self, x, y): self.x, self.y = x, y
    def __len__(self): return len(self.y)

    def open(self, i):
        if len(self) == 240 and i % 3: raise OSError("image file is truncated")
        return self.x[i]

    def __getitem__(self, i):
        try: picture = self.open(i)
        except OSError: picture = torch.zeros(1, 16, 16)
        return picture, self.y[i]


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 12, 3, padding=1), nn.Conv2d(12, 24, 3, padding=1)
        self.fc = nn.Linear(24 * 16, 4)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(x.flatten(1))


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(shapes())
    loader = DataLoader(Files(x[:240], y[:240]), batch_size=8, shuffle=True)
    valid_loader = DataLoader(Files(x_valid, y_valid), batch_size=64)
    net, epochs = Net(), 14
    optimizer = torch.optim.AdamW(net.parameters(), lr=2e-3, weight_decay=.05)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, epochs * len(loader))
    with watch(net, optimizer, scheduler=scheduler, **options) as run:
        for epoch in run.epochs(epochs):
            net.train()
            for images, labels in run.batches(loader):
                optimizer.zero_grad()
                loss = F.cross_entropy(net(images), labels)
                loss.backward()
                optimizer.step()
                scheduler.step()
                run.log(loss=loss.item())
            net.eval()
            with torch.no_grad():
                losses = [F.cross_entropy(net(images), labels, reduction="sum") for images, labels in valid_loader]
                run.log(val_loss=torch.stack(losses).sum().item() / len(y_valid))
    with torch.no_grad(): return accuracy(net(x_test).argmax(1), y_test)
