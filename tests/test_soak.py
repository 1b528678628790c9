"""A training that goes on and on, with panels that are reloaded, hidden and clicked, commands from elsewhere, and a kernel that is put to sleep."""
import json
import random
import re
import signal
import subprocess
import sys
import threading
import time
import zlib
from collections import Counter
from pathlib import Path
from select import select

import psutil
import pytest
from lab import CHROMIUM, CHROMIUM_ARGS, LabPage, notebook
from playwright.sync_api import Locator, expect
from playwright.sync_api import Error as PlaywrightError
from soak import IS_LONG, MINUTES

from trainbook import Run, list_runs, open_run
from trainbook.run.about import is_alive
from trainbook.run.control import Command

SECONDS = MINUTES * 60 or 20
RELOAD, STOPPED = (60, 60) if IS_LONG else (6, 10)  # seconds between two reloads; that the kernel sleeps
TURN = (5, 12) if IS_LONG else (1, 3)  # seconds that a tab is shown
LOOKS = 300 if IS_LONG else 50  # at the kernel, each time it is weighed
MB = 2**20

# By how much something may grow: by itself, while caches fill up, and for each byte in the tables, all of which the pages hold.
LIMITS = {"kernel": (48 * MB, .5), "watching": (48 * MB, .5), "renderers": (64 * MB, 10), "heap": (8 * MB, .25), "buffers": (16 * MB, 6),
          "nodes": (15_000, 0), "jseventlisteners": (500, 0), "files": (2, 0), "threads": (2, 0)}

TRAIN = """
import json, struct, torch, zlib
from torch import nn
from trainbook import watch
torch.manual_seed(0)
torch.set_num_threads(1)
model = nn.Sequential(nn.Linear(64, 48), nn.ReLU(), nn.Linear(48, 32), nn.ReLU(), nn.Linear(32, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=.01, momentum=.9)
scheduler = torch.optim.lr_scheduler.CosineAnnealingWarmRestarts(optimizer, 50)
x = torch.randn(4800, 64)
y = (x @ torch.randn(64, 10) + 4 * torch.randn(4800, 10)).argmax(1)
batches = [(x[at:at + 32], y[at:at + 32]) for at in range(0, 4800, 32)]

def measured(batches, run=None):
    with torch.no_grad(): scores = [(nn.functional.cross_entropy(model(x), y), (model(x).argmax(1) == y).float().mean()) for x, y in batches]
    loss, accuracy = torch.tensor(scores).mean(0)
    return dict(val_loss=loss.item(), val_accuracy=accuracy.item())

losses, counts = 0, dict(loss=0, accuracy=0, val_loss=0)
with watch(model, optimizer, name="soak", dir="runs-soak", scheduler=scheduler, evaluate=lambda run: measured(batches[120:]),
           early_stop=dict(patience=10**6, on=True)) as run:
    for epoch in run.epochs(10**6):
        for xb, yb in run.batches(batches[:120]):
            scores = model(xb)
            loss = nn.functional.cross_entropy(scores, yb)
            loss.backward(); optimizer.step(); optimizer.zero_grad()
            run.log(loss=loss)
            losses = zlib.crc32(struct.pack("d", loss.item()), losses)
            counts["loss"] += 1
            if run.step % 10: continue
            run.log(accuracy=(scores.argmax(1) == yb).float().mean())
            counts["accuracy"] += 1
        run.log(measured(run.batches(batches[120:], valid=True)))
        counts["val_loss"] += 1
        scheduler.step()
open("soak.json", "w").write(json.dumps(dict(counts=counts, losses=losses, step=run.step)))
"""
WATCH = """
from trainbook import list_runs, open_run
open_run(list_runs("runs-soak").index[-1]).panel()
"""
ALONE = """
import sys
from time import sleep
from trainbook import watch
with watch(name="alone", dir=sys.argv[1], view=None) as run:
    for step in run.steps(10**9):
        run.log(loss=1 / run.step)
        if step == 100: print("under way", flush=True)
        sleep(.001)
"""

ASKED = re.compile(rb'"content":\{"id":"([0-9a-f]{32})","command":"(?!hello|snapshot)\w+"')


# What is asked for

def toned(run: Run, rng: random.Random) -> float:
    """Half or double the learning rate, and not too far from what it was."""
    scale = run.info["steering"]["learning_rate_scale"]
    return 2. if scale < .3 else .5 if scale > 3 else rng.choice((.5, 2.))


def patience(rng: random.Random) -> int: return rng.randrange(10**6, 2 * 10**6)  # it is never over


def steer(folder: str):
    """From a process of its own, till its stdin ends; prints the ids."""
    run, rng = open_run(folder), random.Random(1)
    def ask(name: str, **arguments): print(run.request(Command(name, arguments, by="script")), flush=True)
    def pause():
        ask("pause")
        time.sleep(rng.uniform(0, .5))
        ask("resume")
    choices = [
        pause, lambda: ask("scale_lr", factor=toned(run, rng)), lambda: ask("undo"), lambda: ask("evaluate"),
        lambda: ask("checkpoint", tag=rng.choice("abc")), lambda: ask("rollback", to=rng.choice(["best", "last", "a"])),
        lambda: ask("early_stop", on=rng.random() < .5, patience=patience(rng)),
        lambda: ask("early_stop", monitor=rng.choice(["val_loss", "val_accuracy"]), mode=rng.choice(["min", "max"]), min_delta=rng.random()),
        lambda: ask("note", text="a remark " * rng.randrange(1, 50)), lambda: ask("tag", tags=[rng.choice("xyz")]),
        lambda: ask("untag", tags=[rng.choice("xyz")]), lambda: ask("nonsense")]
    while not select([sys.stdin], [], [], rng.uniform(.2, 1))[0]: rng.choice(choices)()


class Tab(LabPage):
    """A notebook in a tab, with a panel that is clicked."""

    def __init__(self, page, server, path: Path, rng: random.Random):
        super().__init__(page, server)
        self.file, self.rng, self.asked, self.clicks = path, rng, set(), 0
        self.cdp = page.context.new_cdp_session(page)
        page.on("websocket", lambda socket: socket.on("framesent", self._sent))

    def _sent(self, payload: bytes | str):
        if isinstance(payload, bytes): self.asked |= {id.decode() for id in ASKED.findall(payload)}

    def show(self):
        self.page.bring_to_front()
        self.page.wait_for_function("document.visibilityState === 'visible'")

    @property
    def panel(self) -> Locator: return self.output(0).get_by_role("region", name="Training soak")

    def goes_on(self):
        """What it says of the progress is not what it said before."""
        where = self.panel.locator("header .muted").first
        expect(where).to_have_text(re.compile("epoch"), timeout=60_000)
        said = where.inner_text()
        for _ in range(200):
            if where.inner_text() != said: return
            self.swap("Resume")
            self.page.wait_for_timeout(100)
        raise AssertionError(f"the panel of {self.file.stem} says {said} and nothing else")

    def swap(self, name: str):
        """Presses Pause or Resume, if that is what the button says at this moment."""
        self.clicks += self.panel.locator(".swap").evaluate("(button, name) => +(button.ariaLabel === name && button.click() === undefined)", name)

    def button(self, name: str) -> Locator: return self.panel.get_by_role("button", name=name, exact=True)

    def press(self, button: Locator):
        button.click(timeout=20_000)
        self.clicks += 1

    def act(self, run: Run):
        """Something at random."""
        rng, early = self.rng, self.panel.locator(".early")
        self.swap("Resume")
        def type_in(name: str, value: float):
            early.get_by_label(name).fill(str(value))
            early.get_by_label(name).press("Enter")
            early.get_by_label(name).blur()
        def undo():
            if self.button("Undo").count():
                try: self.button("Undo").first.click(timeout=2000)
                except PlaywrightError: pass  # other commands have pushed it out of the list meanwhile
        def back():
            if self.button("Roll back to best").is_enabled(): self.press(self.button("Roll back to best"))
        def scale(): self.press(self.button("Halve learning rate" if toned(run, rng) < 1 else "Double learning rate"))
        rng.choice([
            undo, back, scale, scale, lambda: self.swap("Pause"),
            lambda: self.press(self.button("Evaluate now")), lambda: self.press(self.button("Checkpoint now")),
            lambda: self.press(early.get_by_role("switch")), lambda: type_in("patience", patience(rng)), lambda: type_in("min delta", rng.random()),
            lambda: early.get_by_label("monitor").select_option(rng.choice(["val_loss", "val_accuracy"])),
            lambda: early.get_by_label("mode").select_option(rng.choice(["min", "max"])), lambda: self.press(early.get_by_text("restore best"))])()

    def weight(self) -> dict:
        """What the page takes, after its garbage has been collected."""
        self.cdp.send("HeapProfiler.collectGarbage")
        self.cdp.send("Performance.enable")
        heap, known = self.cdp.send("Runtime.getHeapUsage"), self.cdp.send("Performance.getMetrics")["metrics"]
        counts = {name.lower(): int(entry["value"]) for entry in known if (name := entry["name"]) in ("Nodes", "JSEventListeners")}
        return dict(heap=heap["usedSize"], buffers=heap["backingStorageSize"], **counts)


@pytest.fixture
def chromium(browser, jupyter, shots, tmp_path):
    """A Chromium whose tabs know whether they are seen: those that Playwright begins itself think they always are."""
    process = subprocess.Popen(
        [CHROMIUM, *CHROMIUM_ARGS, "--disable-features=BackForwardCache", "--headless=new", "--window-size=1280,1000",
         "--remote-debugging-port=0", f"--user-data-dir={tmp_path}"], stderr=subprocess.PIPE, text=True)
    address = next(line.split()[-1] for line in process.stderr if "DevTools listening on" in line)
    threading.Thread(target=process.stderr.read, daemon=True).start()
    seen = browser.browser_type.connect_over_cdp(address, no_defaults=True)
    yield seen.contexts[0], psutil.Process(process.pid)
    try:
        for number, page in enumerate(seen.contexts[0].pages[1:]):
            page.bring_to_front()
            page.screenshot(path=shots / f"soak-{number}.png")
        seen.close()
    finally:
        process.terminate()
        process.wait(20)
        jupyter.reset()


def process_of(run: Run) -> psutil.Process: return psutil.Process(run.info["process"]["pid"])


def outcomes(run: Run) -> Counter:
    """How often each command was asked for, and answered."""
    return Counter((event["id"], event["status"] == "requested") for event in run.events() if event["event"] == "command")


def settle(run: Run, tab: Tab):
    """Waits till all that was asked in a tab has an outcome."""
    for _ in range(1200):
        settled = outcomes(run)
        if all(settled[id, False] for id in tab.asked): return
        tab.page.wait_for_timeout(50)
    raise TimeoutError([id for id in tab.asked if not settled[id, False]])


def sleep_a_while(run: Run, trains: Tab, watches: Tab) -> float:  # how old the last sign of life became, in seconds
    """The kernel is stopped; nobody says that the run is lost, and what is asked meanwhile is done afterwards, once."""
    process, until = process_of(run), time.monotonic() + STOPPED
    for tab in (trains, watches): settle(run, tab)
    process.send_signal(signal.SIGSTOP)
    try:
        for tab, answer in ((trains, "no answer yet; still asking"), (watches, "evaluating …")):
            tab.show()
            tab.press(tab.button("Evaluate now"))
            expect(tab.panel.locator(".hint")).to_have_text(answer, timeout=10_000)
        while time.monotonic() < until:
            assert run.status in ("running", "paused") and watches.panel.locator(".pill").inner_text() in ("training", "paused")
            watches.page.wait_for_timeout(100)
        age = time.time() - run.info["heartbeat"]
    finally: process.send_signal(signal.SIGCONT)
    for tab in (trains, watches):
        tab.show()
        settle(run, tab)
        expect(tab.panel.locator(".hint")).not_to_have_text(re.compile("asking|evaluating"))
        tab.goes_on()
    assert run.status in ("running", "paused")
    elsewhere = run.info["process"] | dict(host="elsewhere")
    assert is_alive(elsewhere, age) == (age < 30)
    assert is_alive(elsewhere, time.time() - run.info["heartbeat"])
    return age


class Scales:
    """Weighs everything now and then."""

    def __init__(self, run: Run, tabs: list[Tab], watching: psutil.Process, chromium: psutil.Process):
        self.run, self.tabs, self.watching, self.chromium, self.weights = run, tabs, watching, chromium, []

    def weigh(self):
        kernel = process_of(self.run)
        # a file is open for a moment now and then, and who draws the picture of a long run needs room for a second or two
        looks = [(kernel.num_fds(), kernel.num_threads(), kernel.memory_info().rss, time.sleep(.02)) for _ in range(LOOKS)]
        pages = {f"{name} of {tab.file.stem}": value for tab in self.tabs for name, value in tab.weight().items()}
        renderers = [child for child in self.chromium.children(recursive=True) if "--type=renderer" in child.cmdline()]
        self.weights.append(dict(
            steps=self.run.progress["step"], rows=sum(file.stat().st_size for file in self.run.path.glob("*.npy")), kernel=min(look[2] for look in looks),
            watching=self.watching.memory_info().rss, renderers=sum(child.memory_info().rss for child in renderers), **pages,
            files=min(look[0] for look in looks), threads=min(look[1] for look in looks)))

    def excess(self) -> dict[str, float]:
        """What has grown by more than `LIMITS`."""
        gains = {name: last - first for (name, first), last in zip(self.weights[0].items(), self.weights[-1].values())}
        limits = {name: least + share * gains["rows"] for name in gains for about, (least, share) in LIMITS.items() if name.startswith(about)}
        return {name: gains[name] for name in limits if gains[name] > limits[name]}

    def __str__(self) -> str:
        def text(value): return f"{value / MB:12.1f} MB" if value > MB else f"{value:15,}"
        return "\n".join(f"{name:24}" + "".join(text(weight[name]) for weight in self.weights) for name in self.weights[0])


def begin(tab: Tab, wants: str):
    """Runs the only cell."""
    tab.show()
    (tab.open if tab.file.stem == "trains" else tab.open_in_notebook)(tab.file)  # JupyterLab does not like to be open in two tabs
    tab.run_cell(0)
    expect(tab.panel.get_by_text(re.compile(wants))).to_be_visible(timeout=60_000)
    tab.save()


def reload(run: Run, tab: Tab) -> set[str]:  # what was asked for and may be lost with the page
    """As F5 does, just after a click; the panel comes back."""
    settle(run, tab)
    before = {*tab.asked}
    tab.press(tab.button("Double learning rate" if run.info["steering"]["learning_rate_scale"] < 1 else "Halve learning rate"))
    tab.open_in_notebook(tab.file)
    tab.goes_on()
    return tab.asked - before


def use(run: Run, trains: Tab, watches: Tab, scales: Scales) -> dict:  # what was done
    """Shows one tab and then the other, and clicks and reloads and sleeps."""
    rng, done = random.Random(0), dict(turns=0, reloads=0, hasty=set(), asleep=None)
    began = reloaded = weighed = time.monotonic()
    while (now := time.monotonic()) < began + SECONDS or done["asleep"] is None or not scales.weights:  # on a slow machine one turn can take all the time
        if done["asleep"] is None and now > began + SECONDS / 2:
            done["asleep"] = sleep_a_while(run, trains, watches)
            began += time.monotonic() - now
        done["turns"] += 1
        is_due = now > reloaded + RELOAD
        tab, other = (watches, trains) if is_due or done["turns"] % 2 else (trains, watches)
        tab.show()
        other.page.wait_for_function("document.visibilityState === 'hidden'", polling=100)
        tab.goes_on()
        if is_due:
            done["hasty"] |= reload(run, tab)
            done["reloads"] += 1
            reloaded = now
        until = time.monotonic() + rng.uniform(*TURN)
        while time.monotonic() < until:
            tab.act(run)
            tab.page.wait_for_timeout(rng.randrange(500))
        if done["reloads"] and (not scales.weights or now > weighed + SECONDS / 8):
            scales.weigh()
            weighed = now
    return done


def end(jupyter, run: Run, trains: Tab, watches: Tab) -> dict:  # what the training says it has logged
    """A page that is reloaded while its cell trains has its panel back when the cell has ended."""
    trains.show()
    trains.open(trains.file, idle=False)
    watches.show()
    watches.press(watches.button("Stop after epoch"))
    for tab in (trains, watches):
        tab.show()
        try: expect(tab.panel.locator(".pill")).to_have_text("stopped", timeout=60_000)
        except AssertionError:
            print(tab.output(0).inner_html()[:2000], *tab.console[-30:], jupyter.log_tail(), sep="\n")
            raise
        plot = tab.panel.get_by_role("group", name=re.compile("Loss plot"))
        for key, step in (("Home", 1), ("End", run.progress["step"])):
            plot.press(key)
            expect(tab.panel.locator(".plot .hover")).to_contain_text(re.compile(rf"step {step}\D"))
    return json.loads((jupyter.root / "soak.json").read_text())


@pytest.mark.quiet
def test_soak(jupyter, chromium, capsys):
    """At the end all rows are there, each command has one outcome, and neither kernels nor pages have grown by more than their rows."""
    context, process = chromium
    trains, watches = tabs = [Tab(context.new_page(), jupyter, notebook([source], jupyter.root / f"{name}.ipynb"), random.Random(name))
                              for name, source in dict(trains=TRAIN, watches=WATCH).items()]
    begin(trains, r"epoch [5-9]")
    run = open_run(list_runs(jupyter.root / "runs-soak").index[-1])
    begin(watches, r"epoch \d\d")
    kernels = (child for child in psutil.Process(jupyter.process.pid).children() if "ipykernel_launcher" in child.cmdline())
    scales = Scales(run, tabs, next(child for child in kernels if child != process_of(run)), process)
    by_script = jupyter.root / "asked.txt"
    with open(by_script, "w") as file:
        script = subprocess.Popen([sys.executable, "-c", f"import test_soak; test_soak.steer({str(run.path)!r})"], cwd=Path(__file__).parent,
                                  stdin=subprocess.PIPE, stdout=file)
        try: done = use(run, trains, watches, scales)
        finally: script.communicate(timeout=60)
    assert script.returncode == 0
    asked = {*by_script.read_text().split(), run.resume()}
    for tab in tabs: settle(run, tab)
    scales.weigh()
    said = trains.output_text(0)
    logged = end(jupyter, run, trains, watches)

    curves = {name: run.curve(name) for name in logged["counts"]}
    found = {name: len(steps) for name, (steps, _) in curves.items()}
    asked |= trains.asked | watches.asked
    answers = Counter(event["status"] for event in run.events() if event["event"] == "command" and event["status"] != "requested")
    lost = {id for id in done["hasty"] if not outcomes(run)[id, True]}
    ours = [line for tab in tabs for line in tab.console if "blob:" in line or "trainbook" in line]  # our front end comes as a blob
    with capsys.disabled():
        print(f"\n{scales}\n{done['turns']} times a tab was shown and the other one hidden, {done['reloads']} reloads; the kernel slept "
              f"{STOPPED} s, and the last sign of life was {done['asleep']:.0f} s old\nrows logged {logged['counts']}, found {found}\n"
              f"{len(asked)} commands asked, {len(lost)} of them lost with a page that was reloaded; answers: {dict(answers)}")
    assert run.status == "stopped" and "Warning" not in said and not ours
    assert found == logged["counts"]
    assert (curves["loss"][0] == range(1, logged["step"] + 1)).all() and zlib.crc32(curves["loss"][1].tobytes()) == logged["losses"]
    assert outcomes(run) == Counter((id, is_request) for id in asked - lost for is_request in (True, False))
    assert not scales.excess()


@pytest.mark.parametrize("ahead", [3600, -3600])
def test_a_clock_that_is_set(tmp_path, monkeypatch, ahead):
    """As after a machine's sleep; the start times that the system tells move with it, and the last sign of life is an hour off."""
    process = subprocess.Popen([sys.executable, "-c", ALONE, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout.readline() == "under way\n"
        run, = (open_run(path) for path in list_runs(tmp_path).index)
        process.send_signal(signal.SIGSTOP)
        monkeypatch.setattr(psutil._psplatform, "boot_time", lambda before=psutil.boot_time(): before + ahead)
        monkeypatch.setattr("trainbook.run.run.time", lambda: time.time() + ahead)
        assert abs(process_of(run).create_time() - run.info["process"]["started"]) > 3000
        assert run.status == "running" and not run.is_over
        id = run.stop()
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=20)
    finally: process.kill()
    assert process.returncode == 0 and run.status == "stopped"
    assert outcomes(run) == Counter({(id, True): 1, (id, False): 1})
