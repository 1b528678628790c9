"""Tables that the README shows, and that the tests hold: each cell is what one of them has found."""
import os
from pathlib import Path

CONTROLS, REFUSED = (Path(__file__).parent / f"{name}.md" for name in ("frameworks", "refused"))


def cells(line: str) -> list[str]: return [cell.strip() for cell in line.strip().strip("|").split("|")]


def tell(table: Path, row: str, column: str, found: str):
    """Holds what was found against a cell of the table, or writes it there if TRAINBOOK_WRITE_TABLE=1: then one test after the other."""
    lines = table.read_text().splitlines()
    number = next(i for i, line in enumerate(lines) if cells(line)[0] == row)
    known, place = cells(lines[number]), cells(lines[0]).index(column)
    if os.environ.get("TRAINBOOK_WRITE_TABLE") == "1":
        known[place] = found
        lines[number] = f"| {' | '.join(known)} |"
        table.write_text("\n".join(lines) + "\n")
    assert known[place] == found, f"{row}, {column}: {table.name} says otherwise; TRAINBOOK_WRITE_TABLE=1 writes it anew"
