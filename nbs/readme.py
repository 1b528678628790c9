"""Writes README.md from index.ipynb: its prose, and its code without hidden cells and outputs."""
import re
from pathlib import Path

import nbformat

here = Path(__file__).parent
parts = []
for cell in nbformat.read(here/"index.ipynb", 4).cells:
    if cell.cell_type == "markdown": parts.append(cell.source)
    elif not cell.source.startswith("#| hide"): parts.append(f"```python\n{cell.source}\n```")
text = "\n\n".join(parts) + "\n"
# links go from the folder above
text = re.sub(r"\]\((?!https?:|\.\./)", "](nbs/", text).replace("](../", "](")
(here.parent/"README.md").write_text(text, encoding="utf-8")
