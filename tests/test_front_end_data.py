"""The data widgets in Chromium: by mouse and by keyboard, light and dark, 400 px wide, and with a kernel that is gone between two clicks."""
import json
import os
import re
import signal
import sqlite3

import numpy as np
import pandas as pd
import pytest
from bokeh_sampledata.movies_data import movie_path
from data_page import DataPage
from lab import NO_KERNEL, notebook
from playwright.sync_api import expect
from sklearn.datasets import load_wine
from sklearn.impute import SimpleImputer
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from trainbook.data.cleaning import Cleaning, open_cleaning
from trainbook.data.cleaning_views import BeforeAfter, CleaningLog
from trainbook.data.content import table_hash
from trainbook.data.dataset import Dataset
from trainbook.data.edits import DropRows
from trainbook.data.feature_set import FeatureSet, versions
from trainbook.data.features import Combinations
from trainbook.data.imputation import MultipleImputer
from trainbook.data.lineage_views import FeatureDiff, LineageGraph
from trainbook.data.missing_matrix import MissingMatrix
from trainbook.data.outlier_explorer import OutlierExplorer
from trainbook.run.recorder import Recorder

HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"


@pytest.fixture(scope="module")
def films() -> pd.DataFrame:
    """17,472 films with 81,083 holes."""
    with sqlite3.connect(movie_path) as database: return pd.read_sql("select * from omdb", database)


@pytest.fixture(scope="module")
def imputer(films) -> MultipleImputer: return MultipleImputer(draws=20, max_iter=1, random_state=0).fit(films)


@pytest.fixture
def wines(tmp_path) -> Cleaning:
    """With a slip of a finger in row 5."""
    table = load_wine(as_frame=True).data.rename(columns=dict(hue=HOSTILE))
    table.loc[5, "alcohol"] *= 10
    return Cleaning(Dataset.of(table, "wines", tmp_path))


@pytest.fixture
def cleaned(tmp_path) -> Cleaning:
    """Four steps, the last of which needs the one before it."""
    table = load_wine(as_frame=True).data
    table.insert(0, "colour", ["red", HOSTILE, None] * 59 + ["red"])
    cleaning = Cleaning(Dataset.of(table.mask(table == 2.), "wines", tmp_path))
    cleaning.apply(SimpleImputer(strategy="most_frequent"), ["colour"], reason=f"most are red {HOSTILE}")
    cleaning.apply(DropRows([3, 4]), reason="entered twice")
    cleaning.apply(OrdinalEncoder(), ["colour"])
    cleaning.apply(StandardScaler(), ["colour", "alcohol"])
    return cleaning


@pytest.fixture
def run(cleaned, tmp_path) -> Recorder:
    """Trained with the whole of it, validated with something that parts after the first step."""
    other = Cleaning(cleaned.data, "others")
    other.apply(SimpleImputer(strategy="most_frequent"), ["colour"], reason=f"most are red {HOSTILE}")
    other.apply(DropRows([9]))
    found = Recorder("first", dir=tmp_path, data=dict(train=cleaned.dataset.lineage, valid=other.dataset.lineage))
    found.finish()
    return found


@pytest.fixture
def features(cleaned) -> FeatureDiff:
    """Three versions: colours are numbers in the second one, and a product is new in the third."""
    made = Cleaning(cleaned.data, "features")
    FeatureSet.of(made.dataset, "wines")
    made.apply(SimpleImputer(strategy="most_frequent"), ["colour"], reason=f"most are red {HOSTILE}")
    made.apply(OrdinalEncoder(), ["colour"])
    FeatureSet.of(made.dataset, "wines")
    made.apply(Combinations([("ash", "hue")], []))
    made.apply(StandardScaler(), ["alcohol"])
    FeatureSet.of(made.dataset, "wines")
    return FeatureDiff(*versions("wines", made.dataset.dir))


def text(page, selector: str) -> str: return page.page.locator(selector).inner_text()


def test_a_hole_is_reached_by_arrows_and_shows_its_draws(page, films, imputer):
    widget = MissingMatrix(films, imputer)
    page.show(widget)
    assert text(page, ".data-title b") == "table: 81,083 of 331,968 cells are missing (24.4%)"
    assert "ID, imdbID, Title" in text(page, ".missing-legend") and "and 27 more combinations" in text(page, ".missing-patterns")
    page.page.locator(".missing-strips").focus()
    page.press("ArrowDown", "Home", "Enter")
    assert text(page, ".missing-here").startswith("Runtime, places ")
    row = int(re.search(r"row (\d+), Runtime", text(page, ".hole-heading"))[1])
    low, mean, high = imputer.interval(films).loc[(row, "Runtime")]
    assert text(page, ".hole-told").startswith(f"Between {low:.4g} and {high:.4g} in 90 of 100 cases; {mean:.4g}")
    assert page.page.locator(".hole-plot .drawn").count() == 20 and films.loc[row, "Title"][:20] in text(page, ".hole-card .cells")
    page.press("ArrowUp", "Enter")
    assert text(page, ".hole-told") == "Only columns of numbers are drawn."


def test_a_click_on_a_hole_and_the_next_one_of_its_band(page, films):
    page.show(MissingMatrix(films[["Title", "Metacritic"]]))
    box = page.page.locator(".missing-strips").bounding_box()
    page.page.mouse.click(box["x"] + 3, box["y"] + 10)
    page.settled()
    first = text(page, ".hole-heading b")
    assert np.isnan(films["Metacritic"][int(first.removeprefix("row ").removesuffix(", Metacritic"))]) and "MultipleImputer" in text(page, ".hole-told")
    page.click("next hole")
    assert text(page, ".hole-heading b") != first and "hole 2 of 1" in text(page, ".hole-heading")
    page.page.mouse.click(box["x"] + box["width"] - 3, box["y"] + 10)
    page.settled()
    assert page.said == "No value is missing here."
    page.show(MissingMatrix(load_wine(as_frame=True).data))
    assert text(page, ".data-title b") == "table: 0 of 2,314 cells are missing" and not page.page.locator(".missing-strips").is_visible()


def test_rows_are_walked_and_decided_about_by_keyboard(page, wines):
    page.show(OutlierExplorer(wines))
    page.page.locator(".scatter").focus()
    page.press("ArrowRight")
    assert text(page, ".row-card h3") == "Row 5: outlier rank 1 of 178" and "alcohol is 142, " in page.said
    assert page.page.get_by_label("Reason").input_value().startswith("alcohol is 142, ")
    page.page.get_by_label("New value").fill("a lot")
    page.press("Enter")
    assert "'a lot' is no value of 'alcohol'" in page.said and wines.steps == []
    page.page.get_by_role("button", name="as in its nearest rows").press("Enter")
    page.page.get_by_label("Reason").fill("the comma is missing")
    page.page.locator("[data-key=fix]").focus()
    page.press("Enter")
    assert page.said == "Row 5 is fixed." and 13 < wines.table["alcohol"][5] < 15
    assert [(done.name, done.text["reason"]) for done in wines.done] == [("SetCells", "the comma is missing")]
    page.page.locator(".scatter").focus()
    page.press("Home")
    page.page.locator("[data-key=keep]").focus()
    page.press("Enter", "Enter")  # the next row is at hand, and the button has the focus still
    assert wines.steps == ["SetCells", "KeepRows", "KeepRows"] and page.focus == "keep"
    page.page.locator("[data-key=undo]").focus()
    page.press("Enter")
    assert wines.steps == ["SetCells", "KeepRows"] and page.said.startswith("Taken back: KeepRows")


def test_a_point_is_clicked_and_dropped_and_other_scores_are_asked(page, wines):
    page.show(OutlierExplorer(wines, columns=["alcohol", "alcohol"]))
    assert "1 lies beyond the edge" in text(page, ".points-here")
    canvas = page.page.locator(".scatter canvas").bounding_box()
    page.page.mouse.click(canvas["x"] + canvas["width"] - 12, canvas["y"] + 10)  # the corner
    page.settled()
    assert text(page, ".row-card h3").startswith("Row 5: outlier rank 1 of")
    page.click("drop")
    assert 5 not in wines.table.index and page.said.startswith("Row ") and "177 rows" in text(page, ".data-title")
    slider = page.page.get_by_role("slider", name="Score by")
    slider.press("ArrowRight"), slider.press("ArrowRight")
    expect(page.page.locator(".score-name")).to_have_text("k = 10 neighbours")
    page.page.wait_for_function("document.querySelector('.scores').textContent.startsWith('Scores: neighbours')")
    assert page.widget.shown["chosen"] == 10 and slider.get_attribute("aria-valuetext") == "k = 10 neighbours"
    page.page.get_by_label("Up").select_option(HOSTILE)
    page.settled()
    assert page.widget.shown["along_y"] == HOSTILE and page.page.title() == "A notebook"


def test_what_another_cell_did_is_seen_and_a_late_click_does_nothing(page, wines):
    page.show(OutlierExplorer(wines))
    page.page.locator(".scatter").focus()
    page.press("Home")
    wines.apply(DropRows([5]), reason="in a cell")
    page.page.evaluate("document.querySelector('[data-key=drop]').click()")  # before anything could look
    page.settled()
    assert wines.steps == ["DropRows"] and "nothing was done, as the cleaning has changed" in page.said and "177 rows" in text(page, ".data-title")
    wines.undo()
    page.page.mouse.move(0, 0)
    page.page.wait_for_timeout(1100)  # it looks once in a second at most
    page.page.locator(".scatter").hover()
    page.page.wait_for_function("document.querySelector('.data-title').textContent.includes('178 rows')")


def test_steps_are_walked_searched_and_taken_back(page, cleaned):
    page.show(CleaningLog(cleaned))
    assert "the first 50 changes" in page.panel.inner_text() and "2 rows dropped" in page.panel.inner_text()
    page.page.locator('[data-key="step 0"]').focus()
    page.press("ArrowDown", "Enter")
    assert page.focus == "step 1" and "2 changes" in page.panel.inner_text()
    page.press("Enter")
    page.page.get_by_label("Search").fill("alcohol 177")
    page.page.wait_for_function("document.querySelectorAll('.changes tbody tr').length === 1")
    assert page.page.locator(".changes tbody td").all_inner_texts()[:4] == ["3", "cell", "177", "alcohol"]
    page.click("undo 2")
    assert cleaned.steps[2] == "OrdinalEncoder" and page.focus == "undo 2"
    assert "It can't be taken back: could not convert string to float" in text(page, ".refused") and "The step StandardScaler" in text(page, ".refused")
    page.page.locator('[data-key="undo 1"]').focus()
    page.press("Enter")
    assert cleaned.steps == ["SimpleImputer", "OrdinalEncoder", "StandardScaler"] and page.said == "Taken back: step 1, DropRows."
    assert page.page.locator(".refused").count() == 0 and page.focus == "undo 1" and page.page.title() == "A notebook"
    while cleaned.steps: page.click(f"undo {len(cleaned.steps) - 1}")
    assert table_hash(cleaned.table) == cleaned.data.hash and "No step was done yet" in page.panel.inner_text()


def test_columns_before_and_after(page, cleaned):
    page.show(BeforeAfter(cleaned))
    names = page.page.locator("figcaption b")
    assert names.all_inner_texts() == ["colour", "alcohol"] and page.page.get_by_role("img", name="alcohol before: mean 12.99").count() == 1
    page.click("previous step")
    assert names.all_inner_texts() == ["colour"] and page.page.locator(".column text").first.text_content() == "red"
    page.page.locator('[data-key=step]').select_option("1")
    page.settled()
    assert names.count() == 14 and "178 rows × 14 columns → 176 rows × 14 columns" in page.panel.inner_text() and page.page.title() == "A notebook"


def test_a_lineage_is_walked_by_arrows(page, run):
    page.show(LineageGraph(run))
    nodes = page.page.locator(".node b")
    assert nodes.all_inner_texts() == ["wines.parquet", "read", "SimpleImputer", "DropRows", "OrdinalEncoder", "StandardScaler", "train", "DropRows",
                                       "valid", "first"]
    assert page.page.locator(".link").count() == 10
    nodes.first.click()
    page.press("ArrowDown", "ArrowDown", "Enter")
    details = text(page, ".node-details")
    assert "SimpleImputer" in details and "strategy='most_frequent'" in details and HOSTILE in details and page.page.title() == "A notebook"
    page.press("End", "Enter")
    assert "finished" in text(page, ".node-details") and page.page.locator(".node[tabindex='0']").count() == 1


def test_columns_of_versions_are_walked_searched_and_chosen(page, features):
    page.show(features)
    names = page.page.locator(".diff-column")
    assert names.all_inner_texts()[:2] == ["ash * hue", "alcohol"] and text(page, ".feature-card h3") == "ash * hue was added"
    names.nth(2).click()
    page.press("ArrowUp")
    assert page.focus == "column alcohol" and text(page, ".feature-card h3") == "alcohol has other values"
    assert names.nth(1).get_attribute("aria-pressed") == "true"
    assert page.page.locator(".feature-card .known").count() == 24 and "only version 3\nStandardScaler" in text(page, ".feature-steps")
    page.press("Home")
    assert text(page, ".feature-card h3") == "ash * hue was added" and page.page.locator(".diff-column[tabindex='0']").count() == 1
    page.page.get_by_label("Search").fill("OTHER values")
    assert names.all_inner_texts() == ["alcohol"] and "1 of 15 columns" in page.panel.inner_text()
    page.page.get_by_label("Search").fill("")
    page.page.locator("[data-key=From]").select_option("0")
    page.settled()
    page.click("column colour")
    page.page.locator("[data-key=to]").select_option("1")
    page.settled()
    assert text(page, ".feature-card h3") == "colour has another type" and page.page.locator(".feature-card svg").count() == 2
    assert HOSTILE in text(page, ".feature-steps") and page.page.title() == "A notebook"


@pytest.mark.parametrize("width, dark", [(940, False), (940, True), (400, False)], ids=["light", "dark", "400 px"])
def test_all_of_them_look_well(browser, shots, films, imputer, wines, cleaned, run, features, width, dark):
    """Nothing is cut off, axe-core finds nothing, targets are large enough; the pictures are there to be looked at."""
    page = DataPage(found := browser.new_page(viewport=dict(width=width, height=900), color_scheme="light"))
    views = dict(missing=(MissingMatrix(films, imputer), ".missing-strips"), outliers=(OutlierExplorer(wines), ".scatter"),
                 log=(CleaningLog(cleaned), "[data-key='step 0']"), sides=(BeforeAfter(cleaned), "[data-key='step']"),
                 lineage=(LineageGraph(run), ".node >> nth=0"), features=(features, ".diff-column >> nth=0"))
    for name, (widget, target) in views.items():
        page.show(widget, dark)
        found.locator(target).focus()
        page.press(*dict(missing=["ArrowDown", "Home", "Enter"], outliers=["Home"], log=["Enter"], sides=[], lineage=["Enter"], features=["ArrowDown"])[name])
        page.panel.screenshot(path=shots / f"data-{name}-{width}{'-dark' * dark}.png")
        assert page.outside() == [], name
        problems = page.violations()
        assert problems == [], name
        small = found.locator("button:visible, input:visible, select:visible, summary:visible").evaluate_all(
            "all => all.filter((one) => one.type !== 'range' && one.getBoundingClientRect().height < 24).map((one) => one.outerHTML)")
        assert small == [], name
    assert page.errors == []
    found.close()


def test_everything_is_reached_by_tab(page, wines, cleaned, features):
    for widget in (OutlierExplorer(wines), CleaningLog(cleaned), BeforeAfter(cleaned), features):
        page.show(widget)
        if isinstance(widget, OutlierExplorer):
            page.page.locator(".scatter").focus()
            page.press("Home")
        wanted = page.panel.evaluate("""panel => [...panel.querySelectorAll("button, input, select, summary, [tabindex]")]
          .filter((one) => one.tabIndex >= 0 && one.checkVisibility()).length""")
        page.page.evaluate("document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex')")
        reached = set()
        for _ in range(wanted):
            page.page.keyboard.press("Tab")
            assert page.panel.evaluate("panel => panel.contains(document.activeElement)")
            assert page.page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
            reached.add(page.page.evaluate("document.activeElement.outerHTML"))
        assert len(reached) == wanted


def test_a_kernel_that_is_gone_is_told_and_nothing_is_asked_of_it(page, wines):
    page.show(OutlierExplorer(wines))
    page.page.locator(".scatter").focus()
    page.press("Home")
    page.click("drop")
    page.restart()
    assert page.problem.inner_text() == f"The kernel was restarted or shut down. All that was answered is kept in {wines.file}. Run the cell again to go on."
    assert page.page.locator(".gone").count() == 1
    page.is_dead = False
    again = OutlierExplorer(open_cleaning(wines.file))
    page.show(again)
    assert again.cleaning.steps == ["DropRows"] and "DropRows: alcohol is 142" in text(page, ".last-step")
    page.click("undo")
    assert again.cleaning.steps == [] and len(again.cleaning.table) == 178


def test_a_fault_of_ours_is_told_once_and_the_rest_goes_on(page, wines):
    """What is shown lacks something, as that of another version might."""
    widget = CleaningLog(wines)
    whole = widget.shown
    widget.shown = {name: value for name, value in whole.items() if name != "steps"}
    page.show(widget)
    widget.shown = widget.shown | dict(title="still told")
    page.page.evaluate("text => kernel.changed(text)", json.dumps(dict(shown=widget.shown)))
    faults = page.page.locator(".fault")
    assert faults.count() == 1
    assert "because of an error in trainbook: TypeError" in faults.inner_text() and "Only what is shown here is affected." in faults.inner_text()
    assert text(page, ".data-title b") == "still told"
    said, page.errors[:] = [*page.errors], []
    assert len(said) == 1 and "trainbook: error in the view part" in said[0]


CELL = """
import os
from pathlib import Path
from sklearn.datasets import load_wine
from trainbook.data.cleaning import Cleaning, open_cleaning
from trainbook.data.dataset import Dataset
from trainbook.data.outlier_explorer import OutlierExplorer
wines = Dataset.of(load_wine(as_frame=True).data, "wines", dir="data")
cleaning = Cleaning(wines, file="data/cleaning/wines.jsonl")
Path("pid").write_text(str(os.getpid()))
OutlierExplorer(cleaning)
"""


def test_a_real_kernel_is_killed_between_two_clicks(lab, shots):
    folder = lab.server.root / "data_widgets"
    lab.open(notebook([CELL], folder / "wines.ipynb"))
    lab.run_all()
    lab.wait_done(0, 60)
    panel = lab.page.locator(".trainbook-data")

    def drop() -> str:
        panel.locator(".scatter").press("Home")
        expect(panel.locator(".row-card h3")).to_contain_text("outlier rank 1 of")
        row = re.search(r"Row (\d+):", panel.locator(".row-card h3").inner_text())[1]
        before = panel.locator(".data-title b").inner_text()
        panel.get_by_role("button", name="Drop").click()
        expect(panel.locator(".data-title b")).not_to_have_text(before)
        return row

    first = drop()
    written = (folder / "data/cleaning/wines.jsonl").read_bytes()
    assert b"DropRows" in written
    os.kill(int((folder / "pid").read_text()), signal.SIGKILL)
    expect(panel.locator(".data-problem")).to_contain_text("The kernel was restarted or shut down.", timeout=30_000)
    lab.screenshot(shots / "data-killed.png")
    lab.open(folder / "wines.ipynb")  # it was saved without a widget
    lab.run_all()
    lab.wait_done(0, 60)
    assert (folder / "data/cleaning/wines.jsonl").read_bytes() == written
    expect(panel.locator(".data-title b")).to_contain_text("177 rows")
    expect(panel.locator(".last-step")).to_contain_text("DropRows")
    second = drop()
    assert first != second and not lab.failed(0)
    lab.save()
    lab.shutdown_kernel()
    lab.open(folder / "wines.ipynb", kernel=NO_KERNEL)
    saved = lab.page.locator(".trainbook-picture")
    expect(saved).to_contain_text("cleaned: 176 rows, 13 columns of numbers")  # as it was in the end
    lab.page.wait_for_timeout(2500)
    assert saved.is_visible() and lab.page.get_by_text(re.compile("model not found|Loading widget")).filter(visible=True).count() == 0
    lab.screenshot(shots / "data-saved.png")
    steps = open_cleaning(folder / "data/cleaning/wines.jsonl").done
    assert [[str(row) for row in done.text["step"]["parameters"]["rows"]] for done in steps] == [[first], [second]]
