"""Says how well the diagnosis does on the fault suite: what it found in each program, by three seeds, beside the goals.

    python tests/faults/score.py --half report               the half that is reported on
    python tests/faults/score.py --half tune dead_relu gan   programs and kinds by name, or part of a name
    python tests/faults/score.py --half tune --again         judges the runs that are there with the present rules, and trains nothing

The runs are kept, by default in ~/.cache/trainbook/faults/runs, and are trained anew when trainbook or the program has changed.

What counts. A kind is *held* if it is among `run.findings` at the end, and *told* if it ever was. A program is diagnosed if its kind is held; of what
happens at a moment, such as a loss that is no number, it is enough that it was told. Everything told counts against the diagnosis, be it withdrawn later.
Each figure is taken for each seed, and the worst seed is the one to go by.
"""
import argparse, hashlib, math, re, shutil, sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Callable, NamedTuple

import suite
from suite import CACHE, HERE, KINDS, SEEDS

EXACT = {"missing_zero_grad", "double_softmax", "wrong_loss", "train_eval_mode", "frozen_params", "no_update", "no_shuffle", "shape_broadcast"}
TREND = {"overfitting", "underfitting", "label_noise", "over_regularised"}  # what a training and its validations show as they go on; all others are measured
MOMENTARY = {"nan_loss", "exploding_gradient", "unstable"}  # what happens at a moment, and may be over at the end
EXACT_STEPS, SHARE_OF_RUN, VALIDATIONS = 15, .1, 4  # after which the right finding is late


# --- what was found in a run ---

class Told(NamedTuple):
    step: int
    kind: str
    where: str
    severity: str


@dataclass(frozen=True)
class Verdict:
    """What was found in a run of a program."""
    steps: int
    told: list  # each `Told`, in the order in which they were found
    held: list  # the same of those that hold at the end, in their rank order
    first_bad: "int | None"  # the step of the first value of the training that is no number
    best: "int | None"  # the step of the best validation
    validations: list  # their steps


def told(finding): return Told(finding.step, finding.kind, finding.where, finding.severity)


def told_by(events):
    """The findings that were shown while a run went on, by its events: oldest first, each once, and no symptom whose cause was found at the same step."""
    from trainbook.run.found import Found, key_of
    shown, found = {}, Found()
    for _, together in groupby((event for event in events if event["event"] == "finding"), lambda event: event["step"]):
        for event in together: found.take(event)
        for finding in found.findings: shown.setdefault(key_of(finding), told(finding))
    return [one for one in shown.values() if one.kind in KINDS]


def verdict_of(run, shown, held):
    """Sums up a run; `shown` and `held` are what was found in it, and what holds at its end."""
    training = set(run.frame("train").columns) & set(run.metrics)
    bad = [step for name in training for step, value in run.history(name) if not math.isfinite(value)]  # a frame does not tell NaN from what is absent
    monitor = run.info.get("monitor", "val_loss")
    validations = run.history("val_loss") if "val_loss" in run.metrics else run.history(monitor) if monitor in run.metrics else []
    best = min((value, step) for step, value in validations)[1] if validations else None
    return Verdict(run.step, shown, held, min(bad, default=None), best, [step for step, _ in validations])


def live_verdict(run):
    """What the run said while it went on, and said at the end."""
    return verdict_of(run, told_by(run.events()), [told(one) for one in run.findings])


def verdict_again(run):
    """What the present rules say of a run that is over, asked at the steps at which a live one is judged."""
    from trainbook.diagnosis.judge import judge
    from trainbook.diagnosis.training_rules import RULES
    from trainbook.run.found import Found, found_event
    from trainbook.run.training_facts import facts_of
    from trainbook.train.live_diagnosis import Changes, Schedule, up_to
    facts, schedule, changes, found, events = facts_of(run), Schedule(), Changes(), Found(), []
    for step in (*(step for curve in facts.validation.values() for step in curve.steps.tolist()), run.step): schedule.note(step)
    for step in schedule.due(run.step):
        new, gone = changes.between(found, judge(up_to(facts, step), RULES), step, step == run.step)
        for event in (*map(found_event, new), *gone):
            events.append(event)
            found.take(event)
    return verdict_of(run, told_by(events), [told(one) for one in found.findings])


# --- runs that are kept ---

def trainbook_now():
    """A hash of the package: what it measures and how it judges."""
    package = HERE.parent.parent / "trainbook"
    return hashlib.sha256(b"".join(path.read_bytes() for path in sorted(package.rglob("*.py")))).hexdigest()


def kept_run(program, seed, runs, package):
    """The run of a program that is kept, trained anew if trainbook, the program or common.py has changed."""
    from trainbook import open_run
    folder = Path(runs) / f"{program.name}-{seed}"
    made_by = hashlib.sha256((package + suite.code(program.path) + suite.code(HERE / "common.py")).encode()).hexdigest()
    if not (folder / "made_by").exists() or (folder / "made_by").read_text() != made_by:
        shutil.rmtree(folder, ignore_errors=True)
        suite.outcome(program, seed, runs)
        (folder / "made_by").write_text(made_by)
        print(f"{program.name} {seed}", file=sys.stderr)
    [info] = folder.glob("*/run.json")
    return open_run(info.parent)


def run_that_is_there(program, seed, runs):
    from trainbook import open_run
    found = list(Path(runs, f"{program.name}-{seed}").glob("*/run.json"))
    return open_run(found[0].parent) if found else None


# --- whether it is right ---

def is_told(program, verdict): return any(one.kind == program.KIND for one in verdict.told)


def is_diagnosed(program, verdict):
    return any(one.kind == program.KIND for one in verdict.held) or program.KIND in MOMENTARY and is_told(program, verdict)


def is_first(program, found):
    """Whether the first of what was found is right, passing over what is true as well."""
    return next((one.kind for one in found if one.kind not in program.ALSO), None) == program.KIND


def wrong(program, found):
    """The kinds found that are not true of a program."""
    return {one.kind for one in found} - {program.KIND, *program.ALSO}


def is_right_where(program, verdict):
    """Whether the right finding names the place; `rnn` is named by `rnn.weight_hh_l0`, and `mse_loss` by `MSELoss`."""
    def plain(name): return name.replace("_", "").lower()
    named = rf"(?<![\w.]){re.escape(plain(program.WHERE))}(?!\w)"
    return any(one.kind == program.KIND and re.search(named, plain(one.where)) for one in verdict.told)


def delay(program, verdict):
    """Steps from when a fault can be seen to the first right finding; of overfitting, validations after the best one. None if there is none."""
    step = next((one.step for one in verdict.told if one.kind == program.KIND), None)
    if step is None: return None
    if program.KIND == "overfitting": return sum((verdict.best or 0) < at <= step for at in verdict.validations)
    since = max(program.SINCE, (verdict.first_bad or 0) if program.KIND == "nan_loss" else 0)
    return max(0, step - since)


def is_in_time(program, verdict):
    """Whether the right finding came soon enough; never, if it did not come. For what shows as a training goes on, the issue names no limit."""
    late = delay(program, verdict)
    if program.KIND == "overfitting": limit = VALIDATIONS
    elif program.KIND in TREND: limit = math.inf
    else: limit = EXACT_STEPS if program.KIND in EXACT else SHARE_OF_RUN * verdict.steps
    return late is not None and late <= limit


# --- figures ---

Pairs = list  # of (Program, Verdict), of one seed


def share(pairs, is_so): return sum(is_so(program, verdict) for program, verdict in pairs) / len(pairs) if pairs else math.nan


def mean(pairs, number): return sum(number(program, verdict) for program, verdict in pairs) / len(pairs) if pairs else math.nan


def of_kinds(pairs, is_so): return [pair for pair in pairs if is_so(pair[0].KIND)]


@dataclass(frozen=True)
class Figure:
    name: str
    of: Callable  # (faulty, healthy): pairs of one seed -> number
    goal: "float | None" = None
    higher_is_better: bool = True
    format: str = ".0%"

    def written(self, value): return "–" if math.isnan(value) else format(value, self.format)

    def worst(self, values):
        values = [value for value in values if not math.isnan(value)]
        return (min if self.higher_is_better else max)(values) if values else math.nan

    def line(self, values):
        worst = self.worst(values)
        is_met = self.goal is not None and (worst >= self.goal if self.higher_is_better else worst <= self.goal)
        goal = "" if self.goal is None else ("≥ " if self.higher_is_better else "≤ ") + self.written(self.goal)
        met = "" if self.goal is None or math.isnan(worst) else "yes" if is_met else "**no**"
        return f"| {self.name} | {' | '.join(map(self.written, values))} | {self.written(worst)} | {goal} | {met} |"


FIGURES = [
    Figure("exact diagnosis", lambda faulty, healthy: share(faulty, is_diagnosed), .9),
    Figure("first finding right, at the end", lambda faulty, healthy: share(faulty, lambda program, verdict: is_first(program, verdict.held)), .9),
    Figure("first finding right, in time", lambda faulty, healthy: share(faulty, lambda program, verdict: is_first(program, verdict.told)), .9),
    Figure("wrong findings per faulty run, at the end", lambda faulty, healthy: mean(faulty, lambda program, verdict: len(wrong(program, verdict.held))),
           .3, False, ".2f"),
    Figure("wrong findings per faulty run, ever", lambda faulty, healthy: mean(faulty, lambda program, verdict: len(wrong(program, verdict.told))),
           .3, False, ".2f"),
    Figure("healthy runs with any finding", lambda faulty, healthy: share(healthy, lambda program, verdict: bool(verdict.told)), .05, False),
    Figure("healthy runs with an error", lambda faulty, healthy: share(healthy, lambda program, verdict: any(one.severity == "error" for one in verdict.told)),
           0., False),
    Figure(f"exact kinds found within {EXACT_STEPS} steps", lambda faulty, healthy: share(of_kinds(faulty, EXACT.__contains__), is_in_time), 1.),
    Figure(f"measured kinds found within {SHARE_OF_RUN:.0%} of the run",
           lambda faulty, healthy: share(of_kinds(faulty, lambda kind: kind not in EXACT | TREND), is_in_time), 1.),
    Figure(f"overfitting found within {VALIDATIONS} validations", lambda faulty, healthy: share(of_kinds(faulty, "overfitting".__eq__), is_in_time), 1.),
    Figure(f"kinds found, of {len(KINDS)}", lambda faulty, healthy: len({program.KIND for program, verdict in faulty if is_diagnosed(program, verdict)}),
           len(KINDS), format=".0f"),
    Figure("place named, where there is one",
           lambda faulty, healthy: share([pair for pair in faulty if pair[0].WHERE and is_told(*pair)], is_right_where)),
]


# --- tables ---

def figures(verdicts, seeds):
    """Lines of the figures by seed; `verdicts` has them by program and seed."""
    yield f"| figure | {' | '.join(f'seed {seed}' for seed in seeds)} | worst | goal | met |"
    yield "|---" * (len(seeds) + 4) + "|"
    for figure in FIGURES:
        by_seed = [[(program, verdict) for (program, at), verdict in verdicts.items() if at == seed] for seed in seeds]
        yield figure.line([figure.of([pair for pair in pairs if pair[0].KIND], [pair for pair in pairs if not pair[0].KIND]) for pairs in by_seed])


def kinds_of(found): return " ".join(dict.fromkeys(one.kind for one in found))


def by_kind(verdicts, seeds):
    """Lines of the faulty programs, by kind: how many seeds were right, and what was wrong."""
    yield "| kind | program | diagnosed | first | in time | steps to it | wrong | place |"
    yield "|---|---|---|---|---|---|---|---|"
    programs = {program for program, _ in verdicts if program.KIND}
    for program in sorted(programs, key=lambda program: (KINDS.index(program.KIND), program.name)):
        mine = [verdicts[program, seed] for seed in seeds if (program, seed) in verdicts]
        def count(is_so): return f"{sum(is_so(program, verdict) for verdict in mine)}/{len(mine)}"
        late = " ".join("–" if (steps := delay(program, verdict)) is None else str(steps) for verdict in mine)
        bad = " ".join(sorted({kind for verdict in mine for kind in wrong(program, verdict.told)}))
        place = count(is_right_where) if program.WHERE else ""
        first = count(lambda program, verdict: is_first(program, verdict.held))
        yield f"| {program.KIND} | {program.name} | {count(is_diagnosed)} | {first} | {count(is_in_time)} | {late} | {bad} | {place} |"


def alarms(verdicts):
    """Lines of the healthy runs in which something was found."""
    for (program, seed), verdict in verdicts.items():
        if not program.KIND and verdict.told: yield f"* {program.name} {seed}: {kinds_of(verdict.told)}; at the end {kinds_of(verdict.held) or 'nothing'}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="programs or kinds, or part of a name")
    parser.add_argument("--half", choices=["tune", "report"])
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("--runs", type=Path, default=CACHE / "runs", help="where the runs are kept")
    parser.add_argument("--again", action="store_true", help="train nothing: judge the runs that are kept with the present rules")
    parser.add_argument("-j", type=int, default=1, help="how many programs run at a time")
    args = parser.parse_args()
    chosen = [program for program in suite.programs(args.half) if not args.names or any(name in program.name or name == program.KIND for name in args.names)]
    tasks = [(program, seed) for seed in args.seeds for program in chosen]

    def of(task):
        if not args.again: return live_verdict(kept_run(*task, args.runs, package))
        run = run_that_is_there(*task, args.runs)
        return verdict_again(run) if run else None
    package = trainbook_now()
    suite.warm_up()
    with ThreadPoolExecutor(args.j) as pool: verdicts = {task: verdict for task, verdict in zip(tasks, pool.map(of, tasks)) if verdict}
    lines = *figures(verdicts, args.seeds), "", *by_kind(verdicts, args.seeds), "", *alarms(verdicts)
    print("\n".join(lines))


if __name__ == "__main__": main()
