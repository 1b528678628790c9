"""A GAN for points on five islands of a plane, as in a tutorial. The generator's rate is thirty times the usual one: it leaps to whatever passes for
real just now, and all points end on one island or two."""
import torch
from torch import nn
from torch.optim import Adam

from trainbook import watch

KIND = "mode_collapse"
TWIN = "gan_islands"
WHERE = "generator"
ALSO = {"dead_relu", "gan_imbalance", "lr_too_high", "oscillating_loss", "unstable"}

ISLANDS = torch.tensor([[-2., -1.], [-1., 1.5], [.3, -.4], [1.6, 1.2], [2., -1.6]])
LATENT, BATCH = 6, 100


def sample_islands(n): return ISLANDS[torch.randint(len(ISLANDS), (n,))] + .12 * torch.randn(n, 2)


class Generator(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.hidden1 = nn.Linear(LATENT, width)
        self.hidden2 = nn.Linear(width, width)
        self.out = nn.Linear(width, 2)

    def forward(self, z):
        h = torch.relu(self.hidden1(z))
        return self.out(torch.relu(self.hidden2(h)))


class Discriminator(nn.Module):
    def __init__(self, width=64, fog=.3):
        super().__init__()
        self.fog = fog
        self.layers = nn.Sequential(nn.Linear(2, width), nn.LeakyReLU(.2), nn.Linear(width, width), nn.LeakyReLU(.2), nn.Linear(width, 1))

    def forward(self, points): return self.layers(points + self.fog * torch.randn_like(points))


def islands_found(points):
    """The share of islands with their part of the points, times the share of points that are on an island."""
    distance, which = torch.cdist(points, ISLANDS).min(1)
    on_land = distance < .6
    return float((torch.bincount(which[on_land], minlength=5) > len(points) / 25).float().mean() * on_land.float().mean())


def train(seed, **options):
    torch.manual_seed(seed)
    gen, disc = Generator(), Discriminator()
    opt_gen, opt_disc = Adam(gen.parameters(), lr=3e-2, betas=(.5, .999)), Adam(disc.parameters(), lr=2e-3, betas=(.5, .999))
    loss_fn = nn.BCEWithLogitsLoss()
    real_labels, fake_labels = torch.ones(BATCH, 1), torch.zeros(BATCH, 1)

    with watch({"generator": gen, "discriminator": disc}, {"generator": opt_gen, "discriminator": opt_disc}, **options) as run:
        for step in run.steps(800):
            # discriminator
            real = sample_islands(BATCH)
            fake = gen(torch.randn(BATCH, LATENT))
            loss_disc = (loss_fn(disc(real), real_labels) + loss_fn(disc(fake.detach()), fake_labels)) / 2
            opt_disc.zero_grad()
            loss_disc.backward()
            opt_disc.step()
            # generator
            loss_gen = loss_fn(disc(fake), real_labels)
            opt_gen.zero_grad()
            loss_gen.backward()
            opt_gen.step()
            run.log(loss_disc=loss_disc, loss_gen=loss_gen)
    with torch.no_grad(): return islands_found(gen(torch.randn(2000, LATENT)))
