"""A click stops a loop that blocks the kernel, on every ipykernel: real JupyterLab, real Chromium."""
import random
import statistics
from collections import Counter

import pytest
from lab import KERNELS, notebook

from trainbook import list_runs, open_run

TRAIN = """
from time import sleep
from trainbook import watch
for number in range(24):
    with watch(name=f"run {number}", dir="DIR") as run:
        for epoch in run.epochs(1):
            for step in run.steps(10_000):
                sleep(.002)
                run.log(loss=1 / run.step)
print("all stopped")
"""

# Clicks each panel's `Stop now`: every third at the instant it appears, the others a little later; notes when.
CLICK = """delays => {
    window.clicked = {};
    document.addEventListener('click', ({target}) => {
        const run = target.closest('.trainbook-panel')?.dataset.run;
        if (run) window.clicked[run] = Date.now() / 1000;
    }, true);
    const seen = new Set();
    new MutationObserver(() => {
        for (const panel of document.querySelectorAll('.trainbook-panel')) {
            const button = [...panel.querySelectorAll('button')].find(({textContent}) => textContent === 'Stop now');
            if (!button || seen.has(panel.dataset.run)) continue;
            const delay = delays[seen.size];
            seen.add(panel.dataset.run);
            delay ? setTimeout(() => button.click(), delay) : button.click();
        }
    }).observe(document.body, {childList: true, subtree: true});
}"""


@pytest.mark.parametrize("version", KERNELS)
def test_every_click_has_one_outcome(lab, jupyter, version, capsys):
    folder = jupyter.root / f"runs-{version}"
    cells = [TRAIN.replace("DIR", folder.name), 'print("next")', "import ipykernel; print(ipykernel.__version__)"]
    path = notebook(cells, jupyter.root / f"routes-{version}.ipynb", jupyter.install_kernel(version))
    lab.open(path)
    rng = random.Random(0)
    lab.page.evaluate(CLICK, [0 if i % 3 == 0 else rng.randrange(20, 900) for i in range(24)])
    for cell in range(3): lab.run_cell(cell)
    lab.wait_done(2, timeout=120)

    assert not lab.failed(0)
    assert "all stopped" in lab.output_text(0)
    assert (lab.output_text(1), lab.output_text(2)) == ("next", KERNELS[version])
    runs = [open_run(path) for path in list_runs(folder).index]
    assert [run.status for run in runs] == ["stopped"] * 24
    clicked, latencies, routes = lab.page.evaluate("window.clicked"), [], Counter()
    for run in runs:
        commands = [event for event in run.events() if event["event"] == "command"]
        assert [event["status"] for event in commands] == ["requested", "applied"]
        assert commands[1]["step"] == run.progress["step"]
        latencies.append((commands[1]["time"] - clicked[run.path.name]) * 1000)
        routes[commands[1]["route"]] += 1
    assert routes.keys() <= {"subshell", "pump"}
    with capsys.disabled():
        print(f"\nipykernel {KERNELS[version]}: 24 of 24 clicks, by {dict(routes)}, click to step edge "
              f"median {statistics.median(latencies):.0f} ms, worst {max(latencies):.0f} ms")


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
