"""A table in several files: the same result as in the memory, by hash, here and on Ray, also where a process is killed in the middle."""
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from trainbook.data.catalogue import load
from trainbook.data.categories import MergeSpellings
from trainbook.data.cleaning import Cleaning, reproduce
from trainbook.data.content import table_hash
from trainbook.data.dataset import Dataset
from trainbook.data.duplicates import DropDuplicates
from trainbook.data.shards import check_by_rows, clean_shards, open_shards, split
from trainbook.data.values import InRange, MissingCodes

WORDS = dict(Rating="str", Runtime="float64", Metacritic="float64", imdbRating="float64", imdbVotes="float64", Awards="str", Writer="str")


def without_old_ones(table): return table[table["Year"] >= 1950]


def end_once(table, flag):
    """A worker that dies once."""
    import os, signal
    from pathlib import Path
    if not Path(flag).exists() and table.index[0] > 5000:
        Path(flag).touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return table


@pytest.fixture(scope="module")
def films(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    load("movies", folder / "data").table.head(9000).to_csv(folder / "films.csv", index=False)
    return folder


def cleaned(films: Path, flag: Path) -> Cleaning:
    """Of the whole table, so that the steps are fitted to all of it."""
    cleaning = Cleaning(Dataset.read(films / "films.csv", dir=films / "data", dtype=WORDS), file=flag.with_suffix(".steps"))
    cleaning.apply(FunctionTransformer(without_old_ones), reason="sound film, in colour")
    cleaning.apply(InRange({"Runtime": (20, 400)}))
    cleaning.apply(SimpleImputer(), ["Runtime", "Metacritic"])
    cleaning.apply(MergeSpellings(), ["Rating"])
    cleaning.apply(MissingCodes(["N/A", ""]))
    cleaning.apply(StandardScaler(), ["Runtime"])
    flag.touch()
    cleaning.apply(FunctionTransformer(end_once, kw_args=dict(flag=str(flag))))
    return cleaning


def test_the_same_as_in_the_memory(films, tmp_path):
    shards = split(films / "films.csv", tmp_path / "raw", 3000, films / "data", dtype=WORDS)
    cleaning = cleaned(films, tmp_path / "flag")
    assert table_hash(reproduce(shards.lineage, films / "data").table) == shards.hash == cleaning.data.hash
    here = clean_shards(shards, cleaning, tmp_path / "here")
    assert here.hash == table_hash(cleaning.table) and open_shards(tmp_path / "here").check().lineage == here.lineage
    logged = [json.loads(line) for file in sorted(here.folder.glob("*.jsonl")) for line in file.read_text().splitlines()]
    key = lambda record: (record["step"], record["what"], str(record["row"]), str(record["column"]), str(record["old"]), str(record["new"]))
    assert sorted(map(key, logged)) == sorted(map(key, cleaning.records()))
    assert not any(file.suffix == ".jsonl" for file in clean_shards(shards, cleaning, tmp_path / "quiet", log=False).folder.iterdir())


@pytest.mark.quiet
def test_on_ray_and_a_worker_is_killed(films, tmp_path, monkeypatch):
    import ray
    here = str(Path(__file__).parent)  # where workers find the steps of this file
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([here, os.environ.get("PYTHONPATH", "")]))
    shards = split(films / "films.csv", tmp_path / "raw", 3000, films / "data", dtype=WORDS)
    cleaning = cleaned(films, tmp_path / "flag")
    (tmp_path / "flag").unlink()
    try:
        found = clean_shards(shards, cleaning, tmp_path / "ray", on="ray")
        assert (tmp_path / "flag").exists(), "no worker was killed"
        assert found.hash == table_hash(cleaning.table)
        bad = split(films / "films.csv", tmp_path / "bad", 6000, films / "data", dtype=WORDS)
        pd.read_parquet(bad.files[1]).assign(Year="old").to_parquet(bad.files[1])
        with pytest.raises(ValueError, match="shard 000001.parquet can't be done: TypeError"): clean_shards(bad, cleaning, tmp_path / "not", on="ray")
        assert os.environ["RAY_USAGE_STATS_ENABLED"] == "0"
    finally: ray.shutdown()


def test_a_kill_leaves_no_half_of_a_table(films, tmp_path):
    program = f"""
from pathlib import Path
from trainbook.data.cleaning import open_cleaning
from trainbook.data.shards import clean_shards, open_shards
clean_shards(open_shards({str(tmp_path / "raw")!r}), open_cleaning({str(films / "data/cleaning/cleaned.jsonl")!r}), {str(tmp_path / "clean")!r})
"""
    shards = split(films / "films.csv", tmp_path / "raw", 1000, films / "data", dtype=WORDS)
    cleaning = Cleaning(Dataset.read(films / "films.csv", dir=films / "data", dtype=WORDS))
    cleaning.apply(MissingCodes(["N/A", ""]))
    process = subprocess.Popen([sys.executable, "-c", program])
    while len([*(tmp_path / "clean").glob("*.parquet")]) < 3 and process.poll() is None: time.sleep(.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    with pytest.raises(FileNotFoundError, match="or not all"): open_shards(tmp_path / "clean")
    for file in (tmp_path / "clean").glob("[0-9]*.parquet"): pd.read_parquet(file)  # each is whole
    assert clean_shards(shards, cleaning, tmp_path / "clean").hash == table_hash(cleaning.table)
    with pytest.raises(FileExistsError): clean_shards(shards, cleaning, tmp_path / "clean")


ONE_BY_ONE = [InRange({"x": (0, 1)}), MissingCodes([1]), StandardScaler().set_output(transform="pandas"), FunctionTransformer(np.abs)]
SEVERAL = [DropDuplicates(), FunctionTransformer(lambda table: table.sort_values("x")), FunctionTransformer(lambda table: table.shift(1)),
           FunctionTransformer(lambda table: table - table.mean()), FunctionTransformer(lambda table: table.rolling(3, min_periods=1).mean()),
           FunctionTransformer(lambda table: table.head(3)), FunctionTransformer(lambda table: table.assign(x=range(len(table))))]


def test_which_steps_look_at_one_row():
    table = pd.DataFrame(dict(x=np.random.default_rng(0).normal(size=50)))
    for step in ONE_BY_ONE: check_by_rows(step.fit(table), table)
    for step in SEVERAL:
        with pytest.raises(ValueError, match="looks at several rows at once"): check_by_rows(step.fit(table), table)


def test_parquet_is_cut_as_it_is(tmp_path):
    table = pd.DataFrame(dict(x=pd.array([1, None, 3, 4, 5], dtype="Int64"), y=pd.Categorical([*"abcab"]), z=pd.to_datetime(["2024-01-01"] * 5)))
    table.to_parquet(tmp_path / "table.parquet")
    shards = split(tmp_path / "table.parquet", tmp_path / "raw", 2, tmp_path / "data")
    assert len(shards.files) == 3 and shards.hash == table_hash(table)
    named = table.set_axis([*"abcde"])
    named.to_parquet(tmp_path / "named.parquet")
    assert split(tmp_path / "named.parquet", tmp_path / "named", 2, tmp_path / "data").hash == table_hash(named)


def test_what_can_not_be_cut_is_said(tmp_path):
    (tmp_path / "t.json").write_text("[]")
    with pytest.raises(ValueError, match="can't be read in pieces"): split(tmp_path / "t.json", tmp_path / "a", dir=tmp_path / "data")
    (tmp_path / "t.csv").write_text("x\n")
    with pytest.raises(ValueError, match="t.csv has no rows"): split(tmp_path / "t.csv", tmp_path / "a", dir=tmp_path / "data")
    with pytest.raises(ValueError, match="rows=0: a number of rows"): split(tmp_path / "t.csv", tmp_path / "a", 0, tmp_path / "data")
    with pytest.raises(FileNotFoundError): split(tmp_path / "nowhere.csv", tmp_path / "a", dir=tmp_path / "data")
    (tmp_path / "changed.csv").write_text("x\n1\n2\n")
    shards = split(tmp_path / "changed.csv", tmp_path / "c", 1, tmp_path / "data")
    pd.DataFrame(dict(x=[3])).to_parquet(shards.files[0])
    with pytest.raises(ValueError, match="and had .* when it was written"): shards.check()


def test_a_run_keeps_the_lineage_of_shards(films, tmp_path):
    from trainbook.train.watch import lineages_of
    shards = split(films / "films.csv", tmp_path / "raw", 9000, films / "data", dtype=WORDS)
    assert lineages_of(shards) == {"data": shards.lineage}
    clean = clean_shards(shards, cleaned(films, tmp_path / "flag"), tmp_path / "clean")
    with pytest.raises(ValueError, match="was cleaned in shards"): reproduce(clean.lineage, films / "data")
