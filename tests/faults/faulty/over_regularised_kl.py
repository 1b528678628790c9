"""A variational autoencoder for digits with a weight of 20 for the KL divergence: the code says nothing any more, and all pictures are the mean one."""
import torch
from common import digits, r2, tensors
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader

from trainbook import watch

KIND = "over_regularised"
TWIN = "vae_eight_codes"
ALSO = {"plateau", "underfitting"}


class VAE(nn.Module):
    def __init__(self, n_hidden=64, n_code=8):
        super().__init__()
        self.encoder = nn.Sequential(nn.Linear(64, n_hidden), nn.Tanh(), nn.Linear(n_hidden, 2 * n_code))
        self.decoder = nn.Sequential(nn.Linear(n_code, n_hidden), nn.Tanh(), nn.Linear(n_hidden, 64))

    def forward(self, x):
        mu, logvar = self.encoder(x).chunk(2, 1)
        z = mu + torch.exp(.5 * logvar) * torch.randn_like(mu) if self.training else mu
        return self.decoder(z), mu, logvar


def elbo(logits, x, mu, logvar, beta=20.):
    reconstruction = F.binary_cross_entropy_with_logits(logits, x, reduction="none").sum(1)
    divergence = -.5 * (1 + logvar - mu ** 2 - logvar.exp()).sum(1)
    return (reconstruction + beta * divergence).mean()


def train(seed, **options):
    torch.manual_seed(seed)
    x, x_valid, x_test = (x / 16 for x, _ in tensors(digits()))
    train_loader = DataLoader(x, batch_size=64, shuffle=True)
    vae = VAE()
    optimizer = torch.optim.Adam(vae.parameters(), lr=5e-3)
    with watch(vae, optimizer, **options) as run:
        for epoch in run.epochs(25):
            vae.train()
            for batch in run.batches(train_loader):
                optimizer.zero_grad()
                logits, mu, logvar = vae(batch)
                loss = elbo(logits, batch, mu, logvar)
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            vae.eval()
            with torch.no_grad():
                logits, mu, logvar = vae(x_valid)
                run.log(val_loss=elbo(logits, x_valid, mu, logvar))
    return r2(torch.sigmoid(vae(x_test)[0]), x_test)
