"""A click steers a loop that blocks the kernel, on every ipykernel and front end: real JupyterLab, real Notebook, real Chromium."""
import random
import statistics
from collections import Counter
from pathlib import Path

import pytest
from lab import KERNELS, LabPage, notebook
from playwright.sync_api import Locator, expect

from trainbook import Run, list_runs, open_run

pytestmark = pytest.mark.quiet
TRAIN = """
from time import sleep
import torch
from trainbook import watch
weight = torch.nn.Parameter(torch.zeros(3))
optimizer = torch.optim.SGD([weight], lr=.1)
for number in range(2):
    with watch(None, optimizer, name=f"run {number}", dir="DIR", evaluate=lambda run: dict(val_loss=1.)) as run:
        for epoch in run.epochs(10):
            for step in run.steps(100_000):
                optimizer.step()
                run.log(loss=1 / run.step)
                sleep(.004)
print("all stopped")
"""
SUBSHELLS_OFF = "@jupyterlab/apputils-extension:kernels-settings", {"commsOverSubshells": "disabled"}

# Notes when each button of ours is clicked, and clicks `Pause` of every panel at the instant it appears.
CLICK = """() => {
    window.clicked = [];
    const nameOf = button => button.getAttribute("aria-label") || button.textContent.replace(/[^a-zA-Z ]/g, "").trim();
    document.addEventListener("click", ({target}) => {
        const button = target.closest(".trainbook-panel button");
        if (button) window.clicked.push([button.closest(".trainbook-panel").dataset.run, nameOf(button), Date.now() / 1000]);
    }, true);
    const seen = new Set();
    new MutationObserver(() => {
        for (const panel of document.querySelectorAll(".trainbook-panel")) {
            const button = [...panel.querySelectorAll("button")].find(button => nameOf(button) === "Pause" && !button.disabled);
            if (!button || seen.has(panel.dataset.run)) continue;
            seen.add(panel.dataset.run);
            button.click();
        }
    }).observe(document.body, {childList: true, subtree: true});
}"""


def press(panel: Locator, rng: random.Random):
    """Five more clicks on Pause and Resume, one on each other control, and the stop."""
    def click(name: str, outcome: str):
        panel.page.wait_for_timeout(rng.randrange(0, 200))
        panel.get_by_role("button", name=name, exact=True).click()
        expect(panel.locator(".card").filter(has_text=outcome).first).to_be_visible(timeout=5000)
    for number in range(5):
        panel.page.wait_for_timeout(rng.randrange(0, 200))
        panel.get_by_role("button", name="Pause" if number % 2 else "Resume", exact=True).click()
        expect(panel.get_by_role("button", name="Resume" if number % 2 else "Pause", exact=True)).to_be_visible(timeout=5000)
    click("Halve learning rate", "Learning rate halved")
    click("Double learning rate", "Learning rate doubled")
    click("Evaluate now", "Evaluate now")
    panel.get_by_role("switch", name="Early stopping").click()
    expect(panel.get_by_role("switch", name="Early stopping")).to_be_checked(timeout=5000)
    click("Stop after epoch", "Stop after epoch")
    panel.get_by_role("button", name="Undo", exact=True).first.click()
    click("Stop now", "Stop now")


def outcomes(run: Run) -> tuple[list[dict], list[dict]]:
    """The commands as they were asked for, and what came of each: exactly one thing, at the next step edge but for one or two."""
    events = [event for event in run.events() if event["event"] == "command"]
    asked = [event for event in events if event["status"] == "requested"]
    came = {event["id"]: event for event in events if event["status"] != "requested"}
    assert len(events) == 2 * len(asked) == 2 * len(came)
    settled = [came[event["id"]] for event in asked]
    assert all(event["status"] == "applied" for event in settled)
    # The thread that takes a click in may have to wait on a busy machine when it has noted the step; the training does not.
    late = sorted(after["step"] - before["step"] for before, after in zip(asked, settled))
    assert late[0] >= 0 and late[-3] <= 1, late
    return asked, settled


def steer(lab: LabPage, folder: Path, what: str, capsys):
    """Runs the cell with 30 more in the queue, presses everything, and prints how long it took."""
    lab.page.evaluate(CLICK)
    lab.run_all()
    rng = random.Random(0)
    for number in range(2): press(lab.page.get_by_role("region", name=f"Training run {number}"), rng)
    lab.wait_done(30, timeout=60)
    assert not lab.failed(0) and "all stopped" in lab.output_text(0)
    assert [lab.output_text(cell) for cell in range(1, 31)] == [str(cell) for cell in range(1, 31)]

    runs = {run.path.name: run for run in map(open_run, list_runs(folder).index)}
    assert [run.status for run in runs.values()] == ["stopped"] * 2
    clicked, latencies, routes = lab.page.evaluate("clicked"), [], Counter()
    for id, run in runs.items():
        asked, settled = outcomes(run)
        moments = [at for of, _, at in clicked if of == id]
        assert len(moments) == len(asked) == 13
        latencies += [(event["time"] - at) * 1000 for event, at in zip(settled, moments)]
        routes.update(event["route"] for event in settled)
    assert routes.keys() <= {"subshell", "pump"}
    with capsys.disabled():
        print(f"\n{what}: 26 of 26 clicks, by {dict(routes)}, click to outcome "
              f"median {statistics.median(latencies):.0f} ms, worst {max(latencies):.0f} ms")


def cells_into(folder: Path) -> list[str]: return [TRAIN.replace("DIR", folder.name), *(f"print({number})" for number in range(1, 31))]


@pytest.mark.parametrize("version, subshells", [*((version, "on") for version in KERNELS), ("7.4", "off")])  # 6.31 has no subshells
def test_every_click_has_one_outcome(lab, jupyter, version, subshells, capsys):
    if subshells == "off": jupyter.set_setting(*SUBSHELLS_OFF)
    folder = jupyter.root / f"runs-{version}-{subshells}"
    path = notebook(cells_into(folder), jupyter.root / f"{folder.name}.ipynb", jupyter.install_kernel(version))
    lab.open(path)
    steer(lab, folder, f"JupyterLab, ipykernel {KERNELS[version]}, subshells {subshells}", capsys)


def test_every_click_has_one_outcome_in_notebook(lab, jupyter, capsys):
    folder = jupyter.root / "runs-notebook"
    path = notebook(cells_into(folder), jupyter.root / "in_notebook.ipynb")
    lab.open_in_notebook(path)
    steer(lab, folder, "Notebook, ipykernel 7.4.0", capsys)


def test_other_widgets_and_a_failing_cell_are_left_alone(lab, jupyter):
    cells = [
        "import ipywidgets\nbutton = ipywidgets.Button(description='foreign')\n"
        "presses = []\nbutton.on_click(presses.append)\nbutton",
        "from time import sleep\nfrom trainbook import watch\nwith watch(name='fails', dir='runs') as run:\n"
        "    for step in run.steps(1000): sleep(.005); run.log(loss=1.)\n    raise ValueError('on purpose')",
        "print('aborted, as it should be')",
        "print(len(presses))",
    ]
    path = notebook(cells, jupyter.root / "foreign.ipynb", jupyter.install_kernel("6.31"))
    lab.open(path)
    lab.run_cell(0)
    lab.wait_done(0)
    lab.run_cell(1)
    lab.run_cell(2)
    stop = lab.page.get_by_role("button", name="Stop now")
    stop.wait_for()
    lab.page.get_by_role("button", name="foreign").click()
    stop.click()
    lab.wait_done(1)
    assert lab.failed(1) and "on purpose" in lab.output_text(1)
    assert lab.output_text(2) == ""
    assert lab.page.get_by_text("failed", exact=True).count() == 1
    lab.run_cell(3)
    lab.wait_done(3)
    assert lab.output_text(3) == "1"
