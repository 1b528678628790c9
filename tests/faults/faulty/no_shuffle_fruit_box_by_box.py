"""Six sorts of fruit, measured box by box, and shown to the network in this order in every epoch: shuffle=False."""
import torch
from common import accuracy
from sklearn.datasets import make_classification
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "no_shuffle"
TWIN = "fruit_on_a_belt"
WHERE = "shuffle"
ALSO = {"oscillating_loss", "unstable"}


def load_fruit():
    X, y = make_classification(2400, 8, n_informative=6, n_redundant=1, n_classes=6, n_clusters_per_class=1, class_sep=1.6, flip_y=.01, random_state=21)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=.4, stratify=y, random_state=0)
    order = y_train.argsort(kind="stable")  # one box of fruit after the other
    return X_train[order], y_train[order], X_test, y_test


def train(seed, **options):
    torch.manual_seed(seed)
    X_train, y_train, X_rest, y_rest = load_fruit()
    mean, std = X_train.mean(0), X_train.std(0)
    to_x = lambda a: torch.tensor((a - mean) / std, dtype=torch.float32)
    train_ds = TensorDataset(to_x(X_train), torch.tensor(y_train))
    X_val, y_val, X_test, y_test = to_x(X_rest[:480]), torch.tensor(y_rest[:480]), to_x(X_rest[480:]), torch.tensor(y_rest[480:])
    train_loader = DataLoader(train_ds, batch_size=24, shuffle=False)
    mlp = nn.Sequential(nn.Linear(8, 40), nn.ReLU(), nn.Linear(40, 6))
    optimizer = torch.optim.SGD(mlp.parameters(), lr=.05, momentum=.9)
    loss_fn = nn.CrossEntropyLoss()
    with watch(mlp, optimizer, **options) as run:
        for epoch in run.epochs(8):
            for X_batch, y_batch in run.batches(train_loader):
                y_pred = mlp(X_batch)
                loss = loss_fn(y_pred, y_batch)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item(), acc=(y_pred.argmax(1) == y_batch).float().mean().item())
            with torch.no_grad(): y_pred = mlp(X_val)
            run.log(val_loss=loss_fn(y_pred, y_val).item(), val_acc=(y_pred.argmax(1) == y_val).float().mean().item())
    with torch.no_grad(): return accuracy(mlp(X_test).argmax(1), y_test)
