"""Steps that mend values, rows and categories: the right values on real tables, bad input, and each of them as a step of a cleaning."""
import json
import sqlite3

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal
from sklearn.impute import SimpleImputer
from sklearn.utils.estimator_checks import check_estimator
from skrub import ApplyToCols, ToDatetime, ToFloat

from trainbook.data.catalogue import datasets, load
from trainbook.data.categories import InCategories, MergeSpellings, fingerprint, is_slip
from trainbook.data.checks import Gate, suspected_labels
from trainbook.data.cleaning import Cleaning, open_cleaning, reproduce
from trainbook.data.content import table_hash
from trainbook.data.dataset import Dataset, database_name
from trainbook.data.duplicates import DropDuplicates, similar_rows
from trainbook.data.problems import find_problems, problems_of
from trainbook.data.steps import built, described, source
from trainbook.data.units import ToUnit, parts_of
from trainbook.data.values import InRange, MissingCodes

STEPS = [MissingCodes(), InRange(), ToUnit(unknown="missing"), DropDuplicates(), DropDuplicates(similarity=.9), DropDuplicates(keep="fullest"),
         MergeSpellings(typos=True), InCategories(), Gate()]


@pytest.mark.parametrize("name", datasets().index)
def test_the_catalogue_says_what_is_loaded(name, tmp_path):
    entry, found = datasets().loc[name], load(name, tmp_path)
    assert (*found.table.shape, int(found.table.isna().sum().sum())) == (entry["rows"], entry["columns"], entry["holes"])
    assert not entry["target"] or entry["target"] in found.table
    assert found.lineage[0]["source"].startswith(entry["package"])
    assert found.raw.check().hash == found.lineage[0]["hash"]


def test_openml_is_read_from_what_was_fetched_before(tmp_path):
    """The files of scikit-learn's own cache are written here, as no network is there; all the rest is what a person runs."""
    import gzip
    import hashlib
    from trainbook.data.catalogue import load_openml
    arff = b"@relation cats\n@attribute kilos numeric\n@attribute kind {tame,wild}\n@data\n4.5,tame\n?,wild\n"
    about = dict(id="77", name="cats", version="2", status="active", format="ARFF", file_id="5", licence="CC0", description="Two cats.",
                 default_target_attribute="kind",
                 url="https://api.openml.org/data/v1/download/5/cats.arff", md5_checksum=hashlib.md5(arff).hexdigest())
    plain = dict(is_ignore="false", is_row_identifier="false", number_of_missing_values="0")
    columns = [dict(index="0", name="kilos", data_type="numeric", is_target="false", **plain),
               dict(index="1", name="kind", data_type="nominal", nominal_value=["tame", "wild"], is_target="true", **plain)]
    cached = {"api/v1/json/data/77": json.dumps(dict(data_set_description=about)), "data/v1/download/5/cats.arff": arff,
              "api/v1/json/data/features/77": json.dumps(dict(data_features=dict(feature=columns))),
              "api/v1/json/data/qualities/77": json.dumps(dict(data_qualities=dict(quality=[dict(name="NumberOfInstances", value="2")])))}
    for path, content in cached.items():
        for host in ("openml.org", "openml.org/api.openml.org"):
            file = tmp_path / "openml" / host / f"{path}.gz"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(gzip.compress(content if isinstance(content, bytes) else content.encode()))
    found = load_openml(77, tmp_path / "data", data_home=tmp_path)
    assert found.table["kind"].tolist() == ["tame", "wild"] and found.table["kilos"].isna().tolist() == [False, True]
    assert found.lineage[0]["source"] == "https://www.openml.org/d/77, version 2, licence CC0"


def test_a_password_of_a_database_stays_out_of_the_lineage(tmp_path):
    from sqlalchemy import create_engine
    with sqlite3.connect(tmp_path / "cats.db") as database: database.executescript("create table cats (kilos real); insert into cats values (4.5), (null)")
    found = Dataset.sql("select * from cats", create_engine(f"sqlite:///{tmp_path}/cats.db"), "cats", tmp_path)
    assert found.table["kilos"].isna().tolist() == [False, True]
    assert found.lineage[0]["source"] == f"sqlite:///{tmp_path}/cats.db: select * from cats"
    assert database_name("postgresql://me:secret@host:5432/db") == "postgresql://host:5432/db"


def test_a_folder_of_tables_is_one_table(tmp_path):
    folder = tmp_path / "months"
    folder.mkdir()
    for month in (2, 1): pd.DataFrame(dict(month=[month] * 2)).to_csv(folder / f"{month}.csv", index=False)
    assert Dataset.read(folder, dir=tmp_path / "data").table["month"].tolist() == [1, 1, 2, 2]


@pytest.mark.parametrize("step", STEPS, ids=repr)
def test_scikit_learns_own_checks(step):
    failed = [found for found in check_estimator(step, on_fail=None) if found["status"] == "failed"]
    assert not failed, [(found["check_name"], found["exception"]) for found in failed]



BAD = dict(
    empty=pd.DataFrame(), no_rows=pd.DataFrame(dict(x=pd.Series(dtype=float), y=pd.Series(dtype="str"))), no_columns=pd.DataFrame(index=[1, 2]),
    all_missing=pd.DataFrame(dict(x=[np.nan] * 3, y=[None] * 3)), constant=pd.DataFrame(dict(x=[1] * 4, y=["a"] * 4)),
    mixed=pd.DataFrame(dict(x=[1, "one", None, 2.5, (3, 4)])), infinite=pd.DataFrame(dict(x=[1, np.inf, -np.inf, np.nan])),
    labels_twice=pd.DataFrame(dict(x=[1., 2, 3], y=["a", "b", "a"]), index=[7, 7, 8]), one_row=pd.DataFrame(dict(x=[1.], y=["a"])),
    nullable=pd.DataFrame(dict(x=pd.array([1, None, 3], dtype="Int64"), y=pd.array([True, None, False], dtype="boolean"))),
    categories=pd.DataFrame(dict(x=pd.Categorical(["a", "A", None, "b"]))), dates=pd.DataFrame(dict(x=pd.to_datetime(["2024-01-01", None]))),
    numbers_as_names=pd.DataFrame({0: [1., 2], 1: ["a", "b"]}), long=pd.DataFrame(dict(x=["é" * 5000, "<script>", "", "\0"])))


@pytest.mark.parametrize("step", STEPS, ids=repr)
@pytest.mark.parametrize("name", BAD)
def test_odd_tables_are_handled_or_refused_in_words(step, name):
    table = BAD[name]
    before = table.copy(deep=True)
    try: found = built(described(step)).fit(table).transform(table)
    except (ValueError, TypeError) as error: assert len(str(error)) > 20 and name in ("mixed", "long", "empty", "no_columns", "dates", "nullable"), error
    else:
        assert [*found.columns] == [*table.columns] and set(found.index) <= set(table.index)
    assert_frame_equal(table, before)


def test_two_columns_of_one_name_are_refused():
    table = pd.DataFrame([[1, 2], [3, 4]], columns=["x", "x"])
    for step in STEPS:
        with pytest.raises(ValueError, match="several columns are called 'x'"): built(described(step)).fit(table)
    with pytest.raises(ValueError, match="several columns are called 'x'"): find_problems(table)


QUANTITIES = {"72 kg": 72, "160 lb": 72.5747792, "1,200 g": 1.2, " 3kg": 3, "11 st 4 lb": 71.6675945, "0.5 t": 500, "5e1 kg": 50, "−2 kg": -2}

def test_quantities():
    found = ToUnit("kg").fit_transform(pd.DataFrame(dict(x=[*QUANTITIES, None])))["x"]
    np.testing.assert_allclose(found[:-1], [*QUANTITIES.values()], rtol=1e-9)
    assert np.isnan(found.iloc[-1])
    for text in ("3 m", "kg", "3..4 kg", "1,23 kg", "3 kg or so", "12-3 kg"):
        with pytest.raises(ValueError, match="can't be read as a number in kg"): ToUnit("kg").fit_transform(pd.DataFrame(dict(x=[text])))
        assert ToUnit("kg", unknown="missing").fit_transform(pd.DataFrame(dict(x=[text])))["x"].isna().all()


def test_temperatures_have_their_zero():
    found = ToUnit("degC").fit_transform(pd.DataFrame(dict(x=["32 °F", "0 °C", "273.15 K"])))["x"]
    np.testing.assert_allclose(found, 0, atol=1e-9)


def test_money_is_not_exchanged():
    assert ToUnit().fit_transform(pd.DataFrame(dict(x=["$3.50", "-$1", "$1,000"])))["x"].tolist() == [3.5, -1, 1000]
    with pytest.raises(ValueError, match="'3 €' in column 'x', row 1"): ToUnit("$").fit_transform(pd.DataFrame(dict(x=["$3", "3 €"])))
    assert parts_of("12,34,567 ₹") == [(1234567, "₹")]


def test_codes_go_by_their_type():
    table = pd.DataFrame(dict(number=[1, -9, 3], text=["-9", "a", " ? "], flag=[True, False, True], mixed=[-9, "-9", None]))
    found = MissingCodes([-9, "?"]).fit_transform(table)
    assert [found[name].isna().tolist() for name in found] == [[False, True, False], [False, False, True], [False] * 3, [True, False, True]]
    assert found["flag"].dtype == bool


def test_ranges_of_other_types():
    days = pd.DataFrame(dict(day=pd.to_datetime(["2024-01-01", "1024-01-01"]).astype("datetime64[s]")))
    found = InRange({"day": (pd.Timestamp("1900-01-01"), None)}).fit_transform(days)
    assert found["day"].isna().tolist() == [False, True]
    whole = pd.DataFrame(dict(x=[1, 2, 300]))
    assert InRange({"x": (None, 10)}, outside="clip").fit_transform(whole)["x"].tolist() == [1, 2, 10]


def test_fingerprints_keep_what_makes_another_thing():
    same = [("Müller", "muller"), ("O'Neill", "oneill"), ("St. Gallen", "st gallen"), ("a_b", "A b"), ("U.S.A.", "usa"), ("ja!", "Ja")]
    other = [("A+", "A"), ("A+", "A-"), ("<5", ">5"), ("1.5", "15"), ("1,5", "15"), ("C++", "C"), ("-1", "1"), ("10%", "10"), ("x²", "x"), ("1/2", "12")]
    assert [pair for pair in same if fingerprint(pair[0]) != fingerprint(pair[1])] == []
    assert [pair for pair in other if fingerprint(pair[0]) == fingerprint(pair[1])] == []


def test_typing_errors():
    words = ["adelie", "gentoo", "chinstrap", "january", "10245"]
    for word in words:
        slips = [word[:2] + word[3:], word[:2] + "x" + word[2:], word[:2] + "x" + word[3:], word[:1] + word[2] + word[1] + word[3:]]
        assert [is_slip(slip, word) for slip in slips] == [not word.isdigit()] * 4 or word == "10245"
        assert not is_slip(word, word)
    assert not any(is_slip("10245", other) for other in ("10254", "1024", "102455", "10246"))


def test_near_duplicates_have_the_same_digits():
    table = pd.DataFrame(dict(title=["Despicable Me", "Despicable Me 2", "Despicable me", "Despicble Me"], year=[2010, 2013, 2010, 2010]))
    assert {tuple(pair) for pair in similar_rows(table, similarity=.7)[["row", "other"]].values.tolist()} == {(0, 2), (0, 3), (2, 3)}
    assert DropDuplicates(similarity=.7).fit_transform(table).index.tolist() == [0, 1]


def test_the_fullest_of_several_rows_is_kept():
    table = pd.DataFrame(dict(name=["a", "a", "a", "b"], x=[None, 1., 2., None], y=[None, None, 3., 4.]))
    assert DropDuplicates(["name"], keep="fullest").fit_transform(table).index.tolist() == [2, 3]


def test_each_step_in_a_cleaning(tmp_path):
    """Done, undone, read again from the disk, and exported."""
    raw = load("titanic", tmp_path)
    cleaning = Cleaning(raw)
    schema = '{"schema_type": "dataframe", "columns": {"age": {"dtype": "float64", "nullable": true, "in_range": {"min_value": 0, "max_value": 150}}}}'
    for step in (MissingCodes(["nil"]), InRange({"age": (1, 70)}), DropDuplicates(["name"]), DropDuplicates(["name"], similarity=.95),
                 MergeSpellings(typos=True), InCategories({"class": ["1st", "2nd", "3rd"]}), Gate(schema)): cleaning.apply(step)
    cleaning.apply(ToUnit("year", bare="year"), "age")
    assert len(cleaning.table) < 1313 and cleaning.table["class"].isna().sum() == 1
    assert table_hash(open_cleaning(cleaning.file).table) == table_hash(cleaning.table)
    assert table_hash(cleaning.pipeline().transform(raw.table)) == table_hash(cleaning.table)
    while cleaning.steps: cleaning.undo()
    assert_frame_equal(cleaning.table, raw.table)


def test_a_step_with_an_object_for_left_out_is_written():
    """skrub's selectors: the default is an object that no text stands for."""
    for step in (ApplyToCols(ToFloat()), ApplyToCols(ToDatetime(), cols=["x"])): assert repr(built(described(step))) == repr(step)
    assert source(described(ApplyToCols(ToFloat())), set()) == "ApplyToCols(transformer=ToFloat())"


def test_a_run_can_tell_of_any_step(tmp_path):
    """Its run.json is JSON, which has no NaN and no infinity: the default of an imputer is one."""
    cleaning = Cleaning(load("penguins", tmp_path))
    cleaning.apply(SimpleImputer(), ["bill_length_mm"])
    cleaning.apply(InRange({"body_mass_g": (-np.inf, np.inf)}))
    told = json.loads(json.dumps(cleaning.dataset.lineage, allow_nan=False))
    assert reproduce(told, tmp_path).hash == cleaning.dataset.hash
    namespace: dict = {}
    exec(cleaning.source(), namespace)


def planted(table: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Problems in a table of ten or more columns of numbers."""
    names, rows = table.columns, random.permutation(len(table))
    return table.assign(**{
        names[0]: table[names[0]].mask(table.index.isin(rows[:3]), -999), names[1]: table[names[1]].mask(table.index == rows[3], np.inf),
        names[2]: table[names[2]].map(lambda value: f"{value} cm"), names[3]: 1, names[4]: np.nan, "again": table[names[5]],
        names[6]: table[names[6]].mask(table.index == rows[4], 1e6), "number": range(len(table)),
        "place": np.array(["Bern", "bern", "Genf"])[table.index % 3], "answer": np.where(table.index % 5, "yes", "n/a"), "day": "2024-01-01"})


@pytest.mark.parametrize("name", ["wine", "breast_cancer", "macrodata"])
def test_planted_problems_are_found_and_cured(name, tmp_path):
    clean = load(name, tmp_path).table
    columns = clean.columns[[clean[column].nunique() > 20 for column in clean]][:8]
    table = planted(clean[columns].astype(float), np.random.default_rng(0))
    found = find_problems(table)
    expected = {columns[0]: "a number that stands for missing", columns[1]: "infinite values", columns[2]: "numbers as texts, most in cm",
                columns[3]: "one value in all rows", columns[4]: "no value at all", "again": f"the same as column {columns[5]!r}",
                columns[6]: "far from all others", "number": "counts the rows", "place": "several spellings", "answer": "a word that stands for missing",
                "day": "one value in all rows"}
    for column, what in expected.items(): assert found.loc[found["column"] == column, "what"].str.startswith(what).any(), (column, found)
    cleaning = Cleaning(Dataset.of(table, "planted", tmp_path))
    for problem in problems_of(table):
        if problem.step is not None and (problem.column is None or problem.column in cleaning.table):
            cleaning.apply(problem.step, None if problem.column is None else [problem.column])
    left = find_problems(cleaning.table)
    assert not set(left["column"]) & {*expected} or set(left["what"].str.partition(",")[0]) <= {"holes"}, left
    np.testing.assert_allclose(cleaning.table[columns[2]], clean[columns[2]])


def test_sound_tables_have_few_problems(tmp_path):
    """What is told of tables that others have cleaned: at most a value that is far from all others, and a row that stands twice."""
    for name in ("iris", "wine", "diabetes", "autompg", "sunspots", "elnino", "macrodata", "breast_cancer"):
        told = find_problems(load(name, tmp_path).table)["what"]
        assert told.str.contains("far from all others|stand twice").all() and len(told) < 2, (name, told.tolist())


def test_labels_by_given_probabilities():
    random = np.random.default_rng(0)
    truth = random.integers(0, 3, 300)
    sure = np.full((300, 3), .05)
    sure[np.arange(300), truth] = .9
    labels = truth.copy()
    labels[:10] = (truth[:10] + 1) % 3
    found = suspected_labels(pd.DataFrame(index=[f"row {place}" for place in range(300)]), np.array([*"abc"])[labels], probabilities=sure)
    assert set(found.index) == {f"row {place}" for place in range(10)}
    assert found["suggested"].tolist() == [np.array([*"abc"])[truth[int(row.split()[1])]] for row in found.index]


@pytest.mark.parametrize("call, message", [
    (lambda dir: Dataset.read(3, dir=dir), "a path of a file or a folder is needed; got a int"), (lambda dir: load(None, dir), "there is no table None"),
    (lambda dir: Dataset.sql("select 1", None, "x", dir), "a connection of sqlite3"),
    (lambda dir: ToUnit(3).fit(pd.DataFrame(dict(x=["1"]))), "there is no unit 3"),
    (lambda dir: InRange({"x": (1, "a")}).fit(pd.DataFrame(dict(x=[1]))), "can't be compared"),
    (lambda dir: Gate("not json").fit(pd.DataFrame(dict(x=[1]))), "a schema of pandera is needed"),
])
def test_nonsense_is_refused_in_words(call, message, tmp_path):
    with pytest.raises((TypeError, ValueError), match=message): call(tmp_path)
