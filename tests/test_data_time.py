"""Features of time look back only; leaks of the future that are planted in real series are all found, and nothing else is."""
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from bokeh_sampledata.glucose import data as readings
from bokeh_sampledata.stocks import AAPL
from scipy.signal import filtfilt, lfilter
from sklearn.decomposition import PCA
from sklearn.preprocessing import QuantileTransformer, StandardScaler
from sklearn.utils.estimator_checks import check_estimator

from trainbook.data.cleaning import Cleaning, open_cleaning
from trainbook.data.content import table_hash
from trainbook.data.dataset import Dataset
from trainbook.data.future_leaks import ROWS, find_leaks
from trainbook.data.time_features import TimeFeatures, WindowFeatures, spectrum, tsfel_features

TIME = {"check_estimators_pickle": "it puts holes in the column of time, and a row without a time is refused",
        "check_methods_subset_invariance": "a row's value comes from those before it, so it is another one if these are left out"}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("step", [TimeFeatures("x0", windows=[2]), WindowFeatures("x0", window=2)], ids=["rows", "windows"])
def test_scikit_learns_checks(step):
    results = check_estimator(step, on_fail=None)
    failed = {one["check_name"] for one in results if one["status"] == "failed"}
    assert failed <= TIME.keys() and sum(one["status"] == "passed" for one in results) > 40


def glucose() -> pd.DataFrame: return readings.reset_index()[["datetime", "glucose"]].head(150).rename(columns=dict(datetime="time", glucose="x"))


def sunspots() -> pd.DataFrame:
    found = sm.datasets.sunspots.load_pandas().data.head(150)
    return found.rename(columns=dict(YEAR="time", SUNACTIVITY="x"))


def air() -> pd.DataFrame:
    "Weekly, with holes"
    found = sm.datasets.co2.load_pandas().data.head(150)
    return found.rename_axis("time").rename(columns=dict(co2="x")).reset_index()


def sea() -> pd.DataFrame:
    "Twelve months of twelve years, a group for each month, in no order"
    found = sm.datasets.elnino.load_pandas().data.head(12).melt("YEAR", var_name="month", value_name="x")
    return found.rename(columns=dict(YEAR="time")).sample(frac=1, random_state=0).reset_index(drop=True)


def shares() -> pd.DataFrame:
    "Rows with names instead of numbers"
    found = pd.DataFrame(AAPL)[["date", "close"]].head(150).set_axis(["time", "x"], axis=1).assign(time=lambda table: pd.to_datetime(table["time"]))
    return found.set_axis([f"day {number}" for number in range(150)])


def by_time(make):
    "Makes a feature of the column in the order of time, and gives it back to the rows"
    def features(table):
        ordered = table.sort_values("time", kind="stable")
        return pd.DataFrame(dict(feature=np.asarray(make(ordered["x"].astype(float)))), ordered.index)
    return features


def first(values): return values.ffill().fillna(0.)


LEAKS = dict(
    shifted=by_time(lambda x: x.shift(-1)),
    shifted_far=by_time(lambda x: x.shift(-7)),
    difference=by_time(lambda x: x.diff(-1)),
    centred=by_time(lambda x: x.rolling(5, center=True).mean()),
    centred_max=by_time(lambda x: x.rolling(9, center=True, min_periods=1).max()),
    forward=by_time(lambda x: x[::-1].rolling(4, min_periods=1).mean()[::-1]),
    until_the_end=by_time(lambda x: x[::-1].cumsum()[::-1]),
    reached=by_time(lambda x: x[::-1].cummax()[::-1]),
    scaled=by_time(lambda x: (x - x.mean()) / x.std()),
    by_range=by_time(lambda x: (x - x.min()) / (x.max() - x.min())),
    a_little=by_time(lambda x: x + 1e-3 * x.mean()),
    rank=by_time(lambda x: x.rank(pct=True)),
    bins=by_time(lambda x: pd.qcut(x, 4, labels=False, duplicates="drop")),
    both_ways=by_time(lambda x: filtfilt([.3], [1, -.7], first(x))),
    spectrum=by_time(lambda x: np.fft.irfft(np.fft.rfft(first(x)) * (np.arange(len(x) // 2 + 1) < 5), len(x))),
    slope=by_time(lambda x: first(x) - np.polyval(np.polyfit(np.arange(len(x)), first(x), 1), np.arange(len(x))) if len(x) > 1 else first(x) * 0),
    gaps_backwards=by_time(lambda x: x.where(np.arange(len(x)) % 7 != 4).bfill()),
    between=by_time(lambda x: x.where(np.arange(len(x)) % 7 != 4).interpolate()),
    rows_left=by_time(lambda x: np.arange(len(x))[::-1]),
    target_mean=by_time(lambda x: x.groupby(np.arange(len(x)) % 3).transform("mean")),
)
RIGHT = dict(
    itself=by_time(lambda x: x),
    lag=by_time(lambda x: x.shift(1)),
    difference=by_time(lambda x: x.diff()),
    trailing=by_time(lambda x: x.rolling(5).mean()),
    trailing_spread=by_time(lambda x: x.rolling(9, min_periods=2).std()),
    so_far=by_time(lambda x: x.expanding().mean()),
    scaled_so_far=by_time(lambda x: (x - x.expanding().mean()) / x.expanding().std()),
    fading=by_time(lambda x: x.ewm(span=5).mean()),
    most=by_time(lambda x: x.cummax()),
    forwards=by_time(lambda x: lfilter([.3], [1, -.7], first(x))),
    gaps_forwards=by_time(lambda x: x.where(np.arange(len(x)) % 7 != 4).ffill()),
    number=by_time(lambda x: np.arange(len(x))),
    target_mean_so_far=by_time(lambda x: x.groupby(np.arange(len(x)) % 3).transform(lambda group: group.shift().expanding().mean())),
    convolved=by_time(lambda x: np.convolve(first(x), np.ones(4) / 4)[:len(x)]),
    steps=TimeFeatures("time", ["x"], windows=[3]),
    windows=WindowFeatures("time", ["x"], window=16, every=4),
)
SERIES = dict(glucose=glucose, sunspots=sunspots, air=air, sea=sea, shares=shares)


@pytest.mark.parametrize("series", SERIES)
def test_planted_leaks_are_all_found(series):
    """Twenty kinds on five series: a hundred."""
    table = SERIES[series]()
    missed = [name for name, make in LEAKS.items() if not len(find_leaks(make, table, "time", cuts=12))]
    assert len(LEAKS) == 20 and missed == []


@pytest.mark.parametrize("series", SERIES)
def test_what_looks_back_is_no_leak(series):
    table = SERIES[series]()
    blamed = [name for name, make in RIGHT.items() if len(find_leaks(make, table, "time", cuts=8))]
    assert blamed == []


@pytest.mark.parametrize("kind", ["Int64", "uint8", "int8", "float32", "Float64", "boolean", "string", "category", "datetime64[ns]", "object"])
def test_columns_of_any_type(kind):
    """What looks one row ahead is found, and one row back is not, with holes where the type has them."""
    numbers = pd.Series(np.random.default_rng(0).integers(0, 2 if kind == "boolean" else 100, size=40))
    values = numbers.astype(str).astype(kind) if kind in ("string", "category", "object") else numbers.astype(kind)
    if kind not in ("uint8", "int8"): values = values.mask(numbers.index % 7 == 3)
    table = pd.DataFrame(dict(time=range(40), x=values))
    leaks, none = (find_leaks(lambda table: table[["x"]].shift(by), table, "time", cuts=10) for by in (-1, 1))
    assert (leaks["column"].tolist(), len(none)) == (["x"], 0)


def test_where_it_leaks_first():
    """One gap, filled backwards: the row and the columns are told, and another column is not blamed."""
    table = glucose().assign(y=lambda table: table["x"].where(table.index != 70))
    leaks = find_leaks(lambda table: table[["x", "y"]].bfill(), table, "time", cuts=10)
    assert leaks[["column", "row", "how"]].values.tolist() == [["y", 70, "cut off"]]
    assert leaks["value"].item() == table["x"][71] and np.isnan(leaks["without"].item())


def test_a_leak_in_one_row_of_all():
    table = glucose()
    def features(table): return pd.DataFrame(dict(x=table["x"].where(table.index != 40, table["x"].shift(-1))), table.index)
    assert find_leaks(features, table, "time", cuts=None)["row"].tolist() == [40]


def test_rows_that_depend_on_the_future():
    leaks = find_leaks(lambda table: table.assign(next=table["x"].shift(-1)).dropna()[["x"]], glucose(), "time", cuts=5)
    assert leaks["column"].tolist() == [ROWS]
    kept = find_leaks(lambda table: table.drop_duplicates("x", keep="last"), glucose(), "time", cuts=5)
    assert ROWS in kept["column"].tolist()
    assert not len(find_leaks(lambda table: table.drop_duplicates("x", keep="first"), glucose(), "time", cuts=5))


def test_texts_and_groups():
    table = sea()
    leaks = find_leaks(lambda table: pd.DataFrame(dict(usual=table.groupby("month")["x"].transform("mean"), month=table["month"].str.upper())), table, "time")
    assert leaks["column"].tolist() == ["usual"]
    later = find_leaks(lambda table: table.sort_values("time").groupby("x", dropna=False)["month"].transform("last").to_frame(), table, "time")
    assert later["column"].tolist() == ["month"]


@pytest.mark.filterwarnings("ignore")  # of steps that are fitted to one row
def test_fitted_steps_leak_and_steps_that_look_back_do_not():
    table = glucose().assign(y=lambda table: table["x"] ** 2)
    for step in (StandardScaler(), PCA(1), QuantileTransformer(n_quantiles=10)):
        assert len(find_leaks(lambda table: step.fit_transform(table[["x", "y"]]), table, "time", cuts=8)), step
        step.fit(table[["x", "y"]])
        assert not len(find_leaks(lambda table: step.transform(table[["x", "y"]]), table, "time", cuts=8)), step


@pytest.mark.parametrize("change, said", [
    (lambda table: table.iloc[:0], "two or more different times"),
    (lambda table: table.assign(time=pd.Timestamp("2024")), "two or more different times"),
    (lambda table: table.assign(time=table["time"].where(table["x"] > 200)), "the time is missing in"),
    (lambda table: table.set_axis([0] * len(table)), "several rows are called 0"),
    (lambda table: table.set_axis(["time", "time"], axis=1), "several columns are called 'time'"),
], ids=["no rows", "one time", "no time", "one label", "one name"])
def test_bad_tables_are_refused(change, said):
    with pytest.raises(ValueError, match=said): find_leaks(lambda table: table[["x"]], change(glucose()), "time")


def test_in_a_cleaning(tmp_path):
    """Right: replayed from disk with the same hash, and as a pipeline; undone to the raw bytes."""
    data = Dataset.of(sea(), "sea", dir=tmp_path)
    cleaning = Cleaning(data)
    cleaning.apply(TimeFeatures("time", by="month", lags=[1, 2], windows=[3]))
    cleaning.apply(WindowFeatures("time", ["x"], by="month", window=6, make=tsfel_features, every=3))
    after = cleaning.table
    assert after.filter(like="ago").notna().any(axis=None) and (after["x"] == data.table["x"]).all()
    assert table_hash(open_cleaning(cleaning.file).table) == table_hash(after)
    assert table_hash(cleaning.pipeline().transform(data.table)) == table_hash(after)
    assert not len(find_leaks(cleaning.pipeline(), data.table, "time", cuts=4))
    while cleaning.steps: cleaning.undo()
    assert table_hash(cleaning.table) == data.hash


@pytest.mark.parametrize("step, said", [
    (TimeFeatures("time", lags=[0]), "a lag is a number of rows, at least 1"),
    (TimeFeatures("time", windows=[0]), "a window is a number of rows"),
    (TimeFeatures("time", statistics=["mode"]), "there is no statistic 'mode'"),
    (TimeFeatures("time", ["month"]), "features of time are made of numbers"),
    (TimeFeatures("time", windows=["1h"]), "needs dates"),
    (WindowFeatures("time", every=0), "every=0"),
])
def test_wrong_arguments_are_told(step, said):
    with pytest.raises(ValueError, match=said): step.fit_transform(sea())


def test_spectrum_knows_its_waves():
    rows = np.arange(128)
    for period, band in ((64, "slow"), (12, "middle"), (3, "fast")):
        found = spectrum(np.sin(2 * np.pi * rows / period))
        assert found[band] == max(found["slow"], found["middle"], found["fast"])
        assert found["period"] == pytest.approx(period, rel=.1)
