"""RESULTS.md: one section for each bench, between markers, so that each can be run alone."""
import os
import platform
from datetime import date
from pathlib import Path

RESULTS = Path(__file__).parent/"RESULTS.md"
ORDER = ("overhead", "learner", "recording", "show", "trackers", "ranks", "gpu", "front_end", "imputation", "outliers", "denoising", "features", "shards",
         "losses", "models", "initialisation", "augment", "calibration", "race", "remedies")


def markers(section: str) -> tuple[str, str]: return f"<!-- {section} -->\n", f"<!-- end of {section} -->\n"


def provenance(command: str) -> str:
    "By which command, when and where something was measured"
    return f"`{command}`, {date.today()}, Python {platform.python_version()}, {os.cpu_count()} cores."


def table(head: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(row)} |" for row in (head, ["---"] * len(head), *rows)]


def read_section(section: str) -> str:
    begin, end = markers(section)
    text = RESULTS.read_text() if RESULTS.exists() else ""
    return text.partition(begin)[2].partition(end)[0]


def write_section(section: str, lines: list[str]):
    "Replaces a section of RESULTS.md, leaves the others, and prints it"
    texts = {name: read_section(name) for name in ORDER} | {section: "\n".join(lines) + "\n"}
    parts = [text.join(markers(name)) for name, text in texts.items() if text]
    RESULTS.write_text("\n".join(["# Results\n", *parts]))
    print(texts[section])
