"""Will a visitor buy? The sessions lie in a table of SQLite; a batch is one question for its rows by their primary key. A Learner."""
import sqlite3, time

import numpy as np
import torch
from torch import nn
from torch.utils.data import BatchSampler, DataLoader, Dataset, RandomSampler

from trainbook import Callback, Learner

KIND = None
AT_LEAST = 0.6
COLUMNS = 24


def fill(db, n=4000):
    rng = np.random.default_rng(21)
    x = rng.normal(size=(n, COLUMNS)).round(4)
    bought = (x[:, 0] * x[:, 1] + x[:, 2] - .5 * x[:, 3] + rng.normal(0, .5, n) > 0).astype(int)
    columns = ", ".join(f"f{i} REAL" for i in range(COLUMNS))
    db.execute(f"CREATE TABLE sessions (id INTEGER PRIMARY KEY, {columns}, bought INTEGER)")
    marks = ", ".join("?" * (COLUMNS + 2))
    db.executemany(f"INSERT INTO sessions VALUES ({marks})", [(i, *row, int(y)) for i, (row, y) in enumerate(zip(x.tolist(), bought))])


class Sessions(Dataset):
    """Answers a list of row numbers with the rows."""
    def __init__(self, db, size): self.db, self.size = db, size
    def __len__(self): return self.size

    def __getitem__(self, ids):
        rows = self.db.execute(f"SELECT * FROM sessions WHERE id IN ({','.join(map(str, ids))})").fetchall()
        table = torch.from_numpy(np.array(rows, np.float32))
        return table[:, 1:-1], table[:, -1:]


class Stopwatch(Callback):
    """How much of the time is spent between two batches."""
    def __init__(self): self.batches, self.since, self.begin = 0., None, time.perf_counter()
    def before_batch(self, learn): self.since = time.perf_counter()
    def after_batch(self, learn): self.batches += time.perf_counter() - self.since


def train(seed, **options):
    torch.manual_seed(seed)
    db = sqlite3.connect(":memory:")
    fill(db)
    dataset = Sessions(db, 4000)
    train_dl = DataLoader(dataset, sampler=BatchSampler(RandomSampler(dataset), 64, drop_last=True), batch_size=None)
    model = nn.Sequential(nn.Linear(COLUMNS, 768), nn.ReLU(), nn.Linear(768, 768), nn.ReLU(), nn.Dropout(.2), nn.Linear(768, 1))
    watch_time = Stopwatch()
    learn = Learner(model, train_dl, None, nn.BCEWithLogitsLoss(), torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=.01),
                    callbacks=[watch_time], **options)
    watch_time.begin = time.perf_counter()
    learn.fit(2)
    return watch_time.batches / (time.perf_counter() - watch_time.begin)
