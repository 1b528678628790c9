"""The quickstart in real JupyterLab: it is drawn while it trains, stops at a click, and is still there when saved."""
import json
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
    expect(panel.get_by_text("epoch 2")).to_be_visible(timeout=90_000)
    plot = panel.locator(".plot")
    before = plot.screenshot()
    expect(panel.get_by_text("epoch 3")).to_be_visible(timeout=30_000)
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
    lab.open(notebook([SHORT], jupyter.root / "after_epoch.ipynb"))
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


def test_parts_stand_alone_and_a_run_opens_again(lab: LabPage, jupyter):
    cells = [SHORT, "from trainbook import ControlBar, LossPlot, Panel\nLossPlot(run)", "ControlBar(run)", "Panel(run.path)"]
    lab.open(notebook(cells, jupyter.root / "parts.ipynb"))
    for cell in range(4): lab.run_cell(cell)
    lab.wait_done(3)
    expect(lab.output(1).locator(".plot")).to_be_visible()
    assert lab.output(1).get_by_role("button", name="Stop now").count() == 0
    expect(lab.output(2).get_by_role("button", name="Stop now")).to_be_disabled()
    expect(lab.output(3).get_by_text("finished", exact=True)).to_be_visible()


def test_a_reloaded_page_shows_all_of_it_again(lab: LabPage, jupyter):
    path = notebook([SHORT], jupyter.root / "reload.ipynb")
    lab.open(path)
    lab.run_cell(0)
    lab.wait_done(0)
    lab.save()
    lab.open(path)
    panel = lab.page.get_by_role("region", name="Training short")
    expect(panel.get_by_text("finished", exact=True)).to_be_visible()
    expect(panel.locator(".legend")).to_contain_text("val_loss 0.09072")
    assert pictures_seen(lab.page) == 0


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
