"""Ten million rows, cleaned shard by shard: how much memory it takes beside the same steps on the whole table, and that both give the same hash.

Each way is a process of its own, whose peak of memory is read at its end. Writes a section of RESULTS.md; fails if a hash differs,
or if the memory of the shards grows with the rows.
"""
import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from report import provenance, table, write_section

ROWS = 10_000_000, 2_500_000
STEPS = """
from sklearn.impute import SimpleImputer
from trainbook.data.categories import MergeSpellings
from trainbook.data.cleaning import Cleaning
from trainbook.data.content import table_hash
from trainbook.data.dataset import Dataset
from trainbook.data.shards import clean_shards, open_shards, split
from trainbook.data.values import InRange, MissingCodes

def cleaned(table, dir):
    cleaning = Cleaning(Dataset.of(table, "part", dir))
    cleaning.apply(MissingCodes(["?"]))
    cleaning.apply(InRange({"reading": (-4, 4)}))
    cleaning.apply(SimpleImputer(), ["reading"])
    cleaning.apply(MergeSpellings(), ["town"])
    return cleaning
"""
SHARDS = STEPS + """
import pandas as pd, sys
from pathlib import Path
folder = Path(sys.argv[1])
shards = split(folder / "readings.csv", folder / "raw", 250_000, folder / "data")
cleaning = cleaned(next(shards.tables()), folder / "data")
print(clean_shards(shards, cleaning, folder / "clean").hash)
"""
WHOLE = STEPS + """
import pandas as pd, sys
from pathlib import Path
folder = Path(sys.argv[1])
cleaning = cleaned(pd.read_parquet(folder / "raw" / "000000.parquet"), folder / "again")
print(table_hash(cleaning.pipeline().transform(pd.read_csv(folder / "readings.csv"))))
"""


def write_readings(path: Path, rows: int):
    "Readings of a sensor, in pieces: some out of range, towns in several spellings, question marks"
    rng = np.random.default_rng(0)
    for start in range(0, rows, 500_000):
        count = min(500_000, rows - start)
        readings = rng.normal(size=count) * np.where(rng.random(count) < .001, 50, 1)
        towns = rng.choice(["Bern", "bern", "Genf", "GENF ", "?"], count, p=[.5, .1, .3, .09, .01])
        pd.DataFrame(dict(number=np.arange(start, start + count), reading=readings.round(4), town=towns)).to_csv(
            path, index=False, mode="a" if start else "w", header=not start)


def measured(program: str, folder: Path) -> dict[str, object]:
    "The hash that a process prints, its peak of memory in MB, and its seconds"
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-c", program, str(folder)], stdout=subprocess.PIPE, text=True)
    said = process.communicate()[0].split()
    if process.returncode: raise SystemExit(f"a process ended with {process.returncode}")
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return dict(hash=said[-1], peak=peak, seconds=time.perf_counter() - began)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--one", nargs=2, metavar=("PROGRAM", "ROWS"), help="measures one way, in this process's only child")
    options.add_argument("--rows", type=int, nargs="*", default=ROWS)
    given = options.parse_args()
    if given.one:
        name, folder = given.one
        return print(json.dumps(measured(dict(shards=SHARDS, whole=WHOLE)[name], Path(folder))))
    lines, peaks = [], {}
    for rows in given.rows:
        with TemporaryDirectory() as temporary:
            folder = Path(temporary)
            write_readings(folder / "readings.csv", rows)
            found = {}
            for name in ("shards", "whole"):
                done = subprocess.run([sys.executable, __file__, "--one", name, str(folder)], stdout=subprocess.PIPE, text=True, check=True)
                found[name] = json.loads(done.stdout.splitlines()[-1])
            log = sum(file.stat().st_size for file in (folder / "clean").glob("*.jsonl")) / 1e6
            changes = sum(1 for file in (folder / "clean").glob("*.jsonl") for _ in open(file, "rb"))
        peaks[rows] = found["shards"]["peak"]
        if found["shards"]["hash"] != found["whole"]["hash"]: raise SystemExit(f"{rows} rows: the hashes differ: {found}")
        lines.append([f"{rows:,}", f"{changes:,}", f"{log:,.0f}", *(f"{found[name][of]:,.0f}" for of in ("peak", "seconds") for name in found)])
    head = ["rows", "cells in the log", "log, MB", "peak in shards, MB", "peak of the whole, MB", "seconds, with the log", "seconds of the whole, without"]
    about = "The same steps, fitted to the first 250,000 rows; both ways give the same hash."
    write_section("shards", ["## Cleaning in shards", "", f"{provenance('python bench/shards.py')} {about}", "", *table(head, lines)])
    if len(peaks) > 1 and max(peaks.values()) > 1.5 * min(peaks.values()): raise SystemExit(f"the memory grows with the rows: {peaks}")


if __name__ == "__main__": main()
