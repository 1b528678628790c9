"""Takes the README's picture of the panel: the quickstart, training in real JupyterLab."""
import sys
import tempfile
from pathlib import Path

from lab import CHROMIUM, CHROMIUM_ARGS, JupyterServer, LabPage
from playwright.sync_api import expect, sync_playwright

QUICKSTART = Path(__file__).parent.parent / "nbs/tutorials/01_quickstart.ipynb"


def take(folder: Path):
    """Writes panel.png and panel-dark.png: the sixth epoch in the light theme, the seventh in the dark one."""
    root = Path(tempfile.mkdtemp())
    (root / QUICKSTART.name).write_bytes(QUICKSTART.read_bytes())
    server = JupyterServer(root)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
            context = browser.new_context(viewport={"width": 1180, "height": 900}, device_scale_factor=2)
            shoot(LabPage(context.new_page(), server), root / QUICKSTART.name, folder)
            browser.close()
    finally:
        server.stop()


def shoot(lab: LabPage, notebook: Path, folder: Path):
    lab.open(notebook)
    lab.run_all()
    panel = lab.page.get_by_role("region", name="Training quickstart")
    for epoch, theme, name in ((6, "JupyterLab Light", "panel"), (7, "JupyterLab Dark", "panel-dark")):
        expect(panel.get_by_text(f"epoch {epoch}")).to_be_visible(timeout=120_000)
        lab.theme(theme)
        panel.scroll_into_view_if_needed()
        lab.page.wait_for_timeout(300)
        lab.screenshot(folder / f"{name}.png", panel)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(exist_ok=True)
    take(folder)
