"""Takes the pictures of chapters 6s to 6v and 7c: runs the cells above each, and shows the widget that they have made in Chromium.

`python tests/data_pictures.py nbs/images`
"""
import re
import sys
from pathlib import Path

import nbformat
from data_page import DataPage
from lab import CHROMIUM, CHROMIUM_ARGS
from PIL import Image
from playwright.sync_api import Browser, sync_playwright

NBS = Path(__file__).parents[1] / "nbs"
WIDGETS = {  # by picture: the name of the widget, what is focused in it and which keys are pressed
    "leaderboard": ("board", "[data-key='stop']", []),
    "missing-matrix": ("matrix", ".missing-strips", ["ArrowDown", "End", "Enter"]),
    "outlier-explorer": ("explorer", ".scatter", ["Home"]),
    "cleaning-log": ("log", "[data-key='step 1']", ["Enter"]),
    "before-after": ("sides", "[data-key='step']", []),
    "lineage-graph": ("LineageGraph(run)", ".node >> nth=2", ["Enter"]),
    "feature-diff": ("differ", ".diff-column >> nth=0", ["ArrowDown", "ArrowDown"]),
}


def take(browser: Browser, notebook: Path, folder: Path):
    """The pictures of a chapter, each of what the cells above it have made."""
    namespace: dict = dict(__name__="__main__")
    for cell in nbformat.read(notebook, 4).cells:
        if cell.cell_type == "code" and "nbdev_export" not in cell.source: exec(cell.source, namespace)
        for name in re.findall(r"\(images/([\w-]+)\.png\)", cell.source if cell.cell_type == "markdown" else ""):
            widget, target, keys = WIDGETS[name]
            shown = DataPage(page := browser.new_page(viewport=dict(width=872, height=900)))
            shown.show(eval(widget, namespace))
            page.locator(target).focus()
            shown.press(*keys)
            page.evaluate("document.activeElement.blur()")
            shown.panel.screenshot(path=folder / f"{name}.png")
            Image.open(folder / f"{name}.png").convert("RGB").quantize(160, dither=Image.Dither.NONE).save(folder / f"{name}.png", optimize=True)


if __name__ == "__main__":
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        for notebook in sorted([*NBS.glob("6[s-v]_data.*.ipynb"), *NBS.glob("7c_*.ipynb")]):
            take(browser, notebook, Path(sys.argv[1]))
        browser.close()
