"""Runs the programs of the fault suite, and says how much worse each faulty one is than its healthy twin.

    python tests/faults/suite.py                      all, and the table
    python tests/faults/suite.py dead_relu tiny       programs and kinds by name, or part of a name
    python tests/faults/suite.py --half tune -j 2     one half; two at a time
    python tests/faults/suite.py --list               what there is, and how the kinds fall into the halves; trains nothing
    python tests/faults/suite.py --write              all, and tests/faults/README.md

What a program scored is kept in ~/.cache/trainbook/faults until the program or common.py changes.
"""
import argparse, ast, hashlib, importlib.util, json, multiprocessing, os, sys, tempfile, time, warnings
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
CACHE = Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "trainbook" / "faults"
SEEDS = 0, 1, 2
CLEAR = .03  # every seed of a faulty program scores at least so much below every seed of its twin
KINDS = """overfitting underfitting vanishing_gradient exploding_gradient nan_loss dead_relu saturated_activation lr_too_high lr_too_low
    oscillating_loss plateau data_bottleneck label_noise class_imbalance missing_zero_grad double_softmax wrong_loss unnormalised_input
    unnormalised_target train_eval_mode frozen_params no_update bad_init mode_collapse gan_imbalance leakage data_skew no_shuffle bad_data
    shape_broadcast over_regularised memory_leak unstable""".split()


# --- programs ---

@dataclass(frozen=True)
class Program:
    """A file of the suite, read without running it."""
    path: Path
    about: str  # its docstring
    KIND: "str | None"  # what should be found; None: nothing
    TWIN: "str | None" = None  # the healthy program it differs from by the fault alone
    WHERE: "str | None" = None  # the layer, argument or call to be named, where there is one
    ALSO: frozenset = frozenset()  # kinds that are true of it as well: neither right nor wrong
    SINCE: int = 0  # the step after which the fault can be seen, if not from the first on
    SCARY: "str | None" = None  # of a healthy one: what looks wrong and is not
    AT_LEAST: float = 0.  # of a healthy one: what every seed scores

    @property
    def name(self): return self.path.stem
    @property
    def half(self): return half(self.name)


TUNED_ON = frozenset((HERE / "tuned_on.txt").read_text().split())


def half(name):
    """The half a program belongs to: `tune` if it was read, or its runs were, while rules were written; `report` if it gives numbers of them."""
    return "tune" if name in TUNED_ON else "report"


def read(path):
    tree = ast.parse(path.read_text())
    constants = {node.targets[0].id: ast.literal_eval(node.value) for node in tree.body
                 if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name) and node.targets[0].id in Program.__annotations__}
    return Program(path, ast.get_docstring(tree) or "", **{**constants, "ALSO": frozenset(constants.get("ALSO", ()))})


def programs(half=None):
    """All programs, or those of a half."""
    every = [read(path) for folder in ("faulty", "healthy") for path in sorted((HERE / folder).glob("*.py"))]
    return [program for program in every if half in (None, program.half)]


# --- running ---

@dataclass(frozen=True)
class Outcome:
    score: float  # what `train` gave
    seconds: float  # of one core
    steps: int
    run: str  # the folder of its run


def train_here(path, seed, dir, name, results):
    """Trains in this process, which does nothing else: no program sees what another one left behind."""
    import torch
    from trainbook import open_run
    if str(HERE) not in sys.path: sys.path.insert(0, str(HERE))
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")  # torch and trainbook warn a faulty program, as they should
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    begun = time.process_time()
    score = module.train(seed, dir=dir, name=name, view=None, checkpoint=None)
    seconds = time.process_time() - begun
    [run] = Path(dir).glob("*/run.json")
    results.send(Outcome(float(score), round(seconds, 2), int(open_run(run.parent).step), str(run.parent)))


def outcome(program, seed, runs):
    """Trains a program once, in a process of its own, and leaves its run in a folder of its own under `runs`."""
    dir = Path(runs) / f"{program.name}-{seed}"
    dir.mkdir(parents=True)
    context = multiprocessing.get_context("fork")  # torch and scikit-learn are imported once, by warm_up
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=train_here, args=(program.path, seed, dir, program.name, there))
    process.start()
    there.close()
    try: return here.recv()
    except EOFError: raise RuntimeError(f"{program.name} with seed {seed} failed; its error stands above") from None
    finally: process.join()


def warm_up():
    """Imports what every program needs, so that the processes of the programs have it already."""
    import sklearn.datasets, sklearn.model_selection, sklearn.preprocessing  # noqa: F401 - for those that are forked
    import torch._dynamo  # noqa: F401 - by the first optimizer, which takes a second
    import trainbook.train.learner  # noqa: F401


def code(path):
    """What a file does, without what it declares: a better word in a docstring trains nothing anew."""
    def declares(node):
        return isinstance(node, ast.Expr) or isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") in Program.__annotations__
    return "\n".join(ast.dump(node) for node in ast.parse(path.read_text()).body if not declares(node))


def cached(program, seed):
    """The outcome, from the cache if neither the program nor common.py has changed."""
    content = code(program.path) + code(HERE / "common.py")
    kept = CACHE / f"{program.name}-{seed}-{hashlib.sha256(content.encode()).hexdigest()[:16]}.json"
    if kept.exists(): return Outcome(**json.loads(kept.read_text()))
    with tempfile.TemporaryDirectory() as runs: result = outcome(program, seed, runs)
    for old in CACHE.glob(f"{program.name}-{seed}-*.json"): old.unlink()
    CACHE.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(asdict(result)))
    return result


# --- the table ---

def is_worse(faulty, twin):
    """Whether every seed of a faulty program is clearly below every seed of its twin."""
    return max(result.score for result in faulty) <= min(result.score for result in twin) - CLEAR


def shown(results): return " ".join(f"{result.score:.3f}" for result in results)


def rows(every, results):
    """Lines of the two tables, in Markdown."""
    faulty = [program for program in every if program.KIND]
    healthy = [program for program in every if not program.KIND]
    yield "| kind | faulty program | half | its scores | its twin | the twin's scores | worse | steps | s |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for program in sorted(faulty, key=lambda program: (KINDS.index(program.KIND), program.name)):
        mine, twins = results[program.name], results[program.TWIN]
        worse = "yes" if is_worse(mine, twins) else "**no**"
        yield (f"| {program.KIND} | {program.name} | {program.half} | {shown(mine)} | {program.TWIN} | {shown(twins)} | {worse} "
               f"| {mine[0].steps} | {mine[0].seconds:.1f} |")
    yield ""
    yield "| healthy program | half | its scores | at least | steps | s | looks wrong |"
    yield "|---|---|---|---|---|---|---|"
    for program in healthy:
        mine = results[program.name]
        low = "" if min(result.score for result in mine) >= program.AT_LEAST else " **not reached**"
        yield f"| {program.name} | {program.half} | {shown(mine)} | {program.AT_LEAST}{low} | {mine[0].steps} | {mine[0].seconds:.1f} | {program.SCARY or ''} |"


def by_half(every):
    """How many programs of each kind are in each half, in Markdown."""
    yield "| kind | tune | report |"
    yield "|---|---|---|"
    for kind in [*KINDS, None]:
        counts = [sum(program.KIND == kind and program.half == half for program in every) for half in ("tune", "report")]
        yield f"| {kind or 'healthy'} | {counts[0]} | {counts[1]} |"


HEAD = """# The fault suite

Trainings as people write them. Each faulty program has one fault, and a healthy twin that differs from it by that fault alone; it is worse than its
twin, as measured here with three seeds. Some healthy programs look wrong and are not. A diagnosis is tuned on one half and judged on the other one, of
programs that were written by other hands and not read by who writes rules. Once they were, their names go into `tuned_on.txt`, and new ones are needed.
`suite.py` runs the programs, reads what they declare, and has written this page.

A program is a file with a docstring, `train(seed, **options)`, which passes the options on to `watch` or `Learner` and gives a score, and these names:

| name | of | what it says |
|---|---|---|
| `KIND` | all | what should be found; None for a healthy one |
| `TWIN` | faulty | the name of the healthy program |
| `WHERE` | faulty, where there is one | the layer, column, argument or call that should be named |
| `ALSO` | faulty | kinds that are true of it as well: finding them is neither right nor wrong |
| `SINCE` | faulty | the step after which the fault can be seen, if not from the first on; the steps to a finding count from there |
| `SCARY` | some healthy ones | what looks wrong, and why it is not |
| `AT_LEAST` | healthy | the score that every seed reaches |

What has no step of its own in the file: a `nan_loss` begins with the first loss that is no number, `overfitting` with the best validation.

The score is computed alike by both twins, on data that the training has not seen; the higher the better. It is an accuracy, a balanced accuracy, a
share of variance explained, the mean probability of the next letter, the share of clouds that a GAN covers, the share of the time that is not spent
waiting for data, or a number of 0 to 1 that falls as memory grows. Seconds are those of one core.
A program is clearly worse if every seed of it scores at least {clear} below every seed of its twin.

`score.py` says how well the diagnosis does: it trains the programs with three seeds and prints, beside the goals, what was found in each of them, when and
where. `make faults` runs it for both halves. With `--again` it judges the runs of the last time with the rules of today, which takes a minute.

`grid.py` plants some sixty typical faults into each of twelve sound trainings and prints the same figures. A fault that does no harm in a training is
left out. It takes a quarter of an hour for a seed, and shows in which networks a rule is blind.

{faulty} faulty programs, {healthy} healthy ones, {scary} of these look wrong.
"""


def page(every, results):
    faulty, scary = sum(program.KIND is not None for program in every), sum(program.SCARY is not None for program in every)
    head = HEAD.format(clear=CLEAR, faulty=faulty, healthy=len(every) - faulty, scary=scary)
    return "\n".join([head, *rows(every, results), "", "## Halves", "", *by_half(every), ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="programs or kinds, or part of a name; their twins are run too")
    parser.add_argument("--half", choices=["tune", "report"])
    parser.add_argument("-j", type=int, default=1, help="how many programs run at a time")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--list", action="store_true", help="train nothing")
    parser.add_argument("--write", action="store_true", help="write README.md")
    args = parser.parse_args()
    if args.write and (args.names or args.half or args.seeds != SEEDS): parser.error("--write needs all programs and all seeds")
    every = programs()
    by_name = {program.name: program for program in every}
    chosen = [program for program in programs(args.half) if not args.names or any(name in program.name or name == program.KIND for name in args.names)]
    if args.list:
        for program in chosen: print(f"{program.half:7}{program.KIND or '-':22}{program.name:36}{program.about.splitlines()[0]}")
        return print("\n".join(["", *by_half(chosen)]))
    for program in list(chosen):
        if program.TWIN and by_name[program.TWIN] not in chosen: chosen.append(by_name[program.TWIN])

    def of(task):
        program, seed = task
        result = cached(program, seed)
        print(f"{program.name} {seed}: {result.score:.3f} in {result.seconds:.1f} s, {result.steps} steps", file=sys.stderr)
        return result
    warm_up()
    tasks = [(program, seed) for seed in args.seeds for program in chosen]
    with ThreadPoolExecutor(args.j) as pool: outcomes = list(pool.map(of, tasks))
    results = {program.name: [result for (task, _), result in zip(tasks, outcomes) if task == program] for program in chosen}
    if args.write: (HERE / "README.md").write_text(page(every, results))
    print("\n".join(rows(chosen, results)))


if __name__ == "__main__": main()
