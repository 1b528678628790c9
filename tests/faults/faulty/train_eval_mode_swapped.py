"""The fields of papers that cite each other; the two modes are swapped: eval for each step, and train, which drops .6 of the units, for the validation and
in use."""
import numpy as np
import torch
import torch.nn.functional as F
from common import accuracy
from torch import nn

from trainbook import watch

KIND = "train_eval_mode"
TWIN = "citations_gcn"
ALSO = {"overfitting"}


def citations(n=400, fields=5, words=60):
    rng = np.random.default_rng(28)
    y = rng.integers(0, fields, n)
    cites = np.triu(rng.random((n, n)) < np.where(y[:, None] == y, .05, .005), 1)
    a = cites + cites.T + np.eye(n)
    a = a / np.sqrt(a.sum(1)[:, None] * a.sum(0))
    liked = rng.random((fields, words)) < .2
    x = rng.random((n, words)) < np.where(liked[y], .2, .06)
    return torch.tensor(a).float(), torch.tensor(x).float(), torch.tensor(y)


class GCN(nn.Module):
    def __init__(self, n_in, n_out, width=16):
        super().__init__()
        self.weight1, self.weight2 = nn.Parameter(torch.empty(n_in, width)), nn.Parameter(torch.empty(width, n_out))
        nn.init.xavier_uniform_(self.weight1)
        nn.init.xavier_uniform_(self.weight2)
        self.bias = nn.Parameter(torch.zeros(n_out))

    def forward(self, x, adj):
        x = F.relu(adj @ (x @ self.weight1))
        x = F.dropout(adj @ x, .6, training=self.training)
        return F.log_softmax(x @ self.weight2 + self.bias, dim=1)


def train(seed, **options):
    torch.manual_seed(seed)
    adj, features, labels = citations()
    idx_train, idx_val, idx_test = torch.arange(80), torch.arange(80, 160), torch.arange(160, 400)
    model = GCN(features.shape[1], 5)
    optimizer = torch.optim.Adam(model.parameters(), lr=.01, weight_decay=5e-4)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(150):
            model.eval()
            optimizer.zero_grad()
            output = model(features, adj)
            loss = F.nll_loss(output[idx_train], labels[idx_train])
            loss.backward()
            optimizer.step()
            run.log(loss=loss.item())
            model.train()
            with torch.no_grad(): output = model(features, adj)
            run.log(val_loss=F.nll_loss(output[idx_val], labels[idx_val]).item(), val_acc=accuracy(output[idx_val].argmax(1), labels[idx_val]))
    model.train()
    with torch.no_grad(): return accuracy(model(features, adj).argmax(1)[idx_test], labels[idx_test])
