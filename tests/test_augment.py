"""Augmentation: what is seeded, moved together, resumed and refused, in cases that the chapters don't show."""
import numpy as np
import pytest
import torch
from scipy.interpolate import RegularGridInterpolator
from scipy.optimize import fsolve
from skimage.draw import ellipse, polygon
from torch import nn
from torch.nn import functional as F
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.data import DataLoader, TensorDataset

from trainbook import Augment, Learner, list_runs
from trainbook.augment import colours, geometry
from trainbook.augment.colours import blur, brightness, contrast, hue, medical, noise, rand_augment, trivial_augment
from trainbook.augment.elastic import elastic, thin_plate
from trainbook.augment.geometry import flip_horizontal, flip_vertical, rotate, scale, shear, translate
from trainbook.augment.operation import Batch, Draws, Operation, augmented

PICTURES = torch.rand(12, 3, 20, 24, generator=torch.Generator().manual_seed(0))
OF_COLOURS = "brightness contrast gamma saturation hue blur sharpness noise posterize solarize equalize erase".split()
OPERATIONS = {name: getattr(module, name)() for module, names in ((colours, OF_COLOURS), (geometry, (
    "rotate", "translate", "scale", "shear", "flip_horizontal", "flip_vertical"))) for name in names}
OPERATIONS |= dict(elastic=elastic(3, 8), thin_plate=thin_plate(), trivial_augment=trivial_augment())


@pytest.mark.parametrize("name", OPERATIONS)
def test_each_operation(name):
    """Seeded, of the same shape and type, nothing in place, torch's own random numbers untouched, one sample and half precision too."""
    before, state = PICTURES.clone(), torch.get_rng_state()
    first, second, other = (Augment(OPERATIONS[name], seed=seed)(PICTURES)[0] for seed in (3, 3, 4))
    assert torch.equal(first, second) and not torch.equal(first, other)
    assert torch.equal(PICTURES, before) and torch.equal(torch.get_rng_state(), state)
    assert first.shape == PICTURES.shape and first.dtype == PICTURES.dtype and bool(first.isfinite().all())
    assert Augment(OPERATIONS[name])(PICTURES[:1])[0].shape == (1, 3, 20, 24)
    assert Augment(OPERATIONS[name])(PICTURES.double())[0].dtype == torch.float64


@pytest.mark.parametrize("name", OPERATIONS)
def test_a_share_of_none_and_a_strength_of_none_change_nothing(name):
    operation = OPERATIONS[name]
    torch.testing.assert_close(augmented(Batch(PICTURES), [operation.at(0.)], Draws(0)).inputs, PICTURES, atol=2e-5, rtol=0)
    never = Operation(operation.name, operation.strength, operation.limit, operation.unit, operation.change, 0., operation.spread, operation.moves)
    torch.testing.assert_close(augmented(Batch(PICTURES), [never], Draws(0)).inputs, PICTURES, atol=2e-5, rtol=0)


def test_standardised_pictures_can_be_moved_without_a_word_on_their_values():
    inside = Augment([rotate(10)], values=(-3., 3.))((PICTURES - .5) * 4)[0]
    assert inside.min() < -1.5


# Moved together

def contour_after(field: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Where points (y, x) of the old picture are in the new one, by inverting the field; a field (2, height, width) in pixels, x first."""
    lines = [np.arange(size) for size in field.shape[1:]]
    along_x, along_y = (RegularGridInterpolator(lines, each, bounds_error=False, fill_value=None) for each in field)
    return np.array([fsolve(lambda at, y=y, x=x: [at[0] + along_y(at)[0] - y, at[1] + along_x(at)[0] - x], [y, x]) for y, x in points])


@pytest.mark.parametrize("operation", [elastic(10, 32), thin_plate(.1)], ids=["elastic", "thin plate"])
def test_mask_and_box_follow_the_contour(operation):
    size, mask = 128, torch.zeros(1, 128, 128, dtype=torch.int64)
    mask[0][ellipse(60, 66, 30, 40)] = 2**40 + 1  # a number that float32 can't hold
    batch = Batch(mask[:, None].float().clamp(max=1), masks=mask, boxes=torch.tensor([[[26., 30, 107, 91]]]))
    field = operation(batch, Draws(1, at_limit=True)).field[0].numpy() * size / 2
    moved = augmented(batch, [operation], Draws(1, at_limit=True))
    angles = np.linspace(0, 2 * np.pi, 120, endpoint=False)
    contour = contour_after(field, np.stack([60 + 30 * np.sin(angles), 66 + 40 * np.cos(angles)], axis=1))
    expected = np.zeros((size, size), dtype=bool)
    expected[polygon(*contour.T, expected.shape)] = True
    found = (moved.masks[0] > 0).numpy()
    assert (expected & found).sum() / (expected | found).sum() >= .97
    assert moved.masks.unique().tolist() == [0, 2**40 + 1]
    seen = (moved.inputs[0, 0] > .5).numpy()
    assert (seen & found).sum() / (seen | found).sum() >= .97
    corners = np.array([[30 + down * 61, 26 + right * 81] for right in np.linspace(0, 1, 40) for down in np.linspace(0, 1, 40)]) - .5
    around = contour_after(field, corners)
    low, high = around.min(axis=0) + .5, around.max(axis=0) + .5
    assert np.allclose(moved.boxes[0, 0].numpy(), [low[1], low[0], high[1], high[0]], atol=1.)


@pytest.mark.parametrize("padding", ["border", "reflection", "zeros"])
@pytest.mark.parametrize("operations", [[rotate(90), translate(.4)], [scale(1.), shear(40), elastic(3, 8)], medical(3, 10)], ids=["far", "mixed", "medical"])
def test_masks_and_pictures_agree_beyond_the_edge(padding, operations):
    """A picture of two values whose halves are seen from afar; where it is not between two pixels it agrees with its mask."""
    moves = [operation for operation in operations if operation.moves]
    masks = (torch.arange(24) >= 12).long().expand(12, 20, 24)
    moved = augmented(Batch(masks[:, None].float(), masks=masks, padding=padding), moves, Draws(2, at_limit=True))
    sure = (moved.inputs[:, 0] < .01) | (moved.inputs[:, 0] > .99)
    assert sure.float().mean() > .5
    wrong = (moved.inputs[:, 0].round() != moved.masks) & sure
    assert wrong.float().mean() < (.01 if padding == "zeros" else 1e-9)


def test_masks_of_any_type_and_with_channels():
    for dtype in (torch.bool, torch.uint8, torch.int16, torch.float64):
        masks = (PICTURES > .5).to(dtype)
        moved = Augment([rotate(20), flip_vertical(1.)], targets="masks")(PICTURES, masks)[1]
        assert moved.dtype == dtype and moved.shape == masks.shape and set(moved.unique().tolist()) <= {0, 1}


def test_elastic_of_a_volume_moves_its_mask_along():
    volume = torch.zeros(2, 1, 12, 24, 24)
    volume[:, :, 3:9, 6:18, 6:18] = 1
    moved = augmented(Batch(volume, masks=volume[:, 0].to(torch.uint8)), [elastic(3, 10)], Draws(0, at_limit=True))
    seen, found = moved.inputs[:, 0] > .5, moved.masks > 0
    assert (seen & found).sum() / (seen | found).sum() > .97 and not torch.equal(moved.masks, volume[:, 0])


# In the loop

class Waits(TorchDispatchMode):
    """Notes operations that would wait for a device: tensors that come from the batch count as lying on it, all others on the CPU."""
    READS = "aten._local_scalar_dense", "aten.nonzero", "aten.is_nonzero", "aten.equal", "aten.masked_select", "aten._unique", "aten.item"

    def __init__(self, *tensors: torch.Tensor):
        super().__init__()
        self.on_device, self.found = list(tensors), []

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        is_there = any(any(each is tensor for tensor in self.on_device) for each in tree_leaves((args, kwargs)) if isinstance(each, torch.Tensor))
        if is_there and str(function).startswith(self.READS): self.found.append(str(function))
        given = function(*args, **kwargs or {})
        if is_there: self.on_device += [each for each in tree_leaves(given) if isinstance(each, torch.Tensor)]
        return given


@pytest.mark.parametrize("name", [*OPERATIONS, "medical", "rand_augment"])
def test_nothing_waits_for_the_device(name):
    augment = Augment({"medical": medical(3, 10), "rand_augment": rand_augment(3)}.get(name) or OPERATIONS[name])
    pictures, masks, boxes = PICTURES.clone(), (PICTURES[:, 0] > .5).long(), torch.tensor([2., 2, 9, 9]).expand(12, 1, 4).clone()
    augment(pictures)  # values are looked at once
    with Waits(pictures, masks, boxes) as waits: augment(pictures, dict(masks=masks, boxes=boxes))
    assert waits.found == []
    with Waits(pictures) as waits: float(pictures.sum())
    assert waits.found == ["aten._local_scalar_dense.default"]  # what it looks for is seen


class Net(nn.Sequential):
    def __init__(self): super().__init__(nn.Flatten(), nn.Linear(3 * 20 * 24, 4))


def learner(tmp_path, **options) -> Learner:
    torch.manual_seed(0)
    model = Net()
    data = TensorDataset(PICTURES, torch.arange(12) % 4)
    augment = Augment([rotate(20), elastic(3, 8), noise(.1), trivial_augment()], seed=5)
    loader = DataLoader(data, 2, shuffle=True, generator=torch.Generator().manual_seed(1))
    return Learner(model, loader, None, F.cross_entropy, torch.optim.SGD(model.parameters(), .01, momentum=.9), callbacks=[augment],
                   dir=tmp_path, view=None, **options)


def test_it_goes_on_in_mid_epoch_with_the_same_batches(tmp_path):
    whole = learner(tmp_path / "whole")
    whole.fit(3)
    cut = learner(tmp_path / "cut")
    cut.initialize()
    stopped = []

    def stop_at(learn, inner=cut.split):
        if learn.run and learn.run.step == 9 and not stopped:
            stopped.append(True)
            learn.run.stop()
    cut.split = lambda batch: (stop_at(cut), Learner.split(cut, batch))[1]
    cut.fit(3)
    assert 9 <= cut.run.step < 18
    resumed = learner(tmp_path / "cut", resume=list_runs(tmp_path / "cut").index[-1])
    resumed.fit(3)
    assert resumed.run.step == whole.run.step == 18
    assert all(torch.equal(a, b) for a, b in zip(resumed.model.parameters(), whole.model.parameters()))


def test_lr_find_leaves_the_batches_as_they_would_have_been(tmp_path):
    plain, searched = learner(tmp_path / "plain"), learner(tmp_path / "searched")
    searched.lr_find(steps=20)
    for each in (plain, searched): each.fit(1)
    assert all(torch.equal(a, b) for a, b in zip(plain.model.parameters(), searched.model.parameters()))


def test_ranks_have_changes_of_their_own(monkeypatch):
    monkeypatch.setenv("RANK", "0")
    zero = Augment(rotate())(PICTURES)[0]
    monkeypatch.setenv("RANK", "1")
    assert not torch.equal(Augment(rotate())(PICTURES)[0], zero)


def test_inputs_by_name_and_by_place(tmp_path):
    class Two(Learner):
        def split(self, batch): return dict(picture=batch[0], other=batch[1]), batch[2]

    class Both(nn.Linear):
        def forward(self, picture, other):
            seen.append((picture, other))
            return super().forward(picture.flatten(1))

    seen, data = [], TensorDataset(PICTURES, PICTURES, torch.arange(12) % 4)
    for kind, place in ((Two, "picture"), (Learner, 0)):
        model = Both(3 * 20 * 24, 4)
        kind(model, DataLoader(data, 12), None, F.cross_entropy, torch.optim.SGD(model.parameters(), .01), callbacks=[Augment(rotate(), input=place)],
             dir=tmp_path, view=None, checkpoint=None).fit(1)
        assert not torch.equal(seen[-1][0], PICTURES) and torch.equal(seen[-1][1], PICTURES)
    with pytest.raises(ValueError, match="names none of the model's inputs, which are 2 by their places"):
        Learner(model, DataLoader(data, 12), None, F.cross_entropy, torch.optim.SGD(model.parameters(), .01), callbacks=[Augment(rotate(), input=7)],
                dir=tmp_path, view=None, checkpoint=None).fit(1)


# What is refused

@pytest.mark.parametrize("call, words", [
    (lambda: Augment(rotate())(torch.rand(3)), "rotate takes pictures"),
    (lambda: Augment(rotate())(["a text"]), "got a list"),
    (lambda: Augment(blur())(PICTURES * 255), "these go from"),
    (lambda: Augment(brightness())(torch.full((1, 3, 4, 4), torch.nan)), "go from nan to nan"),
    (lambda: Augment(hue())(PICTURES[:, :2]), "hue takes pictures with 3 channels"),
    (lambda: Augment(contrast(), seed=1.5), "is a whole number; got 1.5"),
    (lambda: Augment(contrast(), values=(1, 0)), "the lowest and the highest value"),
    (lambda: elastic(-1), "strength is a number from 0 to"),
    (lambda: thin_plate(points=1), "points is a whole number from 2 to 10; got 1"),
    (lambda: flip_horizontal(p=1.5), "p is a number from 0 to 1; got 1.5"),
    (lambda: Augment(None), "a list of operations is needed; got a NoneType"),
])
def test_nonsense(call, words):
    with pytest.raises((ValueError, TypeError), match=words): call()


def test_without_kornia(monkeypatch):
    monkeypatch.setattr("trainbook.run.needs.find_spec", lambda package: None)
    assert Augment([rotate(), elastic(2, 8), brightness(), noise()])(PICTURES)[0].shape == PICTURES.shape
    with pytest.raises(ImportError, match=r"this needs kornia, which is not installed: pip install 'trainbook\[vision\]'"): Augment(hue())(PICTURES)
