"""The next letter from the last eight, by an embedding and one tanh layer whose weights begin small."""
import torch
import torch.nn.functional as F
from common import text
from torch import nn

from trainbook import watch

KIND = None
AT_LEAST = 0.7


class NameModel(nn.Module):
    def __init__(self, vocab_size, block_size=8, n_embd=16, n_hidden=40):
        super().__init__()
        self.tok = nn.Embedding(vocab_size, n_embd)
        self.hidden = nn.Linear(n_embd * block_size, n_hidden)
        self.act = nn.Tanh()
        self.head = nn.Linear(n_hidden, vocab_size)
        nn.init.normal_(self.hidden.weight, std=.1)
        nn.init.zeros_(self.hidden.bias)

    def forward(self, idx):
        return self.head(self.act(self.hidden(self.tok(idx).flatten(1))))


def train(seed, **options):
    torch.manual_seed(seed)
    *splits, vocab_size = text()
    (x, y), (x_val, y_val), (x_test, y_test) = [(s.unfold(0, 9, 1)[:, :-1], s.unfold(0, 9, 1)[:, -1]) for s in splits]
    model = NameModel(vocab_size)
    opt = torch.optim.SGD(model.parameters(), lr=.1, momentum=.5)
    run = watch(model, opt, **options)
    for step in run.steps(600):
        rows = torch.randint(len(x), (32,))
        loss = F.cross_entropy(model(x[rows]), y[rows])
        opt.zero_grad(set_to_none=True)
        loss.backward()
        opt.step()
        run.log(loss=loss)
        if step % 100 == 99:
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(x_val), y_val))
    run.finish()
    with torch.no_grad(): return model(x_test).softmax(1).gather(1, y_test[:, None]).mean().item()
