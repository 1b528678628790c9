"""Runs the tutorials in real kernels and saves what their cells show, but for widgets: those are dead without a kernel."""
from pathlib import Path

import nbformat
from nbclient import NotebookClient

for path in sorted((Path(__file__).parent/"tutorials").glob("*.ipynb")):
    notebook = nbformat.read(path, 4)
    NotebookClient(notebook, resources=dict(metadata=dict(path=path.parent))).execute()
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = [out for out in cell.outputs if "application/vnd.jupyter.widget-view+json" not in out.get("data", {})]
    notebook.metadata.pop("widgets", None)
    nbformat.write(notebook, path)
