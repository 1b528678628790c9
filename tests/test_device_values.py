"""Values on a device that are not waited for. There is no GPU here: copies arrive when the test says, reading by force is an error."""
import os
import signal
import subprocess
import sys
import threading
import warnings
import weakref
from contextlib import contextmanager
from operator import attrgetter

import pytest
import torch

from trainbook import list_runs, open_run, watch
from trainbook.measure import observer, ring

CUDA = torch.device("cuda:0")


class Far(torch.Tensor):
    """A tensor that says it is on a GPU; reading it would mean waiting for the GPU."""
    is_cpu = False
    device = CUDA
    may_be_read = False

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        if not cls.may_be_read and getattr(function, "__name__", "") in ("item", "tolist", "__float__", "__bool__", "numpy", "cpu"):
            raise AssertionError(f"{function.__name__} waits for the device")
        return super().__torch_function__(function, types, args, kwargs)

    def to(self, *args, **kwargs): return self


def far(value: float) -> Far: return torch.tensor(value, dtype=torch.float64).as_subclass(Far)


class SlowCopy(ring.PinnedCopy):
    """Arrives when the test says so."""
    arrived = True
    def __init__(self, values): self.host = torch.empty_like(values)
    def start(self, values): self.host[:len(values)].copy_(values)
    def is_done(self): return type(self).arrived
    def wait(self): pass


class NearRing(ring.Ring):
    """The ring of a GPU, in the host's memory."""
    def __init__(self, device, rows=4, patience=0.):
        super().__init__("cpu", SlowCopy if device == CUDA else ring.DirectCopy, rows, patience)


@pytest.fixture
def gpu(monkeypatch):
    monkeypatch.setattr(observer, "Ring", NearRing)
    monkeypatch.setattr(SlowCopy, "arrived", True)
    return SlowCopy


def test_rows_arrive_later_and_stand_where_they_belong(tmp_path, gpu):
    gpu.arrived = False
    with watch(dir=tmp_path, view=None) as run:
        for epoch in run.epochs(2):
            for i in run.batches("abcdef"):
                loss = far(1 / run.step)
                run.log(loss=loss, lucky=7)
                loss.fill_(-1.)  # as a CUDA graph does with its outputs
                run.log(host=i == "a")
                if run.step == 8:
                    assert len(open_run(run.path).frame()["host"].dropna()) == 8
                    assert "loss" not in open_run(run.path).frame()
    frame = run.frame()
    assert frame["loss"].tolist() == [1 / step for step in range(1, 13)]
    assert (frame["lucky"] == 7).all() and frame["epoch"].tolist() == [0] * 6 + [1] * 6
    assert frame["_time"].is_monotonic_increasing


@pytest.mark.parametrize("end", ["stop", "break", "error", "frame"])
def test_nothing_is_left_on_the_way(tmp_path, gpu, end):
    gpu.arrived = False
    run = watch(dir=tmp_path, view=None)
    try:
        with run:
            for i in run.steps(10):
                run.log(loss=far(float(i)))
                if i < 6: continue
                if end == "frame": assert run.frame()["loss"].tolist() == [0, 1, 2, 3, 4, 5, 6]
                if end == "stop": run.stop()
                if end == "error": raise ArithmeticError
                if end in ("break", "frame"): break
    except ArithmeticError: pass
    assert run.frame()["loss"].tolist() == [0, 1, 2, 3, 4, 5, 6]


def test_a_learning_rate_on_the_device(tmp_path, gpu):
    model = torch.nn.Linear(2, 1)
    sgd = torch.optim.SGD(model.parameters(), lr=.1)
    rate = sgd.param_groups[0]["lr"] = far(.5)
    with watch(model, sgd, dir=tmp_path, view=None) as run:
        for i in run.steps(4):
            sgd.step()
            run.log(loss=1.)
            with torch.no_grad(): rate.mul_(.5)
    assert run.frame()["learning_rate"].tolist() == [.5, .25, .125, .0625]
    assert run.frame()["loss"].tolist() == [1.] * 4


def test_gradients_that_arrive_later(tmp_path, gpu, monkeypatch):
    """They are the same, at the same steps, as those that are there at once."""
    here, _, weights = train(tmp_path, far_loss=False)
    late = NearRing(CUDA, rows=8, patience=60.)
    monkeypatch.setattr(observer.Observer, "bring", lambda self, values, deliver, row=None, device=None: late.push(values, deliver, row))
    monkeypatch.setattr(observer.Observer, "on_step_end", lambda self: late.poll())
    monkeypatch.setattr(observer.Observer, "drain", lambda self: late.drain())
    there, _, same_weights = train(tmp_path, far_loss=False)
    assert all(map(torch.equal, weights, same_weights)) and late.chunks > 0
    one, other = (run.frame("gradients") for run in (here, there))
    common = one.index.intersection(other.index)  # the budget may see to it that they are measured in other steps
    assert len(common) >= 20 and one.loc[common].equals(other.loc[common])


def test_what_is_wrong_is_said_at_once(tmp_path, gpu):
    with watch(dir=tmp_path, view=None) as run:
        for i in run.steps(1):
            with pytest.raises(TypeError, match=r"log\(loss=…\) takes one number.*shape \(3,\)"):
                run.log(loss=torch.zeros(3).as_subclass(Far))
            with pytest.raises(ValueError, match="recorded by itself"): run.log({"epoch": far(1.)})
            with pytest.raises(TypeError, match="accuracy"): run.log(loss=far(1.), accuracy="high")
    assert not len(run.frame())


def test_a_device_that_can_only_be_waited_for(tmp_path, monkeypatch):
    """One read every so many steps, and `run.json` says so."""
    reads = []
    class Waiting(ring.DirectCopy):
        def start(self, values):
            reads.append(len(values))
            super().start(values)
    class Mps(ring.Ring):
        def __init__(self, device): super().__init__("cpu", Waiting, patience=60.)
        waits = True
    monkeypatch.setattr(observer, "Ring", Mps)
    with watch(dir=tmp_path, view=None) as run:
        for i in run.steps(128): run.log(loss=far(float(i)))
        assert run.info["watching"]["reads_every"] == 64
    assert reads == [64, 64] and len(run.frame()) == 128


@contextmanager
def one_warning():
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        yield
    ours = [w for w in said if "trainbook" in str(w.message)]
    assert len(ours) == 1, [str(w.message) for w in ours]


def train(tmp_path, far_loss: bool):
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(4, 8), torch.nn.ReLU(), torch.nn.Linear(8, 1))
    sgd, losses = torch.optim.SGD(model.parameters(), lr=.1, momentum=.9), []
    with watch(model, sgd, dir=tmp_path, view=None) as run:
        for _ in run.steps(40):
            x = torch.randn(16, 4)
            loss = (model(x) - x.sum(1, keepdim=True)).square().mean()
            loss.backward(); sgd.step(); sgd.zero_grad()
            losses.append(loss.item())
            run.log(loss=loss.detach().as_subclass(Far) if far_loss else loss)
    return run, losses, [p.detach().clone() for p in model.parameters()]


def fail(*args, **kwargs): raise ZeroDivisionError("a fault of ours")


@pytest.mark.parametrize("place", [
    "ring.Ring.push", "ring.Ring.poll", "ring.Ring.drain", "ring.Chunk.deliver", "ring.Chunk.append", "gradients.Plan.__init__", "gradients.Plan.fits",
    "gradients.Measurement.measure_gradients", "gradients.Measurement.finish", "gradients.Plan.keep_weights", "steps.figures", "steps.GradientTable.write",
    "machine.Machine.figures", "observer.Observer.on_step_begin", "throughput.Throughput.count", "steps.StepWatch.__init__",
    "steps.StepWatch.end"])
def test_a_fault_of_ours_changes_nothing(tmp_path, gpu, monkeypatch, place):
    """Same losses and weights, bit for bit, and one warning; all rows are there."""
    import trainbook.measure
    _, losses, weights = train(tmp_path, far_loss=False)
    module, *kind, name = place.split(".")
    monkeypatch.setattr(Far, "may_be_read", module == "ring")  # without the ring there is no other way
    monkeypatch.setattr(attrgetter(".".join([module, *kind]))(trainbook.measure), name, fail)
    with one_warning(): run, ours, our_weights = train(tmp_path, far_loss=True)
    assert ours == losses and all(map(torch.equal, our_weights, weights))
    assert run.status == "finished"
    lost = dict.fromkeys(("ring.Ring.drain", "ring.Chunk.deliver"), 4)  # of what arrived in the very call that failed
    assert len(run.frame()) >= 40 - lost.get(place, 0)


def test_a_fault_beside_the_hooks_of_others(tmp_path, monkeypatch):
    """torch goes through its hooks when ours fails: none may be taken off then."""
    model = torch.nn.Linear(2, 1)
    sgd, theirs = torch.optim.SGD(model.parameters(), lr=.1), []
    with one_warning(), watch(model, sgd, dir=tmp_path, view=None) as run:
        sgd.register_step_pre_hook(lambda *_: theirs.append("before"))
        sgd.register_step_post_hook(lambda *_: theirs.append("after"))
        for step in run.steps(10):
            if step == 5: monkeypatch.setattr(sys.modules["trainbook.measure.gradients"].Measurement, "measure_gradients", fail)
            model(torch.ones(1, 2)).sum().backward()
            sgd.step()
    assert theirs == ["before", "after"] * 10 and len(run.frame("gradients")) == 5
    assert len(sgd._optimizer_step_pre_hooks) == len(sgd._optimizer_step_post_hooks) == 1


def test_a_step_that_fails_is_no_measurement(tmp_path):
    model = torch.nn.Linear(2, 1)
    sgd = torch.optim.SGD(model.parameters(), lr=.1)
    with watch(model, sgd, dir=tmp_path, view=None, every=2) as run:
        for step in run.steps(4):
            model(torch.ones(1, 2)).sum().backward()
            if step == 2:
                with pytest.raises(ArithmeticError): sgd.step(lambda: (_ for _ in ()).throw(ArithmeticError()))
            else: sgd.step()
    assert run.frame("gradients").index.tolist() == [1]


def test_looking_from_another_thread(tmp_path):
    """Only the thread that trains brings values home; another one sees what has arrived."""
    model = torch.nn.Linear(2, 1)
    sgd = torch.optim.SGD(model.parameters(), lr=.1)
    run = watch(model, sgd, dir=tmp_path, view=None)
    run.observer.budget.window = float("inf")
    def work():
        for _ in run.steps(2000):
            model(torch.ones(1, 2)).sum().backward()
            sgd.step(); sgd.zero_grad()
    training = threading.Thread(target=work)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        training.start()
        while training.is_alive(): run.frame("gradients")
    run.finish()
    assert run.frame("gradients").index.tolist() == list(range(1, 2001))


def test_a_row_that_waits_keeps_nothing_alive(tmp_path, gpu):
    gpu.arrived = False
    with watch(dir=tmp_path, view=None) as run:
        for _ in run.steps(1):
            weight = torch.ones(3, requires_grad=True)
            product = (weight * 2).sum()
            alive = weakref.ref(product)
            run.log(val_loss=product.as_subclass(Far))
            del product
            assert alive() is None


TRAIN = """
import sys, torch
sys.path.insert(0, sys.argv[2])
import test_device_values as t
t.observer.Ring = lambda device: t.ring.Ring("cpu", t.SlowCopy)
run = t.watch(name="doomed", dir=sys.argv[1], view=None)
for step in run.steps(10**9):
    t.SlowCopy.arrived = step % 50 == 49
    run.log(loss=t.far(float(step)))
    run.log(host=1.)
    if step % 1000 == 999: print(step + 1, flush=True)
"""


def test_kill_loses_at_most_the_ring(tmp_path):
    process = subprocess.Popen([sys.executable, "-c", TRAIN, str(tmp_path), os.path.dirname(__file__)],
                               stdout=subprocess.PIPE, text=True)
    for _ in range(15): said = int(process.stdout.readline())
    process.send_signal(signal.SIGKILL)
    process.wait()
    run, = (open_run(path) for path in list_runs(tmp_path).index)
    frame, at_most = run.frame(), run.info["watching"]["rows_underway"]
    hosts, losses = frame["host"].dropna(), frame["loss"].dropna()
    assert len(hosts) >= said and hosts.index.tolist() == list(range(1, len(hosts) + 1))
    assert losses.tolist() == list(range(len(losses)))
    assert 64 <= at_most <= 256 and len(hosts) - at_most <= len(losses) <= len(hosts) + 1
