"""What is measured of a model, against figures that are computed otherwise; promises are kept as often as they say; nonsense is refused in words of ours."""
import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import binom, fisher_exact
from sklearn.metrics import brier_score_loss, log_loss
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from torchmetrics.functional.classification import multiclass_calibration_error

from trainbook.evaluate.abstention import risk_coverage
from trainbook.evaluate.calibration import bin_edges, calibration, expected_calibration_error
from trainbook.evaluate.confusion import confusion
from trainbook.evaluate.confusion_explorer import ConfusionExplorer, shown_as
from trainbook.evaluate.groups import by_group
from trainbook.evaluate.predictions import Predictions
from trainbook.evaluate.temperature import TemperatureScaling, fit_temperature


def predictions(count=400, classes=4, scale=2., seed=0) -> Predictions:
    """Logits that know something of the targets, and are too large."""
    random = np.random.default_rng(seed)
    targets = random.integers(0, classes, count)
    return Predictions.of_outputs(scale * (random.normal(size=(count, classes)) + np.eye(classes)[targets]), targets)


def test_calibration_is_that_of_other_libraries():
    found, given = calibration(predictions(), draws=50), predictions()
    theirs = multiclass_calibration_error(torch.as_tensor(given.probabilities), torch.as_tensor(given.targets), 4, n_bins=15, norm="l1")
    assert found.ece == pytest.approx(float(theirs), abs=1e-6)
    assert found.brier == pytest.approx(brier_score_loss(given.targets, given.probabilities, scale_by_half=False))
    assert found.negative_log_likelihood == pytest.approx(log_loss(given.targets, given.probabilities))
    assert found.bins["samples"].sum() == 400


def test_the_interval_contains_the_truth_as_often_as_it_says():
    """A model that is too sure by a tenth: 100 draws of 200 samples each; the error of all is known."""
    random, inside = np.random.default_rng(0), 0
    def drawn(count):
        confidence = random.beta(6, 1.2, count) * .6 + .4
        return confidence, random.random(count) < .9 * confidence + .04
    confidence, right = drawn(500_000)
    true = expected_calibration_error(confidence, right, bin_edges(confidence))
    for _ in range(100):
        confidence, right = drawn(200)
        two = np.log(np.c_[confidence, 1 - confidence])  # the first class is the predicted one
        low, high = calibration(Predictions.of_outputs(two, np.where(right, 0, 1)), draws=100).ece_interval
        inside += low <= true <= high
    assert inside >= 83  # 90 are expected; fewer than 83 of 100 come once in a hundred times


def test_a_temperature_is_the_best_one():
    found = fit_temperature(predictions(scale=3.))
    logits, targets = predictions(scale=3.).log_probabilities, predictions().targets
    def loss(temperature): return nn.functional.cross_entropy(torch.as_tensor(logits / temperature), torch.as_tensor(targets)).item()
    assert found == pytest.approx(3, rel=.2) and loss(found) <= min(map(loss, np.linspace(.5, 6, 100))) + 1e-12
    assert fit_temperature(predictions(scale=6.)) == pytest.approx(2 * found, rel=1e-6)


def test_a_scaled_model_is_saved_and_exported_with_its_temperature():
    model = nn.Sequential(nn.Linear(3, 2), nn.BatchNorm1d(2)).train()
    data = DataLoader(TensorDataset(torch.randn(200, 3, generator=torch.Generator().manual_seed(0)), torch.arange(200) % 2), 50)
    scaled = TemperatureScaling(model, 2.5)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    Predictions.of_model(scaled, data)
    assert model.training and all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    x = data.dataset.tensors[0]
    exported = torch.export.export(scaled.eval(), (x,)).module()
    assert torch.allclose(exported(x), model(x) / 2.5) and scaled.state_dict()["temperature"] == 2.5


def test_a_promise_about_the_risk_is_kept():
    """300 times a threshold is chosen; the true risk is known, as outcomes are drawn from a law."""
    random, broken, chosen = np.random.default_rng(0), 0, 0
    for _ in range(300):
        confidence = random.uniform(.5, 1, 800)
        right = random.random(800) < confidence ** .5  # of all above t the risk is 1 - mean of the root
        found = risk_coverage(Predictions.of_outputs(np.log(np.c_[confidence, 1 - confidence]), np.where(right, 0, 1)))
        try: threshold = found.threshold(risk=.12)
        except ValueError: continue
        chosen += 1
        above = np.linspace(threshold.threshold, 1, 2001)
        broken += (1 - above ** .5).mean() > .12
    assert chosen > 100 and broken <= binom.ppf(.999, chosen, .05)


def test_figures_of_groups():
    random = np.random.default_rng(0)
    sex, is_wrong = np.array(["f"] * 300 + ["m"] * 300), np.r_[random.random(300) < .3, random.random(300) < .1]
    found = by_group(is_wrong, sex)
    table = [[is_wrong[:300].sum(), 300 - is_wrong[:300].sum()], [is_wrong[300:].sum(), 300 - is_wrong[300:].sum()]]
    assert found.table["p"].tolist() == pytest.approx([2 * fisher_exact(table).pvalue] * 2)
    assert found.table["difference"].tolist() == pytest.approx([is_wrong[:300].mean() - is_wrong[300:].mean()] * 2 * np.array([1, -1]))
    assert [*found.differing.index] == ["f", "m"] and found.figures()["error rate, all"] == pytest.approx(is_wrong.mean())


def test_many_groups_without_a_difference_are_seldom_found():
    """Of 60 experiments with twelve equal groups at most a twentieth finds any."""
    random = np.random.default_rng(0)
    found = sum(len(by_group(random.random(600) < .2, random.integers(0, 12, 600)).differing) > 0 for _ in range(60))
    assert found <= binom.ppf(.999, 60, .05)


@pytest.mark.parametrize("given, targets, more, says", [
    (np.ones((0, 3)), [], {}, "a row for each sample"), (np.ones((3, 2, 2)), [0] * 3, {}, "lay these out as samples"),
    ([[1., 2.]] * 3, [0, 1], {}, "outputs of 3 samples, and targets of 2"), ([[1., np.nan]], [0], {}, "NaN among their outputs"),
    ([[1., 2.]], [2], {}, "0 to 1; got 2"), ([[1., 2.]], [-1], {}, "0 to 1; got -1"), ([[1., 2.]], [.5], {}, "0 to 1; got 0.5"),
    ([[1., 2.]], [np.nan], {}, "0 to 1; got nan"), ([[1., 2.]], ["x"], {}, "none of the classes"), ([[1., 2.]], [[0, 1]], {}, r"shape \(1, 2\)"),
    ([[1., 2.]], [0], dict(classes=["a"]), "1 names"), ([[1., 2.]], [0], dict(classes=["a", "a"]), "a name of its own"),
    ([[1., 2.]], [0], dict(outputs="probabilities"), "between 0 and 1"), ([[.2, .2]], [0], dict(outputs="probabilities"), "add up to 1"),
    ([[1., 2.]], [0], dict(outputs="scores"), "not 'scores'")],
    ids=range(15))
def test_outputs_that_make_no_sense(given, targets, more, says):
    with pytest.raises(ValueError, match=says): Predictions.of_outputs(given, targets, **more)


class Two(nn.Module):
    def forward(self, x): return x, x


@pytest.mark.parametrize("model, batches, says", [
    (nn.Linear(2, 2), [], "no batches"), (nn.Linear(2, 2), [torch.ones(2, 2)], "batches of inputs and targets"),
    (Two(), [(torch.ones(2, 2), torch.zeros(2))], "a tensor is expected"), (3, [], "torch.nn.Module")], ids=["empty", "no pairs", "two outputs", "no model"])
def test_loaders_that_make_no_sense(model, batches, says):
    with pytest.raises((ValueError, TypeError), match=says): Predictions.of_model(model, batches)


@pytest.mark.parametrize("function", [calibration, confusion, risk_coverage, ConfusionExplorer])
def test_what_are_no_predictions(function):
    with pytest.raises(TypeError, match="Predictions are needed"): function([[1., 2.]])


def test_one_sample_and_a_class_that_is_missing():
    one = Predictions.of_outputs([[2., 0., 1.]], [2])
    assert calibration(one, draws=20).ece == pytest.approx(one.confidence[0]) and confusion(one).classes["recall"].isna().sum() == 2
    assert risk_coverage(one).area == 1 and ConfusionExplorer(one).cell(2, 0)["count"] == 1
    with pytest.raises(ValueError, match="no threshold keeps"): risk_coverage(one).threshold(.5)


@pytest.mark.parametrize("items, says", [
    (5, "items are a DataFrame"), (np.ones(2), "array of images"), (["a"], "2 predictions and 1 items"), (pd.DataFrame(dict(a=[1])), "1 items"),
    (np.array([["a", "b"], ["c", "d"]]), "array of images")], ids=range(5))
def test_items_that_make_no_sense(items, says):
    with pytest.raises((ValueError, TypeError), match=says): shown_as(items, 2)


@pytest.mark.parametrize("images", [np.zeros((3, 8, 8)), np.ones((3, 3, 8, 8), np.uint8), torch.rand(3, 8, 8, 3), np.full((3, 8, 8), np.nan)], ids=range(4))
def test_images_of_any_kind(images):
    assert shown_as(images, 3)(2)[0].startswith("data:image/png;base64,")
