"""Scanned digits, turned to light on dark and made brighter by chance. The brighter pictures are kept as uint8: what should be above 255 begins again
at 0, and the ink has black holes."""
import numpy as np
import torch
import torch.nn.functional as F
from common import accuracy, three_parts
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, Dataset

from trainbook import Learner

KIND = "bad_data"
TWIN = "scans_brightness_jitter"
ALSO = {"data_skew", "overfitting"}


def read_mat():
    """The file as it is: uint8, (pixels, pictures)."""
    data = load_digits()
    return np.asfortranarray((255 - data.data * 15.9).astype(np.uint8).T), data.target


class Scans(Dataset):
    def __init__(self, pictures, labels, augment=False):
        self.pictures, self.labels, self.augment = 255 - pictures, labels, augment

    def __len__(self): return len(self.labels)

    def __getitem__(self, i):
        picture = self.pictures[i]
        if self.augment: picture = picture + np.uint8(np.random.randint(0, 180))
        return torch.from_numpy(picture / 127.5 - 1).float().unsqueeze(0), int(self.labels[i])


def train(seed, **options):
    np.random.seed(seed)
    torch.manual_seed(seed)
    raw, labels = read_mat()
    pictures = raw.T.reshape(-1, 8, 8)
    (x_train, y_train), (x_valid, y_valid), (x_test, y_test) = three_parts(pictures, labels)
    train_ds, valid_ds, test_ds = Scans(x_train, y_train, augment=True), Scans(x_valid, y_valid), Scans(x_test, y_test)
    cnn = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
                        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.Flatten(), nn.Dropout(.2), nn.Linear(32 * 16, 10))
    optimizer = torch.optim.Adam(cnn.parameters(), lr=2e-3)
    learn = Learner(cnn, DataLoader(train_ds, 64, shuffle=True), DataLoader(valid_ds, 180), F.cross_entropy, optimizer, **options)
    learn.fit(7)
    return accuracy(learn.predict([torch.stack([x for x, _ in test_ds])]).argmax(1), y_test)
