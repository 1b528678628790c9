"""Six signs somewhere in small pictures, of which there are 120, each seen 70 times as it is: the augmentation was left out."""
import torch
from common import accuracy
from torch import nn
from torch.nn.functional import cross_entropy

from trainbook import watch

KIND = "overfitting"
TWIN = "glyphs_rolled"
ALSO = {}


def glyphs(n, g):
    signs = (torch.rand(6, 5, 5, generator=torch.Generator().manual_seed(4)) < .5).float()
    y, place = torch.randint(6, (n,), generator=g), torch.randint(8, (n, 2), generator=g)
    x = .2 * torch.randn(n, 1, 12, 12, generator=g)
    for i in range(n): x[i, 0, place[i, 0]:place[i, 0] + 5, place[i, 1]:place[i, 1] + 5] += signs[y[i]]
    return x, y


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(13)
    (x, y), (x_valid, y_valid), (x_test, y_test) = glyphs(120, g), glyphs(150, g), glyphs(300, g)
    model = nn.Sequential(nn.Conv2d(1, 24, 5), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(24 * 16, 64), nn.ReLU(), nn.Linear(64, 6))
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(70):
            for rows in run.batches(torch.randperm(120).split(20)):
                loss = cross_entropy(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            if epoch % 2:
                with torch.no_grad():
                    output = model(x_valid)
                    run.log(val_loss=cross_entropy(output, y_valid), val_acc=accuracy(output.argmax(1), y_valid))
    return accuracy(model(x_test).argmax(1), y_test)
