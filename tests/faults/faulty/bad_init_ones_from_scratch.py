"""The next letter from the eight before it, a network 'from scratch'. The weights of the first layer begin as ones: all hidden units say the same,
the sum of what they see."""
import torch
import torch.nn.functional as F
from common import text
from torch import nn

from trainbook import watch

KIND = "bad_init"
TWIN = "next_letter_from_scratch"
WHERE = "W1"
ALSO = {"lr_too_low", "plateau", "saturated_activation", "underfitting"}

block_size, n_embd, n_hidden = 8, 10, 120


def contexts(tokens):
    rows = tokens.unfold(0, block_size + 1, 1)
    return rows[:, :-1], rows[:, -1]


def forward(p, X):
    emb = p["C"][X]
    h = torch.tanh(emb.view(emb.shape[0], -1) @ p["W1"] + p["b1"])
    return h @ p["W2"] + p["b2"]


def train(seed, **options):
    g = torch.Generator().manual_seed(seed)
    train_tokens, dev_tokens, test_tokens, vocab_size = text()
    (Xtr, Ytr), (Xdev, Ydev), (Xte, Yte) = contexts(train_tokens), contexts(dev_tokens), contexts(test_tokens)
    fan_in = n_embd * block_size
    p = nn.ParameterDict(dict(
        C=torch.randn((vocab_size, n_embd), generator=g),
        W1=torch.ones((fan_in, n_hidden)) * (5 / 3) / fan_in ** .5,
        b1=torch.zeros(n_hidden),
        W2=torch.randn((n_hidden, vocab_size), generator=g) * .01,
        b2=torch.zeros(vocab_size)))
    max_steps, batch_size = 500, 32
    optimizer = torch.optim.SGD(p.parameters(), lr=.1)
    with watch(p, optimizer, **options) as run:
        for i in run.steps(max_steps):
            ix = torch.randint(0, Xtr.shape[0], (batch_size,), generator=g)
            loss = F.cross_entropy(forward(p, Xtr[ix]), Ytr[ix])
            optimizer.zero_grad()
            loss.backward()
            optimizer.param_groups[0]["lr"] = .1 if i < 400 else .02
            optimizer.step()
            run.log(loss=loss.item())
            if i % 200 == 199:
                with torch.no_grad(): run.log(dev_loss=F.cross_entropy(forward(p, Xdev), Ydev).item())
    with torch.no_grad(): return forward(p, Xte).softmax(1).gather(1, Yte[:, None]).mean().item()
