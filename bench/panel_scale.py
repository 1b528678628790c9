"""What the panel of a run with many metrics costs a page, beside one with a single metric: seconds of the processor, height, memory.

The built front end in headless Chromium, without a kernel. It prints and writes nothing: seconds of the processor (Chromium's `TaskDuration`) hold on a busy
machine, where those of a clock don't. Run it with the Python of .venv: `python bench/panel_scale.py`.
"""
import sys
from pathlib import Path

import numpy as np
from playwright.sync_api import CDPSession, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from lab import CHROMIUM, CHROMIUM_ARGS
from page import LOSS, PanelPage, table

FRAMES = 60

# One turn of the wheel a frame: in for the first half, then out.
ZOOM = """([selector, frames]) => new Promise((done) => {
  const area = document.querySelector(selector), box = area.getBoundingClientRect();
  const at = { clientX: box.left + box.width * .4, clientY: box.top + 20, ctrlKey: true, bubbles: true, cancelable: true };
  let drawn = 0;
  requestAnimationFrame(function frame() {
    if (drawn++ === frames) return done();
    area.dispatchEvent(new WheelEvent("wheel", { ...at, deltaY: drawn <= frames / 2 ? -30 : 30 }));
    requestAnimationFrame(frame);
  });
})"""


ALONE = "loss accuracy perplexity entropy temperature reward kl_weight grad_norm wasserstein alpha".split()  # each has a plot of its own

def metric(i: int) -> str:
    "Names as of a large run: ten that matter, and the rest by layer"
    return ALONE[i] if i < len(ALONE) else f"block{i % 40}/{('attention', 'mlp', 'router', 'gate')[i % 4]}/{i}"


def portions(metrics: int, steps: int, together=2 ** 21):
    "The tables that the kernel sends one after the other, about 16 MB each, as `Feed` does"
    rng, rows = np.random.default_rng(0), max(1, together // metrics)
    for start in range(0, steps, rows):
        count = min(rows, steps - start)
        step = np.arange(start + 1, start + count + 1)
        yield table("train", start, _step=step, **{metric(i): np.exp(-step / steps) + .1 * rng.random(count) for i in range(metrics)})


def spent(devtools: CDPSession) -> float:
    "Seconds of the processor in which the page has worked so far"
    return {one["name"]: one["value"] for one in devtools.send("Performance.getMetrics")["metrics"]}["TaskDuration"]


def held(devtools: CDPSession) -> float:
    "MiB that the page holds, typed arrays included"
    devtools.send("HeapProfiler.collectGarbage")
    usage = devtools.send("Runtime.getHeapUsage")
    return (usage["usedSize"] + usage["backingStorageSize"]) / 2**20


def measure(panel: PanelPage, metrics: int, steps: int) -> dict[str, float]:
    devtools = panel.page.context.new_cdp_session(panel.page)
    devtools.send("Performance.enable", dict(timeDomain="threadTicks"))  # of the processor
    panel.show(parts=["metrics"])
    found, before = {}, spent(devtools)
    for new in portions(metrics, steps):
        panel.send(new, step=steps)
        found.setdefault("first frame, s", spent(devtools) - before)
    found["all of it, s"] = spent(devtools) - before
    before = spent(devtools)
    panel.page.evaluate(ZOOM, [LOSS, FRAMES])
    found["a frame while it is zoomed, ms"] = 1000 * (spent(devtools) - before) / FRAMES
    found["MiB held"] = held(devtools)
    found["MiB of its values"] = metrics * steps * 8 / 2**20
    found["height, px"] = panel.panel.evaluate("panel => panel.offsetHeight")
    found["small plots"] = panel.page.locator(".small").count()
    return found


def main():
    cases = {"1 x 10,000": (1, 10_000), "10 x 100,000": (10, 100_000), "10 x 1,000,000": (10, 1_000_000), "2,000 x 10,000": (2_000, 10_000)}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        found = {}
        for name, case in cases.items():
            panel = PanelPage(chromium.new_page(viewport=dict(width=1080, height=900)))
            found[name] = measure(panel, *case)
            panel.page.close()
            assert not panel.errors, panel.errors
            print(name, {what: round(value, 2) for what, value in found[name].items()}, flush=True)
        chromium.close()
    print(f"{'metrics x steps':32}" + "".join(f"{name:>26}" for name in cases))
    alone = found["1 x 10,000"]
    for what in alone:
        print(f"{what:32}" + "".join(f"{one[what]:14.2f}" + (f" ({one[what] / alone[what]:7.1f} x)" if alone[what] else " " * 12) for one in found.values()))


if __name__ == "__main__": main()
