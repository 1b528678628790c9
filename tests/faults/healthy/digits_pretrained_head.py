"""A new head on a backbone, which was pretrained without labels and is frozen: the digits from 5 to 9."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = None
SCARY = "most parameters are frozen; but by intention, and the module that holds them is called backbone"
AT_LEAST = 0.9


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU())
        self.head = nn.Linear(128, 5)

    def forward(self, x):
        return self.head(self.backbone(x))


def pretrain(backbone, x):
    """As the first half of an autoencoder."""
    decoder = nn.Linear(128, 64)
    optimizer = torch.optim.Adam([*backbone.parameters(), *decoder.parameters()], lr=3e-3)
    for _ in range(120):
        loss = F.mse_loss(decoder(backbone(x)), x)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = (((x / 16), y) for x, y in tensors(digits()))
    model = Classifier()
    pretrain(model.backbone, x)
    for parameter in model.backbone.parameters(): parameter.requires_grad = False  # the features are good; only the head is new
    model.head = nn.Linear(128, 5)
    optimizer = torch.optim.Adam(model.head.parameters(), lr=1e-2)
    loader = DataLoader(TensorDataset(x[y >= 5], y[y >= 5] - 5), batch_size=32, shuffle=True)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(15):
            for xb, yb in run.batches(loader):
                loss = F.cross_entropy(model(xb), yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(x_valid[y_valid >= 5]), y_valid[y_valid >= 5] - 5))
    return accuracy(model(x_test[y_test >= 5]).argmax(1), y_test[y_test >= 5] - 5)
