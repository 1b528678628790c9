"""Runs the tutorials in real kernels and saves what their cells show, but for widgets: those are dead without a kernel.

`python nbs/outputs.py 03 04` takes those whose names begin so. A tutorial that is larger than LARGEST is not saved.
"""
import sys
from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image

LARGEST = 700_000  # bytes of a notebook; GitHub shows no large ones
COLORS = 64  # of a picture: a third of the bytes, and nobody sees it in a plot


def with_few_colors(png: str) -> str:
    """A PNG in base64 with fewer colours, or as it is if that is smaller."""
    Image.open(BytesIO(b64decode(png))).convert("RGB").quantize(COLORS, dither=Image.Dither.NONE).save(small := BytesIO(), "png", optimize=True)
    return min(png, b64encode(small.getvalue()).decode(), key=len)


def kept(data: dict) -> dict | None:
    """What is saved of an output's MIME bundle."""
    if "application/vnd.jupyter.widget-view+json" in data: return None
    if "image/png" not in data: return data
    if "<img" in data.get("text/html", ""): return {kind: value for kind, value in data.items() if kind != "image/png"}  # the same picture, for paper
    return data | {"image/png": with_few_colors(data["image/png"])}


def take(path: Path):
    notebook = nbformat.read(path, 4)
    NotebookClient(notebook, resources=dict(metadata=dict(path=path.parent))).execute()
    for cell in notebook.cells:
        if cell.cell_type != "code": continue
        for output in cell.outputs:
            if "data" in output: output["data"] = kept(output["data"])
        cell.outputs = [output for output in cell.outputs if output.get("data", {}) is not None]
    notebook.metadata.pop("widgets", None)
    size = len(nbformat.writes(notebook).encode())
    print(f"{path.stem}: {size // 1000} kB")
    if size > LARGEST: raise SystemExit(f"{path.name} would have {size:,} bytes, and {LARGEST:,} are the most: show fewer runs, or smaller figures")
    nbformat.write(notebook, path)


for path in sorted((Path(__file__).parent/"tutorials").glob("*.ipynb")):
    if not sys.argv[1:] or path.name.startswith(tuple(sys.argv[1:])): take(path)
