"""What works in which front end: a small training in each of them, and the table that the README shows."""
import re
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import nbformat
import pexpect
import pytest
from front_ends import TABLE, TRAIN, Marimo, OtherLab, is_live, pictures, steer, tell
from lab import NO_KERNEL, LabPage, notebook
from playwright.sync_api import expect

from trainbook import list_runs, open_run

OLD_LAB, MARIMO = "4.4.10", "0.25.2"
CELLS = ['from training import train\ntrain("first")', 'train("second")']
IN_MARIMO = """
import marimo
app = marimo.App()

@app.cell
def _():
    from training import train
    train("first")
    return (train,)

@app.cell
def _(train):
    train("second")
"""


def statuses(folder: Path) -> list[str]: return [open_run(run).status for run in list_runs(folder / "runs").index]

pytestmark = [pytest.mark.jupyter, pytest.mark.quiet]  # or another front end, each with a server and kernels of its own


def yes(is_so: bool) -> str: return "yes" if is_so else "no"


@pytest.fixture
def old_lab(browser, tmp_path):
    server, context = OtherLab(tmp_path, OLD_LAB), browser.new_context(viewport={"width": 1280, "height": 900})
    yield LabPage(context.new_page(), server)
    context.close()
    server.stop()


def in_jupyter(page: LabPage, name: str, number: str, show, reopen):
    """Steers the first cell to its end, breaks off the second with ■, and comes again when the kernel has gone."""
    folder = page.server.root / re.sub(r"\W", "-", name)
    path = notebook(CELLS, folder / "train.ipynb")
    (folder / "training.py").write_text(TRAIN)
    show(path)
    page.run_cell(0)
    panel = page.page.get_by_role("region", name="Training first")
    live, heard = is_live(panel), steer(panel, page.output(0))
    page.run_cell(1)
    expect(page.page.get_by_role("region", name="Training second")).to_contain_text(re.compile(r"epoch \d"), timeout=20_000)
    page.page.locator("[data-command='notebook:interrupt-kernel'], [data-command='notebook:interrupt-kernel'] *").first.click()
    page.wait_done(1)
    gently = not page.failed(1) and "second: stopped" in page.output_text(1) and statuses(folder) == ["stopped"] * 2
    page.save()
    page.server.reset()
    reopen(path)
    expect(page.page.locator("img.trainbook-picture").first).to_be_attached()
    tell(name, number, yes(live), heard, yes(pictures(page.page) == 2), "–", yes(gently))


def test_jupyterlab(lab): in_jupyter(lab, "JupyterLab", version("jupyterlab"), lab.open, lambda path: lab.open(path, kernel=NO_KERNEL))


def test_older_jupyterlab(old_lab):
    in_jupyter(old_lab, "JupyterLab 4.4", "", old_lab.open, lambda path: old_lab.open(path, kernel=NO_KERNEL))
    assert old_lab.page.evaluate("jupyterapp.version") == OLD_LAB


def test_notebook(lab): in_jupyter(lab, "Notebook", version("notebook"), lab.open_in_notebook, lab.open_in_notebook)


def test_marimo(browser, tmp_path):
    (tmp_path / "training.py").write_text(TRAIN)
    (tmp_path / "train.py").write_text(IN_MARIMO)
    page = browser.new_page(viewport={"width": 1280, "height": 1400})
    server = Marimo(tmp_path / "train.py", MARIMO)
    try:
        server.open(page)
        page.get_by_test_id("chrome-controls-bottom-right").get_by_test_id("run-button").click()
        printed = page.get_by_test_id("console-output-area")
        panel = page.get_by_role("region", name="Training first")
        live, heard = is_live(panel), steer(panel, printed.first)
        expect(page.get_by_role("region", name="Training second")).to_contain_text(re.compile(r"epoch \d"), timeout=20_000)
        page.get_by_test_id("interrupt-button").last.click()
        expect(printed.last).to_contain_text("second: stopped")
        gently = statuses(tmp_path) == ["stopped"] * 2
        saved = tmp_path / "__marimo__/session/train.py.json"
        for _ in range(100):  # it saves what is shown now and then
            if saved.exists() and "second: stopped" in saved.read_text(): break
            page.wait_for_timeout(100)
    finally: server.stop()
    server = Marimo(tmp_path / "train.py", MARIMO)
    try:
        server.open(page)
        expect(printed.last).to_contain_text("second: stopped")  # as it was saved
        tell("marimo", MARIMO, yes(live), heard, yes(pictures(page) == 2), "–", yes(gently))
    finally:
        page.close()
        server.stop()


def test_jupyter_execute(tmp_path):
    """Nobody looks on; the picture is in the notebook it leaves."""
    path = notebook(['from training import train\ntrain("first")'], tmp_path / "train.ipynb")
    (tmp_path / "training.py").write_text(TRAIN.replace("epochs(300)", "epochs(3)"))
    subprocess.run([sys.executable, "-m", "jupyter", "execute", "--inplace", path.name], cwd=tmp_path, check=True)
    outputs = nbformat.read(path, 4).cells[0].outputs
    assert statuses(tmp_path) == ["finished"]
    shown = [output for output in outputs if "<img" in output.get("data", {}).get("text/html", "") and "image/png" in output["data"]]
    tell("`jupyter execute`", "", "–", "–", yes(len(shown) == 1), "–", "–")


def in_terminal(terminal: pexpect.spawn, folder: Path) -> tuple[bool, bool]:
    """Whether a bar grows and epochs are told, and whether Ctrl-C ends the training without ending what comes after it."""
    terminal.expect(r"Epoch \d+/300 : \|█+")
    terminal.expect(r"\r +3 +[\d.]+ +0\.3333\r")
    terminal.sendintr()
    terminal.expect("first stopped at step")
    terminal.expect("first: stopped")
    return True, statuses(folder) == ["stopped"]


def test_ipython(tmp_path):
    (tmp_path / "training.py").write_text(TRAIN)
    terminal = pexpect.spawn(sys.executable, ["-m", "IPython", "--no-banner", "--simple-prompt", f"--ipython-dir={tmp_path}"],
                             cwd=tmp_path, encoding="utf-8", timeout=30)
    terminal.expect(r"In \[1\]: ")
    terminal.sendline("from training import train; train('first')")
    bar, gently = in_terminal(terminal, tmp_path)
    terminal.sendline("print(6 * 7)")
    terminal.expect("42")
    terminal.sendline("exit")
    terminal.expect(pexpect.EOF)
    tell("IPython", version("ipython"), "–", "–", "–", yes(bar), yes(gently))


def test_script(tmp_path):
    (tmp_path / "train.py").write_text(TRAIN + "\ntrain('first')\nprint('and goes on')")
    terminal = pexpect.spawn(sys.executable, ["train.py"], cwd=tmp_path, encoding="utf-8", timeout=30)
    bar, gently = in_terminal(terminal, tmp_path)
    terminal.expect("and goes on")
    terminal.expect(pexpect.EOF)
    terminal.close()
    tell("`python train.py`", "", "–", "–", "–", yes(bar), yes(gently and terminal.exitstatus == 0))


def test_readme_shows_the_table():
    """It is made by the tests above."""
    assert TABLE.read_text().strip() in Path(__file__).parent.parent.joinpath("README.md").read_text()
