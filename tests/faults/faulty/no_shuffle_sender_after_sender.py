"""Who wrote a message, from files that hold one sender after the other; they are read through a SequentialSampler, so that the network sees the
senders one by one."""
import numpy as np
import torch
from common import accuracy, three_parts
from torch import nn
from torch.utils.data import BatchSampler, DataLoader, SequentialSampler, TensorDataset

from trainbook import watch

KIND = "no_shuffle"
TWIN = "messages_by_sender"
WHERE = "SequentialSampler"
ALSO = {"oscillating_loss", "unstable"}


def messages(n=1800, senders=8, words=300, length=14):
    rng = np.random.default_rng(91)
    habits = rng.dirichlet(np.full(words, .15), senders) * .5 + rng.dirichlet(np.full(words, .5)) * .5
    sender = rng.integers(0, senders, n)
    return np.stack([rng.choice(words, length, p=habits[s]) for s in sender]), sender


class SenderNet(nn.Module):
    def __init__(self, words=300, senders=8):
        super().__init__()
        self.bag = nn.EmbeddingBag(words, 32, mode="mean")
        self.norm = nn.LayerNorm(32)
        self.hidden = nn.Linear(32, 32)
        self.out = nn.Linear(32, senders)

    def forward(self, words): return self.out(torch.relu(self.hidden(self.norm(self.bag(words)))))


def train(seed, **options):
    torch.manual_seed(seed)
    (x_train, y_train), (x_val, y_val), (x_test, y_test) = three_parts(*messages())
    by_sender = y_train.argsort(kind="stable")
    dataset = TensorDataset(torch.tensor(x_train[by_sender]), torch.tensor(y_train[by_sender]))
    x_val, y_val, x_test, y_test = map(torch.tensor, (x_val, y_val, x_test, y_test))
    loader = DataLoader(dataset, batch_sampler=BatchSampler(SequentialSampler(dataset), 15, drop_last=True))
    net = SenderNet()
    opt = torch.optim.RMSprop(net.parameters(), lr=3e-3)
    xent = nn.CrossEntropyLoss()
    with watch(net, opt, **options) as run:
        for epoch in run.epochs(5):
            for i, (words, who) in enumerate(run.batches(loader)):
                loss = xent(net(words), who)
                (loss / 2).backward()
                if i % 2:
                    opt.step()
                    opt.zero_grad()
                run.log(loss=loss.item())
            with torch.no_grad(): run.log(val_loss=xent(net(x_val), y_val).item())
    with torch.no_grad(): return accuracy(net(x_test).argmax(1), y_test)
