"""The leaderboard in Chromium: Stop and Drop by mouse and by keyboard, light and dark, 400 px wide; in JupyterLab while a race runs."""
import json

import pytest
from data_page import DataPage
from lab import notebook
from playwright.sync_api import expect

from trainbook.model.leaderboard import Leaderboard

HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"
pytestmark = pytest.mark.browser


@pytest.fixture
def board() -> Leaderboard:
    """With a row of each status."""
    names = ["SGD", "AdamW", "Lion", "Muon", "LBFGS", "AdaHessian", HOSTILE]
    board = Leaderboard(names, 3, title="7 optimizers", metric="validation loss", mode="min")
    for name, said in dict(SGD=dict(status="running", scores=[.31, .29]), AdamW=dict(status="done", scores=[.22, .25, .21], note="rate 0.01"),
                           Muon=dict(status="done", scores=[.20, .23, .22], note="rate 0.02"), LBFGS=dict(status="dropped", note="1.2 after a quarter"),
                           AdaHessian=dict(status="failed", note="killed: no step for 10 s, after 12 s, at step 3")).items(): board.update(name, **said)
    return board


def names(page: DataPage) -> list[str]: return page.panel.locator(".board-title").all_inner_texts()


@pytest.mark.parametrize("width, dark", [(940, False), (940, True), (400, False)], ids=["light", "dark", "400 px"])
def test_it_looks_well(browser, board, shots, width, dark):
    """Nothing is cut off, axe-core finds nothing, targets are large enough; the pictures are there to be looked at."""
    page = DataPage(found := browser.new_page(viewport=dict(width=width, height=900), color_scheme="light"))
    page.show(board, dark)
    page.panel.screenshot(path=shots / f"leaderboard-{width}{'-dark' * dark}.png")
    assert page.outside() == []
    assert page.violations() == []
    assert found.locator("button:visible").evaluate_all("all => all.filter((one) => one.getBoundingClientRect().height < 24).length") == 0
    assert names(page)[:3] == ["Muon", "AdamW", "SGD"] and HOSTILE in names(page) and found.title() != "hacked"
    assert page.errors == []
    found.close()


def test_drop_and_stop(page, board):
    page.show(board)
    assert page.panel.get_by_role("button", name="Drop").count() == 3  # of those that wait or run
    page.click("drop SGD")
    assert board.is_dropped("SGD") and page.said == "SGD is dropped." and names(page).index("SGD") > names(page).index("Lion")
    assert page.panel.get_by_text("5 of 7 through").is_visible()
    page.click("stop")
    assert board.is_stopped and page.page.locator('[data-key="stop"]').is_disabled()
    board.finish()
    page.settled()
    page.show(board)
    assert page.panel.get_by_role("button").count() == 0


def test_by_keyboard(page, board):
    page.show(board)
    page.page.locator('[data-key="stop"]').focus()
    page.press("Tab")
    assert page.focus == "drop SGD"
    page.press("Tab", "Enter")
    assert page.focus != "drop SGD" and board.is_dropped("Lion")


def test_rows_keep_their_elements_and_the_focus(page, board):
    """A row that overtakes another one is the same element in another place."""
    page.show(board)
    page.page.locator('[data-key="drop SGD"]').focus()
    page.page.evaluate("document.querySelector('[data-key=\"drop SGD\"]').closest('tr').mark = 1")
    board.update("SGD", scores=[.1, .11])
    page.page.evaluate("text => kernel.changed(text)", json.dumps(dict(shown=board.shown)))
    page.settled()
    assert names(page)[0] == "SGD" and page.focus == "drop SGD"
    assert page.page.evaluate("document.querySelector('tbody tr').mark") == 1


CELL = """
import time, torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
from trainbook import race
from trainbook.model.optimizers import OptimizerKind

class Hangs(torch.optim.SGD):
    def step(self, closure=None): time.sleep(3600)

x = torch.randn(64, 4)
loader = DataLoader(TensorDataset(x, x[:, :1]), 16)
hangs = [OptimizerKind(name, "classic", "your own", .01, .1, maker=Hangs) for name in ("Hangs", "Hangs too")]
found = race(lambda: nn.Linear(4, 1), loader, loader, nn.functional.mse_loss, [*hangs, "SGD", "AdamW"], steps=8, rates=1, workers=2, patience=600, limit=600)
print(found.note, dict(found.table["status"]))
"""


def test_clicks_reach_a_race_that_runs(lab, shots):
    """Two optimizers hang and keep both workers; one is dropped, so the others run, and then all is stopped."""
    lab.open(notebook([CELL], lab.server.root / "race.ipynb"))
    lab.run_cell(0)
    panel = lab.page.locator(".trainbook-data")
    panel.get_by_role("button", name="Drop Hangs", exact=True).click(timeout=60_000)
    expect(panel.locator("tr", has_text="AdamW").locator(".board-note")).to_contain_text("rate", timeout=60_000)
    lab.screenshot(shots / "race-running.png")
    panel.get_by_role("button", name="Stop").click()
    lab.wait_done(0, 60)
    assert "stopped by hand" in lab.output_text(0) and "'Hangs': 'dropped'" in lab.output_text(0)
    expect(panel.get_by_role("button")).to_have_count(0)
    lab.screenshot(shots / "race-stopped.png")
