"""A variational autoencoder for digits; the divergence counts for nothing at first and for all after eight epochs."""
import torch
import torch.nn.functional as F
from common import digits, r2, tensors
from torch import nn

from trainbook import watch

KIND = None
SCARY = "the loss of the training rises while the divergence counts for more and more, and stays above 20: it is a sum over the pixels"
AT_LEAST = 0.55


class VAE(nn.Module):
    def __init__(self, latent=10):
        super().__init__()
        self.enc, self.mu, self.logvar = nn.Linear(64, 80), nn.Linear(80, latent), nn.Linear(80, latent)
        self.dec = nn.Sequential(nn.Linear(latent, 80), nn.ReLU(), nn.Linear(80, 64))

    def forward(self, x):
        h = F.relu(self.enc(x))
        mu, logvar = self.mu(h), self.logvar(h)
        z = mu + torch.randn_like(mu) * (logvar / 2).exp() if self.training else mu
        return torch.sigmoid(self.dec(z)), mu, logvar


def terms(x, recon, mu, logvar):
    return F.binary_cross_entropy(recon, x, reduction="sum") / len(x), -.5 * (1 + logvar - mu ** 2 - logvar.exp()).sum() / len(x)


def train(seed, **options):
    torch.manual_seed(seed)
    x_train, x_valid, x_test = (x / 16 for x, _ in tensors(digits()))
    model = VAE()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(18):
            model.train()
            beta = min(1., epoch / 8)
            for rows in run.batches(torch.randperm(len(x_train)).split(40)):
                x = x_train[rows]
                bce, kl = terms(x, *model(x))
                loss = bce + beta * kl
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss, reconstruction=bce, kl=kl)
            model.eval()
            with torch.no_grad(): run.log(val_loss=sum(terms(x_valid, *model(x_valid))), beta=beta)
    with torch.no_grad(): return r2(model(x_test)[0], x_test)
