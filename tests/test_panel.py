"""The quickstart in real JupyterLab: it is drawn while it trains, stops at a click, and is still there when saved."""
import json
import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from lab import NO_KERNEL, LabPage, notebook
from playwright.sync_api import expect

from trainbook import list_runs, open_run

QUICKSTART = Path(__file__).parent.parent / "nbs/tutorials/01_quickstart.ipynb"

SHORT = """
import math
from time import sleep
from trainbook import watch
with watch(name="short", dir="runs-short") as run:
    for epoch in run.epochs(3):
        for step in run.steps(40):
            sleep(.005)
            run.log(loss=math.exp(-run.step / 40) * (1 + .1 * (-1) ** step), gain=run.step / 120)
        run.log(val_loss=math.exp(-run.step / 50))
"""

GRADIENTS = """
from pathlib import Path
from time import sleep
import torch
from torch import nn
from torch.optim.lr_scheduler import CosineAnnealingLR
from trainbook import watch
torch.manual_seed(0)
model = nn.Sequential()
for depth in range(8):
    model.add_module(f"fc{depth}", nn.Linear(16, 16 if depth < 7 else 1))
    if depth < 7: model.add_module(f"tanh{depth}", nn.Tanh())
optimizer = torch.optim.Adam(model.parameters(), lr=.01)
schedule = CosineAnnealingLR(optimizer, 200)
x = torch.randn(64, 16)
with watch(model, optimizer, name="deep", dir="runs-deep") as run:
    for epoch in run.epochs(4):
        for step in run.steps(50):
            loss = (model(x) - x.prod(1, keepdim=True)).square().mean()
            loss.backward()
            optimizer.step(); optimizer.zero_grad(); schedule.step()
            run.log(loss=loss)
            sleep(.02)
        while epoch == 2 and not Path("seen").exists(): sleep(.05)
"""
CHECKPOINTS = """
from time import sleep
import torch
from torch import nn
from trainbook import watch

def train(epochs, **more):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=.003)
    x = torch.randn(64, 8)
    with watch(model, optimizer, name="saved", dir="runs-saved", **more) as run:
        for epoch in run.epochs(epochs):
            for step in run.steps(20):
                loss = (model(x) - x.prod(1, keepdim=True)).square().mean()
                loss.backward()
                optimizer.step(); optimizer.zero_grad()
                run.log(loss=loss)
                sleep(.02)
            run.log(val_loss=1 + abs(epoch - 1))  # the best is epoch 2's, however fast the machine
    return run

run = train(40)
"""
PAINTED = """canvas => {
    const {data, width} = canvas.getContext("2d").getImageData(0, 5, canvas.width, 1);
    return Array.from({length: width}, (_, x) => data[4 * x + 3]).filter(alpha => alpha).length / width;
}"""  # the share of the columns of a map in which there is something


def training_cell(path: Path) -> int:
    sources = [cell.source for cell in nbformat.read(path, 4).cells]
    return next(i for i, source in enumerate(sources) if "model, run = train()" in source)


def pictures_seen(page) -> int:
    return sum(picture.is_visible() for picture in page.locator("img.trainbook-picture").all())


def test_quickstart_grows_and_stops(lab: LabPage, jupyter, shots):
    path = jupyter.root / "quickstart.ipynb"
    path.write_bytes(QUICKSTART.read_bytes())
    cell = training_cell(path)
    lab.open(path)
    lab.run_all()
    panel = lab.page.get_by_role("region", name="Training quickstart")
    expect(panel.get_by_text(re.compile("epoch [12]"))).to_be_visible(timeout=90_000)
    plot = panel.locator(".plot")
    before = plot.screenshot()
    expect(panel.get_by_text(re.compile("epoch [3-7]"))).to_be_visible(timeout=60_000)
    assert plot.screenshot() != before
    panel.scroll_into_view_if_needed()
    lab.screenshot(shots / "light.png", panel)
    panel.get_by_role("button", name="Stop now").click()
    lab.wait_done(cell)
    assert not lab.failed(cell)
    expect(panel.get_by_text("stopped", exact=True)).to_be_visible()
    expect(panel.get_by_text("Stop now by panel, in force at step")).to_be_visible()
    lab.wait_done(cell + 2, timeout=60)
    assert "val_loss" in lab.output_text(cell + 2)  # run.frame("valid"), in its own cell

    run = open_run(list_runs(jupyter.root / "runs").index[-1])
    asked, applied = (event for event in run.events() if event["event"] == "command")
    assert applied["step"] - asked["step"] <= 1
    assert run.progress["step"] == applied["step"] == len(run.frame())
    assert not any("trainbook" in line and "rror" in line for line in lab.console)


def test_stop_after_epoch_lets_the_validation_finish(lab: LabPage, jupyter):
    lab.open(notebook([SHORT.replace("epochs(3)", "epochs(1000)")], jupyter.root / "after_epoch.ipynb"))  # not over before the click
    lab.run_cell(0)
    lab.page.get_by_role("button", name="Stop after epoch").click()
    lab.wait_done(0)
    run = open_run(list_runs(jupyter.root / "runs-short").index[-1])
    assert run.status == "stopped" and run.progress["step"] % 40 == 0
    assert len(run.frame("valid")) == run.progress["step"] // 40


def test_looks(lab: LabPage, jupyter, shots):
    """Light, dark and narrow, for people to look at; and nothing is cut off."""
    lab.open(notebook([SHORT], jupyter.root / "looks.ipynb"))
    lab.run_cell(0)
    lab.wait_done(0)
    panel = lab.page.get_by_role("region", name="Training short")
    expect(panel.get_by_text("finished", exact=True)).to_be_visible()
    background = panel.evaluate("panel => getComputedStyle(panel).backgroundColor")
    lab.screenshot(shots / "finished.png", panel)
    lab.theme("JupyterLab Dark")
    assert panel.evaluate("panel => getComputedStyle(panel).backgroundColor") != background
    lab.screenshot(shots / "dark.png", panel)
    lab.theme("JupyterLab Light")
    lab.page.set_viewport_size({"width": 400, "height": 900})
    lab.page.wait_for_timeout(500)
    lab.screenshot(shots / "narrow.png", panel)
    lab.screenshot(shots / "narrow-page.png")
    assert panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    assert panel.bounding_box()["width"] <= 400


def test_gradients_grow_and_a_label_selects(lab: LabPage, jupyter, shots):
    cells = [GRADIENTS, "from trainbook import GradientNormMonitor, SystemMonitor\nGradientNormMonitor(run)", "SystemMonitor(run)"]
    lab.open(notebook(cells, jupyter.root / "gradients.ipynb"))
    lab.run_cell(0)
    panel = lab.output(0).get_by_role("region", name="Training deep")
    heat = panel.get_by_role("application", name="Gradient norm of 8 layers by step")
    expect(heat).to_be_visible(timeout=30_000)
    expect(panel.get_by_text("epoch 2")).to_be_visible(timeout=30_000)  # which goes on till the test has seen it
    assert 0 < heat.locator("canvas").evaluate(PAINTED) < 1  # the epochs to come have room
    label = heat.locator(".label", has_text="fc6")
    label.click()
    expect(panel.locator(".gradients .shown")).to_have_text(re.compile(r"fc6\b.* \d"))
    expect(panel.get_by_label(re.compile(r"Gradient norm of fc6\b.* plot"))).to_be_visible()
    (jupyter.root / "seen").touch()
    expect(panel.get_by_text("epoch 4")).to_be_visible(timeout=30_000)
    lab.wait_done(0)
    assert not lab.failed(0)
    expect(panel.get_by_text("finished", exact=True)).to_be_visible(timeout=30_000)
    assert heat.locator("canvas").evaluate(PAINTED) > .9  # up to the last measured step: the budget may let some be
    expect(heat.locator(".label.selected")).to_contain_text("fc6")
    lab.screenshot(shots / "gradients.png", panel)

    for cell in (1, 2): lab.run_cell(cell)
    lab.wait_done(2)
    monitor, strip = (lab.output(cell).get_by_role("region", name="Training deep") for cell in (1, 2))
    run = open_run(list_runs(jupyter.root / "runs-deep").index[-1])
    norm = run.frame("gradients")["norm"]
    assert norm.shape[1] == 8
    alone = monitor.get_by_role("application", name="Gradient norm of 8 layers by step")
    alone.press("ArrowDown")
    expect(monitor.locator(".gradients .shown")).to_have_text(re.compile(r"fc0\b.* \d"))
    shown = monitor.locator(".gradients .value").inner_text()
    assert float(shown) == pytest.approx(norm.iloc[-1, 0], rel=1e-3)
    assert monitor.locator(".plot").count() == strip.locator(".heat").count() == 0
    expect(strip).to_contain_text("step 200")
    expect(strip).to_contain_text(re.compile(r"steps/s \d+.*CPU \d+ %.*memory [\d.]+ GB"))
    lab.theme("JupyterLab Dark")
    lab.screenshot(shots / "gradients-dark.png", panel)
    lab.screenshot(shots / "monitor-dark.png", monitor)
    lab.screenshot(shots / "strip-dark.png", strip)
    lab.theme("JupyterLab Light")
    lab.screenshot(shots / "monitor.png", monitor)
    assert not any("trainbook" in line and "rror" in line for line in lab.console)


def test_parts_stand_alone_and_a_run_opens_again(lab: LabPage, jupyter):
    cells = [SHORT, "from trainbook import ControlBar, LossPlot, Panel\nLossPlot(run)", "ControlBar(run)", "Panel(run.path)"]
    lab.open(notebook(cells, jupyter.root / "parts.ipynb"))
    for cell in range(4): lab.run_cell(cell)
    lab.wait_done(3)
    expect(lab.output(1).locator(".plot")).to_be_visible()
    assert lab.output(1).get_by_role("button", name="Stop now").count() == 0
    expect(lab.output(2).get_by_role("button", name="Stop now")).to_be_hidden()
    expect(lab.output(3).get_by_text("finished", exact=True)).to_be_visible()


SHOWS = SHORT.replace("        run.log(val_loss", "        run.show('noise', np.random.rand(4, 3, 16, 16))\n        run.log(val_loss").replace(
    "import math", "import math\nimport numpy as np")


def test_a_reloaded_page_shows_all_of_it_again(lab: LabPage, jupyter):
    path = notebook([SHOWS], jupyter.root / "reload.ipynb")
    lab.open(path)
    lab.run_cell(0)
    lab.wait_done(0)
    lab.save()
    lab.open(path)
    panel = lab.page.get_by_role("region", name="Training short")
    expect(panel.get_by_text("finished", exact=True)).to_be_visible()
    expect(panel.locator(".legend")).to_contain_text("val_loss 0.09072")
    # the pictures come from the kernel, step by step, and the saved ones are hidden
    shown = panel.get_by_role("img", name="noise at step 120: 4 images of 16×16, NCHW float in 0..1")
    expect(shown.locator("image")).to_have_count(1)
    panel.get_by_role("button", name="Step: earlier").click()
    expect(panel.get_by_role("img", name="noise at step 80").locator("image")).to_have_count(1)
    assert pictures_seen(lab.page) == 0
    assert "noise, step 120" in path.read_text(encoding="utf-8")


@pytest.fixture
def saved(lab: LabPage, jupyter):
    """A notebook that was run and saved, its kernel gone."""
    path = notebook([SHORT], jupyter.root / "saved.ipynb")
    lab.open(path)
    lab.run_cell(0)
    lab.wait_done(0)
    expect(lab.page.get_by_role("region", name="Training short").get_by_text("finished", exact=True)).to_be_visible()
    assert pictures_seen(lab.page) == 0  # the panel lives: one of them is enough
    lab.save()
    lab.shutdown_kernel()
    return path


def test_saved_notebook_shows_the_picture_once(saved, lab: LabPage, shots):
    lab.open(saved, kernel=NO_KERNEL)
    assert lab.is_trusted()
    expect(lab.page.locator("img.trainbook-picture")).to_be_visible()
    assert pictures_seen(lab.page) == 1
    expect(lab.page.get_by_text("Loading widget")).to_be_hidden()
    lab.screenshot(shots / "reopened.png")


def test_untrusted_notebook_shows_the_picture_once(saved, lab: LabPage, shots):
    content = json.loads(saved.read_text())
    content["cells"][0]["source"] += "# changed elsewhere, so nobody vouches for it"
    saved.write_text(json.dumps(content))
    lab.open(saved, kernel=NO_KERNEL)
    assert not lab.is_trusted()
    images = lab.output(0).locator("img")
    expect(images).to_have_count(1)
    expect(images).to_be_visible()
    assert images.evaluate("image => image.complete && image.naturalWidth > 0")
    lab.screenshot(shots / "untrusted.png")


def test_nbconvert_shows_the_picture_once(saved, lab: LabPage, shots):
    subprocess.run([sys.executable, "-m", "nbconvert", "--to", "html", str(saved)], check=True, capture_output=True)
    lab.page.goto(saved.with_suffix(".html").as_uri())
    expect(lab.page.locator("img.trainbook-picture")).to_be_visible()
    assert pictures_seen(lab.page) == 1
    lab.screenshot(shots / "nbconvert.png")


def test_checkpoint_roll_back_and_go_on(lab: LabPage, jupyter, shots):
    """A click saves, a click goes back to the best and another one undoes it; a new run goes on from the old one's last."""
    lab.open(notebook([CHECKPOINTS, "train(run.progress['epoch'] + 3, resume=run)"], jupyter.root / "checkpoints.ipynb"))
    lab.run_cell(0)
    panel = lab.output(0).get_by_role("region", name="Training saved")
    back = panel.get_by_role("button", name="Roll back to best")
    expect(panel.get_by_text(re.compile(r"epoch ([4-9]|\d\d)"))).to_be_visible(timeout=60_000)  # one looked for alone can come and go between two looks
    expect(back).to_be_enabled()
    panel.get_by_role("button", name="Checkpoint now").click()
    expect(panel.get_by_text(re.compile(r"Checkpoint by panel, saved at step \d+"))).to_be_visible()
    back.click()
    done = panel.get_by_text(re.compile(r"Roll back to best by panel.*weights of step 40"))
    expect(done).to_be_visible()
    lab.screenshot(shots / "checkpoints.png", panel)
    panel.get_by_role("button", name="Undo").first.click()
    expect(panel.get_by_text(re.compile("Undone: roll back to best"))).to_be_visible()
    panel.get_by_role("button", name="Stop now").click()
    lab.wait_done(0)
    run = open_run(list_runs(jupyter.root / "runs-saved").index[-1])
    assert [event["to"] for event in run.events() if event["event"] == "rollback"] == ["best", "undo"]
    assert {"best", "last"} <= {role for entry in run.info["checkpoints"] for role in entry["roles"]}

    lab.run_cell(1)
    lab.wait_done(1)
    panel = lab.output(1).get_by_role("region", name="Training saved")
    expect(panel.get_by_text("finished", exact=True)).to_be_visible()
    expect(panel.get_by_text(re.compile("goes on from"))).to_be_visible()
    lab.screenshot(shots / "resumed.png", panel)
    lab.theme("JupyterLab Dark")
    lab.screenshot(shots / "resumed-dark.png", panel)
    child = open_run(list_runs(jupyter.root / "runs-saved").index[-1])
    steps = 20 * (run.progress["epoch"] + 3)
    assert child.parent["id"] == run.path.name and child.progress["step"] == steps
    assert child.frame(joined=True).index.tolist() == list(range(1, steps + 1))
