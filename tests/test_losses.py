"""Watching changes nothing: losses and weights are the same, bit for bit."""
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch


def train(tmp_path, workers: int, watched: bool):
    torch.manual_seed(7)
    x = torch.randn(200, 8)
    loader = DataLoader(TensorDataset(x, x.sum(1, keepdim=True)), batch_size=16, shuffle=True, num_workers=workers)
    model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(.3), nn.Linear(32, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=.05, momentum=.9)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, .05, total_steps=4 * len(loader))
    run = watch(model, optimizer, dir=tmp_path, view="terminal") if watched else None
    losses = []
    for _ in run.epochs(4) if run else range(4):
        for xb, yb in run.batches(loader) if run else loader:
            loss = nn.functional.mse_loss(model(xb), yb)
            loss.backward(); optimizer.step(); schedule.step(); optimizer.zero_grad()
            losses.append(loss.item())
            if run: run.log(loss=loss)
    if run:
        run.finish()
        assert run.frame()["loss"].tolist() == losses
    return losses, [parameter.detach().clone() for parameter in model.parameters()], torch.get_rng_state()


@pytest.mark.parametrize("workers", [0, 2])
def test_same_losses_bit_for_bit(tmp_path, workers):
    losses, weights, state = train(tmp_path, workers, watched=True)
    plain_losses, plain_weights, plain_state = train(tmp_path, workers, watched=False)
    assert losses == plain_losses and len(losses) == 4 * 13
    assert all(torch.equal(a, b) for a, b in zip(weights, plain_weights))
    assert torch.equal(state, plain_state)
