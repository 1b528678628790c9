"""What diagnosis costs: everything on beside everything off, in one run, in turns.

    python bench/diagnosis.py [seconds]

Each net is trained in stretches of steps, one stretch with diagnosis and one without, in turns; what is told is the median of the ratios of
neighbours, in processor time of the thread that trains. Then the calls in a step that is not looked at, and the graphs that torch.compile makes."""
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median, quantiles
from time import thread_time
from typing import Any

import torch
import torch.nn.functional as F
from torch import nn

from trainbook import watch
from trainbook.measure.sampling import next_sample

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from calls import STEPS as COUNTED
from calls import calls

STEPS = 200  # a stretch: the dense first steps are in it, so what it costs in a longer training is less


class Reader(nn.Module):
    """A recurrent net over 30 time steps."""
    def __init__(self):
        super().__init__()
        self.rnn, self.head = nn.GRU(16, 64, batch_first=True), nn.Linear(64, 10)

    def forward(self, x): return self.head(self.rnn(x.reshape(-1, 30, 16))[0][:, -1])


class Tokens(nn.Module):
    """A transformer of four blocks."""
    def __init__(self):
        super().__init__()
        self.embed, self.head = nn.Embedding(100, 64), nn.Linear(64, 10)
        self.blocks = nn.TransformerEncoder(nn.TransformerEncoderLayer(64, 4, 128, batch_first=True), 4, enable_nested_tensor=False)

    def forward(self, x): return self.head(self.blocks(self.embed(x)).mean(1))


def conv() -> nn.Module:
    layers = [nn.Conv2d(3, 32, 3), nn.BatchNorm2d(32), nn.ReLU(), nn.Conv2d(32, 32, 3), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(4), nn.Flatten()]
    return nn.Sequential(*layers, nn.Linear(32 * 7 * 7, 10))


NETS: dict[str, tuple[Callable[[], nn.Module], Callable[[], torch.Tensor]]] = {
    "tiny: 64 → 32 → 10": (lambda: nn.Sequential(nn.Linear(64, 32), nn.ReLU(), nn.Linear(32, 10)), lambda: torch.randn(32, 64)),
    "wide: 1024 → 1024 → 1024 → 10": (lambda: nn.Sequential(nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10)),
                                      lambda: torch.randn(128, 1024)),
    "convolutions on 32 × 32": (conv, lambda: torch.randn(32, 3, 32, 32)),
    "GRU, 30 time steps": (Reader, lambda: torch.randn(32, 480)),
    "transformer, 4 blocks": (Tokens, lambda: torch.randint(100, (32, 32))),
}


def stretch(name: str, folder: str, is_on: bool, steps: int) -> float:
    """The processor time of a step in ms."""
    make, inputs = NETS[name]
    torch.manual_seed(0)
    model, x, y = make(), inputs(), torch.arange(32) % 10
    y = y.repeat(len(x) // 32)
    optimizer = torch.optim.Adam(model.parameters(), 1e-3)
    with watch(model, optimizer, dir=folder, view=None, diagnose=is_on) as run:
        began = thread_time()
        for xb, yb in run.batches([(x, y)] * steps):
            loss = F.cross_entropy(model(xb), yb)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            run.log(loss=loss)
        return (thread_time() - began) / steps * 1e3


def times(folder: str, seconds: float) -> Iterator[str]:
    """A line for each net."""
    yield f"| net | a step without, ms | ratio of {STEPS} steps with diagnosis to {STEPS} without | ms more a step |\n|---|---|---|---|"
    for name in NETS:
        without = stretch(name, folder, False, STEPS // 4)
        steps = STEPS
        rounds = max(3, min(20, round(seconds * 1e3 / (2 * steps * without))))
        pairs = [(stretch(name, folder, False, steps), stretch(name, folder, True, steps)) for _ in range(rounds)]
        ratios = [on / off for off, on in pairs]
        low, _, high = quantiles(ratios, n=4)
        yield (f"| {name} | {median(off for off, _ in pairs):.2f} | {median(ratios):.3f} ({low:.3f}–{high:.3f}, {rounds} pairs) | "
               f"{median(on - off for off, on in pairs):.3f} |")


def counted(folder: str) -> Iterator[str]:
    """The calls a step between two steps that are looked at."""
    sample = next_sample(1000)
    first, last = sample + 2, next_sample(sample) - 2
    def training(is_on: bool) -> Callable[[Callable[[], Any], Callable[[], Any]], None]:
        def train(begin: Callable[[], Any], end: Callable[[], Any]) -> None:
            model = nn.Linear(8, 2)
            optimizer = torch.optim.SGD(model.parameters(), .01)
            x, y = torch.randn(8, 8), torch.zeros(8, dtype=torch.long)
            with watch(model, optimizer, dir=folder, view=None, diagnose=is_on, every=0) as run:
                for step in run.batches(range(1, last + 1)):
                    if step == first:
                        run.observer.drain()  # what was measured before comes home at a time of its own
                        begin()
                    F.cross_entropy(model(x), y).backward()
                    optimizer.step()
                    optimizer.zero_grad()
                    if step == last: end()
        return train
    for is_on in (False, True):
        python, c = (COUNTED / (last - first + 1) * count for count in calls(training(is_on)))
        yield f"calls a step that is not looked at, diagnosis {'on' if is_on else 'off'}: {python:.1f} of Python, {c:.1f} of C"


def compiled(folder: str) -> Iterator[str]:
    """How many graphs torch.compile makes."""
    for is_on in (False, True):
        torch._dynamo.reset()
        torch._dynamo.utils.counters.clear()
        model = nn.Sequential(nn.Linear(8, 8), nn.ReLU(), nn.Linear(8, 2))
        optimizer = torch.optim.SGD(model.parameters(), .01)
        x, y = torch.randn(8, 8), torch.zeros(8, dtype=torch.long)
        compiled_model = torch.compile(model, backend="aot_eager")
        with watch(model, optimizer, dir=folder, view=None, diagnose=is_on) as run:
            for _ in run.batches(range(40)):
                F.cross_entropy(compiled_model(x), y).backward()
                optimizer.step()
                optimizer.zero_grad()
        counters = torch._dynamo.utils.counters
        yield (f"compiled, diagnosis {'on' if is_on else 'off'}: {counters['stats']['unique_graphs']} graphs, {sum(counters['graph_break'].values())} breaks, "
               f"{sum(counters['recompiles'].values())} recompiles")


if __name__ == "__main__":
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place:
        for line in (*counted(place), *compiled(place)): print(line, flush=True)
        for line in times(place, float(sys.argv[1]) if len(sys.argv) > 1 else 20.): print(line, flush=True)
