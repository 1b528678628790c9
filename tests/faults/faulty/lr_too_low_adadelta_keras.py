"""Digits by a convolutional network with Adadelta and the rate of .001 that another library has by default; Learner, StepLR."""
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import manual_seed, nn, optim
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Learner, Schedule

KIND = "lr_too_low"
TWIN = "digits_adadelta"
WHERE = "lr"
ALSO = {"plateau", "underfitting"}


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1, self.conv2 = nn.Conv2d(1, 12, 3, 1), nn.Conv2d(12, 24, 3, 1)
        self.dropout, self.fc1, self.fc2 = nn.Dropout(.25), nn.Linear(96, 48), nn.Linear(48, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv2(F.relu(self.conv1(x)))), 2).flatten(1)
        return F.log_softmax(self.fc2(F.relu(self.fc1(self.dropout(x)))), dim=1)


def train(seed, **options):
    manual_seed(seed)
    train_set, valid_set, (x_test, y_test) = ((x.view(-1, 1, 8, 8) / 16, y) for x, y in tensors(digits()))
    model = Net()
    optimizer = optim.Adadelta(model.parameters(), lr=1e-3)
    schedule = Schedule(optim.lr_scheduler.StepLR(optimizer, step_size=34, gamma=.9))
    learn = Learner(model, DataLoader(TensorDataset(*train_set), 32, shuffle=True), DataLoader(TensorDataset(*valid_set), 200), F.nll_loss, optimizer,
                    callbacks=schedule, **options)
    learn.fit(11)
    return accuracy(learn.predict([x_test]).argmax(1), y_test)
