"""Random cleanings of real tables: undo leads back bit for bit, the steps on disk lead forth again, and the log tells of every cell that differs."""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from random import Random

import numpy as np
import pandas as pd
import pytest
import torch
from feature_engine.imputation import CategoricalImputer, MeanMedianImputer
from feature_engine.outliers import Winsorizer
from pandas.testing import assert_frame_equal
from sklearn.impute import KNNImputer, SimpleImputer
from sklearn.preprocessing import FunctionTransformer, MinMaxScaler, OneHotEncoder, OrdinalEncoder, QuantileTransformer, RobustScaler, StandardScaler
from sklearn.utils.estimator_checks import check_estimator
from skrub import Cleaner, ToCategorical

from test_data_difference import differs

from trainbook import Learner, open_run
from trainbook.connect.watched_fit import WatchedFit
from trainbook.data.categories import InCategories, MergeSpellings
from trainbook.data.cleaning import Cleaning, open_cleaning, reproduce
from trainbook.data.content import table_hash
from trainbook.data.dataset import Dataset
from trainbook.data.denoising import Denoiser
from trainbook.data.duplicates import DropDuplicates
from trainbook.data.edits import DropRows
from trainbook.data.on_columns import OnColumns
from trainbook.data.raw import keep
from trainbook.data.values import InRange, MissingCodes

PIPELINES = int(os.environ.get("TRAINBOOK_PIPELINES", 16))  # make soak: 1000


def penguins() -> pd.DataFrame:
    from bokeh_sampledata.penguins import data
    return data


def titanic() -> pd.DataFrame:
    from bokeh_sampledata.titanic import data
    return data.head(150)


def cars() -> pd.DataFrame:
    from bokeh_sampledata.autompg import autompg
    return autompg.set_index("name")  # labels of which many stand twice


REFUSED = ValueError, TypeError, KeyError, AttributeError, NotImplementedError  # by pandas, pyarrow or scikit-learn
TABLES = dict(penguins=penguins, titanic=titanic, cars=cars)


# steps that a person writes in a notebook
def without_copies(table): return table.drop_duplicates()
def without_holes(table): return table.dropna()
def sorted_by_first(table): return table.sort_values(table.columns[0], kind="stable")
def with_a_sum(table): return table.assign(total=table.sum(axis=1, numeric_only=True))
def as_text(table): return table.astype("str")
def last_row_twice(table): return pd.concat([table, table.tail(1).set_axis([table.index.max() + 1])])


NUMBERS = [lambda r: SimpleImputer(strategy=r.choice(["mean", "median"])), lambda r: KNNImputer(n_neighbors=r.randint(1, 4)), lambda r: StandardScaler(),
           lambda r: RobustScaler(), lambda r: MinMaxScaler(), lambda r: QuantileTransformer(n_quantiles=20), lambda r: MeanMedianImputer(),
           lambda r: Winsorizer(fold=r.choice([.5, 1.5]), missing_values="ignore"), lambda r: FunctionTransformer(r.choice([np.abs, np.sign]))]
TEXTS = [lambda r: SimpleImputer(strategy="most_frequent"), lambda r: OrdinalEncoder(encoded_missing_value=-1), lambda r: OneHotEncoder(),
         lambda r: CategoricalImputer(), lambda r: ToCategorical()]
NUMBERS += [lambda r: InRange(outside=r.choice(["clip", "missing"])), lambda r: MissingCodes([r.randint(0, 5)]), lambda r: Denoiser("median")]
TEXTS += [lambda r: MergeSpellings(typos=r.random() < .5), lambda r: InCategories(), lambda r: MissingCodes(["female", "USA", "Torgersen"])]
ALL = [lambda r, f=f: FunctionTransformer(f) for f in (without_copies, without_holes, sorted_by_first, with_a_sum, as_text, last_row_twice)]
ALL += [lambda r: Cleaner(), lambda r: DropDuplicates(keep=r.choice(["first", "last", "fullest"])), lambda r: DropRows([r.randint(0, 40)])]


def a_step(random: Random, table: pd.DataFrame):
    """A step and its columns, that fit the table most times."""
    kind = random.choice(["numbers", "texts", "all"])
    numbers = [name for name in table.columns if pd.api.types.is_numeric_dtype(table[name]) and not pd.api.types.is_bool_dtype(table[name])]
    texts = [name for name in table.columns if table[name].dtype == "str"]
    if kind == "all": return random.choice(ALL)(random), None
    some = {"numbers": numbers, "texts": texts}[kind]
    if not some: return random.choice(ALL)(random), None
    return random.choice({"numbers": NUMBERS, "texts": TEXTS}[kind])(random), random.sample(some, random.randint(1, len(some)))


@pytest.fixture(scope="module")
def datasets(tmp_path_factory) -> dict[str, Dataset]:
    folder = tmp_path_factory.mktemp("raw")
    return {name: Dataset.of(table(), name, folder / "data") for name, table in TABLES.items()}


@pytest.mark.filterwarnings("ignore")  # of steps on odd data
@pytest.mark.parametrize("part", range(4))
def test_random_cleanings(datasets, part):
    """Of every pipeline: all steps undone in any order, the raw file as it was; replayed from the lineage and from the file: the same hash."""
    done = refused = 0
    for number in range(part * PIPELINES // 4, (part + 1) * PIPELINES // 4):
        random = Random(number)
        data = datasets[random.choice([*TABLES])]
        raw_bytes = data.raw.path.read_bytes()
        cleaning = Cleaning(data, f"random{number}")
        hashes = [table_hash(cleaning.table)]
        for _ in range(random.randint(1, 5)):
            before = cleaning.table
            step, columns = a_step(random, before)
            try: after = cleaning.apply(step, columns, reason="by chance")
            except REFUSED as error:  # what the step itself does not take
                refused += 1
                assert_frame_equal(cleaning.table, before), error
                continue
            done += 1
            hashes.append(table_hash(after))
            check_log(before, after, [record for record in cleaning.records() if record["step"] == len(cleaning.steps) - 1])
        again, lineage = open_cleaning(cleaning.file), cleaning.dataset.lineage
        assert table_hash(again.table) == hashes[-1] == lineage[-1]["hash"] == reproduce(lineage, data.dir).hash
        assert [*again.records()] == [*cleaning.records()]
        assert table_hash(cleaning.pipeline().transform(data.table)) == hashes[-1]
        while cleaning.steps:
            try: cleaning.undo(random.randrange(len(cleaning.steps)))
            except REFUSED: cleaning.undo()  # a later one can't be done without it
        assert table_hash(cleaning.table) == hashes[0] == data.hash
        assert_frame_equal(cleaning.table, data.table)
        assert data.raw.path.read_bytes() == raw_bytes
    print(f"{done} steps done, {refused} refused")
    assert done > 3 * refused


def check_log(before: pd.DataFrame, after: pd.DataFrame, log: list[dict]):
    """The log tells of the cells that differ, and of no other; where rows are numbered by their labels."""
    if not pd.api.types.is_integer_dtype(before.index): return
    rows = before.index.intersection(after.index)
    shared = [name for name in before if name in after]
    differ = {(row, name) for name in shared for row, old, new in zip(rows, before[name].loc[rows], after[name].loc[rows]) if differs(old, new)}
    assert {(record["row"], record["column"]) for record in log if record["what"] == "cell"} == differ
    assert {record["row"] for record in log if record["what"] == "row dropped"} == {*before.index} - {*after.index}
    assert {record["row"] for record in log if record["what"] == "row added"} == {*after.index} - {*before.index}
    assert {record["column"] for record in log if record["what"] == "column removed"} == {*before} - {*after}


KILLED = """
import sys
import numpy as np
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import FunctionTransformer
from trainbook.data.cleaning import Cleaning, open_cleaning
from trainbook.data.dataset import Dataset
data = Dataset.read(sys.argv[1], dir=sys.argv[2])
cleaning = Cleaning(data, "killed")
print("begun", cleaning.file, flush=True)
for number in range(10**6):
    cleaning.apply(FunctionTransformer(np.negative), ["a"])
    print("did", number, flush=True)
"""


def test_a_kill_loses_no_step_that_was_done(tmp_path):
    """Right: what `apply` has returned from is there again; the raw file is as it was, with the kill at any moment."""
    file = tmp_path / "numbers.csv"
    pd.DataFrame(np.random.default_rng(0).random((50_000, 3)), columns=[*"abc"]).to_csv(file, index=False)
    wanted = file.read_bytes()
    for moment in Random(0).sample(range(50), 4):
        process = subprocess.Popen([sys.executable, "-c", KILLED, file, tmp_path / "data"], stdout=subprocess.PIPE, text=True)
        path = process.stdout.readline().split()[1]
        while not (line := process.stdout.readline()).startswith("did 1"): assert line
        time.sleep(moment / 100)
        process.send_signal(signal.SIGKILL)
        last = int([line, *process.stdout.read().splitlines()][-1].split()[1])
        cleaning = open_cleaning(path)
        assert last + 1 <= len(cleaning.steps) <= last + 2
        assert keep(file, tmp_path / "data").path.read_bytes() == wanted
        cleaning.apply(SimpleImputer(), ["b"])
        assert open_cleaning(path).steps == cleaning.steps


@pytest.mark.parametrize("ask", [lambda cleaning: cleaning.apply(StandardScaler(), "a"), lambda cleaning: cleaning.undo()], ids=["apply", "undo"])
def test_what_the_disk_does_not_take_was_not_done(tmp_path, monkeypatch, ask):
    cleaning = Cleaning(Dataset.of(pd.DataFrame(dict(a=[1., None])), "small", tmp_path))
    before = cleaning.apply(SimpleImputer(), "a")
    def full(number): raise OSError(28, "No space left on device")
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space left"): ask(cleaning)
    monkeypatch.undo()
    for one in (cleaning, open_cleaning(cleaning.file)): assert one.steps == ["SimpleImputer"] and table_hash(one.table) == table_hash(before)


def test_a_line_that_a_kill_cut_off_is_no_step(tmp_path):
    data = Dataset.of(pd.DataFrame(dict(a=[1., None])), "small", tmp_path)
    cleaning = Cleaning(data)
    cleaning.apply(SimpleImputer(), ["a"])
    with open(cleaning.file, "a") as file: file.write('{"did": {"step')
    again = open_cleaning(cleaning.file)
    again.apply(StandardScaler(), ["a"])
    assert open_cleaning(cleaning.file).steps == ["SimpleImputer", "StandardScaler"]
    assert [*map(json.loads, cleaning.file.read_text().splitlines())]


@pytest.mark.parametrize("table, message", [
    (pd.DataFrame([[1, 2]], columns=["a", "a"]), "several columns are called 'a'"),
    (pd.DataFrame(dict(a=[1, "one", None])), "can't hold"),
    ([1, 2], "DataFrame"),
])
def test_tables_that_are_refused(tmp_path, table, message):
    with pytest.raises((TypeError, ValueError), match=message): Cleaning(Dataset.of(table, "odd", tmp_path)).apply(SimpleImputer())


@pytest.mark.parametrize("call, message", [
    (lambda data: Cleaning(data.table), "a Dataset is cleaned, which Dataset.read"),
    (lambda data: Cleaning(data, "../../elsewhere"), "without folders"),
    (lambda data: Cleaning(data).apply(SimpleImputer), "a step is an object"),
    (lambda data: Cleaning(data).apply(np.abs), "FunctionTransformer.absolute"),
    (lambda data: Cleaning(data).apply(FunctionTransformer(lambda table: table)), "define it by def"),
    (lambda data: Cleaning(data).apply(StandardScaler(), "b"), "there is no column 'b'; there are a"),
    (lambda data: Cleaning(data).undo(), "no step was done"),
])
def test_calls_that_are_refused(tmp_path, call, message):
    with pytest.raises((TypeError, ValueError, KeyError, IndexError), match=message): call(Dataset.of(pd.DataFrame(dict(a=[1., None])), "small", tmp_path))


def test_how_a_file_was_read_is_part_of_its_lineage(tmp_path):
    """Right: read again with the same options, functions among them."""
    (tmp_path / "odd.csv").write_text("a;b\n1,5;x\n")
    data = Dataset.read(tmp_path / "odd.csv", dir=tmp_path / "data", sep=";", decimal=",", converters={"b": str})
    assert json.loads(json.dumps(data.lineage)) == data.lineage and reproduce(data.lineage, tmp_path / "data").table["a"].tolist() == [1.5]


def test_the_same_bytes_under_two_names_are_two_files(tmp_path):
    """Right: a file is read as its own name says."""
    for name in ("cats.txt", "cats.csv"): (tmp_path / name).write_text("name,kilos\nTom,4\n")
    for name, columns in (("cats.txt", 1), ("cats.csv", 2)):
        data = Dataset.read(tmp_path / name, dir=tmp_path / "data")
        assert data.table.shape[1] == columns and data.raw.name == name and reproduce(data.lineage, tmp_path / "data").hash == data.hash


LOG = """
import pandas as pd
from trainbook.data.difference import Difference, records
before = pd.DataFrame({name: ["1"] for name in "abcdefgh"})
print([record["column"] for record in records(Difference.between(before, before.astype(int))) if record["what"] == "type"])
"""


@pytest.mark.parametrize("seed", "123")
def test_the_log_has_the_order_of_the_columns(seed):
    said = subprocess.run([sys.executable, "-c", LOG], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True).stdout
    assert said == f"{[*'abcdefgh']}\n"


def test_callbacks_and_learner_keep_the_lineage(tmp_path):
    data = Dataset.of(pd.DataFrame(dict(a=[1., None])), "small", tmp_path)
    fit = WatchedFit("anything", dict(data=data, dir=tmp_path / "runs", view=None))
    fit.begin(None, None)
    fit.finish()
    model = torch.nn.Linear(1, 1)
    batches, optimizer = [(torch.ones(2, 1), torch.ones(2, 1))], torch.optim.SGD(model.parameters(), .1)
    learn = Learner(model, batches, None, torch.nn.functional.mse_loss, optimizer, data=dict(train=data), dir=tmp_path / "runs", view=None)
    learn.fit(1)
    assert [open_run(run.path).data for run in (fit.run, learn.run)] == [dict(small=data.lineage), dict(train=data.lineage)]


def test_a_column_by_its_name_alone(tmp_path):
    cleaning = Cleaning(Dataset.of(pd.DataFrame(dict(grams=[1., None])), "small", tmp_path))
    assert cleaning.apply(SimpleImputer(), "grams")["grams"].tolist() == [1., 1.]
    assert open_cleaning(cleaning.file).table["grams"].tolist() == [1., 1.]


@pytest.mark.parametrize("table", [
    pd.DataFrame(),
    pd.DataFrame(dict(a=[], b=pd.Series([], dtype="str"))),
    pd.DataFrame(dict(a=[None, None], b=[1., np.inf])),
    pd.DataFrame(dict(a=[1., 1.]), index=["x", "x"]),
    pd.DataFrame(dict(a=[1., 2.]), index=pd.date_range("2026-01-01", periods=2, name="day")),
    pd.DataFrame({0: [1., 2.], "b": [3., 4.]}),
], ids=["nothing", "no rows", "all missing", "labels twice", "days", "numbers as names"])
def test_odd_tables_go_there_and_back(tmp_path, table):
    """Right: a step that takes them is done and undone; labels of rows that stand twice, dates and infinite values are kept."""
    if 0 in table: table = table.rename(columns=str)  # Parquet has names only
    cleaning = Cleaning(Dataset.of(table, "odd", tmp_path))
    cleaning.apply(FunctionTransformer(with_a_sum))
    assert "total" in cleaning.table and cleaning.table.index.equals(table.index)
    assert_frame_equal(cleaning.undo(), table, check_freq=False)


@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_takes_our_transformers_for_its_own():
    """No check of scikit-learn's is excepted."""
    found = check_estimator(OnColumns(StandardScaler()), on_fail=None)
    assert [check["check_name"] for check in found if check["status"] == "failed"] == [] and sum(check["status"] == "passed" for check in found) > 40


def test_a_notebook_that_runs_again_begins_anew(tmp_path):
    data = Dataset.of(pd.DataFrame(dict(a=[1., None])), "small", tmp_path)
    for number in range(2):
        cleaning = Cleaning(data)
        assert cleaning.steps == []
        cleaning.apply(SimpleImputer(), ["a"])
    assert sorted(path.name for path in Path(tmp_path / "cleaning").iterdir()) == ["cleaned-2.jsonl", "cleaned.jsonl"]
