"""Losses of ours beside those of PyTorch and formulas that are written out; gradients, half precision, and what is refused."""
import math

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from trainbook.model.losses import BinaryFocalLoss, FocalLoss, QuantileLoss, SupervisedContrastiveLoss, class_weights


@pytest.fixture(autouse=True)
def seed(): torch.manual_seed(0)


SHAPES = {"classes": (6, 4), "positions": (3, 4, 5), "pixels": (2, 4, 3, 5), "voxels": (2, 4, 2, 3, 2), "one sample": (1, 4)}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_focal_at_gamma_0_is_cross_entropy(shape, reduction):
    logits, target = torch.randn(shape), torch.randint(4, (shape[0], *shape[2:]))
    target.view(-1)[0] = -100 if target.numel() > 1 else target.view(-1)[0]
    weight = torch.rand(4) + .5
    expected = F.cross_entropy(logits, target, weight, reduction=reduction)
    assert torch.equal(FocalLoss(0., weight=weight, reduction=reduction)(logits, target), expected)
    yes = torch.rand(shape)
    assert torch.equal(BinaryFocalLoss(0., reduction=reduction)(logits, yes), F.binary_cross_entropy_with_logits(logits, yes, reduction=reduction))


@pytest.mark.parametrize("gamma", [0., .5, 1., 2., 5.])
def test_focal_is_its_formula(gamma):
    logits, target = torch.randn(50, 4, dtype=torch.float64), torch.randint(4, (50,))
    p = torch.softmax(logits, 1)[range(50), target]
    assert torch.allclose(FocalLoss(gamma, reduction="none")(logits, target), -(1 - p) ** gamma * p.log())
    yes = torch.randint(2, (50, 4)).double()
    p = torch.where(yes > 0, logits.sigmoid(), 1 - logits.sigmoid())
    assert torch.allclose(BinaryFocalLoss(gamma, reduction="none")(logits, yes), -(1 - p) ** gamma * p.log())
    assert torch.allclose(BinaryFocalLoss(gamma, pos_weight=torch.tensor(3.))(logits, yes), ((1 + 2 * yes) * -(1 - p) ** gamma * p.log()).mean())


def test_two_classes_are_one_question():
    output, yes = torch.randn(20, dtype=torch.float64), torch.randint(2, (20,))
    pair = torch.stack([torch.zeros_like(output), output], 1)
    assert torch.allclose(FocalLoss(2.)(pair, yes), BinaryFocalLoss(2.)(output, yes))


LOSSES = {
    "focal": (FocalLoss(2.), (5, 3), torch.tensor([0, 2, 1, 1, 0])),
    "focal, root": (FocalLoss(.5), (5, 3), torch.tensor([0, 2, 1, 1, 0])),
    "binary": (BinaryFocalLoss(2.), (5, 3), torch.tensor([[0, 1, 0], [1, 1, 0], [0, 0, 0], [1, 0, 1], [0, 1, 1]])),
    "quantile": (QuantileLoss([.1, .5, .9]), (5, 3), torch.tensor([.1, -2., .3, 7., 0.])),
    "contrastive": (SupervisedContrastiveLoss(.5), (5, 3), torch.tensor([0, 1, 1, 0, 2])),
}


@pytest.mark.parametrize("name", LOSSES)
def test_gradients(name):
    loss, shape, target = LOSSES[name]
    outputs = torch.randn(shape, dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(lambda outputs: loss(outputs, target), outputs)


@pytest.mark.parametrize("name", LOSSES)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16], ids=str)
@pytest.mark.parametrize("size", [0., 1., 1e4])
def test_extreme_outputs_in_all_precisions(name, dtype, size):
    loss, shape, target = LOSSES[name]
    outputs = (torch.randn(shape).sign() * size).to(dtype).requires_grad_()
    value = loss(outputs, target)
    value.backward()
    assert value.isfinite() and outputs.grad.isfinite().all() and value >= 0
    exact = loss(outputs.detach().double(), target)
    assert torch.allclose(value.detach().double(), exact, rtol=1e-5 if dtype is torch.float32 else .02, atol=1e-6 if dtype is torch.float32 else 5e-3)


@pytest.mark.parametrize("gamma", [0., .5, 2.])
def test_certain_samples_have_a_gradient_of_0(gamma):
    logits = torch.tensor([[60., -60.], [1e4, -1e4]], requires_grad=True)
    FocalLoss(gamma)(logits, torch.zeros(2, dtype=torch.long)).backward()
    output = torch.tensor([60., 1e4], requires_grad=True)
    BinaryFocalLoss(gamma)(output, torch.ones(2)).backward()
    assert not logits.grad.any() and output.grad.abs().max() < 1e-20


def test_contrastive_is_its_formula():
    embeddings, labels = F.normalize(torch.randn(9, 4, dtype=torch.float64), dim=1), torch.tensor([0, 0, 0, 1, 1, 2, 3, 3, 3])
    anchors = []
    for i in range(9):
        others = [a for a in range(9) if a != i]
        total = sum(math.exp(embeddings[i] @ embeddings[a] / .3) for a in others)
        pairs = [math.log(math.exp(embeddings[i] @ embeddings[p] / .3) / total) for p in others if labels[p] == labels[i]]
        if pairs: anchors.append(-sum(pairs) / len(pairs))
    assert SupervisedContrastiveLoss(.3)(embeddings * 7, labels).item() == pytest.approx(sum(anchors) / len(anchors))


def test_quantiles_of_several_targets():
    outputs, target = torch.randn(7, 2, 3), torch.randn(7, 2)
    each = [QuantileLoss(q)(outputs[..., i], target) for i, q in enumerate((.1, .5, .9))]
    assert torch.allclose(QuantileLoss([.1, .5, .9])(outputs, target), sum(each) / 3)


def test_weights_move_with_the_module():
    loss = FocalLoss(weight=torch.ones(3)).to(torch.float64)
    assert loss.weight.dtype is torch.float64 and list(loss.state_dict()) == ["weight"]
    assert "weight" not in nn.Sequential(FocalLoss()).state_dict()


def test_effective_number():
    labels = torch.cat([torch.zeros(900), torch.ones(90), torch.full((10,), 2.)]).long()
    raw = [(1 - .99) / (1 - .99 ** n) for n in (900, 90, 10)]
    found = class_weights(labels, method="effective", beta=.99)
    assert torch.allclose(found / found[0], torch.tensor(raw) / raw[0]) and found[labels].mean().item() == pytest.approx(1)


outputs, classes = torch.zeros(4, 3), torch.tensor([0, 1, 2, 0])
NONSENSE = {
    "one-hot": (lambda: FocalLoss()(outputs, F.one_hot(classes, 3)), ValueError, "target.argmax"),
    "probabilities": (lambda: FocalLoss()(outputs, outputs), ValueError, "are they one-hot, or probabilities"),
    "a column": (lambda: FocalLoss()(outputs, classes[:, None]), ValueError, "target.squeeze"),
    "fractions": (lambda: FocalLoss()(outputs, classes + .5), TypeError, "target.long"),
    "too high": (lambda: FocalLoss()(outputs, classes + 1), ValueError, "from 1 to 3 for 3 outputs"),
    "negative": (lambda: FocalLoss()(outputs, classes - 1), ValueError, "from -1 to 1 for 3 outputs"),
    "other rows": (lambda: FocalLoss()(outputs, classes[:2]), ValueError, r"\(4,\) is needed"),
    "no classes axis": (lambda: FocalLoss()(outputs[:, 0], classes), ValueError, "at least 2 dimensions"),
    "a list": (lambda: FocalLoss()(outputs, [0, 1, 2, 0]), TypeError, "tensor of class numbers"),
    "whole outputs": (lambda: FocalLoss()(classes, classes), TypeError, "floating point"),
    "weights": (lambda: FocalLoss(weight=torch.ones(2))(outputs, classes), ValueError, "one weight a class"),
    "gamma": (lambda: FocalLoss(float("nan")), ValueError, "gamma is a number from 0 on"),
    "reduction": (lambda: FocalLoss(reduction="median"), ValueError, "one of mean, sum, none"),
    "no yes or no": (lambda: BinaryFocalLoss()(outputs[:, 0], classes), ValueError, "from 0 to 2"),
    "broadcast": (lambda: BinaryFocalLoss()(outputs[:, :1], classes.float()), ValueError, "have to be the same"),
    "no tensor": (lambda: BinaryFocalLoss()(outputs, None), TypeError, "tensor; got NoneType"),
    "descending": (lambda: QuantileLoss([.5, .1]), ValueError, "ascending"),
    "no quantiles": (lambda: QuantileLoss([]), ValueError, "between 0 and 1"),
    "per cent": (lambda: QuantileLoss([10, 90]), ValueError, "between 0 and 1"),
    "too few outputs": (lambda: QuantileLoss([.1, .9])(outputs, outputs[:, 0]), ValueError, r"\(4, 2\) are needed"),
    "a target column": (lambda: QuantileLoss([.1, .5, .9])(outputs, outputs[:, :1]), ValueError, "target.squeeze"),
    "temperature": (lambda: SupervisedContrastiveLoss(0.), ValueError, "above 0"),
    "other labels": (lambda: SupervisedContrastiveLoss()(outputs, classes[:2]), ValueError, r"\(N, D\)"),
    "missing class": (lambda: class_weights(torch.tensor([0, 2])), ValueError, "no sample has label 1"),
    "labels with holes": (lambda: class_weights([0., float("nan")]), ValueError, "class numbers"),
    "names": (lambda: class_weights(["cat", "dog"]), TypeError, "class numbers"),
    "beta": (lambda: class_weights([0, 1], method="effective", beta=1.), ValueError, "below 1"),
}


@pytest.mark.parametrize("case", NONSENSE)
def test_nonsense_is_refused(case):
    attempt, error, words = NONSENSE[case]
    with pytest.raises(error, match=words): attempt()


def test_nan_stays_visible():
    """A NaN among the outputs or the targets makes the loss NaN, so the diagnosis sees it."""
    broken = outputs.clone(); broken[0, 0] = math.nan
    assert FocalLoss()(broken, classes).isnan() and QuantileLoss(.5)(outputs[:, 0], broken[:, 0]).isnan()
    assert SupervisedContrastiveLoss()(broken, classes).isnan()
