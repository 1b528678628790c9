"""Do remedies cure? Faulty trainings are cured by clicks, and their scores set beside those of their healthy twins.

    python bench/remedies.py                    the programs of tests/faults that rules were not tuned on, three seeds
    python bench/remedies.py --all              those that they were tuned on as well
    python bench/remedies.py dead_relu zeros    kinds and programs by name, or part of one
    python bench/remedies.py --mistake          healthy programs, each remedy that fits applied by mistake and taken back

The person who clicks knows nothing. At a step at which the training is judged, the first finding is answered by its first remedy. When the trial is
over the verdict is read: if the loss is better, or can't be compared, nothing more is done; if it is worse the remedy is taken back. Else the
next remedy is tried: three clicks at most. A program is curable by a button if a remedy is offered in each of its seeds.
"""
import argparse
import importlib.util
import multiprocessing
import sys
import tempfile
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import mean
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "faults"))
import suite
from report import provenance, table, write_section
from suite import HERE, SEEDS, Program

CLICKS = 3
SHARE = .95  # of the twin's score that counts as cured
WORSE = .02


class Cured(NamedTuple):
    score: float
    clicks: list[str]  # such as `dead_relu: leaky_relu`


class Clicker:
    """A part of a run that clicks on the first remedy."""
    part = "clicking"

    def __init__(self, run: Any):
        self.run, self.clicks, self.tried, self.until = run, [], set(), 0

    def on_step_end(self):
        step = self.run.step
        if step < self.until or step % 5 and step > 8 or self.run.position_is_validating(): return
        self.until = 0
        from trainbook.run.clerk import clerk
        clerk.call(self.run.diagnosis)
        if self.reads_verdict() and len(self.clicks) < CLICKS: self.click()

    def reads_verdict(self) -> bool:
        """Whether the person goes on clicking."""
        remedies = next(part for part in self.run.loop.parts if part.part == "applying remedies")
        remedies.tick()
        trial = self.run.loop.state().get("trial")
        if trial and trial.get("verdict") == "worse":
            self.run.undo(trial["id"])
            self.run.loop.do_what_is_due()
        return not trial or trial.get("verdict") in ("worse", "no difference")

    def click(self):
        for finding in self.run.findings:
            for remedy in finding.remedies:
                name = finding.kind, remedy.command, str(remedy.arguments)
                if name in self.tried or remedy.command in ("pause", "stop"): continue
                self.tried.add(name)
                request = self.run.apply(finding, remedy)
                self.run.loop.do_what_is_due()
                if (request.outcome or {}).get("status") != "applied": continue
                self.clicks.append(f"{finding.kind}: {remedy.command}")
                trial = self.run.loop.state().get("trial")
                self.until = trial["until"] + 1 if trial and trial["command"] == remedy.command else self.run.step + 20
                return


class Mistake(Clicker):
    """Applies the remedy of a number, and takes it back ten steps later."""

    def __init__(self, run: Any, command: str):
        super().__init__(run)
        self.command, self.request, self.is_back = command, None, False

    def on_step_end(self):
        from trainbook.run.control import Command
        if self.run.position_is_validating(): return
        if self.request is None and self.run.step == 25:
            self.request = self.run.request(Command(self.command, by="bench"))
            self.run.loop.do_what_is_due()
            if (self.request.outcome or {}).get("status") == "applied": self.clicks.append(self.command)
        elif self.clicks and not self.is_back and self.run.step >= 35:
            self.is_back = True
            self.run.request(Command("undo", dict(id=str(self.request)), by="bench"))


def train_here(path: Path, seed: int, dir: Path, command: str | None, results: Any):
    """Trains in a process of its own, with somebody who clicks."""
    import torch
    import trainbook
    from trainbook.train import learner, live_diagnosis
    from trainbook.train.watch import watch
    sys.path.insert(0, str(HERE))
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    live_diagnosis.RESTS = 0
    clickers: list[Clicker] = []

    def watched(*arguments: Any, **options: Any):
        run = watch(*arguments, **options)
        run.position_is_validating = lambda: run.recorder.position.validating
        clickers.append(Clicker(run) if command is None else Mistake(run, command))
        run.loop.attach(clickers[-1])
        return run

    trainbook.watch = learner.watch = watched
    spec: Any = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    score = module.train(seed, dir=dir, name=path.stem, view=None, checkpoint="best")
    results.send(Cured(float(score), [click for clicker in clickers for click in clicker.clicks]))


def cured(program: Program, seed: int, command: str | None = None) -> Cured | None:
    """None if the training failed."""
    context = multiprocessing.get_context("fork")
    here, there = context.Pipe(duplex=False)
    with tempfile.TemporaryDirectory() as dir:
        process = context.Process(target=train_here, args=(program.path, seed, Path(dir), command, there))
        process.start()
        there.close()
        try: return here.recv() if here.poll(240) else None
        except EOFError: return None
        finally:
            process.kill()
            process.join()


def chosen(names: list[str], is_all: bool) -> list[Program]:
    """Faulty programs."""
    return [one for one in suite.programs(None if is_all or names else "report") if one.KIND
            and (not names or any(name == one.KIND or name in one.name for name in names))]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--mistake", action="store_true")
    parser.add_argument("--seeds", type=int, nargs="+", default=SEEDS)
    parser.add_argument("-j", type=int, default=2)
    args = parser.parse_args()
    suite.warm_up()
    if args.mistake: return mistakes(args)
    by_name = {one.name: one for one in suite.programs()}
    programs = chosen(args.names, args.all)
    twins = sorted({one.TWIN for one in programs if one.TWIN})
    with ThreadPoolExecutor(args.j) as pool:
        healthy = dict(zip(twins, pool.map(lambda name: mean(suite.cached(by_name[name], seed).score for seed in args.seeds), twins)))
        before = list(pool.map(lambda one: mean(suite.cached(one, seed).score for seed in args.seeds), programs))
        after = [[pool.submit(cured, one, seed) for seed in args.seeds] for one in programs]
        rows, counted, good = rows_of(programs, before, after, healthy)
    line = f"{good} of {counted} programs in which a remedy is offered come back to {SHARE:.0%} of their twin's score, with {CLICKS} clicks at most."
    if args.names: return print(line)
    write_section("remedies", [f"## Remedies\n\n{provenance(' '.join(['python bench/remedies.py --seeds', *map(str, args.seeds)]))} {line}\n",
                               *table(["program", "clicks", "before", "after, by seed", "healthy twin", ""], rows)])


def rows_of(programs: list[Program], before: list[float], after: list[list[Any]], healthy: dict[str, float]) -> tuple[list[list[str]], int, int]:
    """The rows of the table, how many programs are curable by a button, and how many of them are cured."""
    rows, counted, good = [], 0, 0
    for i, (one, waiting) in enumerate(zip(programs, after)):
        results = [future.result() for future in waiting]
        twin = healthy[one.TWIN or ""]
        scores = [result.score for result in results if result]
        is_curable = all(result is None or result.clicks for result in results)
        is_cured = len(scores) == len(results) and mean(scores) >= SHARE * twin
        counted, good = counted + is_curable, good + (is_curable and is_cured)
        clicks = " / ".join(dict.fromkeys(", ".join(result.clicks) or "none" for result in results if result)) or "failed"
        rows.append([one.name, clicks, f"{before[i]:.3f}", " ".join(f"{score:.3f}" for score in scores), f"{twin:.3f}",
                     "cured" if is_cured else "no" if is_curable else "nothing offered"])
        print(*rows[-1], sep=" | ", flush=True)
    return rows, counted, good


def mistakes(args: Any):
    """Healthy programs, with each remedy applied by mistake and taken back."""
    from trainbook.remedy.commands import known_remedies
    healthy = [one for one in suite.programs() if not one.KIND and (not args.names or any(name in one.name for name in args.names))]
    tasks = [(one, args.seeds[0], remedy.name) for i, one in enumerate(healthy) for j, remedy in enumerate(known_remedies()) if args.names or (i + j) % 8 == 0]
    with ThreadPoolExecutor(args.j) as pool: found = list(pool.map(lambda task: cured(*task), tasks))
    applied = [(task, result) for task, result in zip(tasks, found) if result and result.clicks]
    worse = [(one.name, command, result.score, score) for (one, seed, command), result in applied
             if result.score < (score := suite.cached(one, seed).score) - WORSE * abs(score)]
    print(f"{len(applied)} remedies applied by mistake and taken back; {len(worse)} trainings are worse by more than {WORSE:.0%}; {found.count(None)} failed")
    for line in worse: print(*line)


if __name__ == "__main__": main()
