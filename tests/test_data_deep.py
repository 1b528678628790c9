"""Layers of a model as columns: textures by a network whose weights come in a package, digits by one that was just trained, texts by their meaning."""
import numpy as np
import pandas as pd
import pytest
import torch
from skimage import data as pictures
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from torch import nn

from trainbook.data.cleaning import Cleaning, open_cleaning
from trainbook.data.content import table_hash
from trainbook.data.dataset import Dataset
from trainbook.data.deep_features import DeepFeatures, TextFeatures, efficientnet_lite0


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("step", [DeepFeatures(nn.Identity()), TextFeatures()], ids=["inputs", "texts"])
def test_scikit_learns_checks(step):
    """No exception is needed. Of what takes texts alone, scikit-learn checks little."""
    results = check_estimator(step, on_fail=None)
    assert [(one["check_name"], one["exception"]) for one in results if one["status"] == "failed"] == []


@pytest.fixture(scope="module")
def net() -> nn.Module: return efficientnet_lite0(128)


def test_textures_with_five_labels(net):
    """Right: 0.90 and more, of patches from the halves of the photographs that were not learned from; brightness and its spread give less."""
    textures = {name: getattr(pictures, name)() for name in ("brick", "grass", "gravel")}
    def patches(columns):
        found = [(picture[row:row + 64, column:column + 64], name) for name, picture in textures.items() for row in range(0, 512, 64) for column in columns]
        return np.stack([patch for patch, _ in found]), np.array([name for _, name in found])
    (left, names), (right, answers) = patches([0, 128]), patches([256, 384])
    deep = DeepFeatures(net, "blocks.8").fit(left)
    plain = lambda batch: np.stack([batch.mean((1, 2)), batch.std((1, 2))], axis=1)
    scores = []
    for make in (deep.transform, plain):
        known, asked = make(left), make(right)
        for seed in range(5):
            some = np.concatenate([np.random.default_rng(seed).choice(np.flatnonzero(names == name), 5, replace=False) for name in textures])
            line = make_pipeline(StandardScaler(), LogisticRegression()).fit(known[some], names[some])
            scores.append(line.score(asked, answers))
    print(np.mean(scores[:5]), np.mean(scores[5:]))
    assert np.mean(scores[:5]) >= .90 > np.mean(scores[5:])


def test_pictures_of_any_kind_give_the_same(net):
    """Grey or in colours, channels first or last, of 8 bits or between 0 and 1, in batches of any size."""
    grey = np.stack([pictures.brick()[:64, :64], pictures.grass()[:64, :64], pictures.gravel()[:64, :64]])
    expected = DeepFeatures(net, "blocks.2").fit_transform(grey)
    last, first = np.repeat(grey[..., None], 3, axis=3), np.repeat(grey[:, None], 3, axis=1)
    for batch in (grey / 255, last, first, grey[..., None]):
        assert np.allclose(DeepFeatures(net, "blocks.2", batch_size=2).fit_transform(batch), expected, atol=1e-4)
    table = pd.DataFrame(dict(picture=[*grey]), index=["a", "b", "c"])
    found = DeepFeatures(net, "blocks.2").fit_transform(table)
    assert found.index.tolist() == ["a", "b", "c"] and np.allclose(found, expected, atol=1e-4)


@pytest.fixture(scope="module")
def trained() -> nn.Module:
    "A small network that was just trained on digits"
    torch.manual_seed(0)
    digits, labels = load_digits(return_X_y=True)
    model = nn.Sequential(nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(256, 32), nn.ReLU(),
                          nn.Dropout(), nn.Linear(32, 10))
    optimizer = torch.optim.Adam(model.parameters(), 3e-3)
    inputs, targets = torch.tensor(digits[:1000], dtype=torch.float32).reshape(-1, 1, 8, 8), torch.tensor(labels[:1000])
    for _ in range(15):
        for part in torch.randperm(1000).split(100):
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(inputs[part]), targets[part]).backward()
            optimizer.step()
    return model


def test_a_model_that_was_just_trained(trained):
    """Right: its inner layer tells digits apart with few labels, and the model is as it was: weights, mode, hooks and gradients."""
    digits, labels = load_digits(return_X_y=True, as_frame=True)
    trained.train()
    trained[1].eval()
    before, modes = {name: value.clone() for name, value in trained.state_dict().items()}, [module.training for module in trained.modules()]
    deep = DeepFeatures(trained, "6", shape=(1, 8, 8))
    known, asked = deep.fit_transform(digits[1000:1050]), deep.transform(digits[1200:])
    scores = [make_pipeline(StandardScaler(), LogisticRegression(max_iter=500)).fit(few, labels[1000:1050]).score(rest, labels[1200:])
              for few, rest in ((known, asked), (digits[1000:1050], digits[1200:]))]
    print(scores)
    assert scores[0] > scores[1]
    assert all(torch.equal(value, before[name]) for name, value in trained.state_dict().items())
    assert modes == [module.training for module in trained.modules()]
    assert not any(module._forward_hooks for module in trained.modules()) and torch.is_grad_enabled()


def test_an_error_in_the_model_leaves_it_as_it_was(trained):
    trained.train()
    with pytest.raises(RuntimeError): DeepFeatures(trained, "6").fit(np.zeros((2, 3, 8, 8)))
    assert trained.training and not any(module._forward_hooks for module in trained.modules())


@pytest.mark.parametrize("change, said", [
    (lambda digits: (digits, dict(layer="7.1", shape=(1, 8, 8))), "there is no layer '7.1'"),
    (lambda digits: (digits, dict(shape=(3, 8, 8))), "has 192 numbers, and a row here 64"),
    (lambda digits: (digits[:0], dict(shape=(1, 8, 8))), "0 sample"),
    (lambda digits: (digits.astype(float).mask(digits > 15), dict(shape=(1, 8, 8))), "contains NaN"),
    (lambda digits: (digits, dict(shape=(1, 8, 8), batch_size=0)), "batch_size=0"),
    (lambda digits: (pd.DataFrame(dict(x=[np.zeros(3), np.zeros(4)])), {}), "each needs the same one"),
], ids=["layer", "shape", "no rows", "holes", "batch", "arrays"])
def test_wrong_inputs_are_told(trained, change, said):
    table, options = change(load_digits(as_frame=True).data)
    with pytest.raises((ValueError, KeyError), match=said): DeepFeatures(trained, **options).fit(table)


def test_a_class_is_no_model():
    with pytest.raises(TypeError, match="a model of torch is needed"): DeepFeatures(dict).fit(np.zeros((2, 3)))


def test_in_a_cleaning(tmp_path):
    """A function that makes the model can be written down, and texts beside it; done again, it gives the same."""
    table = pd.DataFrame(load_digits().data[:4] / 16).set_axis([f"pixel {number}" for number in range(64)], axis=1)
    cleaning = Cleaning(Dataset.of(table.assign(title=["zero", "one", None, "three"]), "digits", dir=tmp_path))
    cleaning.apply(DeepFeatures(efficientnet_lite0, "stem", shape=(8, 8)), [*table])
    cleaning.apply(TextFeatures(), ["title"])
    assert cleaning.table.shape == (4, 32 + 384) and cleaning.table.iloc[2, 32:].isna().all()
    assert table_hash(open_cleaning(cleaning.file).table) == table_hash(cleaning.table)
    with pytest.raises(TypeError, match="can't be written down"): cleaning.apply(DeepFeatures(nn.Identity()))


def test_texts_of_like_meaning_are_near():
    texts = ["The dog chased the ball in the park", "A puppy runs after a toy outdoors", "Interest rates rose by a quarter", "The bank made loans dearer"]
    found = TextFeatures().fit_transform(np.array(texts, dtype=object)[:, None])
    like = found @ found.T
    assert like[0, 1] > max(like[0, 2], like[0, 3]) and like[2, 3] > max(like[0, 2], like[1, 2])


@pytest.mark.parametrize("table, said", [
    (pd.DataFrame(dict(a=[None, None])), "there is no text"),
    (pd.DataFrame(dict(a=["x", 3])), "holds a int, 3"),
    (pd.DataFrame([["x", "y"]], columns=["a", "a"]), "several columns are called 'a'"),
    (pd.DataFrame(dict(a=pd.Series([], dtype="str"))), "there is no text"),
], ids=["missing", "mixed", "twice", "no rows"])
def test_bad_texts_are_told(table, said):
    with pytest.raises((ValueError, TypeError), match=said): TextFeatures(lambda texts: np.zeros((len(texts), 2))).fit(table)
