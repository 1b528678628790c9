"""Pictures of digits by an autoencoder of ten layers with sigmoid units: what comes back through nine of them is next to nothing, and all
pictures come out as their mean."""
import torch
from common import digits, r2, tensors
from torch import nn

from trainbook import watch

KIND = "vanishing_gradient"
TWIN = "digits_deep_autoencoder"
WHERE = "encoder.0"
ALSO = {"plateau", "saturated_activation", "underfitting"}


class AutoEncoder(nn.Module):
    def __init__(self, sizes=(64, 48, 40, 32, 24, 16)):
        super().__init__()
        self.encoder = self.stack(sizes)
        self.decoder = self.stack(sizes[::-1])[:-1]  # no activation at the end

    def stack(self, sizes):
        layers = []
        for a, b in zip(sizes[:-1], sizes[1:]): layers += [nn.Linear(a, b), nn.Sigmoid()]
        return nn.Sequential(*layers)

    def forward(self, x):
        return self.decoder(self.encoder(x))


def train(seed, **options):
    torch.manual_seed(seed)
    x_train, x_val, x_test = (x / 8 - 1 for x, _ in tensors(digits()))
    autoencoder, mse = AutoEncoder(), nn.MSELoss()
    optimizer = torch.optim.SGD(autoencoder.parameters(), lr=.3, momentum=.9)
    with watch(autoencoder, optimizer, **options) as run:
        for epoch in run.epochs(25):
            for rows in run.batches(torch.randperm(len(x_train)).split(64)):
                batch = x_train[rows]
                loss = mse(autoencoder(batch), batch)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): run.log(val_loss=mse(autoencoder(x_val), x_val))
    with torch.no_grad(): return r2(autoencoder(x_test), x_test)
