"""How smooth the panel stays over a long run: frames a second while it is panned and zoomed, and what a redraw takes.

The built front end in headless Chromium, without a kernel. Writes a section of RESULTS.md; run it with the Python of .venv, which has Playwright.
"""
import statistics
import sys
from pathlib import Path

import numpy as np
from playwright.sync_api import Page, sync_playwright

import report

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from lab import CHROMIUM, CHROMIUM_ARGS
from page import LOSS, MAP, PanelPage, table

POINTS, LAYERS, ROWS = 1_000_000, 400, 100_000
SECONDS = 12

FEED = """async (message) => {
  const next = await kernel.repeat(message);
  window.feed = setInterval(next, 100);
}"""

# One movement a frame, like a hand that never rests: zooms in, pans to and fro, zooms out.
GESTURES = """([selector, seconds]) => new Promise((done) => {
  const area = document.querySelector(selector), box = area.getBoundingClientRect();
  const at = { clientX: box.left + box.width * .4, clientY: box.top + 20, bubbles: true, cancelable: true };
  const frames = [], began = performance.now();
  let last = began;
  requestAnimationFrame(function frame(now) {
    if (now > last) frames.push(now - last);
    last = now;
    const time = (now - began) / 1000, phase = time % 4;
    if (time > seconds) return done(frames);
    const wheel = phase < 1 ? { deltaY: -12, ctrlKey: true } : phase < 3 ? { deltaX: phase < 2 ? 15 : -15 } : { deltaY: 12, ctrlKey: true };
    area.dispatchEvent(new WheelEvent("wheel", { ...at, ...wheel }));
    requestAnimationFrame(frame);
  });
})"""

# What is done in the frame after a turn of the wheel, at forty zooms, with nothing new coming.
REDRAWS = """async (selector) => {
  clearInterval(window.feed);
  const area = document.querySelector(selector), box = area.getBoundingClientRect();
  const request = window.requestAnimationFrame, times = [];
  for (let i = 0; i < 40; i++) {
    await kernel.drawn();
    let redraw;
    window.requestAnimationFrame = (job) => (redraw = job, 1);
    const turned = { clientX: box.left + 100, clientY: box.top + 20, deltaY: i < 20 ? -60 : 60, ctrlKey: true, bubbles: true, cancelable: true };
    area.dispatchEvent(new WheelEvent("wheel", turned));
    window.requestAnimationFrame = request;
    const start = performance.now();
    redraw(start);
    times.push(performance.now() - start);
  }
  return times;
}"""

FILL = """async ([message, times]) => {
  const next = await kernel.repeat(message), spent = [];
  for (let i = 0; i < times; i++) {
    const start = performance.now();
    next();
    spent.push(performance.now() - start);
    await kernel.drawn();
  }
  return spent;
}"""


def gradients(start: int, count: int, layers: int, columns=("norm",)):
    rng = np.random.default_rng(start)
    norm = (10 ** rng.uniform(-3, 0, (count, layers))).astype("f4")
    return table("gradients", start, _step=np.arange(start + 1, start + count + 1), total=rng.random(count), **dict.fromkeys(columns, norm))


def train(start: int, count: int):
    step = np.arange(start + 1, start + count + 1)
    loss = 2 * np.exp(-4 * step / POINTS) + .05 + .1 * np.random.default_rng(start).random(count)
    return table("train", start, _step=step, learning_rate=1e-3 * (1 - step / 2 / POINTS), loss=loss)


def held(page: Page) -> float:
    "MiB that the page holds, typed arrays included, after a garbage collection"
    devtools = page.context.new_cdp_session(page)
    devtools.send("HeapProfiler.collectGarbage")
    usage = devtools.send("Runtime.getHeapUsage")
    return (usage["usedSize"] + usage["backingStorageSize"]) / 2**20


def row(what: str, frames: list[float] | None, redraws: list[float], page: Page) -> list[str]:
    seen = ["", ""]
    if frames: seen = [f"{1000 / statistics.mean(frames):.0f}", f"{np.quantile(frames, .99):.0f} / {max(frames):.0f}"]
    return [what, *seen, f"{statistics.median(redraws):.1f} / {max(redraws):.1f}", f"{held(page):.0f}"]


def long_curve(panel: PanelPage, layers: int) -> list[str]:
    "A million points of loss, and of gradients with as many layers, with ten updates a second, each of a hundred rows"
    panel.show([f"layer{i}" for i in range(layers)])
    every = 1 if layers else None
    panel.send(train(0, POINTS), gradients_every=every)
    for start in range(0, POINTS if layers else 0, POINTS // 8): panel.send(gradients(start, POINTS // 8, layers), step=POINTS)
    new = [train(POINTS, 100), *([gradients(POINTS, 100, layers)] if layers else [])]
    panel.page.evaluate(FEED, panel.message(*new, gradients_every=every))
    panel.page.wait_for_timeout(1000)
    frames, redraws = panel.page.evaluate(GESTURES, [LOSS, SECONDS]), panel.page.evaluate(REDRAWS, LOSS)
    return row(f"loss, 1,000,000 points{f', and a map of {layers} layers' if layers else ''}", frames, redraws, panel.page)


def wide_map(panel: PanelPage) -> tuple[list[str], float]:
    "Four hundred layers times a hundred thousand rows, in all three measures; and the median ms to take in a thousand rows"
    panel.show([f"transformer.layers.{i >> 2}.linear{i % 4}" for i in range(LAYERS)], parts=["gradients"])
    piece = gradients(0, 2000, LAYERS, ("norm", "parameter_norm", "update_ratio"))
    spent = panel.page.evaluate(FILL, [panel.message(piece), ROWS // 2000])
    panel.page.evaluate(FEED, panel.message(gradients(ROWS, 10, LAYERS, ("norm", "parameter_norm", "update_ratio"))))
    frames, redraws = panel.page.evaluate(GESTURES, [MAP, SECONDS]), panel.page.evaluate(REDRAWS, MAP)
    return row(f"map of {LAYERS} layers x {ROWS:,} rows, all measures", frames, redraws, panel.page), statistics.median(spent) / 2


def main():
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_ARGS)
        fresh = lambda: PanelPage(chromium.new_page(viewport=dict(width=1080, height=900)))
        rows = []
        for layers in (0, 4, 8):
            panel = fresh()
            rows.append(long_curve(panel, layers))
            panel.page.close()
        panel = fresh()
        last, taken = wide_map(panel)
        version = chromium.version
        chromium.close()
    lines = [f"## How smooth the panel stays\n\n{report.provenance('make bench-front_end')} Headless Chromium {version}, which has no GPU here: it draws "
             f"with the processor. For {SECONDS} seconds there is one movement a frame, zoom or pan, and ten updates a second bring new rows; "
             "60 frames a second are the most there can be.\n",
             *report.table(["", "frames a second", "ms a frame, 99 % / worst", "ms a redraw, median / worst", "MiB held"], [*rows, last]),
             f"\nTo take in a thousand rows of {LAYERS} layers in three measures takes {taken:.0f} ms."]
    report.write_section("front_end", lines)


if __name__ == "__main__": main()
