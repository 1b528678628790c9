"""The next letter from the last five: embeddings, a tanh layer and a softmax, with bare tensors as in the lecture."""
import torch
import torch.nn.functional as F
from common import text

from trainbook import watch

KIND = None
SCARY = "there is no module; all weights are tensors in a list"
AT_LEAST = 0.7


def build_dataset(tokens, block_size):
    rows = tokens.unfold(0, block_size + 1, 1)
    return rows[:, :-1], rows[:, -1]


def train(seed, **options):
    g = torch.Generator().manual_seed(seed)
    block_size, n_embd, n_hidden = 5, 10, 100
    (Xtr, Ytr), (Xdev, Ydev), (Xte, Yte) = (build_dataset(tokens, block_size) for tokens in text()[:3])
    vocab_size = text()[3]
    C = torch.randn((vocab_size, n_embd), generator=g)
    W1 = torch.randn((n_embd * block_size, n_hidden), generator=g) * (5 / 3) / (n_embd * block_size) ** .5
    b1 = torch.zeros(n_hidden)
    W2 = torch.randn((n_hidden, vocab_size), generator=g) * .01
    b2 = torch.zeros(vocab_size)
    parameters = [C, W1, b1, W2, b2]
    for p in parameters: p.requires_grad = True
    optimizer = torch.optim.SGD(parameters, lr=.1)

    def forward(X):
        h = torch.tanh(C[X].view(len(X), -1) @ W1 + b1)
        return h @ W2 + b2

    with watch(None, optimizer, **options) as run:
        for i in run.steps(1500):
            ix = torch.randint(0, len(Xtr), (32,), generator=g)
            loss = F.cross_entropy(forward(Xtr[ix]), Ytr[ix])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if i == 1000: optimizer.param_groups[0]["lr"] = .02
            run.log(loss=loss.item())
            if i % 250 == 0:
                with torch.no_grad(): run.log(dev_loss=F.cross_entropy(forward(Xdev), Ydev))
    with torch.no_grad(): return forward(Xte).softmax(1)[torch.arange(len(Yte)), Yte].mean().item()
