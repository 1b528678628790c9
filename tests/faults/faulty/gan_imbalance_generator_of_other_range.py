"""A GAN for pictures of digits, which go from -1 to 1; the generator ends in a sigmoid and can't be below 0, and the discriminator soon tells them all."""
import torch
from common import digits, tensors
from torch import nn
from torch.utils.data import DataLoader

from trainbook import watch

KIND = "gan_imbalance"
TWIN = "gan_digits"
WHERE = "discriminator"
ALSO = {"dead_relu", "mode_collapse", "saturated_activation", "vanishing_gradient"}


def score(pictures, x, y):
    """By the nearest real pictures: what class it is, and whether it could be one."""
    distance, nearest = torch.cdist(pictures, x).min(1)
    near = distance < 3.5
    return float((torch.bincount(y[nearest[near]], minlength=10) > len(pictures) / 60).float().mean() * near.float().mean())


def train(seed, **options):
    torch.manual_seed(seed)
    x, y = (torch.cat(part) for part in zip(*tensors(digits())))
    dataloader = DataLoader(x / 8 - 1, batch_size=64, shuffle=True, drop_last=True)
    def up(a, b): return nn.Linear(a, b), nn.BatchNorm1d(b), nn.ReLU()
    def down(a, b): return nn.Linear(a, b), nn.LeakyReLU(.2), nn.Dropout(.3)
    generator = nn.Sequential(*up(16, 96), *up(96, 128), nn.Linear(128, 64), nn.Sigmoid())
    discriminator = nn.Sequential(*down(64, 128), *down(128, 64), nn.Linear(64, 1))
    adversarial_loss = nn.BCEWithLogitsLoss()
    optimizer_G = torch.optim.Adam(generator.parameters(), lr=2e-3, betas=(.5, .999))
    optimizer_D = torch.optim.Adam(discriminator.parameters(), lr=1e-3, betas=(.5, .999))
    def noise(n): return torch.randn(n, 16)
    with watch(dict(generator=generator, discriminator=discriminator), dict(generator=optimizer_G, discriminator=optimizer_D), **options) as run:
        for epoch in run.epochs(30):
            for imgs in run.batches(dataloader):
                valid, fake = torch.ones(len(imgs), 1), torch.zeros(len(imgs), 1)
                optimizer_G.zero_grad()
                gen_imgs = generator(noise(len(imgs)))
                g_loss = adversarial_loss(discriminator(gen_imgs), valid)
                g_loss.backward()
                optimizer_G.step()

                optimizer_D.zero_grad()
                real_loss = adversarial_loss(discriminator(imgs), valid * .9)
                fake_loss = adversarial_loss(discriminator(gen_imgs.detach()), fake)
                d_loss = (real_loss + fake_loss) / 2
                d_loss.backward()
                optimizer_D.step()
                run.log(d_loss=d_loss.item(), g_loss=g_loss.item())
    generator.eval()
    with torch.no_grad(): return score(generator(noise(1000)), x / 8 - 1, y)
