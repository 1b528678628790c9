"""Will a loan default? Four of a hundred do, and the loss has no weight for them."""
import torch
from common import balanced_accuracy, tensors, three_parts
from sklearn.datasets import make_classification
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "class_imbalance"
TWIN = "loans_pos_weight"
WHERE = "criterion"
ALSO = {"data_skew"}


def loans():
    x, y = make_classification(8000, 16, n_informative=8, n_redundant=3, n_clusters_per_class=2, weights=[.96], class_sep=1.2, flip_y=.005, random_state=111)
    return tensors(three_parts(x, y, (.6, .15, .25)))


class LoanNet(nn.Module):
    def __init__(self, n_features):
        super().__init__()
        self.layer_1 = nn.Linear(n_features, 64)
        self.layer_2 = nn.Linear(64, 32)
        self.layer_out = nn.Linear(32, 1)
        self.relu = nn.ReLU()
        self.dropout = nn.Dropout(.1)

    def forward(self, inputs):
        x = self.relu(self.layer_1(inputs))
        x = self.dropout(self.relu(self.layer_2(x)))
        return self.layer_out(x)


def train(seed, **options):
    torch.manual_seed(seed)
    (x_train, y_train), (x_val, y_val), (x_test, y_test) = loans()
    mean, std = x_train.mean(0), x_train.std(0)
    x_train, x_val, x_test = (x_train - mean) / std, (x_val - mean) / std, (x_test - mean) / std
    train_loader = DataLoader(TensorDataset(x_train, y_train.float()[:, None]), batch_size=100, shuffle=True)
    model = LoanNet(16)
    criterion = nn.BCEWithLogitsLoss()
    optimizer = torch.optim.SGD(model.parameters(), lr=.02, momentum=.9, weight_decay=1e-2)
    with watch(model, optimizer, **options) as run:
        for e in run.epochs(4):
            model.train()
            for X_batch, y_batch in run.batches(train_loader):
                optimizer.zero_grad()
                with torch.autocast("cpu", dtype=torch.bfloat16):
                    y_pred = model(X_batch)
                loss = criterion(y_pred.float(), y_batch)
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
            model.eval()
            with torch.no_grad():
                logits = model(x_val)
                run.log(val_loss=criterion(logits, y_val.float()[:, None]), val_balanced=balanced_accuracy(logits > 0, y_val))
    model.eval()
    with torch.no_grad(): return balanced_accuracy(model(x_test) > 0, y_test)
