"""Wine with LBFGS, whose closure computes gradients and doesn't clear them before: each evaluation adds its own to those of all before."""
import torch
import torch.nn.functional as F
from common import accuracy, wine
from sklearn.preprocessing import StandardScaler
from torch import nn

from trainbook import watch

KIND = "missing_zero_grad"
TWIN = "lbfgs_closure"
WHERE = "optimizer.zero_grad()"
ALSO = {"exploding_gradient", "lr_too_high", "nan_loss", "oscillating_loss", "plateau", "saturated_activation", "unstable"}


def train(seed, **options):
    torch.manual_seed(seed)
    (x_train, y_train), (x_valid, y_valid), (x_test, y_test) = wine()
    scaler = StandardScaler().fit(x_train)
    x, xv, xt = (torch.tensor(scaler.transform(part)).float() for part in (x_train, x_valid, x_test))
    y, yv = torch.tensor(y_train), torch.tensor(y_valid)
    net = nn.Sequential(nn.Linear(13, 12), nn.Tanh(), nn.Linear(12, 3))
    optimizer = torch.optim.LBFGS(net.parameters(), lr=.5, max_iter=10, history_size=10)
    with watch(net, optimizer, **options) as run:
        for step in run.steps(60):
            def closure():
                loss = F.cross_entropy(net(x), y) + 1e-2 * sum(p.square().sum() for p in net.parameters())
                loss.backward()
                return loss
            loss = optimizer.step(closure)
            run.log(loss=loss.item())
            if step % 5 == 4:
                with torch.no_grad(): run.log(val_loss=F.cross_entropy(net(xv), yv).item())
    with torch.no_grad(): return accuracy(net(xt).argmax(1), y_test)
