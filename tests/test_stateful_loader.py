"""What a loader saves of its place is left to it where batches can't be drawn again: streams, and workers that stay."""
import functools
import random
import tempfile
import warnings

import pytest
import torch
from torch import nn, optim
from torch.utils.data import DataLoader, Dataset, IterableDataset, TensorDataset, get_worker_info
from torchdata.stateful_dataloader import StatefulDataLoader

from trainbook import watch

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore:'set_vital' is deprecated")]
X = torch.arange(40.)[:, None]


class Stream(IterableDataset):
    """Numbers in their order, of each worker every second one."""
    def __iter__(self):
        worker = get_worker_info()
        first, step = (worker.id, worker.num_workers) if worker else (0, 1)
        for i in range(first, 40, step): yield X[i]


class SavedStream(Stream):
    """One that goes on where it was, without reading what lies before."""
    reads, at = 0, None

    def __iter__(self):
        for i, x in enumerate(super().__iter__()):
            if self.at is not None and i < self.at: continue
            self.reads, self.at = self.reads + 1, i + 1
            yield x
        self.at = None

    def state_dict(self): return dict(at=self.at)
    def load_state_dict(self, state): self.at = state["at"]


class Augmented(Dataset):
    def __len__(self): return 40
    def __getitem__(self, i): return X[i] + torch.rand(1) / 2


class Drawn:
    """Of no library: it draws in an order of its own, which its iterator can tell."""
    def __init__(self): self.generator, self.order = random.Random(), None

    class Draws:
        def __init__(self, order): self.order = order
        def __iter__(self): return self
        def __next__(self):
            if not self.order: raise StopIteration
            return X[[self.order.pop(0) for _ in range(4)]]
        def state_dict(self): return dict(order=list(self.order))

    def __iter__(self):
        order, self.order = self.order or random.SystemRandom().sample(range(40), 40), None
        return self.Draws(order)

    def load_state_dict(self, state): self.order = state["order"]


def stateful(data, **more): return lambda: StatefulDataLoader(data() if isinstance(data, type) else data, 4, **more)


ROWS = TensorDataset(X)
KEPT = {  # wound forward like any loader
    "shuffled": stateful(ROWS, shuffle=True), "shuffled by workers": stateful(ROWS, shuffle=True, num_workers=2),
    "augmented": stateful(Augmented, shuffle=True),
    "augmented by workers": stateful(Augmented, shuffle=True, num_workers=2),
    "own generator": lambda: StatefulDataLoader(ROWS, 4, shuffle=True, generator=torch.Generator().manual_seed(4))}
SAVED = {  # by themselves
    "stream": stateful(Stream), "stream by workers": stateful(Stream, num_workers=2), "saved stream": stateful(SavedStream),
    "saved stream by workers": stateful(SavedStream, num_workers=2),
    "workers that stay": stateful(ROWS, shuffle=True, num_workers=2, persistent_workers=True),
    "workers that stay, own generator": lambda: StatefulDataLoader(ROWS, 4, shuffle=True, num_workers=2, persistent_workers=True,
                                                                   generator=torch.Generator().manual_seed(4)),
    "stream by workers that stay": stateful(Stream, num_workers=2, persistent_workers=True)}


class Training:
    """Three epochs of ten batches; `seen` are the samples."""

    def __init__(self, tmp_path, make, stop_at=None, resume=None, in_with=True, validates=False, **options):
        torch.manual_seed(0)
        self.model = nn.Sequential(nn.Linear(1, 4), nn.Dropout(.2), nn.Linear(4, 1))
        self.optimizer = optim.SGD(self.model.parameters(), 1e-3)
        torch.manual_seed(1 if resume is None else 99)
        random.seed(1 if resume is None else 99)
        self.loader, self.seen, self.stop_at, self.validates = make(), [], stop_at, validates
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            self.run = watch(self.model, self.optimizer, dir=tmp_path, view=None, resume=resume, **options)
            if in_with:
                with self.run: self.train()
            else:
                self.train()
                self.run.finish()
        self.words = " ".join([*(str(one.message) for one in said if issubclass(one.category, RuntimeWarning)), *self.run.notes])

    def train(self):
        for _ in self.run.epochs(3):
            for batch in self.run.batches(self.loader): self.step(batch)
            if self.validates and not self.run.stopping: self.run.log(val_loss=abs(self.run.step - 20.))

    def step(self, batch):
        x = batch[0] if isinstance(batch, list | tuple) else batch
        self.optimizer.zero_grad()
        self.model(x / 40).square().mean().backward()
        self.optimizer.step()
        self.seen.append(x.flatten().tolist())
        if self.run.step == self.stop_at: self.run.stop()

    @property
    def weights(self): return [value.tolist() for value in self.model.state_dict().values()]


@functools.cache
def uninterrupted(make):
    """What a training sees that is not stopped, and its last weights: one for each loader, wherever the others stop."""
    with tempfile.TemporaryDirectory() as folder: whole = Training(folder, make)
    return whole.seen, whole.weights


def parts(tmp_path, make, stop_at, **more):
    first = Training(tmp_path, make, stop_at, **more)
    return uninterrupted(make), first, Training(tmp_path, make, resume=first.run.path, **more)


at = pytest.mark.parametrize("stop_at", [3, 17, 20])  # in the first epoch, in a later one, with its last batch


@at
@pytest.mark.parametrize("kind", KEPT)
def test_what_can_be_drawn_again_is(tmp_path, kind, stop_at):
    """The same to the last bit, also what workers draw; and nothing is said."""
    whole, first, rest = parts(tmp_path, KEPT[kind], stop_at)
    assert (first.seen + rest.seen, rest.weights, rest.words) == (*whole, "")


@at
@pytest.mark.parametrize("kind", SAVED)
def test_what_can_t_be_drawn_again_goes_on_by_itself(tmp_path, kind, stop_at):
    """No sample twice, none left out, and the same weights. That augmentation by workers would be another one is said."""
    whole, first, rest = parts(tmp_path, SAVED[kind], stop_at)
    assert (first.seen + rest.seen, rest.weights) == whole
    assert ("which the StatefulDataLoader has found by itself" in rest.words) == ("workers" in kind)


@pytest.mark.parametrize("kind", ["saved stream", "workers that stay"])
def test_without_with(tmp_path, kind):
    whole, first, rest = parts(tmp_path, SAVED[kind], 17, in_with=False)
    assert (first.seen + rest.seen, rest.weights) == whole


def test_a_stream_that_saves_its_place_is_not_read_again(tmp_path):
    _, first, rest = parts(tmp_path, SAVED["saved stream"], 17)
    assert rest.loader.dataset.reads == len(rest.seen) * 4 and len(first.seen) + len(rest.seen) == 30


@pytest.mark.parametrize("kind", SAVED)
def test_stopped_twice(tmp_path, kind):
    first = Training(tmp_path, SAVED[kind], 13)
    second = Training(tmp_path, SAVED[kind], 18, resume=first.run.path)
    third = Training(tmp_path, SAVED[kind], resume=second.run.path)
    if "stream" in kind and "saved" not in kind:  # torchdata 0.11 counts what it has passed over twice
        assert "nor could it save its place: its data set has no state_dict" in third.words and len(third.seen) == 20
        return
    assert (first.seen + second.seen + third.seen, third.weights) == uninterrupted(SAVED[kind])


@pytest.mark.parametrize("kind", ["stream", "workers that stay"])
def test_from_a_checkpoint_behind_the_loop(tmp_path, kind):
    """The best is that of the second epoch, saved where its batches are done: the third one is left, whole."""
    first = Training(tmp_path, SAVED[kind], validates=True)
    best, = (entry["name"] for entry in first.run.info["checkpoints"] if "best" in entry["roles"])
    rest = Training(tmp_path, SAVED[kind], resume=first.run.path / "checkpoints" / best, validates=True)
    assert len(rest.seen) == 10 and sorted(sum(rest.seen, [])) == X.flatten().tolist() and rest.run.step == 30
    assert "can't be wound forward" not in rest.words


@at
def test_a_loader_of_no_library(tmp_path, stop_at):
    """Of an order that is nowhere else, so each epoch's samples are all there is to compare."""
    first = Training(tmp_path, Drawn, stop_at)
    rest = Training(tmp_path, Drawn, resume=first.run.path)
    seen = first.seen + rest.seen
    assert [sorted(sum(seen[i:i + 10], [])) for i in (0, 10, 20)] == [X.flatten().tolist()] * 3 and "wound forward" not in rest.words


def test_a_plain_loader_of_a_stream_begins_the_epoch_anew(tmp_path):
    _, first, rest = parts(tmp_path, lambda: DataLoader(Stream(), 4), 17)
    assert len(rest.seen) == 20 and "a DataLoader like this one can't be wound forward" in rest.words


def test_other_workers_than_those_that_saved_it(tmp_path):
    first = Training(tmp_path, SAVED["stream by workers"], 17)
    rest = Training(tmp_path, SAVED["stream"], resume=first.run.path)
    assert len(rest.seen) == 20 and "it saved its place with 2 workers, and has 0 now" in rest.words


class Unsaved(SavedStream):
    def state_dict(self): return dict(at=self.at, how=lambda: None)


class Failing(SavedStream):
    def state_dict(self): raise OSError("the tape is gone")


@pytest.mark.parametrize("stream, why", [(Unsaved, "which can't be loaded without running code"), (Failing, "the tape is gone")])
def test_a_place_that_can_t_be_saved_is_said_and_costs_no_checkpoint(tmp_path, stream, why):
    first = Training(tmp_path, stateful(stream), 17)
    assert first.run.info["checkpoints"] and first.words == ""
    rest = Training(tmp_path, stateful(stream), resume=first.run.path)
    assert len(rest.seen) == 20 and "nor could it save its place" in rest.words and why in rest.words


def test_one_batch_more_was_drawn(tmp_path):
    """A `zip` asks the loader, then finds that the numbers are over."""
    class Zipped(Training):
        def train(self):
            for _ in self.run.epochs(3):
                for batch, _ in zip(self.run.batches(self.loader), range(4)): self.step(batch)
                if self.run.step == 8: self.run.stop()
    first = Zipped(tmp_path, SAVED["stream"])
    rest = Zipped(tmp_path, SAVED["stream"], resume=first.run.path)
    assert first.seen + rest.seen == [X[4 * i:4 * i + 4].flatten().tolist() for i in range(4)] * 3 or rest.words
