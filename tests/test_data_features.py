"""Columns made of others: as steps of scikit-learn and of a cleaning, kept as versions, and loaded as batches."""
import numpy as np
import pandas as pd
import pytest
import torch
from bokeh_sampledata.autompg import autompg_clean
from bokeh_sampledata.penguins import data as penguins
from feature_engine.creation import MathFeatures
from sklearn.base import clone
from sklearn.datasets import load_diabetes
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import KFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler, TargetEncoder
from sklearn.utils.estimator_checks import check_estimator
from skrub import ApplyToCols, DatetimeEncoder

from trainbook import Learner, open_run, watch
from trainbook.data.cleaning import Cleaning, open_cleaning, reproduce
from trainbook.data.content import table_hash
from trainbook.data.dataset import Dataset
from trainbook.data.feature_search import FeatureSearch
from trainbook.data.feature_set import FeatureSet, diff, draw_diff, versions
from trainbook.data.features import Combinations, GroupStatistics
from trainbook.data.loader import to_loader

LINE = make_pipeline(StandardScaler(), RidgeCV(np.logspace(-3, 3, 7)))


@pytest.fixture
def cars(tmp_path) -> Dataset: return Dataset.of(autompg_clean.drop(columns="name"), "cars", dir=tmp_path / "data")


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("step", [Combinations(), GroupStatistics("x0")], ids=["combinations", "groups"])
def test_scikit_learns_checks(step):
    """No exception is needed."""
    results = check_estimator(step, on_fail=None)
    assert [(one["check_name"], one["exception"]) for one in results if one["status"] == "failed"] == []
    assert sum(one["status"] == "passed" for one in results) > 40


def test_ratios_and_products_are_these():
    table = penguins.select_dtypes("number")
    found = Combinations().fit_transform(table)
    assert found.shape[1] == 4 + 6 + 12
    assert found["bill_length_mm / bill_depth_mm"].equals(table["bill_length_mm"] / table["bill_depth_mm"])
    assert found["bill_length_mm * body_mass_g"].equals(table["bill_length_mm"] * table["body_mass_g"])
    assert Combinations(ratios=()).fit_transform(table.to_numpy()).shape == (len(table), 10)


def test_statistics_of_groups_are_those_of_pandas():
    found = GroupStatistics(["species", "sex"], ["body_mass_g"], ["median", "max", "count"]).fit_transform(penguins)
    groups = penguins.groupby(["species", "sex"], dropna=False)["body_mass_g"]
    assert found["median of body_mass_g by species, sex"].tolist() == pytest.approx(groups.transform("median").tolist(), nan_ok=True)
    assert found["rows by species, sex"].tolist() == penguins.groupby(["species", "sex"], dropna=False)["species"].transform("size").tolist()
    assert found.index.equals(penguins.index) and not penguins["sex"].notna().all()  # birds of unknown sex are groups, too


STEPS = {
    "combinations": (Combinations([("hp", "weight")], [("weight", "hp")]), None, None),
    "groups": (GroupStatistics("mfr"), None, None),
    "targets": (TargetEncoder(), ["mfr", "origin"], "mpg"),
    "targets in folds": (TargetEncoder(cv=KFold(3)), ["mfr"], "mpg"),
    "feature-engine": (MathFeatures(["hp", "weight"], ["sum"]), ["hp", "weight"], None),
    "search": (FeatureSearch(LINE, most=2, cv=2), ["displ", "weight", "accel"], "mpg"),
}


@pytest.mark.parametrize("name", STEPS)
def test_steps_of_a_cleaning(cars, name):
    """Right: made again with the same hash, in another process as well, and undone to the raw table."""
    step, columns, target = STEPS[name]
    cleaning = Cleaning(cars)
    cleaning.apply(step, columns, target)
    after = table_hash(cleaning.table)
    assert after != cars.hash or name == "search"
    assert table_hash(open_cleaning(cleaning.file).table) == after
    assert reproduce(cleaning.dataset.lineage, cars.dir).hash == after
    assert table_hash(clone(cleaning.pipeline()).fit_transform(cars.table)) == after
    cleaning.undo()
    assert table_hash(cleaning.table) == cars.hash


def test_no_row_tells_its_own_target(cars):
    """Names are all different, so a name tells nothing; encoded by its own target it would tell everything."""
    named = Dataset.of(autompg_clean.assign(name=[f"car {number}" for number in range(392)])[["name", "mpg"]], "named", dir=cars.dir)
    cleaning = Cleaning(named)
    cleaning.apply(TargetEncoder(), ["name"], target="mpg")
    assert abs(cleaning.table["name"].corr(cleaning.table["mpg"])) < .5


def test_dates_by_skrub(tmp_path):
    dates = pd.DataFrame(dict(day=pd.date_range("2024-02-28", periods=3), x=[1, 2, 3]))
    cleaning = Cleaning(Dataset.of(dates, "days", dir=tmp_path))
    cleaning.apply(ApplyToCols(DatetimeEncoder(), cols=["day"]))
    assert cleaning.table["day_day"].tolist() == [28, 29, 1]
    assert table_hash(open_cleaning(cleaning.file).table) == table_hash(cleaning.table)


@pytest.mark.parametrize("table, step, said", [
    (pd.DataFrame(dict(a=[], b=[])), Combinations(), "0 rows"),
    (pd.DataFrame(dict(a=[1., np.inf], b=[1., 2.])), Combinations(), "infinite"),
    (pd.DataFrame([[1, 2]], columns=["a", "a"]), Combinations(), "several columns are called 'a'"),
    (pd.DataFrame([[1, 2, 3]], columns=["a", "b", "a * b"]), Combinations(ratios=()), "there is one of that name"),
    (pd.DataFrame(dict(a=[1, 2], b=["x", 3])), Combinations([("a", "b")]), "only numbers can be combined"),
    (pd.DataFrame(dict(a=[1, 2])), Combinations("a"), "pairs of columns"),
    (pd.DataFrame(dict(a=[1, 2])), GroupStatistics("a", statistics=["sum of"]), "there is no statistic"),
], ids=lambda value: None if isinstance(value, pd.DataFrame) else str(value)[:30])
def test_bad_tables_are_refused(table, step, said):
    with pytest.raises((ValueError, TypeError), match=said): step.fit_transform(table)


@pytest.mark.parametrize("step", [Combinations(), GroupStatistics("c")], ids=["combinations", "groups"])
@pytest.mark.parametrize("table", [
    pd.DataFrame(dict(a=[None, None], b=[np.nan, np.nan], c=["x", None])),
    pd.DataFrame(dict(a=[1, 1], b=[2., 2.], c=[1, "one"]), index=[5, 5]),
    pd.DataFrame(dict(a=pd.array([1, None], "Int64"), b=[True, False], c=pd.Categorical(["x", "y"]))),
], ids=["all missing", "constant, mixed, labelled twice", "nullable"])
def test_odd_tables_are_taken(step, table):
    found = step.fit_transform(table)
    assert found.index.equals(table.index) and found[[*table]].equals(table)


def test_versions(cars):
    cleaning = Cleaning(cars)
    first = FeatureSet.of(cleaning.dataset, "cars")
    cleaning.apply(StandardScaler(), ["hp"], reason="for a straight line")
    cleaning.apply(Combinations([("hp", "weight")], ()))
    second = FeatureSet.of(cleaning.dataset, "cars")
    cleaning.undo()
    cleaning.apply(OrdinalEncoder(), ["origin"])
    third = FeatureSet.of(cleaning.dataset, "cars")
    assert versions("cars", cars.dir) == [first, second, third] and [one.version for one in versions("cars", cars.dir)] == [1, 2, 3]
    assert (first.parent, second.parent, third.parent) == (None, first.hash, second.hash)
    assert table_hash(versions("cars", cars.dir)[1].table) == second.hash
    assert FeatureSet.of(cleaning.dataset, "cars") == third and len(versions("cars", cars.dir)) == 3
    changed = diff(second, third)
    assert changed.loc[changed["what"] != "same", "what"].to_dict() == {"origin": "type", "hp * weight": "removed"}
    assert diff(first, first)["what"].eq("same").all()
    scaled = diff(first, second).loc["hp"]
    assert (scaled["what"], scaled["type"], scaled["new_type"], round(scaled["new_std"], 9)) == ("type", "int64", "float64", 1.)
    with pytest.raises(ValueError, match="no column of <cars, version 1"): draw_diff(first, first)
    assert len(draw_diff(first, second).axes) == 1


def test_shifts_are_in_standard_deviations(cars):
    table = load_diabetes(as_frame=True).data
    old = FeatureSet.of(Dataset.of(table, "old", dir=cars.dir), "ill")
    spread = table["bmi"].std()
    moved = table.assign(bmi=table["bmi"] + 2 * spread, age=table["age"].sample(frac=1, random_state=0).to_numpy(), bp=table["bp"].where(table["bp"] < 0))
    new = FeatureSet.of(Dataset.of(moved, "new", dir=cars.dir), "ill")
    found = diff(old, new)
    assert found.loc["bmi", "shift"] == pytest.approx(2, rel=.01)
    assert found.loc["age", ["what", "shift"]].tolist() == ["values", 0.]
    assert found.loc["bp", "new_holes"] == pytest.approx((table["bp"] >= 0).mean())
    assert (found["what"] == "same").sum() == 7


def test_a_version_that_a_kill_has_cut_off_is_none(cars):
    first = FeatureSet.of(cars, "cars")
    file = cars.dir / "features" / "cars.jsonl"
    with open(file, "ab") as opened: opened.write(file.read_bytes()[:100])
    assert versions("cars", cars.dir) == [first]
    with pytest.raises(ValueError, match="without folders"): FeatureSet.of(cars, "../cars")


def test_a_run_knows_the_rows_that_it_was_trained_with(cars, tmp_path):
    """Right: by the Learner alone, by hand, and by a part of the loader's data; each leads back to the rows, to the last bit."""
    is_valid = np.arange(392) % 4 == 0
    train = to_loader(cars, "mpg", ["hp", "weight"], rows=~is_valid, batch_size=50)
    valid = to_loader(cars, "mpg", ["hp", "weight"], rows=is_valid)
    model = torch.nn.Linear(2, 1)
    options = dict(dir=tmp_path / "runs", view=None)
    learn = Learner(model, train, valid, torch.nn.functional.mse_loss, torch.optim.SGD(model.parameters(), 1e-9), **options)
    learn.fit(1)
    data = open_run(learn.run.path).data
    assert [*data] == ["train", "valid"]
    for name, rows in (("train", ~is_valid), ("valid", is_valid)): assert table_hash(reproduce(data[name], cars.dir).table) == table_hash(cars.table[rows])
    with watch(data=train, **options) as run: run.log(loss=1.)
    assert open_run(run.path).data == dict(cars=train.dataset.lineage)
    part = torch.utils.data.DataLoader(torch.utils.data.Subset(train.dataset, [0, 1]))
    with watch(data=dict(some=part), **options) as run: run.log(loss=1.)
    assert open_run(run.path).data == dict(some=train.dataset.lineage)
    with watch(data=FeatureSet.of(cars), **options) as run: run.log(loss=1.)
    assert open_run(run.path).data == dict(cars=cars.lineage)
    with Learner(model, train, None, torch.nn.functional.mse_loss, torch.optim.SGD(model.parameters(), 1e-9), data=cars, **options).fit(1) as run: pass
    assert open_run(run.path).data == dict(cars=cars.lineage)


def test_batches_are_the_rows(cars):
    loader = to_loader(cars, "mpg", ["hp", "weight"], rows=slice(10, 20), batch_size=4)
    inputs, targets = (torch.cat(parts) for parts in zip(*loader))
    assert inputs.numpy().tolist() == cars.table[["hp", "weight"]].iloc[10:20].to_numpy(float).tolist()
    assert targets[:, 0].tolist() == pytest.approx(cars.table["mpg"].iloc[10:20].tolist())
    names = to_loader(cars, "origin", "hp", rows=[5, 3])
    assert [names.dataset.classes[number] for number in next(iter(names))[1]] == cars.table["origin"].iloc[[5, 3]].tolist()


@pytest.mark.parametrize("options, said", [
    (dict(target="miles"), "there is no column 'miles'"),
    (dict(target="mpg"), "encode it first"),
    (dict(target="mpg", columns=["hp", "mpg"]), "can't be an input as well"),
    (dict(target="mpg", columns=[]), "no column beside the target"),
    (dict(target="mpg", columns=["hp"], rows=[400]), "whole numbers from 0 to 391"),
    (dict(target="mpg", columns=["hp"], rows=[True, False]), "whole numbers from 0 to 391"),
    (dict(target="mpg", columns=["hp"], rows=slice(0, 0)), "no row is left"),
], ids=["no column", "texts", "itself", "no inputs", "no row", "too few", "none"])
def test_what_no_loader_holds_is_told(cars, options, said):
    with pytest.raises((KeyError, ValueError), match=said): to_loader(cars, **options)


@pytest.mark.parametrize("change, said", [
    (lambda table: table.assign(hp=table["hp"].where(table["hp"] < 200)), "holes: fill them first"),
    (lambda table: table.assign(hp=np.inf), "infinite"),
    (lambda table: table.assign(hp=1e300), "don't fit into 32 bits"),
    (lambda table: table.assign(mpg=table["mpg"].where(table["hp"] < 200)), "the target 'mpg' is missing in"),
], ids=["holes", "infinite", "large", "no target"])
def test_what_no_tensor_holds_is_told(cars, change, said):
    data = Dataset.of(change(autompg_clean[["hp", "mpg"]]), "changed", dir=cars.dir)
    with pytest.raises(ValueError, match=said): to_loader(data, "mpg")
