"""A GAN whose discriminator has a rate of 2e-6: it can't tell points of the data from others, and its generator learns nothing from it."""
import torch
from common import ring, ring_score
from torch import nn
from torch.utils.data import DataLoader

from trainbook import watch

KIND = "gan_imbalance"
TWIN = "ring_lsgan"
WHERE = "D"
ALSO = {"lr_too_low", "mode_collapse", "no_update", "plateau"}


def mlp(*sizes):
    layers = []
    for a, b in zip(sizes, sizes[1:]): layers += [nn.Linear(a, b), nn.LeakyReLU(.2)]
    return nn.Sequential(*layers[:-1])


def sample(G, n):
    z = torch.randn(n, 4)
    return G(z)


def train_D(G, D, opt, real, blur):
    fake = sample(G, len(real)).detach()
    loss = ((D(real + blur * torch.randn_like(real)) - 1) ** 2).mean() + (D(fake + blur * torch.randn_like(fake)) ** 2).mean()
    opt.zero_grad(); loss.backward(); opt.step()
    return loss


def train_G(G, D, opt, n, blur):
    fake = sample(G, n)
    loss = ((D(fake + blur * torch.randn_like(fake)) - 1) ** 2).mean()
    opt.zero_grad(); loss.backward(); opt.step()
    return loss


def train(seed, **options):
    torch.manual_seed(seed)
    loader = DataLoader(ring(12_800), batch_size=128, shuffle=True)
    G, D = mlp(4, 64, 64, 2), mlp(2, 64, 64, 1)
    opt_G, opt_D = torch.optim.Adam(G.parameters(), 1e-3, betas=(.5, .9)), torch.optim.Adam(D.parameters(), 2e-6, betas=(.5, .9))
    with watch({"G": G, "D": D}, {"G": opt_G, "D": opt_D}, **options) as run:
        for epoch in run.epochs(11):
            for real in run.batches(loader):
                blur = .5 * .85 ** epoch
                loss_D = train_D(G, D, opt_D, real, blur)
                loss_G = train_G(G, D, opt_G, len(real), blur)
                run.log(loss_D=loss_D, loss_G=loss_G)
    return ring_score(sample(G, 2000))
