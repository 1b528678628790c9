"""The confusion explorer in Chromium: by mouse and by keyboard, light and dark, 400 px wide; names of classes and texts are data, never HTML."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression

from trainbook.evaluate.confusion_explorer import ConfusionExplorer
from trainbook.evaluate.predictions import Predictions

HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def explorer() -> ConfusionExplorer:
    pixels, digits = load_digits(return_X_y=True)
    linear = LogisticRegression(max_iter=100).fit(pixels[:200] / 16, digits[:200])
    found = Predictions.of_outputs(linear.predict_proba(pixels[200:] / 16), digits[200:], outputs="probabilities")
    return ConfusionExplorer(found, pixels[200:].reshape(-1, 8, 8))


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_a_click_shows_the_samples_of_a_cell(page, explorer, shots, dark):
    page.show(explorer, dark)
    page.click("cell 1 8")
    assert page.said == "61 samples: 1, predicted as 8."
    items = page.panel.locator(".items li")
    assert items.count() == 24
    loaded = page.panel.locator(".items img").evaluate_all("images => images.every(image => image.complete && image.naturalWidth === 8)")
    shown = [item["number"] for item in explorer.cell(1, 8)["items"]]
    assert loaded and [int(text.split(":")[0]) for text in items.all_inner_texts()] == shown
    page.click("next")
    assert page.panel.get_by_text("25 to 48 of 61").is_visible()
    page.page.locator('[data-key="order"]').select_option("least sure first")
    page.settled()
    assert int(items.first.inner_text().split(":")[0]) == explorer.cell(1, 8, surest_first=False)["items"][0]["number"]
    assert page.violations() == []
    page.page.screenshot(path=shots / f"confusion-{'dark' if dark else 'light'}.png", full_page=True)


def test_the_keyboard_walks_the_cells(page, explorer):
    page.show(explorer)
    page.panel.locator('[data-key="cell 0 0"]').focus()
    page.press("ArrowRight", "ArrowRight", "ArrowDown", "ArrowLeft")
    assert page.focus == "cell 1 1"
    page.press("ArrowUp", "ArrowUp", "Enter")
    assert page.focus == "cell 0 1" and page.said == "No sample is in this cell."
    page.press("End", "ArrowDown", "Enter")
    assert page.focus == "cell 1 9" and page.said.endswith("1, predicted as 9.")
    page.panel.locator('[data-key="pair 3 9"]').focus()
    page.press("Enter")
    assert page.said == "29 samples: 3, predicted as 9."


def test_a_narrow_notebook(page, explorer, shots):
    page.page.set_viewport_size(dict(width=400, height=900))
    page.show(explorer)
    page.click("cell 1 8")
    page.page.screenshot(path=shots / "confusion-400.png", full_page=True)
    outside = [one for one in page.outside() if "<t" not in one[:3]]  # the matrix scrolls
    page.page.set_viewport_size(dict(width=940, height=1000))
    assert outside == []


@pytest.mark.parametrize("items", [pd.DataFrame({HOSTILE: [HOSTILE, "b", None]}), [HOSTILE, "two", "three"]], ids=["rows", "texts"])
def test_names_and_texts_are_data(page, items, shots):
    predictions = Predictions.of_outputs(np.array([[2., 0.], [0., 1.], [3., 0.]]), [1, 1, 0], [HOSTILE, "b"])
    page.show(ConfusionExplorer(predictions, items))
    page.click("cell 1 0")
    assert page.page.title() == "A notebook" and page.panel.locator("img").count() == 0
    assert HOSTILE in page.panel.locator(".items").inner_text()
    page.page.screenshot(path=shots / "confusion-hostile.png", full_page=True)
