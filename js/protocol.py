"""Writes what the front ends need of Python's types, as TypeScript: widget/protocol.ts of `trainbook.run.contract`, data/protocol.ts of the data
widgets, model/protocol.ts of those for models."""
import inspect
import json
import re
import types
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from typing_extensions import NotRequired, Required, get_original_bases, get_type_hints, is_typeddict

from trainbook.augment import gallery
from trainbook.data import cleaning_views, feature_set, lineage_views, missing_matrix, outlier_explorer, widget
from trainbook.evaluate import confusion_explorer
from trainbook.model import leaderboard
from trainbook.run import contract

TARGET = Path(__file__).parent/"widget"/"protocol.ts"
DATA_TARGET = Path(__file__).parent/"data"/"protocol.ts"
MODEL_TARGET = Path(__file__).parent/"model"/"protocol.ts"
KINDS = (
    contract.Progress, contract.Machine, contract.Parent, contract.Checkpoint, contract.Rates, contract.Watching, contract.EarlyStop,
    contract.RegisteredCommand, contract.Trial, contract.Monitor, contract.Steering, contract.State, contract.RemedyButton, contract.PlannedChange,
    contract.Happened, *get_args(contract.Event),
    contract.TableHeader, contract.NewEvents, contract.Update, contract.PlotSpec, contract.MediaFile, contract.Traits, contract.ViewMessage)
ALIASES = {
    contract.Status: "Status", contract.When: "When", contract.Mode: "Mode", contract.Role: "Role", contract.Metric: "Metric", contract.Part: "PartName",
    contract.PlotKind: "PlotKind", contract.Stream: "Stream", contract.Route: "Route", contract.Verdict: "Verdict"}
DATA_KINDS = (
    widget.Shown, widget.Answer, missing_matrix.HoledColumn, missing_matrix.Pattern, missing_matrix.MissingShown, missing_matrix.Hole,
    outlier_explorer.OutliersShown, outlier_explorer.OddCell, outlier_explorer.OddRow, cleaning_views.StepInWords, cleaning_views.LogShown,
    cleaning_views.Change, cleaning_views.Changes, cleaning_views.ChangedColumn, cleaning_views.BeforeAfterShown, lineage_views.Node,
    lineage_views.LineageShown, feature_set.Distribution, lineage_views.StepDiff, lineage_views.ColumnRow, lineage_views.ColumnDiff,
    lineage_views.DiffShown)
MODEL_KINDS = (
    leaderboard.Candidate, leaderboard.LeaderboardShown, gallery.StrengthSlider, gallery.BeforeAfterPicture, gallery.GalleryShown,
    confusion_explorer.Item, confusion_explorer.CellItems, confusion_explorer.Pair, confusion_explorer.ConfusionShown)
PLAIN = {int: "number", float: "number", str: "string", bool: "boolean", bytes: "DataView", type(None): "null", Any: "unknown"}


def in_typescript(declared: Any, is_named: bool = True) -> str:
    """A type of Python as one of TypeScript."""
    origin, arguments = get_origin(declared), get_args(declared)
    if declared == contract.Event: return "Event"
    if is_named and declared in ALIASES: return ALIASES[declared]
    if declared in PLAIN: return PLAIN[declared]
    if is_typeddict(declared): return declared.__name__
    if origin in (Annotated, Required, NotRequired): return in_typescript(arguments[0])
    if origin is Literal: return " | ".join(map(json.dumps, arguments))
    if origin in (Union, types.UnionType): return " | ".join(map(in_typescript, arguments))
    if origin is list: return f"{item}[]" if (item := in_typescript(arguments[0])).removesuffix("[]").isidentifier() else f"({item})[]"
    if origin is dict: return f"Record<string, {in_typescript(arguments[1])}>"
    raise TypeError(f"there is no TypeScript for {declared}")


def comments_of(kind: type) -> dict[str, str]:
    """What stands behind each entry in the source."""
    return {match[1]: match[2] for match in re.finditer(r"^    (\w+): .*?  # (.*)$", inspect.getsource(kind), re.MULTILINE)}


def interface(kind: type) -> str:
    bases = [base.__name__ for base in get_original_bases(kind) if is_typeddict(base)]
    comments, hints = comments_of(kind), get_type_hints(kind, include_extras=True)
    lines = [f"/** {kind.__doc__}. */", f"export interface {kind.__name__}{' extends ' * bool(bases)}{', '.join(bases)} {{"]
    inherited = {name for base in get_original_bases(kind) if is_typeddict(base) for name in get_type_hints(base)}
    for name in hints:
        if name in inherited: continue
        if name in comments: lines.append(f"  /** {comments[name][0].upper()}{comments[name][1:]}. */")
        lines.append(f"  {name}{'' if name in kind.__required_keys__ else '?'}: {in_typescript(hints[name])};")
    return "\n".join([*lines, "}"])


def arguments_of_commands() -> str:
    """The arguments of the commands that every run knows."""
    lines = [f"  {name}: {{ {'; '.join(f'{key}?: {in_typescript(declared)}' for key, declared in types.items())} }};".replace("{  }", "Record<string, never>")
             for name, types in contract.ARGUMENTS.items()]
    return "\n".join(["/** The arguments of the commands that every run knows. */", "export interface Arguments {", *lines, "}"])


def alias(declared: Any, name: str) -> str:
    """A name for a type; a choice of many has a line for each, as the formatter wants it."""
    line = f"export type {name} = {in_typescript(declared, is_named=False)};"
    return line if len(line) <= 140 else f"export type {name} =\n  | " + "\n  | ".join(map(json.dumps, get_args(declared))) + ";"


def protocol() -> str:
    """The whole file."""
    head = "/** What passes between the kernel and a view. Written by js/protocol.py from nbs/13_run.contract.ipynb: do not edit. */"
    aliases = "\n".join(alias(declared, name) for declared, name in ALIASES.items())
    events = "export type Event =\n  | " + "\n  | ".join(map(in_typescript, get_args(contract.Event))) + ";"
    return "\n\n".join([head, aliases, *map(interface, KINDS), events, arguments_of_commands()]) + "\n"


def data_protocol() -> str:
    """That of the data widgets."""
    head = "/** What passes between the kernel and a data widget. Written by js/protocol.py from nbs/6q to 6v: do not edit. */"
    return "\n\n".join([head, *map(interface, DATA_KINDS)]) + "\n"


def model_protocol() -> str:
    """That of the widgets for models."""
    head = "/** What passes between the kernel and a widget for models. Written by js/protocol.py from chapters 7x: do not edit. */"
    others = 'import type { Shown } from "../data/protocol";\nimport type { Mode } from "../widget/protocol";'
    return "\n\n".join([head, others, *map(interface, MODEL_KINDS)]) + "\n"


if __name__ == "__main__":
    TARGET.write_text(protocol(), encoding="utf-8")
    DATA_TARGET.write_text(data_protocol(), encoding="utf-8")
    MODEL_TARGET.write_text(model_protocol(), encoding="utf-8")
