"""Which party has most of fifteen votes. The warm-up of 4000 steps is that of the paper, the training has 200."""
import torch
import torch.nn.functional as F
from common import accuracy
from torch import nn
from torch.optim.lr_scheduler import LambdaLR

from trainbook import watch

KIND = "lr_too_low"
TWIN = "votes_noam"
WHERE = "WARMUP"
ALSO = {"no_update", "plateau", "underfitting"}
D_MODEL, WARMUP = 32, 4000


def votes(n, g, length=15, parties=5):
    ballots = torch.randint(parties, (n, length), generator=g)
    counts = F.one_hot(ballots, parties).sum(1)
    top = counts.topk(2, dim=1).values
    keep = top[:, 0] > top[:, 1]
    return ballots[keep], counts[keep].argmax(1)


class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed, self.place = nn.Embedding(5, D_MODEL), nn.Parameter(.02 * torch.randn(15, D_MODEL))
        layer = nn.TransformerEncoderLayer(D_MODEL, 4, 64, dropout=.05, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, 2, enable_nested_tensor=False)
        self.head = nn.Linear(D_MODEL, 5)

    def forward(self, x):
        return self.head(self.encoder(self.embed(x) + self.place).mean(1))


def noam(step):
    step += 1
    return D_MODEL ** -.5 * min(step ** -.5, step * WARMUP ** -1.5)


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(97)
    (x, y), (x_val, y_val), (x_test, y_test) = votes(4000, g), votes(300, g), votes(600, g)
    model = Encoder()
    optimizer = torch.optim.Adam(model.parameters(), lr=.2, betas=(.9, .98), eps=1e-9)
    scheduler = LambdaLR(optimizer, noam)
    with watch(model, optimizer, scheduler=scheduler, **options) as run:
        for step in run.steps(200):
            model.train()
            rows = torch.randint(len(x), (32,))
            loss = F.cross_entropy(model(x[rows]), y[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            scheduler.step()
            run.log(loss=loss.item())
            if step % 40 == 39:
                model.eval()
                with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(x_val), y_val).item())
    model.eval()
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
