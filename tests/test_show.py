"""Pictures, text, tables and distributions of a training: what is kept, what is refused, what is left out."""
import errno
import gc
import os
from html import escape as html_escape
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image
from torch import nn

from trainbook import Callback, open_run, watch
from trainbook.measure import prepare, ring
from trainbook.run import encode
from trainbook.run.contract import EVENTS, is_of, types_of
from trainbook.run.images import boxes_of, class_color
from trainbook.run.media import thumbnails
from trainbook.widget.picture import picture

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture
def run(tmp_path):
    with watch(name="shows", dir=tmp_path, view=None) as run: yield run


def shown(run, value, *args, **options):
    """What a reader in another process finds of a value."""
    run.show("it", value, *args, **options)
    run.showing.wait()
    return open_run(run.path).media("it")[-1]


# What people have in hand

rng = np.random.default_rng(0)
bytes_ = rng.integers(0, 256, (8, 8, 3), "u1")

IMAGES = {
    "PIL": (Image.fromarray(bytes_), "8×8, HWC uint8"),
    "PIL with a palette": (Image.fromarray(bytes_).convert("P"), "8×8, HWC uint8"),
    "PIL of 16 bits": (Image.fromarray(rng.integers(0, 9999, (8, 8), "u2")), "spread to black and white"),
    "HWC bytes": (bytes_, "8×8, HWC uint8"),
    "CHW bytes": (torch.from_numpy(bytes_.transpose(2, 0, 1).copy()), "8×8, CHW uint8"),
    "HW float": (rng.random((6, 9)), "9×6, HW float in 0..1"),
    "NCHW float": (torch.rand(5, 3, 8, 8) * 2 - 1, "5 images of 8×8, NCHW float in -1..1"),
    "NHWC float": (rng.random((5, 8, 8, 1)), "5 images of 8×8, NHWC float in 0..1"),
    "NHW": (torch.rand(5, 28, 28), "5 images of 28×28, NHW float in 0..1"),
    "with a gradient": (torch.rand(1, 8, 8, requires_grad=True), "8×8, CHW float in 0..1"),
    "bfloat16": (torch.rand(1, 8, 8).bfloat16(), "8×8, CHW float in 0..1"),
    "half": (torch.rand(1, 8, 8).half(), "8×8, CHW float in 0..1"),
    "bool": (torch.ones(8, 8, dtype=torch.bool), "8×8, HW bool"),
    "float bytes": (rng.random((8, 8)) * 255, "8×8, HW float in 0..255"),
    "whole numbers": (torch.randint(0, 256, (8, 8)), "8×8, HW int64 in 0..255"),
    "not contiguous": (torch.rand(8, 8, 3).permute(2, 0, 1), "8×8, CHW float in 0..1"),
    "a list": ([torch.rand(1, 8, 8)] * 3, "3 images of 8×8, NCHW float in 0..1"),
    "a list of PIL": ([Image.fromarray(bytes_)] * 3, "3 images of 8×8, NHWC uint8"),
    "many": (torch.rand(100, 1, 8, 8), "100 images of 8×8, NCHW float in 0..1, the first 64"),
    "NaN": (torch.full((1, 8, 8), float("nan")), "8×8, CHW float in 0..1, all NaN or infinite"),
    "normalized": (torch.linspace(-2.1, 2.6, 64).reshape(1, 8, 8), "8×8, CHW float in -2.1..2.6, spread to black and white"),
}


@pytest.mark.parametrize("value, about", IMAGES.values(), ids=IMAGES)
def test_images(run, value, about):
    one = shown(run, value)
    assert one.kind == "image" and about in one.about, one.about
    images = one.value if isinstance(one.value, list) else [one.value]
    assert len(images) == one.facts["count"] and {image.size for image in images} == {(one.facts["width"], one.facts["height"])}


def test_pixels_are_what_was_shown(run):
    assert (np.asarray(shown(run, bytes_).value) == bytes_).all()
    batch = torch.rand(7, 3, 5, 4)
    for image, own in zip(shown(run, batch).value, batch): assert (np.asarray(image) == (own * 255).round().byte().permute(1, 2, 0).numpy()).all()


def test_a_value_may_change_afterwards(run):
    x, y, frame = torch.ones(1, 8, 8), np.ones((8, 8)), pd.DataFrame(dict(a=[1]))
    run.show("x", x), run.show("y", y), run.show("frame", frame)
    x.zero_(), y.fill(0)
    frame["a"] = 2
    found = {one.name: one.value for one in run.media()}
    assert np.asarray(found["x"]).min() == np.asarray(found["y"]).min() == 255 and found["frame"]["a"].tolist() == [1]


def test_what_lies_over_an_image(run):
    mask = np.zeros((8, 8), int)
    mask[2:4] = 3
    one = shown(run, bytes_, mask=torch.from_numpy(mask), boxes=[[0, 0, 4, 8]])
    assert sorted(path.name for path in one.path.parent.iterdir()) == ["it-0.boxes.json", "it-0.mask.png", "it-0.png"]
    over = np.asarray(Image.open(one.path.parent/one.facts["mask"]).convert("RGBA"))
    assert ((over[..., 3] > 0) == (mask > 0)).all()
    detections = [dict(boxes=torch.zeros(0, 4), labels=torch.zeros(0)), dict(boxes=torch.ones(2, 4), labels=torch.tensor([0, 1]), scores=torch.rand(2))]
    two = shown(run, torch.rand(2, 3, 8, 8), boxes=detections, labels=["cat", "dog"])
    found = boxes_of([dict(boxes=[[1, 1, 1, 1]], labels=[1])], 1, 8, 8, ["cat", "dog"])
    assert found[0][0]["label"] == "dog" and "boxes" in two.facts


def test_other_kinds_come_back(run):
    assert shown(run, "a <b>king</b>\n").value == "a <b>king</b>\n"
    frame = pd.DataFrame(dict(word=["a", "b"], p=[.5, np.nan]), index=["x", "y"])
    pd.testing.assert_frame_equal(shown(run, frame).value, frame)
    samples, rate = shown(run, np.linspace(-1, 1, 8000), rate=8000).value
    assert (len(samples), rate, samples[0], samples.dtype) == (8000, 8000, -32767, np.int16)
    counts, edges = shown(run, torch.arange(64.)).value
    assert counts.tolist() == [1] * 64 and (edges[0], edges[-1]) == (0, 63)
    matrix = shown(run, np.array([[5, 1], [0, 4]]), labels=["cat", "dog"])
    assert matrix.value.loc["cat", "dog"] == 1 and matrix.about == "2 classes, 90.0% right"
    points = shown(run, torch.tensor([[0., 1], [2, 3], [4, 5]]), labels=torch.tensor([7, 8, 7])).value
    assert points["label"].tolist() == ["7", "8", "7"] and points["y"].tolist() == [1, 3, 5]


def test_a_figure_may_be_closed_in_the_next_line(run):
    figure, axes = plt.subplots(figsize=(2, 1), dpi=50)
    axes.plot([1, 2])
    canvas = figure.canvas
    run.show("figure", figure)
    assert figure.canvas is canvas  # the script goes on with its own
    axes.clear()
    plt.close(figure)
    run.show("axes", axes)
    assert [one.value.size for one in run.media()] == [(100, 50), (100, 50)]


# What is wrong raises at once, and nothing is written

WRONG = {
    "five axes": (lambda run: run.show("x", torch.zeros(2, 16, 3, 8, 8)), ValueError, "Of a video show frames"),
    "two channels": (lambda run: run.show("x", torch.zeros(1, 2, 8, 8)), ValueError, "1, 3 or 4 channels"),
    "no pixels": (lambda run: run.show("x", torch.zeros(1, 0, 8)), ValueError, "an image has the shape"),
    "complex": (lambda run: run.show("x", torch.zeros(8, 8, dtype=torch.complex64)), TypeError, "real numbers"),
    "sparse": (lambda run: run.show("x", torch.zeros(8, 8).to_sparse()), TypeError, "to_dense"),
    "objects": (lambda run: run.show("x", np.array([[None]])), TypeError, "real numbers"),
    "nothing known": (lambda run: run.show("x", object()), TypeError, "takes a PIL image"),
    "sizes that differ": (lambda run: run.show("x", [torch.zeros(8, 8), torch.zeros(9, 9)]), ValueError, "one shape"),
    "an empty name": (lambda run: run.show("", "x"), ValueError, "name of 1 to 200"),
    "a number as a name": (lambda run: run.show(3, "x"), ValueError, "name of 1 to 200"),
    "no kind": (lambda run: run.show("x", "x", kind="video"), ValueError, "kind= is one of"),
    "a layout that does not fit": (lambda run: run.show("x", torch.zeros(8, 8), layout="NCHW"), ValueError, "layout= is one of"),
    "a range upside down": (lambda run: run.show("x", torch.zeros(8, 8), value_range=(1, 0)), ValueError, "value_range="),
    "a mask of another size": (lambda run: run.show("x", torch.zeros(8, 8), mask=torch.zeros(4, 4)), ValueError, "a class for each pixel"),
    "boxes of three": (lambda run: run.show("x", torch.zeros(8, 8), boxes=[[1, 2, 3]]), ValueError, "shape \\(n, 4\\)"),
    "boxes of one image": (lambda run: run.show("x", torch.zeros(2, 1, 8, 8), boxes=torch.zeros(1, 4)), ValueError, "boxes= are those of 2 images"),
    "a rate of text": (lambda run: run.show("x", "text", rate=8000), TypeError, "real numbers"),
    "a slow rate": (lambda run: run.show("x", np.zeros(9), rate=1), ValueError, "rate="),
    "a table of a number": (lambda run: run.show("x", 3, kind="table"), TypeError, "a table is"),
    "labels for other points": (lambda run: run.show("x", np.zeros((3, 2)), labels=["a"]), ValueError, "one for each of 3 points"),
    "a mask of text": (lambda run: run.show("x", torch.zeros(8, 8), mask="cat"), TypeError, "mask= takes an array"),
    "a complex mask": (lambda run: run.show("x", torch.zeros(8, 8), mask=torch.zeros(8, 8, dtype=torch.complex64)), TypeError, "real numbers"),
    "sizes within one tensor": (lambda run: run.show("x", torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)), TypeError,
                                "real numbers"),
    "nothing computed": (lambda run: run.show("x", torch.zeros(8, 8, device="meta")), TypeError, "on meta"),
    "three channels of sound": (lambda run: run.show("x", np.zeros((3, 9)), rate=8000), ValueError, "audio has the shape"),
    "a caption that is none": (lambda run: run.show("x", "x", caption=torch.ones(1)), TypeError, "caption= is a text"),
    "a dict": (lambda run: run.show("x", dict(a=1)), TypeError, "takes a PIL image"),
    "an empty list": (lambda run: run.show("x", []), TypeError, "takes a PIL image"),
    "a long name": (lambda run: run.show("x" * 201, "x"), ValueError, "name of 1 to 200"),
    "every nothing": (lambda run: run.every(), TypeError, "counts steps"),
    "every half step": (lambda run: run.every(.5), ValueError, "whole number"),
}


@pytest.mark.parametrize("ask, error, text", WRONG.values(), ids=WRONG)
def test_what_is_wrong_raises_at_once(run, ask, error, text):
    with pytest.raises(error, match=text): ask(run)
    assert run.media() == [] and not run.faults.parts


def test_after_the_end(tmp_path):
    run = watch(dir=tmp_path, view=None)
    run.finish()
    with pytest.raises(RuntimeError, match="this run has ended"): run.show("x", "late")


# Nonsense and limits

def test_a_hundred_megapixels(run):
    huge = np.broadcast_to(np.uint8(7), (10_000, 10_000))
    one = shown(run, huge)
    assert one.about == "10000×10000, HW uint8, scaled down to 2048×2048, all 7" and np.asarray(one.value).max() == 7
    assert shown(run, Image.new("RGB", (9000, 90))).about == "9000×90, HWC uint8, scaled down to 2048×20, all 0"
    assert shown(run, huge, mask=huge > 3).facts["mask"]


def test_what_is_not_seen_is_told(run):
    assert shown(run, np.full((8, 8), np.nan)).facts["words"] == ["all NaN"]
    dead = shown(run, torch.stack([torch.zeros(1, 8, 8), torch.rand(1, 8, 8)]))
    assert dead.facts["words"] == ["all 0", ""] and dead.about.endswith(", 1 of them all 0")
    assert shown(run, torch.ones(8, 8, dtype=torch.bool)).about == "8×8, HW bool, all 1"
    holes = torch.rand(2, 1, 8, 8)
    holes[0, 0, 0] = torch.inf
    assert shown(run, holes).about.endswith("6.2% NaN or infinite")
    over = shown(run, bytes_, boxes=[[0, 0, 4, 4], [-9, -9, -1, -1], [np.nan] * 4, [4, 4, 99, 99]])
    assert over.about == "8×8, HWC uint8, 2 of 4 boxes outside"
    assert shown(run, bytes_, boxes=np.ones((500, 4))).about.endswith("the first 100 boxes of an image")


def test_a_class_has_one_colour_and_is_told_where_it_is(run):
    mask = torch.zeros(2, 8, 8)
    mask[0, :4, :4], mask[1, 4:, 4:], mask[1, 0, 0] = 3, 300, -100  # the last one is what a loss leaves out
    one = shown(run, torch.rand(2, 3, 8, 8), mask=mask, labels=["none", "cat", "dog", "cow"])
    pixels = np.asarray(Image.open(one.path.parent/one.facts["mask"]).convert("RGBA"))
    assert pixels[0, 0].tolist() == [*class_color(3), 255] and pixels[0, 8].tolist()[3] == 0
    assert [number for number, *_ in one.facts["regions"]] == [300, 3] or [number for number, *_ in one.facts["regions"]] == [3, 300]
    for number, x, y in one.facts["regions"]:
        assert tuple(pixels[int(y * pixels.shape[0]), int(x * pixels.shape[1])][:3]) == class_color(1 + (int(number) - 1) % 255)


def test_of_what_is_long_only_the_kept_part_is_copied(run, monkeypatch):
    sizes = []
    monkeypatch.setattr(prepare, "taken", lambda value, own=prepare.taken: (sizes.append(getattr(value, "nbytes", 0)), own(value))[1])
    assert shown(run, np.zeros(3600 * 8000, "i2"), rate=8000).about == "3.6e+03 s at 8,000 Hz, mono int16, the first 60 s"
    stereo = shown(run, torch.zeros(2, 200 * 8000), rate=8000)
    assert stereo.about == "200 s at 8,000 Hz, stereo float32, the first 60 s" and stereo.value[0].shape == (60 * 8000, 2)
    assert shown(run, torch.ones(5000, 2000), kind="histogram").about == "10,000,000 values, 3,333,334 of them, mean 1, deviation 0"
    assert max(sizes) < 20e6
    table = shown(run, pd.DataFrame(dict(a=np.arange(10**6))))
    assert (table.about, len(table.value)) == ("1,000,000 rows, 1 column, the first 1,000 rows", 1000)


def test_a_thousand_names(run):
    run.showing.set_limits(burst=2000, waiting=2000)
    for i in range(1000): run.show(f"layer {i}", [float(i), 1.])
    assert len({one.name for one in run.media()}) == 1000


# A device: there is none here, so one is played

class Far(torch.Tensor):
    """Says that it is on a GPU; to read it would mean to wait for the GPU."""
    is_cpu = False
    device = torch.device("cuda:0")

    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        assert getattr(function, "__name__", "") not in ("item", "tolist", "__float__", "__bool__", "numpy", "cpu"), f"{function} waits"
        return super().__torch_function__(function, types, args, kwargs)


class Copies(ring.PinnedCopy):
    """The copy to pinned memory, each noted."""
    started: list[tuple[int, ...]]
    def __init__(self, values): self.host = torch.empty_like(values.as_subclass(torch.Tensor))
    def start(self, values):
        self.started.append(tuple(values.shape))
        self.host.copy_(values.as_subclass(torch.Tensor))
    def is_done(self): return True
    def wait(self): pass


def test_a_tensor_on_a_device_is_copied_once_and_never_waited_for(run, monkeypatch):
    monkeypatch.setattr(Copies, "started", [], raising=False)
    monkeypatch.setattr(prepare, "copy_for", lambda device: Copies)
    images, mask = torch.rand(100, 3, 8, 8).as_subclass(Far), torch.ones(100, 8, 8).as_subclass(Far)
    boxes = [dict(boxes=torch.ones(2, 4).as_subclass(Far), labels=torch.ones(2).as_subclass(Far))] * 100
    run.show("it", images, mask=mask, boxes=boxes)
    assert Copies.started[:2] == [(64, 3, 8, 8), (64, 8, 8)] and len(Copies.started) == 2 + 2 * 64  # of a hundred images what a person looks at
    Copies.started.clear()
    run.show("weights", torch.rand(100).as_subclass(Far)), run.show("points", torch.rand(9, 2).as_subclass(Far))
    run.show("sound", torch.zeros(8000).as_subclass(Far), rate=8000), run.show("matrix", torch.ones(3, 3).as_subclass(Far), labels=["a", "b", "c"])
    assert Copies.started == [(100,), (9, 2), (8000,), (3, 3)]
    run.showing.wait()
    assert [one.kind for one in run.media()] == ["image", "histogram", "points", "audio", "confusion"] and not run.faults.parts


@pytest.mark.says("while a CUDA graph is captured")
def test_nothing_is_copied_into_a_graph(run, monkeypatch):
    run.show("it", "before")
    with monkeypatch.context() as capturing:
        capturing.setattr(torch.cuda, "is_initialized", lambda: True)
        capturing.setattr(torch.cuda, "is_current_stream_capturing", lambda: True)
        capturing.setattr(prepare, "prepared", lambda *_, **__: pytest.fail("it is a part of the graph now"))
        for _ in range(3): run.show("it", torch.rand(1, 8, 8))
    run.show("it", "after")
    assert [one.value for one in run.media()] == ["before", "after"]


def test_a_megabyte_of_text_and_html(run):
    one = shown(run, "<script>alert(1)</script>" * 50_000)
    assert one.about == "1,250,000 letters, the first 200,000" and len(one.value) == 200_000
    assert shown(run, "half a surrogate \ud83d").value == "half a surrogate ?"
    name = "../../<img src=x onerror=alert(1)> / \\ :"
    run.show(name, "x")
    one, = run.media(name)
    assert one.value == "x" and one.path.parent == run.path/"media" and one.path.name == "img_src_x_onerror_alert_1-0.txt"


@pytest.mark.says("as many as a run keeps")
def test_no_more_items_than_the_limit(run):
    run.showing.set_limits(items=3)
    for i in range(10): run.show("it", str(i))
    assert [one.value for one in run.media()] == ["0", "1", "2"]


@pytest.mark.says("as much as a run keeps")
def test_no_more_bytes_than_the_limit(run):
    run.showing.set_limits(size=1000)
    for i in range(5):
        run.show("it", "x" * 600)
        run.showing.wait()
    assert len(run.media()) == 2


@pytest.mark.says("things a second")
def test_no_faster_than_the_limit(run):
    run.showing.set_limits(burst=4, per_second=.001)
    for i in range(10): run.show("it", str(i))
    assert len(run.media()) == 4


@pytest.mark.says("faster than they can be written")
def test_a_bounded_queue(run, monkeypatch):
    import threading
    gate = threading.Event()
    monkeypatch.setattr(encode, "encode_text", lambda text, own=encode.encode_text: (gate.wait(10), own(text))[1])
    run.showing.set_limits(waiting=3)
    for i in range(10): run.show("it", str(i))
    gate.set()
    assert len(run.media()) == 3
    run.show("it", "later")
    assert run.media()[-1].value == "later"


@pytest.mark.says("left out while that is so")
def test_a_full_disk_loses_only_what_does_not_fit(run, monkeypatch):
    run.show("it", "before")
    run.showing.wait()
    def full(path, content): raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    with monkeypatch.context() as patch:
        write = Path.write_bytes
        patch.setattr(Path, "write_bytes", lambda path, content: full(path, content) if path.parent.name == "media" else write(path, content))
        for _ in range(3): run.show("it", torch.rand(4, 4), mask=torch.ones(4, 4))
        run.log(loss=1.)
        run.showing.wait()
    run.show("it", "after")
    assert [one.value for one in run.media()] == ["before", "after"] and run.frame()["loss"].tolist() == [1.]
    assert sorted(os.listdir(run.path/"media")) == ["it-0.4.txt", "it-0.txt"]


@pytest.mark.says("fault in showing")
def test_a_fault_of_ours_is_said_once_and_the_loop_goes_on(run, monkeypatch):
    monkeypatch.setattr(encode, "encode_text", lambda text: 1 / 0)
    for _ in range(3): run.show("it", "text")
    run.showing.wait()
    run.log(loss=1.)
    assert run.media() == []


# Reading

def test_a_reader_follows_no_link_and_reads_no_other_place(run, tmp_path):
    (tmp_path/"secret.txt").write_text("secret")
    one = shown(run, "mine")
    one.path.unlink()
    os.symlink(tmp_path/"secret.txt", one.path)
    with pytest.raises(ValueError): _ = one.value
    run.recorder.event("media", name="evil", kind="text", file="../../secret.txt")
    evil, = open_run(run.path).media("evil")
    with pytest.raises((ValueError, OSError)): _ = evil.value


def test_events_are_of_the_contract(run):
    run.show("image", torch.rand(2, 1, 8, 8), mask=torch.zeros(2, 8, 8), boxes=[torch.zeros(1, 4)] * 2, labels=["a", "b"], caption="c")
    run.show("sound", np.zeros(800), rate=8000), run.show("weights", torch.randn(9)), run.show("table", pd.DataFrame(dict(a=[1])))
    run.showing.wait()
    for event in run.events():
        if event["event"] != "media": continue
        assert is_of(event, EVENTS["media"]) and event.keys() <= types_of(EVENTS["media"]).keys() and "label" not in event, event
    assert run.unknown == []


# A training is the same with it

def train(folder, shows: bool, resume=None, stop_at=None):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(.3), nn.Linear(8, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=.01)
    data = torch.utils.data.DataLoader(torch.utils.data.TensorDataset(torch.randn(64, 4), torch.randn(64, 1)), 8, shuffle=True)
    with watch(model, optimizer, dir=folder, view=None, resume=resume, checkpoint="last") as run:
        for epoch in run.epochs(4):
            for xb, yb in run.batches(data):
                loss = nn.functional.mse_loss(model(xb), yb)
                loss.backward(), optimizer.step(), optimizer.zero_grad()
                run.log(loss=loss)
                if shows and run.every(5):
                    with torch.no_grad(): run.show("samples", model(torch.rand(9, 4)).reshape(3, 3), value_range=(-1, 1))
                if not shows and run.every(5):
                    with torch.no_grad(): model(torch.rand(9, 4))
                if run.step == stop_at: run.stop()
            if run.every(epochs=2): run.show("epoch", f"epoch {epoch}")
    return run


def test_losses_are_the_same_to_the_bit(tmp_path):
    assert train(tmp_path/"with", True).history("loss") == train(tmp_path/"without", False).history("loss")


def test_every_is_due_at_the_same_steps_after_going_on(tmp_path):
    whole = train(tmp_path/"whole", True)
    first = train(tmp_path/"parts", True, stop_at=13)
    second = train(tmp_path/"parts", True, resume=first)
    def steps(run, name="samples"): return [one.step for one in run.media(name)]
    assert steps(whole) == [5, 10, 15, 20, 25, 30] and steps(first) + steps(second) == steps(whole)
    assert steps(whole, "epoch") == [16, 32] and steps(first, "epoch") + steps(second, "epoch") == [16, 32]
    assert second.history("loss") == whole.history("loss")


def test_nothing_is_kept_of_what_was_shown(run):
    import weakref
    x = torch.rand(1, 8, 8)
    gone = weakref.ref(x)
    run.show("x", x)
    run.showing.wait()
    del x
    gc.collect()
    assert gone() is None


# Where else it is seen

def test_a_saved_notebook_keeps_the_last_pictures(run):
    for run.step in (10, 20, 30):
        run.show("samples", torch.rand(16, 3, 64, 64))
        run.show(EVIL, torch.rand(1, 8, 8))
        run.show("text", "no picture")
    run.log(loss=1.)
    run.showing.wait()
    html = picture(open_run(run.path))["text/html"]
    assert html.count("samples, step") == 6 and "samples, step 30: 16 images of 64×64" in html  # three pictures, each told and named
    assert EVIL not in html and html.count(html_escape(EVIL)) == 6
    assert sum(len(small) for _, small in thumbnails(run.media())) <= 60_000


def test_a_terminal_names_the_file_once(tmp_path, capsys):
    with watch(dir=tmp_path, view="terminal") as run:
        for step in run.steps(4):
            run.show("samples", torch.rand(1, 8, 8))
            run.log(loss=1.)
    assert capsys.readouterr().out.count(f"samples at step 1: 8×8, CHW float in 0..1. In {run.path/'media'/'samples-1.png'}") == 1


def test_a_learner_shows_through_its_run(learner):
    shown = []

    class Shows(Callback):
        def after_epoch(self, learn):
            if learn.run.every(epochs=1): learn.run.show("batch", torch.rand(2, 1, 4, 4))
            shown.append(learn.run)

    learner(callbacks=[Shows()]).fit(2)
    assert len(shown[0].media("batch")) == 2
