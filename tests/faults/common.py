"""Data and scores of the fault suite. The data come with scikit-learn or are generated, always the same; models and loops are each program's own."""
import gc, os

import numpy as np
import psutil
import torch
from sklearn import datasets
from sklearn.metrics import balanced_accuracy_score, r2_score
from sklearn.model_selection import train_test_split


# --- data: (train, valid, test), each of them (x, y) ---

def three_parts(x, y, shares=(.6, .2, .2)):
    """Rows in random order, the same for every program."""
    x_train, x_rest, y_train, y_rest = train_test_split(x, y, train_size=shares[0], random_state=0)
    x_valid, x_test, y_valid, y_test = train_test_split(x_rest, y_rest, train_size=shares[1] / (shares[1] + shares[2]), random_state=0)
    return (x_train, y_train), (x_valid, y_valid), (x_test, y_test)


def tensors(parts):
    """The same parts as tensors: float32 for numbers, int64 for classes and tokens."""
    def tensor(a): return torch.from_numpy(np.ascontiguousarray(a)).to(torch.int64 if np.issubdtype(a.dtype, np.integer) else torch.float32)
    return tuple((tensor(x), tensor(y)) for x, y in parts)


def digits():
    """1797 pictures of 8 x 8, as 64 numbers from 0 to 16; ten classes."""
    return three_parts(*datasets.load_digits(return_X_y=True))


def cancer():
    """569 rows of 30 measurements in their own units (from .001 to 4000); two classes."""
    return three_parts(*datasets.load_breast_cancer(return_X_y=True))


def wine():
    """178 rows of 13 measurements in their own units (from .1 to 1700); three classes."""
    return three_parts(*datasets.load_wine(return_X_y=True))


def iris():
    """150 rows of 4 lengths in cm, sorted by class; three classes. Not split."""
    return datasets.load_iris(return_X_y=True)


def diabetes():
    """442 rows of 10 measurements in their own units; a number from 25 to 346."""
    return three_parts(*datasets.load_diabetes(return_X_y=True, scaled=False))


def houses(n=1500):
    """Area in square metres, rooms, year built, km to the centre, garden (0 or 1); the price in dollars."""
    rng = np.random.default_rng(1)
    area, year, distance = rng.uniform(30, 250, n), rng.integers(1900, 2024, n), rng.exponential(8, n)
    rooms, garden = np.round(area / 30 + rng.normal(0, .7, n)).clip(1), rng.random(n) < .4
    price = 1500 * area * np.exp(-distance / 15) + 40_000 * garden + 900 * np.abs(year - 1960) + 8_000 * rooms + rng.normal(0, 12_000, n)
    return three_parts(np.stack([area, rooms, year, distance, garden], 1), price)


def spirals(n=1500, noise=.06):
    """Points of two spirals wound into each other; two classes."""
    rng = np.random.default_rng(2)
    y = rng.integers(0, 2, n)
    turn = np.sqrt(rng.random(n)) * 3 * np.pi
    angle = turn + np.pi * y
    return three_parts(np.stack([turn * np.cos(angle), turn * np.sin(angle)], 1) / (3 * np.pi) + rng.normal(0, noise / 3, (n, 2)), y)


def shapes(n=1200, size=16, noise=.25):
    """Pictures (1, size, size) of a square, a cross, a ring or a stripe somewhere; grey values near 0 and 1; four classes."""
    rng = np.random.default_rng(3)
    y, x = rng.integers(0, 4, n), rng.normal(0, noise, (n, 1, size, size))
    rows, columns = np.mgrid[:size, :size]
    for picture, kind in zip(x, y):
        r = rng.integers(3, 5)
        dy, dx = rows - rng.integers(r, size - r), columns - rng.integers(r, size - r)
        inside = np.maximum(abs(dy), abs(dx)) <= r
        drawn = [inside, inside & ((dy == 0) | (dx == 0)), inside & (np.maximum(abs(dy), abs(dx)) >= r - 1), inside & (abs(dy - dx) <= 1)][kind]
        picture[0] += drawn
    return three_parts(x, y)


def fraud(n=4000, share=.03):
    """Ten numbers of a payment; a few are fraud (class 1), and look a little different."""
    x, y = datasets.make_classification(n, 10, n_informative=6, n_redundant=2, weights=[1 - share], class_sep=1.1, flip_y=0, random_state=4)
    return three_parts(x, y, (.5, .2, .3))


def demand(n=1400):
    """Hourly demand for power in MW, around 5000, with days and weeks: a series."""
    rng, hour = np.random.default_rng(5), np.arange(n)
    wander = np.convolve(rng.normal(0, 1, n + 23), np.ones(24) / 24, "valid")
    return 5000 + 900 * np.sin(hour * 2 * np.pi / 24) + 350 * np.sin(hour * 2 * np.pi / 168 + 1) + 500 * wander + rng.normal(0, 60, n)


def windows(series, length):
    """(x, y): so many values each (rows, length), and the one that comes next."""
    view = np.lib.stride_tricks.sliding_window_view(series, length + 1)
    return view[:, :-1].copy(), view[:, -1].copy()


def first_symbol(n=900, length=40, symbols=4):
    """Sequences of symbols by chance; the class is the first one. Something has to be remembered for so many steps."""
    x = np.random.default_rng(6).integers(0, symbols, (n, length))
    return three_parts(x, x[:, 0].copy())


def text(n=12_000, seed=7):
    """Sentences of a small grammar: (tokens of training, validation and test, number of letters)."""
    rng = np.random.default_rng(seed)
    nouns, verbs, kinds = "cat dog bird fish child king".split(), "sees likes feeds follows".split(), "old red small quick".split()
    def noun(): return f"the {rng.choice(kinds) + ' ' if rng.random() < .4 else ''}{rng.choice(nouns)}"
    sentences, size = [], 0
    while size < n:
        sentences.append(f"{noun()} {rng.choice(verbs)} {noun()}{' and ' + noun() if rng.random() < .3 else ''}. ")
        size += len(sentences[-1])
    letters = "".join(sentences)
    alphabet = sorted(set(letters))
    tokens = torch.tensor([alphabet.index(letter) for letter in letters])
    a, b = int(len(tokens) * .8), int(len(tokens) * .9)
    return tokens[:a], tokens[a:b], tokens[b:], len(alphabet)


def reviews(n=1200, length=16, words=120):
    """Reviews as numbers of words (0 is padding): good words, bad words, a "not" that turns the next one, and others; two classes."""
    rng = np.random.default_rng(8)
    x, y = np.zeros((n, length), int), np.zeros(n, int)
    for row in range(n):
        size = rng.integers(8, length + 1)
        while True:
            mood, line = 0, rng.integers(42, words, size)
            for place in rng.choice(size - 1, 3, replace=False) + 1:
                good, turned = rng.random() < .5, rng.random() < .3
                line[place] = rng.integers(2, 22) if good else rng.integers(22, 42)
                line[place - 1] = 1 if turned else line[place - 1]
            feels = np.where(line < 2, 0, np.where(line < 22, 1, np.where(line < 42, -1, 0)))
            mood = (feels[1:] * np.where(line[:-1] == 1, -1, 1)).sum() + feels[0]
            if mood: break
        x[row, :size], y[row] = line, mood > 0
    return three_parts(x, y)


def ring(n, generator=None):
    """Points (n, 2) of eight narrow clouds on a circle, for a GAN."""
    angle = torch.randint(8, (n,), generator=generator) * (2 * np.pi / 8)
    return 2 * torch.stack([angle.cos(), angle.sin()], 1) + .1 * torch.randn(n, 2, generator=generator)


# --- scores: the higher the better, about 0 for what has learned nothing and 1 for what is perfect ---

def numpy(values): return values.detach().numpy() if isinstance(values, torch.Tensor) else np.asarray(values)


def accuracy(predicted, y):
    """Share of classes (N) that are right."""
    return float((numpy(predicted).reshape(-1) == numpy(y).reshape(-1)).mean())


def balanced_accuracy(predicted, y):
    """The mean share of right ones over the classes."""
    return float(balanced_accuracy_score(numpy(y).reshape(-1), numpy(predicted).reshape(-1)))


def r2(predicted, y):
    """Share of the variance explained, not below -1; -1 where a prediction is no number."""
    predicted = numpy(predicted).reshape(-1)
    return max(-1., r2_score(numpy(y).reshape(-1), predicted)) if np.isfinite(predicted).all() else -1.


def ring_score(points):
    """Of points (N, 2): the share of the eight clouds that hold their part, times the share of points that lie in a cloud."""
    angle = torch.arange(8) * (2 * np.pi / 8)
    distance, nearest = torch.cdist(points.detach(), 2 * torch.stack([angle.cos(), angle.sin()], 1)).min(1)
    good = distance < .5
    counts = torch.bincount(nearest[good], minlength=8) / len(points)
    return float((counts > 1 / 40).float().mean() * good.float().mean())


def live_tensors():
    """How many tensors Python holds at this moment."""
    gc.collect()
    return sum(isinstance(thing, torch.Tensor) for thing in gc.get_objects())


def memory():
    """What this process holds, in MB."""
    gc.collect()
    return psutil.Process(os.getpid()).memory_info().rss / 2**20
