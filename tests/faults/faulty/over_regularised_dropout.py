"""Digits by a wide network, of which 97 % is dropped: three units in a hundred say too little."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner, Schedule

KIND = "over_regularised"
TWIN = "digits_high_dropout"
WHERE = "2"
ALSO = {"plateau", "underfitting"}


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(digits())
    train_dl = DataLoader(TensorDataset(x / 16, y), 48, shuffle=True)
    valid_dl = DataLoader(TensorDataset(x_valid / 16, y_valid), 256)
    model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.Dropout(p=.97),
                          nn.Linear(256, 128), nn.ReLU(), nn.Dropout(p=.97), nn.Linear(128, 10))
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    decay = Schedule(torch.optim.lr_scheduler.ExponentialLR(optimizer, .995))
    learn = Learner(model, train_dl, valid_dl, F.cross_entropy, optimizer, callbacks=decay, **options)
    learn.fit(12)
    return accuracy(learn.predict([x_test / 16]).argmax(1), y_test)
