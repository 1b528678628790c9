"""A Wasserstein GAN for points of two moons; the noise is drawn by randint as two numbers that are 0 or 1, so that the generator knows four inputs and
gives four points."""
import torch
from sklearn.datasets import make_moons
from torch import nn, optim

from trainbook import watch

KIND = "mode_collapse"
TWIN = "wgan_moons"
WHERE = "netG"
ALSO = {"gan_imbalance", "oscillating_loss", "underfitting"}


def alike(fake, real, radius=.15):
    """The share of points near to one of the others, of both kinds, as a product."""
    distance = torch.cdist(fake, real)
    return float((distance.min(1).values < radius).float().mean() * (distance.min(0).values < radius).float().mean())


def train(seed, **options):
    torch.manual_seed(seed)
    moons = torch.tensor(make_moons(2500, noise=.05, random_state=6)[0]).float()
    data, held_out = moons[:2000], moons[2000:]
    netG = nn.Sequential(nn.Linear(2, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    critic = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(.2), nn.Linear(64, 64), nn.LeakyReLU(.2), nn.Linear(64, 1))
    optimizerG, optimizerC = optim.RMSprop(netG.parameters(), lr=5e-4), optim.RMSprop(critic.parameters(), lr=1e-3)
    with watch(dict(netG=netG, critic=critic), dict(netG=optimizerG, critic=optimizerC), **options) as run:
        for step in run.steps(280):
            for _ in range(5):
                real, fake = data[torch.randint(2000, (64,))], netG(torch.randint(0, 2, (64, 2)).float()).detach()
                critic_loss = critic(fake).mean() - critic(real).mean()
                optimizerC.zero_grad()
                critic_loss.backward()
                optimizerC.step()
                for p in critic.parameters(): p.data.clamp_(-.2, .2)
            generator_loss = -critic(netG(torch.randint(0, 2, (64, 2)).float())).mean()
            optimizerG.zero_grad()
            generator_loss.backward()
            optimizerG.step()
            run.log(critic_loss=critic_loss.item(), generator_loss=generator_loss.item())
    with torch.no_grad(): return alike(netG(torch.randint(0, 2, (500, 2)).float()), held_out)
