"""Good and bad comments. All parameters of the recurrent layer are drawn from a normal distribution, and its states are 1 or -1."""
import torch
from common import accuracy
from torch import nn

from trainbook import watch

KIND = "saturated_activation"
TWIN = "comments_flooded"
WHERE = "rnn"
ALSO = {"bad_init", "exploding_gradient", "overfitting", "plateau", "underfitting", "unstable", "vanishing_gradient"}


def comments(n, g, length=14):
    """Words 0-9 are good, 10-19 bad, the others say nothing."""
    words = torch.randint(0, 60, (n, length), generator=g)
    mood = (words < 10).sum(1) - ((words >= 10) & (words < 20)).sum(1)
    keep = mood != 0
    return words[keep], (mood[keep] > 0).float()


class SentimentRNN(nn.Module):
    def __init__(self, vocab=60, emb=16, hidden=32):
        super().__init__()
        self.embedding = nn.Embedding(vocab, emb)
        self.rnn = nn.RNN(emb, hidden, batch_first=True)
        self.fc = nn.Linear(hidden, 1)
        for name, p in self.rnn.named_parameters():
            nn.init.normal_(p)

    def forward(self, words):
        out, _ = self.rnn(self.embedding(words) * .5)
        return self.fc(out[:, -1]).squeeze(-1)


def train(seed, flood=.02, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(95)
    (x, y), (x_val, y_val), (x_test, y_test) = comments(1600, g), comments(300, g), comments(600, g)
    model, bce = SentimentRNN(), nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=4e-3)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(10):
            for idx in run.batches(torch.randperm(len(x)).split(40)):
                loss = bce(model(x[idx]), y[idx])
                loss = (loss - flood).abs() + flood
                optimizer.zero_grad()
                loss.backward()
                torch.nn.utils.clip_grad_norm_(model.parameters(), 1.)
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad():
                logits = model(x_val)
                run.log(val_loss=bce(logits, y_val), val_acc=accuracy(logits > 0, y_val > .5))
    with torch.no_grad(): return accuracy(model(x_test) > 0, y_test > .5)
