"""What the data widgets answer: the truth about the data, a reason in words for what can't be done, and nothing twice."""
import json
import threading
from itertools import groupby

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer, load_wine
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from trainbook.data.cleaning import Cleaning, open_cleaning
from trainbook.data.cleaning_views import BeforeAfter, CleaningLog, changes_in
from trainbook.data.content import table_hash
from trainbook.data.dataset import Dataset
from trainbook.data.edits import DropRows, SetCells
from trainbook.data.feature_set import FeatureSet, versions
from trainbook.data.features import Combinations
from trainbook.data.imputation import MultipleImputer
from trainbook.data.lineage_views import FeatureDiff, LineageGraph
from trainbook.data.missing_matrix import MissingMatrix, by_pattern
from trainbook.data.outlier_explorer import OutlierExplorer
from trainbook.data.widget import DataWidget

HOSTILE = "<script>alert(1)</script>\u202e\n"


@pytest.fixture
def wines(tmp_path) -> Cleaning: return Cleaning(Dataset.of(load_wine(as_frame=True).data, "wines", tmp_path))


def asked(widget: DataWidget, request, id="1", **arguments) -> dict:
    """What a browser would hear."""
    heard = []
    widget.send = lambda content, buffers=None: heard.append(content)
    widget.receive(dict(id=id, request=request, arguments=arguments))
    return json.loads(json.dumps(heard[-1]))


def test_a_request_that_comes_twice_is_done_once(wines):
    explorer = OutlierExplorer(wines)
    version = explorer.shown["version"]
    answers = [asked(explorer, "drop", id="7", version=version, row=row) for row in (3, 3)]
    assert answers[0] == answers[1] and answers[0]["error"] == "" and wines.steps == ["DropRows"]
    assert "nothing was done" in asked(explorer, "drop", id="8", version=version, row=4)["error"] and wines.steps == ["DropRows"]


@pytest.mark.parametrize("content", [
    None, "drop", 7, [], {}, dict(id=None), dict(id="1", request=None), dict(id="1", request=["drop"]), dict(id="1", request="__init__", arguments={}),
    dict(id="1", request="drop"), dict(id="1", request="drop", arguments=[1]), dict(id="1", request="drop", arguments=dict(version=0, row="x", more=1)),
    dict(id="1", request="row", arguments=dict(number=[3])), dict(id="1", request="show", arguments=dict(neighbours="many")),
    dict(id="1", request="show", arguments=dict(x="nose")), dict(id="1", request="show", arguments=dict(neighbours=-3)),
], ids=repr)
def test_nonsense_is_answered_in_words(wines, content):
    explorer, heard = OutlierExplorer(wines), []
    before = dict(explorer.shown)
    explorer.send = lambda content, buffers=None: heard.append(content)
    explorer.receive(content)
    assert len(heard) == 1 and heard[0]["error"] and heard[0]["found"] is None
    assert explorer.shown == before and wines.steps == [] and asked(explorer, "row", id="later", number=3)["error"] == ""


def test_what_is_decided_is_on_disk_before_it_is_answered(wines):
    explorer, found = OutlierExplorer(wines), []
    explorer.send = lambda content, buffers=None: found.append(open_cleaning(wines.file).steps)
    for number, (name, more) in enumerate(dict(keep={}, fix=dict(column="ash", value="2.4"), drop={}).items()):
        explorer.receive(dict(id=str(number), request=name, arguments=dict(version=explorer.shown["version"], row=5) | more))
    assert found == [["KeepRows"], ["KeepRows", "SetCells"], ["KeepRows", "SetCells", "DropRows"]]
    assert [done.text["reason"].split(",")[0] for done in wines.done] == ["proline is 1450"] * 3  # what is oddest about it


def test_a_disk_that_does_not_take_it_is_told_and_nothing_is_done(wines):
    explorer = OutlierExplorer(wines)
    version = explorer.shown["version"]
    wines.file.chmod(0o444)
    wines.file.rename(wines.file.with_suffix(".away"))
    wines.file.mkdir()  # for root, too, a folder is no file
    answer = asked(explorer, "drop", version=version, row=3)
    assert answer["error"] and wines.steps == [] and len(wines.table) == 178


def test_clicks_and_cells_at_the_same_time_lose_nothing(wines):
    explorer = OutlierExplorer(wines, neighbours=5)
    errors, heard = [], []
    explorer.send = lambda content, buffers=None: heard.append(content["error"])

    def click():
        for number in range(8):
            explorer.receive(dict(id=f"click {number}", request="keep", arguments=dict(version=explorer.shown["version"], row=number)))

    def cell():
        try:
            for number in range(100, 108): wines.apply(DropRows([number]))
        except Exception as error: errors.append(error)

    threads = [threading.Thread(target=work) for work in (click, cell)]
    for thread in threads: thread.start()
    for thread in threads: thread.join()
    assert errors == [] and len(heard) == 8 and wines.steps.count("DropRows") == 8
    assert wines.steps.count("KeepRows") == heard.count("")  # the others were told that the cleaning had changed
    assert all("the cleaning has changed" in error for error in heard if error)
    again = open_cleaning(wines.file)
    assert again.steps == wines.steps and table_hash(again.table) == table_hash(wines.table)


def test_what_can_t_be_shown_any_more_is_told_and_comes_back(wines):
    explorer = OutlierExplorer(wines)
    wines.apply(SetCells([3], "ash", [None]))
    assert asked(explorer, "look")["error"] == "" and "column 'ash' has holes; fill them first" in explorer.shown["problem"]
    wines.undo()
    asked(explorer, "look", id="2")
    assert explorer.shown["problem"] == "" and explorer.shown["count"] == 178


def test_a_hole_s_interval_is_that_of_the_whole_table():
    table = load_breast_cancer(as_frame=True).data.iloc[:150, :6]
    holes = np.random.default_rng(0).random(table.shape) < .1
    imputer = MultipleImputer(max_iter=1, random_state=0).fit(table.mask(holes))
    matrix = MissingMatrix(table.mask(holes), imputer, level=.8)
    intervals, seen = imputer.interval(table.mask(holes), .8), set()
    for column in range(6):
        for band in range(len(matrix.shown["edges"]) - 1):
            answer = asked(matrix, "hole", id=f"{column} {band}", column=column, band=band)
            if answer["error"]: continue
            hole = answer["found"]
            assert hole["interval"] == intervals.loc[(int(hole["row"]), hole["column"])].tolist() and len(hole["draws"]) == 20
            seen.add((int(hole["row"]), hole["column"]))
    assert len(seen) == holes.sum()


@pytest.mark.parametrize("table, title", [
    (pd.DataFrame(), "table: 0 of 0 cells are missing"), (pd.DataFrame(dict(a=[], b=[])), "table: 0 of 0 cells are missing"),
    (pd.DataFrame(dict(a=[None, None])), "table: 2 of 2 cells are missing (100.0%)"),
    (pd.DataFrame(dict(a=[1, "x", None])), "table: 1 of 3 cells are missing (33.3%)"),
    (pd.DataFrame({3: [np.inf, 1.], "b": [pd.NaT, pd.Timestamp(0)]}), "table: 1 of 4 cells are missing (25.0%)"),
], ids=["nothing", "no rows", "all missing", "mixed", "infinite"])
def test_any_table_has_a_matrix(table, title):
    matrix = MissingMatrix(table)
    assert matrix.shown["title"] == title and isinstance(matrix.html(), str)
    if any(matrix.shown["shares"]): assert asked(matrix, "hole", column=0, band=[*matrix.shown["shares"]].index(255))["error"] == ""


@pytest.mark.parametrize("columns", [1, 8, 64, 65, 200])
def test_rows_with_the_same_holes_lie_together(columns):
    random = np.random.default_rng(columns)
    holes = random.random((6, columns))[random.integers(6, size=500)] < .5
    order, patterns = by_pattern(holes)
    assert sorted(order) == [*range(500)] and sum(rows for _, rows in patterns) == 500
    blocks = [[*group] for _, group in groupby(holes[order].tolist())]
    assert len(blocks) == len({*map(tuple, holes.tolist())}) == len(patterns) and sorted(map(len, blocks), reverse=True) == [*map(len, blocks)]
    assert [(np.flatnonzero(block[0]).tolist(), len(block)) for block in blocks] == [(lacks.tolist(), rows) for lacks, rows in patterns]


def test_a_long_table_is_drawn_in_a_thousand_bands():
    table = pd.DataFrame(dict(a=np.arange(1_000_000.), b=1.))
    table.loc[123_456, "b"] = np.nan
    matrix = MissingMatrix(table)
    assert len(matrix.shown["edges"]) == 1001 and sum(matrix.shown["shares"]) == 1  # a single hole is seen
    assert asked(matrix, "hole", column=0, band=999)["found"]["row"] == "123456"


@pytest.mark.parametrize("make, error, words", [
    (lambda cleaning: MissingMatrix([1, 2]), TypeError, "a DataFrame, a Dataset or a Cleaning"),
    (lambda cleaning: MissingMatrix(pd.DataFrame([[1, 2]], columns=["a", "a"])), ValueError, "several columns are called 'a'"),
    (lambda cleaning: MissingMatrix(pd.DataFrame(dict(a=[1, 2]), index=[0, 0])), ValueError, "several rows are called 0"),
    (lambda cleaning: MissingMatrix(cleaning, SimpleImputer()), TypeError, "an imputer that draws is needed, as MultipleImputer"),
    (lambda cleaning: MissingMatrix(cleaning, MultipleImputer()), ValueError, "not fitted"),
    (lambda cleaning: OutlierExplorer(cleaning.table), TypeError, "decisions are steps of a Cleaning"),
    (lambda cleaning: OutlierExplorer(cleaning, "ash"), ValueError, "columns are two names"),
    (lambda cleaning: OutlierExplorer(cleaning, ["ash", "nose"]), KeyError, "there is no column of numbers 'nose'"),
    (lambda cleaning: OutlierExplorer(cleaning, neighbours=-1), ValueError, "0 for all detectors"),
    (lambda cleaning: CleaningLog(cleaning.table), TypeError, "the steps of a Cleaning are shown here"),
    (lambda cleaning: BeforeAfter(cleaning, "last"), IndexError, "there is no step 'last'"),
    (lambda cleaning: LineageGraph(), TypeError, "a lineage is that of something"),
    (lambda cleaning: LineageGraph(cleaning.table), TypeError, "a DataFrame has none"),
    (lambda cleaning: LineageGraph("nowhere"), Exception, "nowhere"),
    (lambda cleaning: FeatureDiff(), ValueError, "two versions or more can be compared"),
    (lambda cleaning: FeatureDiff(FeatureSet.of(cleaning.dataset)), ValueError, "got 1"),
    (lambda cleaning: FeatureDiff("wines", "data"), TypeError, r"FeatureDiff\(\*versions\(name\)\) compares versions of features; got a str"),
    (lambda cleaning: FeatureDiff([FeatureSet.of(cleaning.dataset)] * 2), TypeError, "got a list"),
])
def test_what_is_wrong_is_said_at_once(wines, make, error, words):
    wines.apply(DropRows([1]))
    with pytest.raises(error, match=words): make(wines)


@pytest.mark.parametrize("table, words", [
    (pd.DataFrame(dict(a=[1., 2.])), "three or more rows"), (pd.DataFrame(dict(a=["x", "y", "z"])), "none of these 1 columns"),
    (pd.DataFrame(dict(a=[1., np.nan, 3.])), "has holes; fill them first"), (pd.DataFrame(dict(a=[1., np.inf, 3.])), "infinity"),
])
def test_a_table_that_has_no_outliers_is_told(tmp_path, table, words):
    with pytest.raises(ValueError, match=words): OutlierExplorer(Cleaning(Dataset.of(table, "odd", tmp_path)))


def test_one_column_constant_columns_and_rows_with_labels(tmp_path):
    for table in (pd.DataFrame(dict(a=[1., 2., 3., 99.])), pd.DataFrame(dict(a=[1., 1., 1., 1.], b=[True, False, True, False])),
                  pd.DataFrame({"a": [1, 2, 3, 99], "3": [1, 1, 1, 2]}, index=[*"wxyz"])):
        cleaning = Cleaning(Dataset.of(table, "odd", tmp_path))
        explorer = OutlierExplorer(cleaning)
        found = asked(explorer, "row", number=3)["found"]
        assert found["label"] == str(table.index[3]) and len(explorer.shown["x"]) == 8 * 4
        asked(explorer, "drop", id="2", version=explorer.shown["version"], row=3)
        assert cleaning.table.equals(table.iloc[:3])


def test_texts_from_outside_are_one_line_and_no_html(tmp_path):
    table = pd.DataFrame({HOSTILE: ["a", HOSTILE, None], "b": [1., 2., 40.]})
    cleaning = Cleaning(Dataset.of(table, "odd", tmp_path), name="<b>me")
    before = FeatureSet.of(cleaning.dataset)
    cleaning.apply(SimpleImputer(strategy="most_frequent"), [HOSTILE], reason=HOSTILE)
    differ = FeatureDiff(before, FeatureSet.of(cleaning.dataset))
    told = json.dumps(asked(differ, "column", number=0), ensure_ascii=False)
    assert "script" in told and "\u202e" not in told and "\\n" not in told
    for widget in (differ, MissingMatrix(cleaning.data), OutlierExplorer(cleaning), CleaningLog(cleaning), BeforeAfter(cleaning), LineageGraph(cleaning)):
        assert "<script>" not in widget.html() and "<b>" not in widget.html()
        crossing = json.dumps(widget.shown, default=lambda value: "bytes", ensure_ascii=False)
        assert "\u202e" not in crossing and "\\n" not in crossing


def test_the_log_is_paged_and_searched(wines):
    wines.apply(DropRows(list(range(120))))
    pages = [changes_in(wines, first=first) for first in (0, 50, 100, 150)]
    assert [(len(page["rows"]), page["more"]) for page in pages] == [(50, True), (50, True), (20, False), (0, False)]
    assert [change["row"] for change in changes_in(wines, words="DROPPED 119")["rows"]] == ["119"]
    assert changes_in(wines, step=3)["rows"] == [] and changes_in(wines, words="nothing like it")["rows"] == []


def test_before_and_after_follows_the_steps(wines):
    sides = BeforeAfter(wines)
    assert sides.shown["title"] == "cleaned: no steps yet" and asked(sides, "choose", step=0)["error"] == "no step was done"
    wines.apply(SetCells([3], "ash", [9.]))
    wines.apply(DropRows([3]))
    asked(sides, "look", id="2")
    assert sides.shown["step"] == 1 and len(sides.shown["columns"]) == 13 and sides.shown["sizes"] == ["178 rows × 13 columns", "177 rows × 13 columns"]
    asked(sides, "choose", id="3", step=0)
    column, = sides.shown["columns"]
    assert column["name"] == "ash" and [sum(column["before"]), sum(column["after"])] == [178, 178] and column["bins"][-1] == 9
    wines.undo(1), wines.undo(0)
    asked(sides, "look", id="4")
    assert sides.shown["columns"] == []


def test_runs_that_share_their_data_share_the_nodes(wines, new):
    import torch
    wines.apply(DropRows([3]), reason="entered twice")
    first, second = (new(torch.nn.Linear(1, 1), data=dict(train=wines.dataset), name=name) for name in ("first", "second"))
    first.finish(), second.finish()
    graph = LineageGraph(first.path, second.path, wines).shown["nodes"]
    assert [node["title"] for node in graph] == ["wines.parquet", "read", "DropRows", "train", "first", "second", "cleaned"]
    assert [node["before"] for node in graph[4:6]] == [[graph[3]["id"]]] * 2 and graph[3]["hash"] == wines.dataset.hash
    assert len({node["lane"] for node in graph[4:]}) == 3


def test_a_step_of_a_package_that_is_not_here_has_its_name(wines):
    wines.apply(DropRows([3]))
    lineage = json.loads(json.dumps(wines.dataset.lineage).replace("trainbook.data.edits:DropRows", "no_such_package:Wonder"))
    graph = LineageGraph(Dataset(wines.table, "mine", lineage)).shown["nodes"]
    assert graph[2]["title"] == "Wonder"
    with pytest.raises(ValueError, match="a lineage begins with the raw file"): LineageGraph(Dataset(wines.table, "mine", lineage[1:]))


def of_versions(folder, *tables: pd.DataFrame) -> FeatureDiff:
    return FeatureDiff(*(FeatureSet.of(Dataset.of(table, "odd", folder / str(number)), "odd") for number, table in enumerate(tables)))


def test_columns_that_changed_most_come_first(wines):
    FeatureSet.of(wines.dataset, "wines")
    wines.apply(StandardScaler(), ["ash", "hue"])
    wines.apply(FunctionTransformer(pd.DataFrame.astype, kw_args=dict(dtype=str)), ["proline"])
    wines.apply(FunctionTransformer(pd.DataFrame.drop, kw_args=dict(columns="alcohol")))
    wines.apply(Combinations([("ash", "hue")], []), reason="a guess")
    FeatureSet.of(wines.dataset, "wines")
    differ = FeatureDiff(*versions("wines", wines.dataset.dir))
    rows = differ.shown["columns"]
    assert [row["what"] for row in rows[:5]] == ["added", "removed", "type", "values", "values"] and {row["what"] for row in rows[5:]} == {"same"}
    shifts = [float(row["shift"]) for row in rows[3:5]]
    assert shifts == sorted(shifts, reverse=True) and rows[2]["type"] == "float64 → str" and rows[2]["shift"] == ""
    assert "1 added, 1 removed, 1 of another type, 2 with other values, 9 the same" in differ.html()
    found = [asked(differ, "column", id=str(number), number=number)["found"] for number in range(len(rows))]
    assert [[len(one["before"]), len(one["after"])] for one in found[2]["distributions"]] == [[24, 0], [0, 8]]
    ash = next(one for row, one in zip(rows, found) if row["name"] == "ash")
    assert dict(zip(*np.array(ash["figures"]).T[[0, 2]]))["mean"] == "0"
    for one in found[:2]: assert sum(bool(one["distributions"][0][side]) for side in ("before", "after")) == 1
    assert {step["where"] for one in found for step in one["steps"]} == {"new"} and "a guess" in found[0]["steps"][-1]["about"]


def test_a_step_on_another_column_is_left_out_unless_it_dropped_rows(wines):
    wines.apply(StandardScaler(), ["ash"])
    wines.apply(DropRows([3]))
    first = FeatureSet.of(wines.dataset, "wines")
    wines.undo(0)
    wines.apply(StandardScaler(with_mean=False), ["hue"])
    differ = FeatureDiff(first, FeatureSet.of(wines.dataset, "wines"))
    places = {row["name"]: place for place, row in enumerate(differ.shown["columns"])}
    steps = {name: [(step["where"], step["title"]) for step in differ.column(places[name])["steps"]] for name in ("ash", "proline")}
    assert steps["ash"] == steps["proline"] == [("old", "StandardScaler"), ("both", "DropRows"), ("new", "StandardScaler")]
    same = FeatureDiff(first, first)
    places = {row["name"]: place for place, row in enumerate(same.shown["columns"])}
    assert [[step["title"] for step in same.column(places[name])["steps"]] for name in ("ash", "proline")] == [["StandardScaler", "DropRows"], ["DropRows"]]


def test_other_versions_are_chosen_and_another_raw_file_is_told(tmp_path, wines):
    table = wines.table
    differ = of_versions(tmp_path, table, table, table * 2)
    assert asked(differ, "choose", old=0, new=1)["error"] == "" and {row["what"] for row in differ.shown["columns"]} == {"same"}
    for place in (13, -1, "0", None, [0], 0.):
        assert "no version at place" in asked(differ, "choose", id=f"choose {place}", old=0, new=place)["error"]
        assert "no column at place" in asked(differ, "column", id=f"column {place}", number=place)["error"]
    assert (differ.shown["old"], differ.shown["new"]) == (0, 1)
    asked(differ, "choose", id="2", old=2, new=0)
    steps = asked(differ, "column", id="3", number=0)["found"]["steps"]
    assert [(step["where"], step["title"]) for step in steps] == [("old", "odd.parquet"), ("new", "odd.parquet")]


@pytest.mark.parametrize("values", [
    [], [None, None], [np.nan, np.nan], [1., 1.], [np.inf, 1.], [np.inf, -np.inf], [1e300, -1e300], [1e308, -1e308], [1e18, 1e18 + 256],
    [0., 5e-324], [True, False], ["", "x"], pd.to_datetime(["2020-01-01", None]),
    pd.to_datetime(["2020-01-01", "2021-01-01"], utc=True), pd.to_timedelta([1, 2]),
    pd.Series([1, None], dtype="Int64"), pd.Categorical(["a", "b"]),
], ids=lambda values: " ".join(map(str, values)) or "no rows")
def test_any_column_can_be_compared(tmp_path, values):
    differ = of_versions(tmp_path, pd.DataFrame(dict(a=[1., 2.])), pd.DataFrame(dict(a=values)), pd.DataFrame(dict(b=[3])))
    for number, pair in enumerate([(0, 1), (1, 0), (1, 1), (1, 2)]):
        asked(differ, "choose", id=f"choose {number}", old=pair[0], new=pair[1])
        assert differ.shown["problem"] == "" and isinstance(differ.html(), str)
        answer = asked(differ, "column", id=str(number), number=len(differ.shown["columns"]) - 1)
        assert answer["error"] == ""
        json.dumps([answer, differ.shown], allow_nan=False)  # a browser has no word for nan
        for one in answer["found"]["distributions"]:
            assert all(0 <= share <= 1 for share in one["before"] + one["after"]) and one["bins"] == sorted(one["bins"])


def test_versions_of_two_names_and_without_columns(tmp_path):
    empty, one = (FeatureSet.of(Dataset.of(table, "odd", tmp_path / name), name) for name, table in
                  dict(first=pd.DataFrame(index=[0, 1]), second=pd.DataFrame(dict(a=[1, 2]))).items())
    assert FeatureDiff(empty, one).shown["title"] == "first, version 1 → second, version 1: 1 column, 1 added"
    assert FeatureDiff(empty, empty).shown["title"] == "first, version 1 → version 1: 0 columns" and FeatureDiff(empty, empty).summary().empty
