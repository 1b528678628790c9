"""What has an autoencoder learned about digits? Its encoder is trained first, without labels; then it is frozen, and a linear layer reads its codes."""
import torch
import torch.nn.functional as F
from common import accuracy, digits, tensors
from torch import nn

from trainbook import watch

KIND = None
SCARY = "most of the parameters have no gradient; but the encoder has been trained before, and only the probe should learn"
AT_LEAST = 0.88


def pretrain(x, epochs=40):
    encoder = nn.Sequential(nn.Linear(64, 128), nn.ReLU(), nn.Linear(128, 32), nn.ReLU())
    decoder = nn.Linear(32, 64)
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=3e-3)
    for _ in range(epochs):
        for rows in torch.randperm(len(x)).split(64):
            loss = F.mse_loss(decoder(encoder(x[rows])), x[rows])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return encoder


class Probe(nn.Module):
    def __init__(self, backbone):
        super().__init__()
        self.backbone, self.norm, self.linear = backbone.requires_grad_(False), nn.LayerNorm(32, elementwise_affine=False), nn.Linear(32, 10)

    def forward(self, x):
        return self.linear(self.norm(self.backbone(x)))


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(digits())
    mean, std = x.mean(), x.std()
    x, x_valid, x_test = (x - mean) / std, (x_valid - mean) / std, (x_test - mean) / std
    model = Probe(pretrain(x))
    optimizer = torch.optim.Adam(model.linear.parameters(), lr=1e-2)
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(15):
            for rows in run.batches(torch.randperm(len(x)).split(64)):
                loss = F.cross_entropy(model(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss)
            with torch.no_grad(): output = model(x_valid)
            run.log(val_loss=F.cross_entropy(output, y_valid), probe_accuracy=accuracy(output.argmax(1), y_valid))
    with torch.no_grad(): return accuracy(model(x_test).argmax(1), y_test)
