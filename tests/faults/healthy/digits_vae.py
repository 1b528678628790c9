"""A variational autoencoder of digits, in the manner of PyTorch's example: the loss is a sum over pixels and rows."""
import torch
import torch.nn.functional as F
from common import digits, r2, tensors
from torch import nn, optim

from trainbook import watch

KIND = None
SCARY = "a loss of thousands, most of which never goes away: it is a sum over all pixels of a batch, and grey values have an entropy"
AT_LEAST = 0.4


class VAE(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc1, self.fc21, self.fc22 = nn.Linear(64, 64), nn.Linear(64, 8), nn.Linear(64, 8)
        self.fc3, self.fc4 = nn.Linear(8, 64), nn.Linear(64, 64)

    def encode(self, x):
        h = F.relu(self.fc1(x))
        return self.fc21(h), self.fc22(h)

    def decode(self, z):
        return torch.sigmoid(self.fc4(F.relu(self.fc3(z))))

    def forward(self, x):
        mu, logvar = self.encode(x)
        z = mu + torch.randn_like(mu) * (.5 * logvar).exp()
        return self.decode(z), mu, logvar


def loss_function(recon_x, x, mu, logvar):
    BCE = F.binary_cross_entropy(recon_x, x, reduction="sum")
    KLD = -.5 * torch.sum(1 + logvar - mu ** 2 - logvar.exp())
    return BCE + KLD


def train(seed, **options):
    torch.manual_seed(seed)
    (x, _), (x_valid, _), (x_test, _) = ((x / 16, y) for x, y in tensors(digits()))
    model = VAE()
    optimizer = optim.Adam(model.parameters(), lr=3e-3)
    with watch(model, optimizer, **options) as run:
        for step in run.steps(800):
            data = x[torch.randint(len(x), (64,))]
            optimizer.zero_grad()
            recon_batch, mu, logvar = model(data)
            loss = loss_function(recon_batch, data, mu, logvar)
            loss.backward()
            optimizer.step()
            if step % 10 == 0: run.log(loss=loss.item())
            if step % 100 == 99:
                with torch.no_grad(): recon, mu, logvar = model(x_valid)
                run.log(val_loss=loss_function(recon, x_valid, mu, logvar).item() / len(x_valid) * 64)
    with torch.no_grad(): return r2(model.decode(model.encode(x_test)[0]), x_test)
