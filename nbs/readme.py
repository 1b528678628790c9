"""Writes README.md from index.ipynb: its prose, and its code without hidden cells and outputs."""
from pathlib import Path

import nbformat

here = Path(__file__).parent
parts = []
for cell in nbformat.read(here/"index.ipynb", 4).cells:
    if cell.cell_type == "markdown": parts.append(cell.source)
    elif not cell.source.startswith("#| hide"): parts.append(f"```python\n{cell.source}\n```")
text = "\n\n".join(parts) + "\n"
for folder in ("images/", "tutorials/", "10_", "53_"): text = text.replace(f"]({folder}", f"](nbs/{folder}")
(here.parent/"README.md").write_text(text, encoding="utf-8")
