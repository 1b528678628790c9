"""Reviews as bags of words: the embeddings were summed and multiplied by their width (it was to be the root of it), and the sigmoid gets numbers of 50
and more."""
import torch
from common import accuracy, reviews, tensors
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "saturated_activation"
TWIN = "bag_of_words_mean"
WHERE = "activation"
ALSO = {"plateau", "underfitting", "vanishing_gradient"}


class Bag(nn.Module):
    def __init__(self):
        super().__init__()
        self.bag = nn.EmbeddingBag(120, 32, mode="sum", padding_idx=0)
        self.hidden = nn.Linear(32, 32)
        self.activation = nn.Sigmoid()
        self.out = nn.Linear(32, 1)

    def forward(self, tokens):
        return self.out(self.activation(self.hidden(self.bag(tokens) * 32))).squeeze(1)


def train(seed, **options):
    torch.manual_seed(seed)
    train_set, (x_valid, y_valid), (x_test, y_test) = tensors(reviews(n=2400))
    loader = DataLoader(TensorDataset(*train_set), batch_size=48, shuffle=True)
    model, bce = Bag(), nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=.02)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(12):
            total = 0.
            for tokens, labels in run.batches(loader):
                loss = bce(model(tokens), labels.float())
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                total += loss.item() * len(tokens)
            with torch.no_grad(): run.log(loss=total / len(train_set[0]), val_loss=bce(model(x_valid), y_valid.float()))
    return accuracy(model(x_test) > 0, y_test)
