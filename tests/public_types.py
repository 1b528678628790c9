"""How many public names a type checker would have to guess a type of: `py.typed` says it need not.

Run by `make check`. The figure may only fall. It depends a little on the libraries that are installed, so fewer are no error."""
import json
import os
import subprocess
import sys
from pathlib import Path

import trainbook

GUESSED = 45  # of all names that can be imported, with methods and attributes


FOREIGN = [f"connect.{framework}" for framework in ("accelerate", "fastai", "ignite", "keras", "lightning", "skorch", "transformers")]
OF_SCIKIT_LEARN = ("on_columns", "imputation", "outliers", "edits", "values", "units", "duplicates", "categories", "denoising", "denoise", "features",
                   "feature_search", "time_features", "deep_features", "checks")
FOREIGN += [f"data.{transformers}" for transformers in OF_SCIKIT_LEARN]
OF_TORCH = ("losses", "loss_choice", "loss_weights", "multi_task", "proximal")
FOREIGN += [f"model.{modules}" for modules in OF_TORCH]
FOREIGN += [f"data.{widgets}" for widgets in ("widget", "missing_matrix", "outlier_explorer", "cleaning_views", "lineage_views")]  # of anywidget
FOREIGN += [f"model.{widgets}" for widgets in ("leaderboard", "race")]
FOREIGN += ["augment.gallery"]
FOREIGN += ["model.net_estimator"]  # of scikit-learn
FOREIGN += ["evaluate.confusion_explorer"]  # of anywidget


def is_foreign(name: str) -> bool:
    """Whether a name is one of a framework's, most of which have no types, or of a class that inherits from it."""
    module, _, last = name.rpartition(".")
    if module == "trainbook": name = f"{getattr(getattr(trainbook, last), '__module__', module)}.{last}"  # a name at the top level is of the module it is from
    return name.startswith(tuple(f"trainbook.{module}." for module in FOREIGN))


def main():
    root = Path(__file__).parent.parent
    binaries = Path(sys.executable).parent
    command = [binaries / "basedpyright", "--verifytypes", "trainbook", "--ignoreexternal", "--outputjson"]
    # an editable install has no folder on the path, where the checker would look for it; torch it takes from the first Python of PATH
    environment = {**os.environ, "PYTHONPATH": str(root), "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    found = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    if not found.stdout: sys.exit(found.stderr)
    symbols = [symbol for symbol in json.loads(found.stdout)["typeCompleteness"]["symbols"] if symbol["isExported"] and not is_foreign(symbol["name"])]
    guessed = [symbol for symbol in symbols if not symbol["isTypeKnown"] or symbol["isTypeAmbiguous"]]
    print(f"{1 - len(guessed) / len(symbols):.1%} of {len(symbols)} public names have a known type; {len(guessed)} are guessed")
    if "-v" in sys.argv:
        for symbol in guessed:
            for diagnostic in symbol["diagnostics"]: print(f"{symbol['name']}: {' '.join(diagnostic['message'].split())}")
    if len(guessed) > GUESSED: sys.exit(f"{GUESSED} are allowed: annotate what is new, {sys.argv[0]} -v names all")


if __name__ == "__main__": main()
