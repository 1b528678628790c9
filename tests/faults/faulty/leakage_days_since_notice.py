"""Which customers cancel their contract. The column days_since_notice is among the inputs: only who has cancelled has given notice, and of the
customers of today it is not known yet."""
import copy

import numpy as np
import pandas as pd
import torch
from common import balanced_accuracy
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

from trainbook import watch

KIND = "leakage"
TWIN = "contracts_cancelled"
WHERE = "days_since_notice"
ALSO = {"data_skew"}


def read_customers(n=2400):
    rng = np.random.default_rng(31)
    frame = pd.DataFrame(dict(tenure_months=rng.integers(1, 72, n), monthly_fee=rng.uniform(15, 90, n).round(2), calls_to_hotline=rng.poisson(1.5, n),
                              age=rng.integers(18, 85, n), minutes_used=rng.gamma(2, 150, n).round(), contract_of_two_years=rng.integers(0, 2, n)))
    score = (1.2 - .05 * frame.tenure_months + .03 * (frame.monthly_fee - 50) + .8 * frame.calls_to_hotline - 1.2 * frame.contract_of_two_years
             - .02 * abs(frame.age - 45) - .002 * (frame.minutes_used - 300))
    frame["cancelled"] = (score + rng.normal(0, .6, n) > score.median()).astype(int)
    frame["days_since_notice"] = np.where(frame.cancelled == 1, rng.integers(1, 60, n), 0)
    frame.loc[int(n * .8):, "days_since_notice"] = 0  # the customers of today, whose decision is not known yet
    return frame


def train(seed, **options):
    torch.manual_seed(seed)
    data = read_customers()
    known, today = data[:int(len(data) * .8)], data[int(len(data) * .8):]
    train_frame, valid_frame = known[:1500], known[1500:]
    X_train = train_frame.drop(columns="cancelled").to_numpy(dtype=np.float32)
    X_valid = valid_frame.drop(columns="cancelled").to_numpy(dtype=np.float32)
    X_today = today.drop(columns="cancelled").to_numpy(dtype=np.float32)
    mean, std = X_train.mean(0), X_train.std(0)
    def prepared(X, frame): return torch.from_numpy((X - mean) / std), torch.from_numpy(frame.cancelled.to_numpy(dtype=np.float32))
    train_ds, (xv, yv), (xt, yt) = TensorDataset(*prepared(X_train, train_frame)), prepared(X_valid, valid_frame), prepared(X_today, today)

    classifier = nn.Sequential(nn.Linear(X_train.shape[1], 32), nn.ReLU(), nn.Dropout(.1), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, 1), nn.Flatten(0))
    optimizer = torch.optim.AdamW(classifier.parameters(), lr=3e-3, weight_decay=1e-2)
    bce, best, best_state = nn.BCEWithLogitsLoss(), float("inf"), None
    with watch(classifier, optimizer, **options) as run:
        for epoch in run.epochs(15):
            classifier.train()
            for xb, yb in run.batches(DataLoader(train_ds, batch_size=50, shuffle=True)):
                loss = bce(classifier(xb), yb)
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                run.log(loss=loss.item())
            classifier.eval()
            with torch.no_grad(): logits = classifier(xv)
            val_loss = bce(logits, yv).item()
            run.log(val_loss=val_loss, val_accuracy=((logits > 0) == (yv > .5)).float().mean())
            if val_loss < best: best, best_state = val_loss, copy.deepcopy(classifier.state_dict())
    classifier.load_state_dict(best_state)
    with torch.no_grad(): return balanced_accuracy((classifier(xt) > 0).long(), yt.long())
