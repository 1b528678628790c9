"""Digits as sequences of eight rows, by a transformer with a tanh in the place of normalisation. Its steepness begins at 50, not at .5, and what goes
through it is 1 or -1."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn

from trainbook import watch

KIND = "saturated_activation"
TWIN = "digits_rows_dynamic_tanh"
ALSO = {"bad_init", "exploding_gradient", "lr_too_high", "oscillating_loss", "plateau", "underfitting", "vanishing_gradient"}


class DynamicTanh(nn.Module):
    def __init__(self, width, alpha=50.):
        super().__init__()
        self.alpha = nn.Parameter(torch.tensor(alpha))
        self.gamma, self.beta, self.tanh = nn.Parameter(torch.ones(width)), nn.Parameter(torch.zeros(width)), nn.Tanh()

    def forward(self, x):
        return self.gamma * self.tanh(self.alpha * x) + self.beta


class Block(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.norm1, self.norm2 = DynamicTanh(width), DynamicTanh(width)
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 2 * width), nn.GELU(), nn.Linear(2 * width, width))

    def forward(self, x):
        q, k, v = self.qkv(self.norm1(x)).unflatten(-1, (3, 2, -1)).permute(2, 0, 3, 1, 4)
        x = x + self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).flatten(2))
        return x + self.mlp(self.norm2(x))


class RowTransformer(nn.Module):
    def __init__(self, width=24, depth=2):
        super().__init__()
        self.embed, self.places = nn.Linear(8, width), nn.Parameter(.1 * torch.randn(8, width))
        self.blocks, self.norm = nn.Sequential(*[Block(width) for _ in range(depth)]), DynamicTanh(width)
        self.head = nn.Linear(width, 10)

    def forward(self, x):
        return self.head(self.norm(self.blocks(self.embed(x) + self.places)).mean(1))


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = ((x.view(-1, 8, 8) / 8 - 1, y) for x, y in tensors(digits()))
    model = RowTransformer()
    optimizer = torch.optim.SGD(model.parameters(), lr=.1, momentum=.9)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(10):
            for rows in run.batches(torch.randperm(len(x)).split(50)):
                loss = F.cross_entropy(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(x_valid), y_valid))
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
