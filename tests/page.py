"""The built front end in a page of its own, without a kernel: the test sends what a kernel would."""
from base64 import b64decode
from collections.abc import Callable
from io import BytesIO
from itertools import count
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Keyboard, Locator, Mouse, Page, Route

from trainbook.run.contract import State, event_of, fitting
from trainbook.run.media import media_file
from trainbook.run.tables import fold
from trainbook.run.words import EventWords
from trainbook.widget.feed import NewRows
from trainbook.widget.panel import STATIC, Panel, pack

HERE = Path(__file__).parent
ORIGIN = "http://trainbook.test"
PAGE = """<!doctype html><meta charset="utf-8"><link rel="stylesheet" href="/static/widget.css">
<body style="margin: 20px"><div id="widget"></div><script type="module" src="/fake_kernel.js"></script>"""

PARTS = Panel.class_traits()["parts"].default()
STATE = dict(status="running", step=0, epoch=0, epochs=None, batch=0, batches=None, validating=False, seconds_left=None, folder="a_run",
             reason=None, gradients_every=1, reads_every=None, machine=dict(cpus=2, memory=8 * 2**30, gpu=None, gpu_memory=None))
UPDATE = dict(kind="update", acknowledged=[], route="subshell")


def rows(**columns) -> np.ndarray:
    """Rows of a table as the recorder writes them: a column of each kind, those of layers with a second axis."""
    columns = {name: np.asarray(values) for name, values in columns.items()}
    columns["_time"] = columns.pop("_time", np.zeros(len(columns["_step"])))
    kinds = [(name, "f8" if values.ndim == 1 else "f4", values.shape[1:]) for name, values in columns.items()]
    made = np.empty(len(columns["_step"]), kinds)
    for name, values in columns.items(): made[name] = values
    return made


def table(stream: str, start=0, by=1, **columns) -> NewRows:
    """Rows that go on where `start` rows ended, every `by` of them folded into one."""
    made = rows(**columns)
    return NewRows(stream, stream, start, len(made), by, fold(made, by) if by > 1 else made)


class PanelPage:
    """A page with the widget in it."""

    def __init__(self, page: Page):
        self.page = page
        self.errors: list[str] = []
        self.folder = Path()  # of the run whose files it can have
        self._buffers: dict[str, bytes] = {}
        self._words = EventWords()
        self._titles: dict[str, str] = {}
        self._numbers = count()
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type == "error" and self.errors.append(message.text))
        page.route(f"{ORIGIN}/**", self._serve)
        page.goto(ORIGIN)
        page.wait_for_function("window.kernel")

    def _serve(self, route: Route):
        path = route.request.url.removeprefix(ORIGIN)
        if path == "/": route.fulfill(body=PAGE, content_type="text/html")
        elif path.startswith("/static/"): route.fulfill(path=str(STATIC / path.removeprefix("/static/")))
        elif path == "/fake_kernel.js": route.fulfill(path=HERE / "fake_kernel.js")
        elif path.startswith("/media/"):
            try: route.fulfill(body=media_file(self.folder, path.removeprefix("/media/")))
            except (ValueError, OSError): route.fulfill(status=204)
        elif path in self._buffers: route.fulfill(body=self._buffers.pop(path), content_type="application/octet-stream")
        else: route.fulfill(status=204)  # such as the icon that every browser asks for

    def show(self, layers=(), parts=PARTS, name="digits", plots=(), run_id="a_run"):
        """Shows a new widget, which knows nothing yet."""
        self._titles = {}
        self.page.evaluate("traits => kernel.show(traits)",
                           dict(parts=list(parts), layers=list(layers), run_id=run_id, run_name=name, plots=list(plots)))

    def message(self, *tables: NewRows, events: list[dict] | None = None, start=0, **state) -> dict:
        """An update, in which the run is as usual but for `state`, as a reader gives it; its buffers lie together where the page can fetch them, once.
        Its events have their words, and go on where `start` of them are known."""
        described, buffers = pack(list(tables))
        step = max((int(new.rows["_step"][-1]) for new in tables if len(new.rows) and new.stream != "system"), default=0)
        state = fitting(STATE | dict(step=step) | state, State)
        if start == 0: self._words = EventWords()
        self._titles |= {one["command"]: one["label"] for one in state.get("commands", ())}
        self._words.titles = self._titles
        told = {} if events is None else dict(events=dict(start=start, rows=[self._words.complete(event_of(event) or event) for event in events]))
        content = UPDATE | told | dict(tables=described, state=state)
        url = f"/buffers/{next(self._numbers)}"
        self._buffers[url] = b"".join(buffers)
        return dict(content=content, lengths=[len(buffer) for buffer in buffers], url=url)

    def send(self, *tables: NewRows, **more):
        """Sends such an update and waits till it is drawn."""
        self.page.evaluate("message => kernel.play(message)", self.message(*tables, **more))

    def asked(self) -> list[dict]:
        """What the widget has asked for so far."""
        return [one for one in self.page.evaluate("shown.model.sent") if one["command"] != "hello"]

    def commands(self) -> list[tuple[str, dict]]:
        """The commands it has given, by name and arguments."""
        return [(one["command"], one["arguments"]) for one in self.asked() if one["command"] != "snapshot"]

    def drawn(self): self.page.evaluate("kernel.drawn()")

    def css(self, variable: str) -> tuple[int, int, int]:
        """A colour of the theme."""
        digits = self.page.evaluate("name => getComputedStyle(document.querySelector('.trainbook-panel')).getPropertyValue(name).trim()", variable)[1:]
        if len(digits) == 3: digits = "".join(digit * 2 for digit in digits)
        return tuple(bytes.fromhex(digits))

    # What is where

    @property
    def panel(self) -> Locator: return self.page.locator(".trainbook-panel")
    @property
    def heat(self) -> Locator: return self.page.locator(".gradients .heat")
    @property
    def said(self) -> str:
        """What a screen reader was told of the map last."""
        return self.page.locator(".gradients .heat .live-region").inner_text()
    @property
    def shown(self) -> str:
        """Whose curve is below the map, and its last value."""
        self.drawn()
        return self.page.locator(".gradients .shown").text_content()
    @property
    def busy(self) -> list[str]:
        """What waits for an answer, by name."""
        self.drawn()
        return self.page.locator("[aria-busy=true]").evaluate_all("all => all.map(one => one.ariaLabel ?? one.textContent)")
    @property
    def hint(self) -> str:
        """What is under way, beside the controls."""
        self.drawn()
        return self.page.locator(".hint").inner_text()
    @property
    def last_line(self) -> str:
        """The line of the last command, without its time."""
        self.drawn()
        return self.page.locator("[aria-live] >> visible=true").last.inner_text().split("\u2003")[1]
    @property
    def cards(self) -> list[str]:
        """What the run did by itself."""
        self.drawn()
        return self.page.locator(".card:not(:has([aria-live])):visible p").all_inner_texts()
    @property
    def switch(self) -> Locator: return self.page.get_by_role("switch", name="Early stopping", exact=True)
    @property
    def reset(self) -> Locator: return self.page.get_by_role("button", name="reset zoom")

    def button(self, name: str) -> Locator: return self.page.get_by_role("button", name=name, exact=True)

    def field(self, name: str) -> Locator: return self.page.get_by_label(name, exact=True)

    def place(self, area: str, x: float, y=.5) -> tuple[float, float]:
        """Where in the page a share of the width and height of an area is."""
        box = self.page.locator(area).bounding_box()
        return box["x"] + min(x * box["width"], box["width"] - .5), box["y"] + y * box["height"]

    def hover(self, area: str, x: float, y=.5) -> str:
        """What the card under the pointer says, at a share of the width and height of an area: MAP, LOSS or CURVE."""
        self.page.mouse.move(*self.place(area, x, y))
        self.drawn()
        card = self.page.locator(f"{area} .hover")
        return " ".join(card.locator("span").all_inner_texts()) if card.is_visible() else ""

    def pixels(self, area: str, x: float, width: float = 5) -> np.ndarray:
        """What is drawn on the canvas at a share of the width of an area, as rows of RGBA."""
        png = b64decode(self.page.evaluate(PIXELS, [area, x, round(width)]).partition(",")[2])
        return np.asarray(Image.open(BytesIO(png)).convert("RGBA"))

    def walk(self, layer: int) -> list[str]:
        """What a screen reader is told on the way from the right end of the map to the left, in the order of the steps."""
        return self.page.evaluate(WALK, layer)[::-1]

    def outside(self) -> list[str]:
        """The elements that are cut off at its left or right, but for those in plots, which are clipped."""
        return self.panel.evaluate(OUTSIDE)

    def points(self) -> list[tuple[int, float]]:
        """The steps and values that the curve below the map tells from its left end to its right one."""
        return [tuple(point) for point in self.page.evaluate(POINTS)]

    def zoom(self, factor: float, x: float) -> float:
        """Turns the wheel with Ctrl over the loss, to show `factor` times as many steps; returns at which share of its width."""
        return self.page.evaluate(ZOOM, [factor, x])


ACTIONS = {Locator: ["click", "dblclick", "fill", "focus", "hover", "press", "select_option"], Keyboard: ["press", "type"],
           Mouse: ["move", "down", "up", "click", "dblclick", "wheel"]}


def then_drawn(action: Callable[..., None], page: Page) -> Callable[..., None]:
    """The action of a person, who sees what it did before the next one: without that, a test races with what the panel draws in its next frame."""
    def acted(*args, **kwargs):
        done = action(*args, **kwargs)
        page.evaluate("kernel.drawn()")
        return done
    return acted


MAP, LOSS, CURVE = ".gradients .heat .area", ".plot .u-over", ".gradients .curve .u-over"

PIXELS = """([selector, x, width]) => {
  const area = document.querySelector(selector), box = area.getBoundingClientRect();
  const canvas = area.querySelector("canvas") ?? area.parentElement.querySelector("canvas"), all = canvas.getBoundingClientRect();
  const scale = canvas.width / all.width;
  const left = Math.round((box.left - all.left + x * box.width) * scale) - (width >> 1);
  const part = Object.assign(document.createElement("canvas"), { width, height: Math.round(box.height * scale) });
  part.getContext("2d").drawImage(canvas, -left, -Math.round((box.top - all.top) * scale));
  return part.toDataURL();  // as numbers, a plot takes ten seconds to arrive
}"""
WALK = """(layer) => {
  const heat = document.querySelector(".heat"), said = document.querySelector(".live-region"), texts = [];
  const press = (key) => heat.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  press("Escape");
  for (let i = 0; i <= layer; i++) press("ArrowDown");
  for (press("ArrowLeft"); said.textContent !== texts.at(-1); press("ArrowLeft")) texts.push(said.textContent);
  press("Escape");
  return texts;
}"""
OUTSIDE = """panel => {
  const edge = panel.getBoundingClientRect();
  const clipped = ".live-region, .heat *, .plot *, .small-box *, .curve *, .proof-plot *, .health *, pre *, .strip *, .media-stage *";
  const all = [...panel.querySelectorAll(`:not(${clipped})`)]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().width);
  const isOutside = (one) => one.getBoundingClientRect().right > edge.right || one.getBoundingClientRect().left < edge.left;
  return all.filter(isOutside).map((one) => one.outerHTML.slice(0, 99));
}"""
POINTS = """() => {
  const curve = document.querySelector(".curve"), card = curve.querySelector(".hover"), points = [];
  const press = (key) => curve.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  for (press("Home"); ; press("ArrowRight")) {
    const [step, , value] = Array.from(card.children, (span) => parseFloat(span.textContent.replace("step ", "")));
    if (step === points.at(-1)?.[0]) return points;
    points.push([step, value]);
  }
}"""
ZOOM = """([factor, x]) => {
  const area = document.querySelector(".plot .u-over"), box = area.getBoundingClientRect();
  const clientX = Math.round(box.left + x * box.width);  // a mouse knows whole pixels only
  const turned = { clientX, clientY: box.top + 9, deltaY: 300 * Math.log(factor), ctrlKey: true, bubbles: true, cancelable: true };
  area.dispatchEvent(new WheelEvent("wheel", turned));
  return kernel.drawn().then(() => (clientX - box.left) / box.width);
}"""
