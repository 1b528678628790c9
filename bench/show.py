"""What showing pictures costs the thread that trains: `run.show` beside W&B's `log(Image)` and TensorBoard's `add_image`.

All take turns behind the steps of one training, in one process. Then 200 pictures of 512 × 512: what the process and the folder grow by.
Writes a section of RESULTS.md.
"""
import os
import resource
import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from time import perf_counter_ns, thread_time_ns

import numpy as np
import torch
from torch import nn

import report
from trainbook import watch

OURS, BARE = "trainbook `run.show`", "nothing"
ROUNDS, LARGE = 150, 200


def ours(folder):
    run = watch(name="bench", dir=folder, view=None)
    run.showing.set_limits(items=10**6, per_second=1e9, burst=10**6, waiting=10**6)
    def show(i, images):
        run.recorder.position.step = i
        run.show("samples", images)
    return show, run.finish, run.showing.wait


def wandb(folder):
    import wandb
    run = wandb.init(mode="offline", dir=folder, project="bench", settings=wandb.Settings(silent=True))
    # several images are a list of `Image`, as its guide has it; as bytes, since without torchvision it takes a float tensor for black
    def show(i, images):
        pixels = (images * 255).byte().permute(0, 2, 3, 1).numpy()
        run.log({"samples": [wandb.Image(image) for image in pixels]}, step=i)
    return show, run.finish, lambda: None


def tensorboard(folder):
    from torch.utils.tensorboard import SummaryWriter
    writer = SummaryWriter(folder)
    return lambda i, images: writer.add_images("samples", images, i), writer.close, writer.flush


def nothing(folder): return lambda i, images: None, lambda: None, lambda: None


RIVALS = {BARE: nothing, OURS: ours, "W&B offline, `log` of `Image`": wandb, "TensorBoard `add_images`": tensorboard}


def training_step():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(256, 512), nn.ReLU(), nn.Linear(512, 512), nn.ReLU(), nn.Linear(512, 10))
    optimizer = torch.optim.Adam(model.parameters())
    x, y = torch.randn(64, 256), torch.randint(10, (64,))
    def step():
        nn.functional.cross_entropy(model(x), y).backward(); optimizer.step(); optimizer.zero_grad()
    return step


def calls_of(show, images) -> tuple[int, int]:
    """The Python and the C calls of one."""
    counted = {"call": 0, "c_call": 0}
    def note(frame, event, argument):
        if event in counted: counted[event] += 1
    sys.setprofile(note)
    try: show(10**6, images)
    finally: sys.setprofile(None)
    return counted["call"] - 1, counted["c_call"] - 1  # without that of the profile's own end


def small(folder: str) -> list[list[str]]:
    """A batch of 16 images of 64 × 64 behind each step."""
    step, images = training_step(), torch.rand(16, 3, 64, 64)
    made = {name: make(f"{folder}/{i}") for i, (name, make) in enumerate(RIVALS.items())}
    spent: dict[str, list] = {name: [] for name in made}
    for i in range(ROUNDS):
        for name, (show, *_) in made.items():
            step()
            began = perf_counter_ns(), thread_time_ns()
            show(i, images)
            spent[name].append((perf_counter_ns() - began[0], thread_time_ns() - began[1]))
    counts = {name: calls_of(show, images) for name, (show, *_) in made.items()}
    for _, close, _ in made.values(): close()
    medians = {name: np.median(np.array(times[20:]), axis=0) / 1e3 for name, times in spent.items()}
    return [[name, f"{wall:.0f}", f"{wall / medians[OURS][0]:.1f}", f"{cpu:.0f}", f"{cpu / medians[OURS][1]:.1f}", *map(str, counts[name])]
            for name, (wall, cpu) in medians.items() if name != BARE]


def resident() -> float: return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 2**20


def size_of(folder: str) -> float: return sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file()) / 2**20


def large(name: str) -> tuple[float, float]:
    """200 pictures of 512 × 512 as a training makes them: smooth, with some noise."""
    folder = tempfile.mkdtemp()
    show, close, wait = RIVALS[name](folder)
    picture = torch.nn.functional.interpolate(torch.rand(1, 3, 16, 16), 512, mode="bilinear") * .9
    show(0, picture)
    before = resident()
    for i in range(1, LARGE):
        show(i, (picture + .02 * torch.randn(1, 3, 512, 512)).clamp(0, 1))
        wait()  # as a training has something to do between two pictures
    close()
    return resident() - before, size_of(folder)


def main():
    warnings.simplefilter("ignore")
    folder = tempfile.mkdtemp()
    lines = [f"## What showing pictures costs\n\n{report.provenance('make bench-show')} Time of the calling thread behind steps of a small MLP, medians, "
             "by the clock and in CPU time; all in turn in one process. Each figure of the second table is of a process of its own.",
             "\n### 16 images of 3 × 64 × 64, float\n",
             *report.table(["", "µs", "times ours", "CPU µs", "times ours", "Python calls", "C calls"], small(folder))]
    rows = []
    for name in RIVALS:
        if name == BARE: continue
        command = [sys.executable, __file__, name]
        out = subprocess.run(command, check=True, capture_output=True, text=True, env=os.environ | dict(WANDB_SILENT="true")).stdout.split()
        rows.append([name, f"{float(out[-2]):.0f}", f"{float(out[-1]):.0f}"])
    lines += [f"\n### {LARGE} pictures of 512 × 512\n", *report.table(["", "the process grew by MiB", "the folder has MiB"], rows)]
    report.write_section("show", lines)


if __name__ == "__main__":
    if len(sys.argv) > 1: print(*large(sys.argv[1]))
    else: main()
