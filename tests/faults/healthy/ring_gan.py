"""A GAN for points of eight clouds on a circle: the discriminator sees noise on its inputs, which calms it; two optimizers."""
import torch
from common import ring, ring_score
from torch import nn, optim

from trainbook import watch

KIND = None
SCARY = "both losses wobble and go nowhere, as in any GAN that is in balance"
AT_LEAST = 0.5


def train(seed, **options):
    torch.manual_seed(seed)
    netG = nn.Sequential(nn.Linear(8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))
    netD = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(.2), nn.Linear(64, 64), nn.LeakyReLU(.2), nn.Linear(64, 1))
    criterion = nn.BCEWithLogitsLoss()
    optimizerD = optim.Adam(netD.parameters(), lr=2e-3, betas=(.5, .999))
    optimizerG = optim.Adam(netG.parameters(), lr=1e-3, betas=(.5, .999))
    real_label, fake_label = torch.ones(128, 1), torch.zeros(128, 1)
    with watch(dict(generator=netG, discriminator=netD), dict(generator=optimizerG, discriminator=optimizerD), **options) as run:
        for step in run.steps(1200):
            def noisy(x): return x + .2 * torch.randn_like(x)
            fake = netG(torch.randn(128, 8))
            netD.zero_grad()
            output_real, output_fake = netD(noisy(ring(128))), netD(noisy(fake.detach()))
            errD = criterion(output_real, real_label) + criterion(output_fake, fake_label)
            errD.backward()
            optimizerD.step()

            netG.zero_grad()
            errG = criterion(netD(noisy(fake)), real_label)
            errG.backward()
            optimizerG.step()
            if step % 10 == 9: run.log(loss_D=errD.item(), loss_G=errG.item(), D_x=output_real.sigmoid().mean(), D_G_z=output_fake.sigmoid().mean())
    with torch.no_grad(): return ring_score(netG(torch.randn(2000, 8)))
