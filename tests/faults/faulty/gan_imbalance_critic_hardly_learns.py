"""A Wasserstein GAN for short sine waves. The critic's rate is 1e-6, two thousand times less than the generator's: it never learns what a sine is,
and the generator runs where a random network sends it."""
import math

import torch
import torch.nn as nn

from trainbook import watch

KIND = "gan_imbalance"
TWIN = "wgan_sine_waves"
WHERE = "critic"
ALSO = {"frozen_params", "lr_too_low", "mode_collapse", "no_update", "unstable"}

T = 16
time = torch.arange(T) * (2 * math.pi / T)
N_CRITIC, CLIP, NZ = 5, .1, 8


def get_real(batch_size):
    phase = torch.rand(batch_size, 1) * 2 * math.pi
    return torch.sin(time + phase) + .05 * torch.randn(batch_size, T)


def get_noise(batch_size):
    return torch.randn(batch_size, NZ)


def evaluate(waves):
    """The share of eight sectors of the phase that occur, times the share of waves that are a sine of about the right size."""
    s, c = waves @ torch.sin(time) * 2 / T, waves @ torch.cos(time) * 2 / T
    rest = (waves - s[:, None] * torch.sin(time) - c[:, None] * torch.cos(time)).pow(2).mean(1).sqrt()
    size = (s ** 2 + c ** 2).sqrt()
    good = (rest < .3) & (size > .6) & (size < 1.4)
    sector = ((torch.atan2(c, s) + math.pi) / (2 * math.pi) * 8).long().clamp(max=7)
    return float((torch.bincount(sector[good], minlength=8) > len(waves) / 50).float().mean() * good.float().mean())


def train(seed, **options):
    torch.manual_seed(seed)
    netG = nn.Sequential(nn.Linear(NZ, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, T))
    netC = nn.Sequential(nn.Linear(T, 64), nn.LeakyReLU(.2), nn.Linear(64, 64), nn.LeakyReLU(.2), nn.Linear(64, 1))
    optG = torch.optim.RMSprop(netG.parameters(), lr=2e-3)
    optC = torch.optim.RMSprop(netC.parameters(), lr=1e-6)
    run = watch(dict(G=netG, critic=netC), dict(G=optG, critic=optC), **options)
    for it in range(350):
        for _ in range(N_CRITIC):
            with torch.no_grad(): fake = netG(get_noise(64))
            loss_critic = netC(fake).mean() - netC(get_real(64)).mean()
            optC.zero_grad()
            loss_critic.backward()
            optC.step()
            for p in netC.parameters(): p.data.clamp_(-CLIP, CLIP)
        loss_G = -netC(netG(get_noise(64))).mean()
        optG.zero_grad()
        loss_G.backward()
        optG.step()
        run.log(loss_critic=loss_critic.item(), loss_G=loss_G.item())
    run.finish()
    with torch.no_grad(): return evaluate(netG(get_noise(2000)))
