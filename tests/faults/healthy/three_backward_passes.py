"""Three questions about a digit (is it even, is it above 4, how dark is it) by a trunk with three heads; each loss is sent back on its own."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn

from trainbook import watch

KIND = None
SCARY = "backward is called three times in a step, and the gradients are not cleared in between: they are to add up"
AT_LEAST = 0.88


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(64, 80), nn.ReLU(), nn.Linear(80, 40), nn.ReLU())
        self.even, self.large, self.dark = (nn.Linear(40, 1) for _ in range(3))

    def forward(self, x):
        h = self.trunk(x)
        return self.even(h).squeeze(1), self.large(h).squeeze(1), self.dark(h).squeeze(1)


def losses(model, x, y):
    even, large, dark = model(x)
    return dict(even=F.binary_cross_entropy_with_logits(even, (y % 2 == 0).float()), large=F.binary_cross_entropy_with_logits(large, (y > 4).float()),
                dark=F.mse_loss(dark, (x.mean(1) - .3) * 20))


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((x / 16, y) for x, y in tensors(digits()))
    model = Net()
    optimizer = torch.optim.SGD(model.parameters(), lr=.03, momentum=.9)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(16):
            for rows in run.batches(torch.randperm(len(x)).split(50)):
                optimizer.zero_grad()
                parts = losses(model, x[rows], y[rows])
                for part in parts.values(): part.backward(retain_graph=True)
                optimizer.step()
                run.log(**{f"loss_{name}": part.item() for name, part in parts.items()})
            with torch.no_grad(): run.log(**{f"val_loss_{name}": part.item() for name, part in losses(model, x_valid, y_valid).items()})
    with torch.no_grad(): even, large, _ = model(x_test)
    return (accuracy(even > 0, y_test % 2 == 0) + accuracy(large > 0, y_test > 4)) / 2
