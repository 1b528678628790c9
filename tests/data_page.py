"""A widget of chapters 6x or 7x in a page, without JupyterLab: what the browser sends is answered by the widget itself."""
import json
from base64 import b64encode
from pathlib import Path

from playwright.sync_api import Locator, Page, Route

from trainbook.data.widget import DataWidget

HERE = Path(__file__).parent
AXE = HERE.parent / "js/node_modules/axe-core/axe.min.js"
ORIGIN = "http://trainbook.test"
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>A notebook</title><link rel="stylesheet" id="style">
<body style="margin: 16px"><main id="widget"></main><script type="module" src="/data_kernel.js"></script>"""


class DataPage:
    """A page with a widget in it."""

    def __init__(self, page: Page):
        self.page = page
        self.errors: list[str] = []
        self.is_dead = False  # a kernel that is gone answers nothing
        self._sent: list[dict] = []
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("console", lambda message: message.type in ("error", "warning") and self.errors.append(message.text))
        page.expose_function("askKernel", self._answer)
        page.route(f"{ORIGIN}/**", self._serve)
        page.goto(ORIGIN)
        page.wait_for_function("window.kernel")
        page.add_script_tag(path=AXE)

    def violations(self) -> list[str]:
        """What axe-core finds: its rule, and where."""
        found = self.page.evaluate("axe.run('.trainbook-data').then(({ violations }) => violations)")
        return [f"{one['id']}: {one['nodes'][0]['html'][:200]}" for one in found]

    def show(self, widget: DataWidget, dark=False):
        """Shows a widget in place of the one before."""
        self.widget = widget
        widget.send = lambda content, buffers=None: self._sent.append(dict(message=content))
        widget.observe(lambda change: self._sent.append(dict(shown=change["new"])), "shown")
        self.page.evaluate("dark => { document.body.style.background = dark ? '#111' : '#fff'; document.body.dataset.jpThemeLight = String(!dark); }", dark)
        traits = {name: getattr(widget, name) for name in ("view", "shown", "summary_id")}
        self.page.evaluate("traits => kernel.show(traits)", json.dumps(traits, default=_as_text))
        self.settled()

    def settled(self):
        """Waits till everything that was asked is answered and drawn."""
        self.page.wait_for_function("document.querySelector('.trainbook-data').ariaBusy !== 'true'")
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    def restart(self):
        """The kernel is gone, and the notebook says so."""
        self.is_dead = True
        self.page.evaluate("kernel.die()")

    def _answer(self, content: str) -> str:
        if self.is_dead: return "[]"
        self.widget.receive(json.loads(content))
        sent = json.dumps(self._sent, default=_as_text)
        self._sent.clear()
        return sent

    def _serve(self, route: Route):
        path = route.request.url.removeprefix(ORIGIN).partition("?")[0]
        if path == "/": route.fulfill(body=PAGE, content_type="text/html")
        elif path == "/widget.js": route.fulfill(body=self.widget.get_state("_esm")["_esm"], content_type="text/javascript")
        elif path == "/widget.css": route.fulfill(body=self.widget.get_state("_css")["_css"], content_type="text/css")
        elif path == "/data_kernel.js": route.fulfill(path=HERE / "data_kernel.js")
        else: route.fulfill(status=204)

    # What is where

    @property
    def panel(self) -> Locator: return self.page.locator(".trainbook-data")
    @property
    def said(self) -> str: return self.page.locator(".data-said").inner_text()
    @property
    def problem(self) -> Locator: return self.page.locator(".data-problem")
    @property
    def focus(self) -> str | None:
        """The key of what has the focus."""
        return self.page.evaluate("document.activeElement.dataset.key ?? null")

    def press(self, *keys: str):
        """Presses keys, each when the one before is done with."""
        for key in keys:
            self.page.keyboard.press(key)
            self.settled()

    def click(self, key: str):
        """Clicks what has this key."""
        self.page.locator(f'[data-key="{key}"]').click()
        self.settled()

    def outside(self) -> list[str]:
        """The elements that are cut off at its left or right, but for what scrolls."""
        return self.panel.evaluate(OUTSIDE)


def _as_text(value: bytes) -> dict: return dict(base64=b64encode(value).decode())


OUTSIDE = """panel => {
  const edge = panel.getBoundingClientRect();
  return [...panel.querySelectorAll(":not(svg *, .changes *, .cells *, option)")]
    .filter((one) => one.checkVisibility() && one.getBoundingClientRect().width)
    .filter((one) => one.getBoundingClientRect().right > edge.right + .5 || one.getBoundingClientRect().left < edge.left - .5)
    .map((one) => one.outerHTML.slice(0, 99));
}"""
