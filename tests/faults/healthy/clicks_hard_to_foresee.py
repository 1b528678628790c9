"""Whether a person clicks on an advertisement: vectors of hashed features are added up, Adagrad, rows seen once, as they come in."""
import torch
from common import r2
from torch import nn

from trainbook import watch

KIND = None
SCARY = "the loss goes from .69 to .65 only; whether somebody clicks is mostly chance, and .65 is the entropy of that chance"
AT_LEAST = 0.7


def impressions(n, g, effect):
    features = torch.stack([torch.randint(start, start + 20, (n,), generator=g) for start in (0, 20, 40)], 1)
    chance = torch.sigmoid(effect[features].sum(1) - .4)
    return features, (torch.rand(n, generator=g) < chance).float(), chance


def train(seed, **options):
    torch.manual_seed(seed)
    g = torch.Generator().manual_seed(21)
    effect = .4 * torch.randn(60, generator=g)
    features, clicked, _ = impressions(40_000, g, effect)
    features_valid, clicked_valid, chance = impressions(4000, g, effect)
    weights = nn.EmbeddingBag(60, 1, mode="sum")
    nn.init.zeros_(weights.weight)
    model, bce = nn.Sequential(weights, nn.Flatten(0)), nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adagrad(model.parameters(), lr=.05)
    with watch(model, optimizer, **options) as run:
        for i, start in enumerate(range(0, 40_000, 64)):
            loss = bce(model(features[start:start + 64]), clicked[start:start + 64])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            run.log(logloss=loss.item())
            if i % 50 == 0:
                with torch.no_grad(): run.log(val_logloss=bce(model(features_valid), clicked_valid).item())
    return r2(torch.sigmoid(model(features_valid)), chance)
