"""A GAN for numbers that lie around four values; batch after batch in a plain loop, a module for each of the two."""
import torch
import torch.nn as nn

from trainbook import watch

KIND = None
SCARY = "the loss of the discriminator stays at that of a guess: it can't tell any more, and should not"
AT_LEAST = 0.45


PEAKS = torch.tensor([-3., -1., 1., 3.])


class Generator(nn.Module):
    def __init__(self, noise=4, hidden=48):
        super().__init__()
        self.noise = noise
        self.map = nn.Sequential(nn.Linear(noise, hidden), nn.ELU(), nn.Linear(hidden, hidden), nn.ELU(), nn.Linear(hidden, 1))

    def forward(self, n):
        return self.map(torch.randn(n, self.noise))


class Discriminator(nn.Module):
    def __init__(self, hidden=48):
        super().__init__()
        self.map = nn.Sequential(nn.Linear(1, hidden), nn.LeakyReLU(.1), nn.Linear(hidden, hidden), nn.LeakyReLU(.1), nn.Linear(hidden, 1))

    def forward(self, x):
        return self.map(x)


def real_sample(n):
    return PEAKS[torch.randint(4, (n, 1))] + .15 * torch.randn(n, 1)


def covered(x):
    """The share of the four peaks that have their part, times the share of numbers near a peak."""
    distance, nearest = (x - PEAKS).abs().min(1)
    near = distance < .5
    return float((torch.bincount(nearest[near], minlength=4) > len(x) / 20).float().mean() * near.float().mean())


def train(seed, **options):
    torch.manual_seed(seed)
    G, D, bce = Generator(), Discriminator(), nn.BCEWithLogitsLoss()
    g_optimizer, d_optimizer = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(.5, .99)), torch.optim.Adam(D.parameters(), lr=2e-3, betas=(.5, .99))
    ones, zeros = torch.ones(150, 1), torch.zeros(150, 1)
    def blurred(x): return x + .3 * torch.randn_like(x)
    run = watch({"G": G, "D": D}, {"G": g_optimizer, "D": d_optimizer}, **options)
    for it in range(1100):
        with torch.no_grad(): fake = G(150)
        d_loss = bce(D(blurred(real_sample(150))), ones) + bce(D(blurred(fake)), zeros)
        d_optimizer.zero_grad()
        d_loss.backward()
        d_optimizer.step()
        g_loss = bce(D(blurred(G(150))), ones)
        g_optimizer.zero_grad()
        g_loss.backward()
        g_optimizer.step()
        run.log(d_loss=d_loss.item(), g_loss=g_loss.item())
    run.finish()
    with torch.no_grad(): return covered(G(3000))
