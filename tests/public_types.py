"""How many public names a type checker would have to guess a type of: `py.typed` says it need not.

Run by `make check`. The figure may only fall. It depends a little on the libraries that are installed, so fewer are no error."""
import json
import os
import subprocess
import sys
from pathlib import Path

GUESSED = 48  # of all names that can be imported, with methods and attributes


def main():
    root = Path(__file__).parent.parent
    binaries = Path(sys.executable).parent
    command = [binaries / "basedpyright", "--verifytypes", "trainbook", "--ignoreexternal", "--outputjson"]
    # an editable install has no folder on the path, where the checker would look for it; torch it takes from the first Python of PATH
    environment = {**os.environ, "PYTHONPATH": str(root), "PATH": f"{binaries}{os.pathsep}{os.environ['PATH']}"}
    found = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True)
    if not found.stdout: sys.exit(found.stderr)
    report = json.loads(found.stdout)["typeCompleteness"]
    counts = report["exportedSymbolCounts"]
    guessed = counts["withAmbiguousType"] + counts["withUnknownType"]
    print(f"{report['completenessScore']:.1%} of {sum(counts.values())} public names have a known type; {guessed} are guessed")
    if "-v" in sys.argv:
        for symbol in report["symbols"]:
            if symbol["isExported"] and not (symbol["isTypeKnown"] and not symbol["isTypeAmbiguous"]):
                for diagnostic in symbol["diagnostics"]: print(f"{symbol['name']}: {' '.join(diagnostic['message'].split())}")
    if guessed > GUESSED: sys.exit(f"{GUESSED} are allowed: annotate what is new, {sys.argv[0]} -v names all")


if __name__ == "__main__": main()
