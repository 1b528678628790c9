"""Topics of short texts by a TextCNN. The parameters of its body are a generator, which is counted through for a print and is then empty: the group that the
optimizer gets has none in it."""
import torch
import torch.nn.functional as F
from common import accuracy
from torch import nn, optim

from trainbook import watch

KIND = "frozen_params"
TWIN = "topics_linear_decay"
WHERE = "embed"
ALSO = {"lr_too_low", "plateau", "underfitting"}


def texts(n, g, length=18, words=200, topics=5):
    y, x = torch.randint(topics, (n,), generator=g), torch.randint(50, words, (n, length), generator=g)
    for start in torch.randint(0, length - 2, (3, n), generator=g):  # pairs of words that stand for a topic, in this order
        first = torch.randint(5, (n,), generator=g)
        x[torch.arange(n), start], x[torch.arange(n), start + 1] = first * 5, (first + y) % 5 * 5 + 1
    return x, y


class TextCNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(200, 24)
        self.convs = nn.ModuleList([nn.Conv1d(24, 32, width) for width in (2, 3)])
        self.fc = nn.Linear(64, 5)

    def forward(self, x):
        h = self.embed(x).transpose(1, 2)
        return self.fc(torch.cat([F.relu(conv(h)).amax(2) for conv in self.convs], 1))


def linear_schedule_with_warmup(optimizer, num_warmup_steps, num_training_steps):
    def factor(step):
        if step < num_warmup_steps: return step / num_warmup_steps
        return max(0., (num_training_steps - step) / (num_training_steps - num_warmup_steps))
    return optim.lr_scheduler.LambdaLR(optimizer, factor)


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(20)
    (x, y), (x_valid, y_valid), (x_test, y_test) = texts(1200, g), texts(200, g), texts(400, g)
    model, num_epochs = TextCNN(), 12
    body = (p for name, p in model.named_parameters() if not name.startswith("fc"))
    size = sum(p.numel() for p in body) + sum(p.numel() for p in model.fc.parameters())
    optimizer = optim.AdamW([dict(params=body), dict(params=model.fc.parameters())], lr=3e-3)
    scheduler = linear_schedule_with_warmup(optimizer, 20, num_epochs * 30)
    with watch(model, optimizer, scheduler=scheduler, config=dict(parameters=size), **options) as run:
        for epoch in run.epochs(num_epochs):
            for rows in run.batches(torch.randperm(1200).split(40)):
                loss = F.cross_entropy(model(x[rows]), y[rows])
                loss.backward()
                optimizer.step()
                scheduler.step()
                optimizer.zero_grad()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(x_valid), y_valid))
    return accuracy(model(x_test).argmax(1), y_test)
