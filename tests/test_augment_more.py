"""Checks of meaning, mixtures, series and texts: what the chapters don't show, and what is refused."""
import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.datasets import load_wine
from torch import nn
from torch.nn import functional as F

from trainbook import Augment, SemanticsCheck
from trainbook.augment.colours import brightness
from trainbook.augment.geometry import flip_vertical, rotate
from trainbook.augment.mixing import cut_mix, mixup, smote
from trainbook.augment.operation import Batch, Draws, augmented
from trainbook.augment.semantics import CHANGED, SAFE, share_interval
from trainbook.augment.series import cover, crop, jitter, magnitude, permute, time_warp
from trainbook.augment.text import drop_tokens, drop_words, replace_synonyms, swap_words

PICTURES = torch.rand(40, 1, 12, 12, generator=torch.Generator().manual_seed(0))
SERIES = torch.rand(8, 2, 60, generator=torch.Generator().manual_seed(0))


def upper_half(pictures: torch.Tensor) -> torch.Tensor:
    """Logits of two classes: whether the upper half is lighter than the lower one."""
    lighter = pictures[:, 0, :6].mean((1, 2)) - pictures[:, 0, 6:].mean((1, 2))
    return torch.stack([-lighter, lighter], dim=1)


def test_what_is_known_is_found():
    """A vertical mirror image exchanges both classes, and what makes all of a picture lighter exchanges none."""
    pictures = PICTURES.clone()
    pictures[:20, :, :6] += 1
    pictures[20:, :, 6:] += 1
    check = SemanticsCheck(upper_half, pictures / 2.5, [flip_vertical(), brightness(.2), rotate(180.)], wanted=.8, halvings=0)
    said = {(name, round(float(strength), 3)): (kept, verdict)
            for name, strength, kept, verdict in check.table[["operation", "strength", "kept", "verdict"]].itertuples(index=False)}
    assert said["flip vertical", 1.] == (0., CHANGED) and said["rotate", 180.] == (0., CHANGED)
    assert said["brightness", .2] == (1., SAFE) and [operation.name for operation in check.safe] == ["brightness", "rotate"]
    assert check.safe[0].strength == .2 and check.safe[1].strength < 90


@pytest.mark.parametrize("count, of", [(0, 10), (7, 10), (10, 10), (990, 1000)])
def test_the_interval_is_that_of_statsmodels(count, of):
    from statsmodels.stats.proportion import proportion_confint
    assert share_interval(count, of) == pytest.approx(proportion_confint(count, of, method="wilson"), abs=1e-4)


def test_of_two_classes_one_logit_will_do():
    one = SemanticsCheck(lambda pictures: upper_half(pictures)[:, 1], PICTURES, flip_vertical())
    two = SemanticsCheck(upper_half, PICTURES, flip_vertical())
    assert one.table["kept"].tolist() == two.table["kept"].tolist() == [0.]


def test_a_model_is_left_as_it_was():
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(144), nn.Dropout(.5), nn.Linear(144, 3))
    before = {name: value.clone() for name, value in model.state_dict().items()}
    state = torch.get_rng_state()
    SemanticsCheck(model, PICTURES, [rotate(20), flip_vertical()], features=model[:2])
    assert model.training and all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert torch.equal(torch.get_rng_state(), state)


def test_mixup_in_training_lowers_a_loss():
    torch.manual_seed(0)
    inputs = torch.randn(90, 5)
    labels = inputs[:, :3].argmax(1)
    model, augment = nn.Linear(5, 3), Augment(mixup(.4, classes=3), seed=1)
    optimizer, losses = torch.optim.SGD(model.parameters(), .5), []
    for _ in range(60):
        xb, yb = augment(inputs, labels)
        loss = F.cross_entropy(model(xb), yb)
        optimizer.zero_grad(), loss.backward(), optimizer.step()
        losses.append(float(loss.detach()))
    assert losses[-1] < .7 * losses[0] and (model(inputs).argmax(1) == labels).float().mean() > .9


@pytest.mark.parametrize("shape", [(6, 2, 30), (6, 3, 10, 12), (6, 1, 6, 8, 8)], ids=["series", "pictures", "volumes"])
def test_cut_mix_takes_as_much_of_a_label_as_of_the_inputs(shape):
    inputs = torch.arange(6.).reshape(-1, *[1] * (len(shape) - 1)).expand(shape).clone()
    mixed = augmented(Batch(inputs, labels=torch.arange(6.)), [cut_mix(.5)], Draws(2))
    torch.testing.assert_close(mixed.inputs.flatten(1).mean(1), mixed.labels)
    assert not torch.equal(mixed.labels, torch.arange(6.))


def test_smote_looks_at_no_row_that_is_not_trained_on():
    wines, grower = load_wine(return_X_y=True, as_frame=True)
    training = np.r_[0:59, 60:70, 140:160]
    others = np.setdiff1d(np.arange(len(wines)), training)
    changed = wines.copy()
    changed.iloc[others] = 1e9
    (rows, classes), (again, _) = (smote(table, grower, training) for table in (wines, changed))
    assert rows.equals(again) and classes.value_counts().tolist() == [59, 59, 59]


def test_smote_of_categories():
    table = pd.DataFrame(dict(number=np.arange(40.), colour=["red", "blue"] * 20))
    target = pd.Series(["rare"] * 8 + ["usual"] * 32)
    rows, classes = smote(table, target, np.ones(40, dtype=bool))
    assert set(rows["colour"]) == {"red", "blue"} and classes.value_counts().tolist() == [32, 32]


@pytest.mark.parametrize("operation", [jitter(.2), magnitude(.3), time_warp(3, 10), permute(4), crop(.3), cover(.2)], ids=lambda operation: operation.name)
def test_series_are_seeded(operation):
    before = SERIES.clone()
    first, second, other = (Augment(operation, seed=seed)(SERIES)[0] for seed in (1, 1, 2))
    assert torch.equal(first, second) and not torch.equal(first, other) and torch.equal(SERIES, before)
    assert first.shape == SERIES.shape and bool(first.isfinite().all())
    assert Augment(operation)(SERIES[:1, :, :20])[0].shape == (1, 2, 20)


@pytest.mark.parametrize("call, words", [
    (lambda: SemanticsCheck(upper_half, PICTURES, []), "the list is empty"),
    (lambda: SemanticsCheck(upper_half, PICTURES, rotate(), shares=[0.]), "are above 0 and at most 1"),
    (lambda: SemanticsCheck(lambda pictures: [1], PICTURES, rotate()), "the model gives a list; a tensor is needed"),
    (lambda: SemanticsCheck(upper_half, PICTURES * torch.nan, rotate()), "logits that are not finite"),
    (lambda: Augment(mixup(classes=3))(PICTURES, [1] * 40), "mixup mixes labels, which are a tensor"),
    (lambda: Augment(mixup(), targets="masks")(PICTURES, PICTURES[:, 0]), "masks and boxes of two samples can't be mixed"),
    (lambda: Augment(mixup())(torch.ones(4, 3, dtype=torch.long), torch.rand(4)), "mixup takes floating point numbers"),
    (lambda: Augment(cut_mix())(torch.rand(4, 3), torch.rand(4)), "cut_mix takes series"),
    (lambda: Augment(permute(3))(torch.rand(2, 1, 2)), "can't be cut into 3 pieces"),
    (lambda: permute(1), "pieces is a whole number from 2 on; got 1"),
    (lambda: Augment(drop_words())("one text"), "drop words takes a list of texts; got a str"),
    (lambda: Augment(swap_words())([1, 2]), "swap words takes a list of texts"),
    (lambda: replace_synonyms({"big": []}), "a table from a word to a list of words"),
    (lambda: Augment(drop_tokens())(torch.rand(2, 5)), "drop_tokens takes whole numbers of shape"),
    (lambda: smote(pd.DataFrame(dict(a=[1., 2, 3])), pd.Series([0, 0, 1]), [0, 1, 2]), "class 1 has a single training row"),
    (lambda: smote(pd.DataFrame(dict(a=[1., 2])), pd.Series([0]), [0]), "2 rows have 1 classes"),
])
def test_nonsense(call, words):
    with pytest.raises((ValueError, TypeError), match=words): call()
