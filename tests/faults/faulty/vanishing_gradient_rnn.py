"""Reviews by a plain recurrent network; the state is taken at the end of the batch, after dozens of steps of padding, through which no gradient comes
back."""
import torch
import torch.nn.functional as F
from common import accuracy, reviews, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "vanishing_gradient"
TWIN = "reviews_rnn_last_word"
WHERE = "rnn"
ALSO = {"plateau", "saturated_activation", "underfitting"}


class Reader(nn.Module):
    def __init__(self, words=120, width=24, hidden=32):
        super().__init__()
        self.embedding = nn.Embedding(words, width, padding_idx=0)
        self.rnn = nn.RNN(width, hidden, batch_first=True)
        self.linear = nn.Linear(hidden, 2)

    def forward(self, tokens):
        states, _ = self.rnn(self.embedding(tokens))
        return self.linear(states[:, -1])


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), (x_test, y_test) = ((F.pad(x, (0, 44)), y) for x, y in tensors(reviews(n=3000)))
    loader = DataLoader(TensorDataset(*train_set), batch_size=50, shuffle=True)
    model = Reader()
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(8):
            for tokens, labels in run.batches(loader):
                optimizer.zero_grad()
                loss = F.cross_entropy(model(tokens), labels)
                loss.backward()
                nn.utils.clip_grad_norm_(model.parameters(), 1.)
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=F.cross_entropy(model(x_valid), y_valid))
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
