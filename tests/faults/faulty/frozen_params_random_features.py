"""Forms of plankton in small pictures by a network whose convolutions are frozen, as one does with pretrained ones; these are random."""
import numpy as np
import torch
from common import balanced_accuracy
from torch import nn
from torch.utils.data import DataLoader, Dataset, WeightedRandomSampler

from trainbook import watch

KIND = "frozen_params"
TWIN = "plankton_sampler"
WHERE = "0"
ALSO = {"plateau", "underfitting"}

COUNTS = [500, 250, 100, 40, 20, 12]


def draw(kind, rng, size=16):
    rows, columns = np.mgrid[:size, :size]
    y, x = rng.uniform(5, size - 5, 2)
    dy, dx, r = rows - y, columns - x, rng.uniform(3, 4.5)
    radius, angle = np.hypot(dy, dx), np.arctan2(dy, dx)
    form = [radius < r, (radius < r) & (radius > r - 1.6), (abs(dy) < 1.2) & (abs(dx) < r), radius < r * (.6 + .4 * np.cos(3 * angle)),
            radius < r * (.6 + .4 * np.cos(4 * angle)), (abs(dy) + abs(dx)) < r][kind]
    return form + rng.normal(0, .35, (size, size))


def plankton(counts, seed):
    rng = np.random.default_rng(seed)
    labels = np.repeat(np.arange(len(counts)), counts)
    return torch.tensor(np.array([draw(k, rng) for k in labels])[:, None], dtype=torch.float32), torch.tensor(labels)


class PlanktonDataset(Dataset):
    def __init__(self, images, labels, augment=False): self.images, self.labels, self.augment = images, labels, augment
    def __len__(self): return len(self.labels)

    def __getitem__(self, i):
        image = self.images[i]
        if self.augment:
            image = torch.rot90(image, int(torch.randint(4, ())), (1, 2)).roll(torch.randint(-1, 2, (2,)).tolist(), (1, 2))
            image = image + .1 * torch.randn_like(image)
        return (image - .15) / .45, self.labels[i]


def get_model():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(32, 32, 3), nn.BatchNorm2d(32), nn.ReLU(), nn.AdaptiveMaxPool2d(1), nn.Flatten(), nn.Dropout(.2), nn.Linear(32, 6))


@torch.no_grad()
def test(model, loader, criterion):
    model.eval()
    outputs, labels = map(torch.cat, zip(*((model(x), y) for x, y in loader)))
    return criterion(outputs, labels).item(), balanced_accuracy(outputs.argmax(1), labels)


def train(seed, **options):
    torch.manual_seed(seed)
    images, labels = plankton(COUNTS, 71)
    train_ds = PlanktonDataset(images, labels, augment=True)
    weights = 1. / torch.tensor(COUNTS)[labels]
    sampler = WeightedRandomSampler(weights, num_samples=len(labels), replacement=True)
    train_loader = DataLoader(train_ds, batch_size=32, sampler=sampler)
    val_loader = DataLoader(PlanktonDataset(*plankton([25] * 6, 72)), batch_size=25)
    test_loader = DataLoader(PlanktonDataset(*plankton([60] * 6, 73)), batch_size=30)
    model = get_model()
    for param in model[:12].parameters(): param.requires_grad = False
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=.05)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=5)
    with watch(model, optimizer, scheduler=scheduler, **options) as run:
        for epoch in run.epochs(5):
            model.train()
            for x, y in run.batches(train_loader):
                optimizer.zero_grad()
                loss = criterion(model(x), y)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            scheduler.step()
            val_loss, val_bal_acc = test(model, val_loader, criterion)
            run.log(val_loss=val_loss, val_bal_acc=val_bal_acc)
    return test(model, test_loader, criterion)[1]
