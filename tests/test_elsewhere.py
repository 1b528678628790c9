"""A run is steered by more than clicks on its cell: by ■, after a reload or a restart, and from a notebook that does not train."""
import os
import re
import signal
import statistics
import subprocess
import sys
from time import sleep

import pytest
from lab import KERNELS, LabPage, notebook
from playwright.sync_api import Locator, expect

from trainbook import list_runs, open_run

pytestmark = pytest.mark.quiet

# Two workers are in the process group that Jupyter interrupts.
WORKERS = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from trainbook import watch
model = nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=.01)
loader = DataLoader(TensorDataset(torch.randn(20_000, 4)), batch_size=4, num_workers=2)
with watch(model, optimizer, name="workers", dir="runs-workers") as run:
    for epoch in run.epochs(100):
        for x, in run.batches(loader):
            loss = model(x).square().mean()
            loss.backward(); optimizer.step(); optimizer.zero_grad()
            run.log(loss=loss)
print("after the loop", model(torch.zeros(4)).shape)
"""
# Waits outside of any step, where only the second interrupt helps.
STUCK = """
from time import sleep
from trainbook import watch
with watch(name="stuck", dir="runs-stuck") as run:
    for step in run.steps(100):
        run.log(loss=1.)
        if step == 5: sleep(100)
"""
LONG = """
from time import sleep
from trainbook import watch
with watch(name="long", dir="runs-long") as run:
    for step in run.steps(1000):
        run.log(loss=1 / run.step)
        sleep(.01)
"""
SCRIPT = """
import sys, torch
from time import sleep
from trainbook import watch
model = torch.nn.Linear(2, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=.1)
def evaluate(run): return dict(val_loss=.25)
with watch(model, optimizer, name="script", dir=sys.argv[1], evaluate=evaluate) as run:
    for epoch in run.epochs(10):
        for step in run.steps(100_000):
            model(torch.ones(2)).square().sum().backward()
            optimizer.step(); optimizer.zero_grad()
            run.log(loss=1 / run.step)
            sleep(.005)
"""


UNDERWAY = re.compile(r"step ([5-9]\d|\d{3,})")


def interrupt(lab: LabPage):
    lab.page.evaluate("() => { jupyterapp.commands.execute('notebook:interrupt-kernel') }")


def panel_of(lab: LabPage, name: str, cell: int) -> Locator:
    return lab.output(cell).get_by_role("region", name=f"Training {name}")


def word(panel: Locator, state: str): expect(panel.locator(".pill")).to_have_text(state, timeout=20_000)


@pytest.mark.parametrize("version", KERNELS)
def test_the_first_interrupt_leaves_the_cell_green(lab, jupyter, version):
    path = notebook([WORKERS, "print(run.status, loader.num_workers)"], jupyter.root / f"workers-{version}.ipynb", jupyter.install_kernel(version))
    lab.open(path)
    for cell in range(2): lab.run_cell(cell)
    panel = panel_of(lab, "workers", 0)
    expect(panel.get_by_text(re.compile("batch [1-9]"))).to_be_visible(timeout=60_000)
    interrupt(lab)
    lab.wait_done(1)
    assert not lab.failed(0) and "after the loop torch.Size([1])" in lab.output_text(0)
    assert lab.output_text(1) == "stopped 2"
    word(panel, "stopped")
    expect(panel.get_by_text("Stop now by interrupt, in force at step")).to_be_visible()
    expect(lab.page.locator("img.trainbook-picture[alt*=stopped]")).to_have_count(1)  # hidden, while the panel lives


def test_the_second_interrupt_breaks_off(lab, jupyter):
    lab.open(notebook([STUCK, "print(run.status, len(run.frame()))"], jupyter.root / "stuck.ipynb"))
    lab.run_cell(0)
    panel = panel_of(lab, "stuck", 0)
    expect(panel.locator("footer").get_by_text("step 6")).to_be_visible(timeout=20_000)
    interrupt(lab)
    lab.page.wait_for_timeout(1000)
    word(panel, "training")
    interrupt(lab)
    lab.wait_done(0)
    assert lab.failed(0) and "KeyboardInterrupt" in lab.output_text(0)
    word(panel, "stopped")
    lab.run_cell(1)
    lab.wait_done(1)
    assert lab.output_text(1) == "stopped 6"


def test_a_reload_in_the_middle_of_a_run(lab, jupyter, shots):
    path = notebook([LONG, "run.panel()"], jupyter.root / "reloaded.ipynb")
    lab.open(path)
    lab.run_cell(0)
    expect(panel_of(lab, "long", 0).locator("footer").get_by_text(UNDERWAY)).to_be_visible(timeout=20_000)
    lab.save()
    lab.open(path, idle=False)
    run = open_run(list_runs(jupyter.root / "runs-long").index[-1])
    before = run.progress["step"]
    assert run.status == "running" and 50 <= before < 1000
    panel = panel_of(lab, "long", 0)
    word(panel, "finished")
    expect(panel.locator("footer").get_by_text("step 1000")).to_be_visible()
    # the snapshot: the very first value is there, too
    plot = panel.get_by_role("group", name=re.compile("Loss plot"))
    plot.press("Home")
    expect(panel.locator(".plot .hover")).to_contain_text(re.compile(r"step 1\D"))
    lab.run_cell(1)
    word(panel_of(lab, "long", 1), "finished")
    lab.screenshot(shots / "reloaded.png")


@pytest.mark.parametrize("end, status", [("restart", "stopped"), ("kill", "lost")])
def test_a_run_opens_again_in_another_kernel(lab, jupyter, shots, end, status):
    """A restart interrupts the loop first, which is a stop like any other; a kernel that is killed loses its run."""
    show = f"from trainbook import list_runs, open_run\nopen_run(list_runs('runs-{end}').index[-1]).panel()"
    lab.open(notebook([LONG.replace("long", end), show], jupyter.root / f"{end}.ipynb"))
    lab.run_cell(0)
    expect(panel_of(lab, end, 0).locator("footer").get_by_text(UNDERWAY)).to_be_visible(timeout=20_000)
    if end == "restart": lab.restart_kernel()
    else:
        kernel = lab.server.kernel_of(f"{end}.ipynb")
        os.kill(open_run(list_runs(jupyter.root / f"runs-{end}").index[-1]).info["process"]["pid"], signal.SIGKILL)
        expect(lab.page.get_by_text("Kernel Restarting")).to_be_visible(timeout=30_000)
        lab.page.get_by_role("button", name="Ok", exact=True).click()
        assert lab.server.kernel_of(f"{end}.ipynb") == kernel
        lab.page.wait_for_function("jupyterapp.shell.currentWidget.sessionContext.kernelDisplayStatus === 'idle'")
    lab.run_cell(1)
    panel = panel_of(lab, end, 1)
    word(panel, status)
    assert panel.get_by_text("What was recorded is kept.").is_visible() == (status == "lost")
    expect(panel.get_by_role("button", name="Stop now")).to_be_hidden()
    lab.screenshot(shots / f"{status}.png", panel)


def test_a_script_is_steered_from_a_notebook(lab, jupyter, shots, capsys):
    (jupyter.root / "train.py").write_text(SCRIPT)
    script = subprocess.Popen([sys.executable, "train.py", "runs-script"], cwd=jupyter.root, stdout=subprocess.PIPE, text=True)
    try:
        while not list((jupyter.root / "runs-script").glob("*/train.npy")) and script.poll() is None: sleep(.1)
        lab.open(notebook(["from trainbook import list_runs, open_run\nopen_run(list_runs('runs-script').index[-1]).panel()"],
                          jupyter.root / "steers.ipynb"))
        lab.run_cell(0)
        panel = panel_of(lab, "script", 0)
        word(panel, "training")
        lab.page.evaluate("""() => {
            window.clicked = [];
            document.addEventListener("click", ({target}) => target.closest(".trainbook-panel button") && clicked.push(Date.now() / 1000), true);
        }""")
        for name, said in (("Halve learning rate", "Learning rate halved"), ("Pause", "Pause by panel"), ("Evaluate now", "val_loss 0.25"),
                           ("Double learning rate", "Learning rate doubled"), ("Undo", "Undone"), ("Resume", "Resume by panel"), ("Stop now", "Stop now")):
            panel.get_by_role("button", name=name, exact=True).first.click()
            expect(panel.locator(".card").filter(has_text=said).first).to_be_visible(timeout=5000)
            if name == "Undo":
                word(panel, "paused")
                expect(panel.locator(".controls").first).to_contain_text("lr0.05")
                lab.screenshot(shots / "paused.png", panel)
        word(panel, "stopped")
        expect(panel.get_by_text("buttons reach the other process")).to_be_hidden()  # it is over
        printed = script.communicate(timeout=20)[0]
    finally: script.kill()
    assert script.returncode == 0 and "Learning rate halved by panel" in printed

    run = open_run(list_runs(jupyter.root / "runs-script").index[-1])
    commands = [event for event in run.events() if event["event"] == "command"]
    asked = [event for event in commands if event["status"] == "requested"]
    settled = [event for event in commands if event["status"] == "applied"]
    assert [event["id"] for event in asked] == [event["id"] for event in settled] and len(asked) == 7
    assert all(after["step"] - before["step"] <= 1 and after["route"] == "inbox" for before, after in zip(asked, settled))
    took = [(event["time"] - at) * 1000 for event, at in zip(settled, lab.page.evaluate("clicked"))]
    with capsys.disabled():
        print(f"\nfrom a click in a notebook to another process: median {statistics.median(took):.0f} ms, worst {max(took):.0f} ms")
