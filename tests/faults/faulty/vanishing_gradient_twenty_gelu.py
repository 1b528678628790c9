"""Wine by twenty plain layers with GELU, which halves what is near zero: after twenty of them next to nothing is left of the rows, and of the gradients."""
import torch
from common import accuracy, tensors, wine
from torch import nn

from trainbook import watch

KIND = "vanishing_gradient"
TWIN = "wine_twenty_selu_layers"
WHERE = "0.0"
ALSO = {"bad_init", "plateau", "underfitting"}


def selu_net(sizes):
    layers = []
    for a, b in zip(sizes, sizes[1:]):
        linear = nn.Linear(a, b)
        nn.init.normal_(linear.weight, std=a ** -.5)
        nn.init.zeros_(linear.bias)
        layers += [linear, nn.GELU()]
    return nn.Sequential(*layers[:-1])


def train(seed, **options):
    torch.manual_seed(seed)
    (x, y), (x_valid, y_valid), (x_test, y_test) = tensors(wine())
    mean, std = x.mean(0), x.std(0)
    model = nn.Sequential(selu_net([13] + [32] * 20 + [3]))
    optimizer = torch.optim.SGD(model.parameters(), lr=5e-3, momentum=.9, nesterov=True)
    loss_fn = nn.CrossEntropyLoss()
    with watch(model, optimizer, **options) as run:
        for epoch in run.epochs(20):
            for rows in run.batches(torch.randperm(len(x)).split(16)):
                out = model((x[rows] - mean) / std)
                loss = loss_fn(out, y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss, accuracy=(out.argmax(1) == y[rows]).float().mean())
            with torch.no_grad(): run.log(val_loss=loss_fn(model((x_valid - mean) / std), y_valid))
    return accuracy(model((x_test - mean) / std).argmax(1), y_test)
