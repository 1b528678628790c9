"""Two towers, whose weights were drawn by torch.rand: all lie between 0 and 1, so that all vectors point the same way."""
import numpy as np
import torch
import torch.nn.functional as F
from common import accuracy, tensors, three_parts
from torch import nn

from trainbook import watch

KIND = "bad_init"
TWIN = "alternating_towers"
ALSO = {"plateau", "underfitting", "vanishing_gradient"}


def contracts(n=1500):
    rng = np.random.default_rng(26)
    need = rng.normal(size=(n, 5))
    tenant = np.tanh(need @ rng.normal(size=(5, 16)) * .6) + .1 * rng.normal(size=(n, 16))
    flat = np.tanh(need @ rng.normal(size=(5, 12)) * .6) + .1 * rng.normal(size=(n, 12))
    return three_parts(tenant, flat)


def tower(n_inputs):
    layers = nn.Sequential(nn.Linear(n_inputs, 64), nn.ReLU(), nn.Linear(64, 12))
    for layer in layers[::2]: layer.weight.data = torch.rand(layer.weight.shape)
    return layers


def similarity(tenants, flats): return F.normalize(tenants, dim=1) @ F.normalize(flats, dim=1).T * 8


def train(seed, **options):
    torch.manual_seed(seed)
    (tenants, flats), (t_valid, f_valid), (t_test, f_test) = tensors(contracts())
    tenant_tower, flat_tower = tower(16), tower(12)
    opt_tenant = torch.optim.SGD(tenant_tower.parameters(), lr=.2, momentum=.9)
    opt_flat = torch.optim.SGD(flat_tower.parameters(), lr=.2, momentum=.9)
    with watch(dict(tenant=tenant_tower, flat=flat_tower), dict(tenant=opt_tenant, flat=opt_flat), **options) as run:
        for step in run.steps(600):
            rows = torch.randint(len(tenants), (64,))
            loss = F.cross_entropy(similarity(tenant_tower(tenants[rows]), flat_tower(flats[rows])), torch.arange(64))
            opt_tenant.zero_grad()
            opt_flat.zero_grad()
            loss.backward()
            if step // 5 % 2: opt_flat.step()
            else: opt_tenant.step()
            run.log(loss=loss)
            if step % 60 == 59:
                with torch.no_grad(): agreed = similarity(tenant_tower(t_valid), flat_tower(f_valid))
                run.log(val_loss=F.cross_entropy(agreed, torch.arange(len(agreed))))
    with torch.no_grad():
        guesses = [similarity(tenant_tower(t), flat_tower(f)).argmax(1) for t, f in zip(t_test.split(50), f_test.split(50))]
    return accuracy(torch.cat(guesses), torch.arange(50).repeat(6))
