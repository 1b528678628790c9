"""The reference nets: shapes, what they look at, saving, and starts whose variance is what the papers say."""
import pytest
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn

from trainbook import check, initialise
from trainbook.model.convolutional_nets import ResNet, UNet
from trainbook.model.initialise import activation_variance, gain_of
from trainbook.model.sequence_nets import TCN, CausalLM, GRUNet, TransformerNet
from trainbook.model.tabular_nets import MLP, TabularNet

SERIES, TOKENS = torch.rand(1, 2, 12), torch.randint(9, (1, 12))
NETS = {
    "MLP": (lambda: MLP(6, 3), [torch.rand(1, 2, 3)], (1, 3)),
    "TabularNet": (lambda: TabularNet(2, [3, 4], 5), [torch.rand(1, 2), torch.tensor([[2, 0]])], (1, 5)),
    "ResNet": (lambda: ResNet(3, 4), [torch.rand(1, 3, 9, 11)], (1, 4)), "plain": (lambda: ResNet(1, 4, residual=False), [torch.rand(1, 1, 8, 8)], (1, 4)),
    "UNet": (lambda: UNet(1, 2), [torch.rand(1, 1, 13, 7)], (1, 2, 13, 7)), "TCN": (lambda: TCN(2, 3), [SERIES], (1, 3)),
    "TCN at each": (lambda: TCN(2, 3, at_each=True), [SERIES], (1, 3, 12)), "GRU": (lambda: GRUNet(2, 3, layers=2, dropout=.1), [SERIES], (1, 3)),
    "encoder": (lambda: TransformerNet(2, 3), [SERIES], (1, 3)), "encoder of tokens": (lambda: TransformerNet(None, 3, vocabulary=9), [TOKENS], (1, 3)),
    "language model": (lambda: CausalLM(9), [TOKENS], (1, 9, 12)),
}


@pytest.mark.parametrize("name", NETS)
def test_one_sample_its_gradients_and_a_saved_copy(name, tmp_path):
    make, inputs, shape = NETS[name]
    net = make().eval()
    output = net(*inputs)
    assert output.shape == shape
    output.square().sum().backward()
    assert [path for path, parameter in net.named_parameters() if parameter.grad is None] == []
    torch.save(net.state_dict(), tmp_path / "net.pt")
    copy = make().eval()
    copy.load_state_dict(torch.load(tmp_path / "net.pt", weights_only=True))
    assert torch.equal(copy(*inputs), net(*inputs))


@pytest.mark.parametrize("make", [lambda: TCN(2, 3, at_each=True), lambda: GRUNet(2, 3, at_each=True)], ids=["TCN", "GRU"])
def test_no_net_that_looks_back_sees_the_future(make):
    net, changed = make().eval(), SERIES.clone()
    changed[..., 7:] += 1
    apart = (net(SERIES) - net(changed)).abs().amax(dim=(0, 1))
    assert apart[:7].max() == 0 < apart[7:].min()


@pytest.mark.parametrize("make", [lambda: TCN(2, 3), lambda: GRUNet(2, 3), lambda: TransformerNet(2, 3)], ids=["TCN", "GRU", "encoder"])
def test_what_stands_behind_the_end_changes_nothing(make):
    torch.manual_seed(0)
    net = make().eval()
    batch = torch.rand(3, 2, 12)
    lengths = torch.tensor([12, 5, 1])
    together = net(batch, lengths)
    alone = torch.cat([net(batch[place:place + 1, :, :length]) for place, length in enumerate(lengths)])
    torch.testing.assert_close(together, alone, atol=1e-5, rtol=1e-4)
    with pytest.raises(ValueError, match="lengths are from 1 to 12"): net(batch, torch.tensor([12, 5, 0]))


def test_holes_differ_from_zeros():
    """A table with holes gets finite outputs, and others than with the mean in their place."""
    net = TabularNet(2, [], 1).eval()
    none = torch.zeros(1, 0, dtype=torch.long)
    hole, zero = net(torch.tensor([[torch.nan, 1.]]), none), net(torch.tensor([[0., 1.]]), none)
    assert hole.isfinite().all() and not torch.equal(hole, zero)


@pytest.mark.parametrize("method, activation, variance", [
    ("xavier", nn.ReLU, 2 / (300 + 200)), ("kaiming", nn.ReLU, 2 / 300), ("kaiming", nn.Tanh, (5 / 3) ** 2 / 300), ("auto", nn.ReLU, 2 / 300),
    ("auto", nn.Tanh, (5 / 3) ** 2 * 2 / 500), ("auto", nn.Identity, 2 / 500)])
def test_weights_have_the_variance_of_the_paper(method, activation, variance):
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(300, 200), activation(), nn.Linear(200, 1))
    initialise(net, method)
    assert float(net[0].weight.detach().var()) == pytest.approx(variance, rel=.02) and net[0].bias.abs().max() == 0


def test_orthogonal_keeps_lengths():
    net = nn.Linear(20, 20)
    initialise(net, "orthogonal")
    torch.testing.assert_close(net.weight @ net.weight.T, torch.eye(20), atol=1e-5, rtol=0)


def test_kaiming_keeps_the_variance_of_thirty_wide_layers_and_xavier_does_not():
    net = nn.Sequential(*(layer for _ in range(30) for layer in (nn.Linear(256, 256), nn.ReLU())))
    inputs, over_depth = torch.randn(64, 256, generator=torch.Generator().manual_seed(0)), {}
    for method in ("kaiming", "xavier", "lsuv"):
        torch.manual_seed(0)
        initialise(net, method, inputs)
        over_depth[method] = activation_variance(net, inputs)["variance"]
    assert .1 < over_depth["kaiming"].iloc[-1] / over_depth["kaiming"].iloc[0] < 10
    assert over_depth["xavier"].iloc[-1] / over_depth["xavier"].iloc[0] == pytest.approx(2 ** -29, rel=9)  # half in each layer, give or take
    assert over_depth["lsuv"].sub(1).abs().max() < 1e-3


@pytest.mark.parametrize("residual, method, finding", [(False, "torch", "dead_relu"), (True, "kaiming", "bad_init"), (True, "orthogonal", "bad_init"),
                                                        (True, "auto", None), (False, "auto", None)])
@pytest.mark.parametrize("seed", [0, 1])
def test_a_bad_start_of_thirty_layers_is_named(residual, method, finding, seed):
    torch.manual_seed(seed)
    pixels, digits = load_digits(return_X_y=True)
    x = torch.tensor((pixels - pixels.mean()) / pixels.std(), dtype=torch.float32).reshape(-1, 1, 8, 8)[:128]
    batch = x, torch.tensor(digits[:128])
    net = ResNet(1, 10, widths=(8,), blocks=15, residual=residual, norm=False)
    if method != "torch": initialise(net, method, batch)
    kinds = {one.kind for one in check(net, F.cross_entropy, batch, torch.optim.Adam(net.parameters(), 1e-3), seconds=.01).findings}
    assert finding in kinds if finding else not kinds & {"dead_relu", "bad_init", "vanishing_gradient", "exploding_gradient"}


def test_lsuv_leaves_everything_else_as_it_was():
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(.5), nn.Flatten(), nn.Linear(144, 2)).train()
    before = net[1].running_mean.clone()
    torch.manual_seed(0)
    initialise(net, "lsuv", torch.rand(8, 1, 8, 8))
    assert net.training and torch.equal(net[1].running_mean, before) and not net[0]._forward_hooks


@pytest.mark.parametrize("arguments, words", [((nn.Linear,), "takes a module of torch"), ((nn.Linear(2, 2), "lsuv"), "LSUV scales each layer"),
                                              ((nn.Linear(2, 1), "lsuv", torch.ones(1, 2)), "several different samples"),
                                              ((nn.Linear(2, 1), "lsuv", torch.ones(8, 2)), "several different samples"),
                                              ((nn.Linear(2, 2), 3), "method is one of")])
def test_nonsense_is_refused_in_words(arguments, words):
    with pytest.raises((TypeError, ValueError), match=words): initialise(*arguments)


def test_gains_are_those_of_torch_where_torch_knows_them():
    for name in ("relu", "tanh", "sigmoid", "selu", "leaky_relu"): assert gain_of(name) == nn.init.calculate_gain(name)
