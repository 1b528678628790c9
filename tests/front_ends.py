"""Front ends beside this venv's own JupyterLab, the training that all of them run, and the table of what works where."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from lab import JupyterServer, _free_port, installed
from playwright.sync_api import Locator, Page, TimeoutError, expect

TABLE = Path(__file__).parent / "front_ends.md"
COLUMNS = "live panel", "clicks while the cell runs", "picture when reopened", "terminal bar", "■ or Ctrl-C ends it gently"

# After the first click comes a long step, which waits for the next one.
TRAIN = """
import time
import torch
from trainbook import watch

def train(name):
    optimizer, heard = torch.optim.SGD([torch.nn.Parameter(torch.zeros(3))], lr=.1), None
    with watch(None, optimizer, name=name, dir="runs", checkpoint=None) as run:
        for epoch in run.epochs(300):
            for step in run.steps(20):
                optimizer.step()
                run.log(loss=1 / run.step)
                time.sleep(.01)
                if heard is None and any(event["event"] == "command" for event in run.events()):
                    print("in a long step", flush=True)
                    late = time.monotonic() + 5
                    while not run.recorder.mailbox.waiting and time.monotonic() < late: time.sleep(.01)
                    heard = bool(run.recorder.mailbox.waiting)
            run.log(val_loss=1 / (epoch + 1))
    print(f"{name}: {run.status}", "heard at once" if heard else "heard at the step's edge" if heard is False else "", flush=True)
"""


def tell(front_end: str, version: str, *found: str):
    """Holds what was found against the table's line, or writes it there if TRAINBOOK_WRITE_TABLE=1; a version of its own makes no difference."""
    assert len(found) == len(COLUMNS)
    line = f"| {front_end} {'.'.join(version.split('.')[:2])} | ".replace("  ", " ") + " | ".join(found) + " |"
    lines = TABLE.read_text().splitlines()
    number = next(i for i, old in enumerate(lines) if re.match(rf"\| {re.escape(front_end)}( [\d.]+)? \|", old))
    if os.environ.get("TRAINBOOK_WRITE_TABLE") == "1":
        lines[number] = line
        TABLE.write_text("\n".join(lines) + "\n")
    def cells(line): return line.split(" | ")[1:]
    assert cells(lines[number]) == cells(line), f"{front_end} does otherwise than {TABLE.name} says; TRAINBOOK_WRITE_TABLE=1 writes it anew"


def packages(requirement: str, *options: str) -> Path:
    """A folder with a package such as "marimo==0.25.2"; beside this venv's own."""
    return installed(Path(sys.prefix) / "front_ends" / requirement, *options, requirement)


class OtherLab(JupyterServer):
    """JupyterLab of another version, with the widgets and kernels of this venv."""

    def __init__(self, root: Path, version: str):
        self.packages = packages(f"jupyterlab=={version}", "--no-deps")
        super().__init__(root)

    def _folders(self) -> dict[str, str]:
        return super()._folders() | {"PYTHONPATH": str(self.packages), "JUPYTERLAB_DIR": str(self.packages / "share/jupyter/lab")}

    def stop(self):
        """At once: asked to end, a server that has shown a notebook without a kernel takes its time."""
        try: self.reset()
        finally:
            self.process.kill()
            super().stop()


class Marimo:
    """`marimo edit` of a notebook, which finds this venv's packages."""

    def __init__(self, notebook: Path, version: str):
        home, port = Path(tempfile.mkdtemp(prefix="marimo-home-")), _free_port()
        self.url, self.home = f"http://127.0.0.1:{port}", home
        paths = [str(packages(f"marimo=={version}")), *filter(None, [os.environ.get("PYTHONPATH")])]
        places = {f"XDG_{kind}_HOME": str(home) for kind in ("CONFIG", "STATE", "CACHE", "DATA")}
        command = ["-m", "marimo", "edit", "--headless", "--no-token", "--skip-update-check", "--host", "127.0.0.1", "--port", str(port), notebook.name]
        with (home / "server.log").open("wb") as log:
            self._process = subprocess.Popen([sys.executable, *command], cwd=notebook.parent, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             env=os.environ | places | {"PYTHONPATH": os.pathsep.join(paths)}, start_new_session=True)

    def open(self, page: Page):
        """Shows the notebook, waiting for the server if it is not yet up."""
        direct = build_opener(ProxyHandler({}))
        while self._process.poll() is None:
            try: direct.open(f"{self.url}/health", timeout=5).close()
            except OSError: page.wait_for_timeout(100)
            else: break
        else: raise RuntimeError((self.home / "server.log").read_text())
        page.goto(self.url)
        expect(page.get_by_test_id("cell-editor").first).to_be_visible(timeout=30_000)

    def stop(self):
        self._process.terminate()
        self._process.wait(15)
        shutil.rmtree(self.home, ignore_errors=True)


def is_live(panel: Locator) -> bool:
    """Whether epochs are counted and the curve grows, while the cell runs."""
    try: expect(panel).to_contain_text(re.compile(r"epoch ([2-9]|\d\d)"), timeout=30_000)
    except AssertionError: return False
    curve = panel.locator(".plot canvas").first.element_handle()
    drawn = curve.evaluate("canvas => canvas.toDataURL()")
    try: panel.page.wait_for_function("([canvas, drawn]) => canvas.toDataURL() !== drawn", arg=[curve, drawn], timeout=10_000)
    except TimeoutError: return False
    return True


def steer(panel: Locator, printed: Locator) -> str:
    """Clicks twice, the second time within a long step, which is to stop the training; says when clicks are heard."""
    panel.get_by_role("button", name="Halve learning rate").click()
    expect(printed).to_contain_text("in a long step", timeout=15_000)
    panel.get_by_role("button", name="Stop now").click()
    expect(printed).to_contain_text("first: stopped", timeout=20_000)
    return "at once" if "heard at once" in printed.inner_text() else "at step edges"


def pictures(page: Page) -> int:
    """How many pictures of runs are seen."""
    return sum(picture.is_visible() for picture in page.locator("img.trainbook-picture").all())
