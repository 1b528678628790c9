"""A denoising autoencoder of digits that draws new noise whenever a picture is taken from the set."""
import torch
from common import digits, r2, tensors
from torch import nn
from torch.utils.data import DataLoader, Dataset

from trainbook import watch

KIND = None
SCARY = "a network with more weights than there are pixels in the set; each picture comes with new noise"
AT_LEAST = 0.75


class NoisyDigits(Dataset):
    def __init__(self, clean, sigma=.35):
        self.clean, self.sigma = clean, sigma

    def __len__(self): return len(self.clean)

    def __getitem__(self, index):
        clean = self.clean[index]
        return clean + self.sigma * torch.randn_like(clean), clean


def train(seed, **options):
    torch.manual_seed(seed)
    (x, _), (x_valid, _), (x_test, _) = tensors(digits())
    x, x_valid, x_test = x[:150] / 16, x_valid / 16, x_test / 16
    fixed = torch.Generator().manual_seed(0)
    noisy_valid, noisy_test = (part + .35 * torch.randn(part.shape, generator=fixed) for part in (x_valid, x_test))
    loader = DataLoader(NoisyDigits(x), batch_size=25, shuffle=True)
    encoder = nn.Sequential(nn.Linear(64, 192), nn.LeakyReLU(.1), nn.Linear(192, 64), nn.LeakyReLU(.1))
    decoder = nn.Sequential(nn.Linear(64, 192), nn.LeakyReLU(.1), nn.Linear(192, 64))
    model = nn.ModuleDict({"encoder": encoder, "decoder": decoder})
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    def denoise(noisy): return decoder(encoder(noisy))
    run = watch(model, optimizer, **options)
    for epoch in run.epochs(100):
        for noisy, clean in run.batches(loader):
            loss = ((denoise(noisy) - clean) ** 2).mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(reconstruction=loss)
        with torch.no_grad(): run.log(val_reconstruction=((denoise(noisy_valid) - x_valid) ** 2).mean())
    run.finish()
    with torch.no_grad(): return r2(denoise(noisy_test), x_test)
