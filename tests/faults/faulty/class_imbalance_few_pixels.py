"""Bright spots in microscope pictures, two pixels of a hundred; a small U-Net marks them, and every pixel counts alike in the loss."""
import numpy as np
import torch
import torch.nn.functional as F
from common import balanced_accuracy
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "class_imbalance"
TWIN = "spots_unet_weighted"
WHERE = "criterion"
ALSO = {"data_skew", "underfitting"}


def microscope(n, seed, size=24):
    rng = np.random.default_rng(seed)
    rows, columns = np.mgrid[:size, :size]
    images, masks = rng.normal(0, 1, (n, size, size)), np.zeros((n, size, size))
    for image, mask in zip(images, masks):
        for _ in range(rng.integers(1, 4)):
            y, x = rng.uniform(2, size - 2, 2)
            distance = (rows - y) ** 2 + (columns - x) ** 2
            image += 2.2 * np.exp(-distance / 3)
            mask[distance < 2.4] = 1
    return torch.tensor(images[:, None], dtype=torch.float32), torch.tensor(masks[:, None], dtype=torch.float32)


def double_conv(c_in, c_out):
    return nn.Sequential(nn.Conv2d(c_in, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU(inplace=True),
                         nn.Conv2d(c_out, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU(inplace=True))


class UNet(nn.Module):
    def __init__(self, c=8):
        super().__init__()
        self.inc, self.down, self.up = double_conv(1, c), double_conv(c, 2 * c), double_conv(3 * c, c)
        self.outc = nn.Conv2d(c, 1, 1)

    def forward(self, x):
        x1 = self.inc(x)
        x2 = self.down(F.max_pool2d(x1, 2))
        x = self.up(torch.cat([x1, F.interpolate(x2, scale_factor=2)], 1))
        return self.outc(x)


def evaluate(net, images, masks, criterion):
    net.eval()
    with torch.no_grad():
        output = net(images)
        predicted = torch.sigmoid(output) > .5
    return criterion(output, masks), balanced_accuracy(predicted, masks > .5)


def train(seed, **options):
    torch.manual_seed(seed)
    images, masks = microscope(320, 31)
    val_images, val_masks = microscope(80, 32)
    test_images, test_masks = microscope(120, 33)
    train_loader = DataLoader(TensorDataset(images, masks), batch_size=16, shuffle=True)
    net = UNet()
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.RMSprop(net.parameters(), lr=1e-3)
    with watch(net, optimizer, **options) as run:
        for epoch in run.epochs(5):
            net.train()
            for x, true_mask in run.batches(train_loader):
                masks_pred = net(x)
                loss = criterion(masks_pred, true_mask)
                optimizer.zero_grad(set_to_none=True)
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
            val_loss, val_score = evaluate(net, val_images, val_masks, criterion)
            run.log(val_loss=val_loss.item(), val_balanced_accuracy=val_score)
    return evaluate(net, test_images, test_masks, criterion)[1]
