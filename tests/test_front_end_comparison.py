"""A comparison in a page: without a script, with one, and replaced by a newer one while somebody uses it."""
import re
from pathlib import Path

import pytest
from PIL import Image

from trainbook import compare
from trainbook.run.recorder import Recorder

AXE = Path(__file__).parents[1] / "js/node_modules/axe-core/axe.min.js"
HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"


def record(dir, name, steps, lr, status="finished"):
    run = Recorder(name, config=dict(lr=lr), dir=dir)
    (run.path / "media").mkdir()
    for run.step in steps:
        run.log(loss=lr / run.step, accuracy=1 - lr / run.step)
        Image.new("RGB", (8, 8), (run.step % 256, 0, 0)).save(run.path / "media" / f"{run.step}.png")
        run.event("media", run.step, name="samples", kind="image", file=f"{run.step}.png", about="8×8")
        (run.path / "media" / f"{run.step}.txt").write_text(f"{HOSTILE} at {run.step}")
        run.event("media", run.step, name="a text", kind="text", file=f"{run.step}.txt", about="text")
    if status: run.finish(status)
    return run


@pytest.fixture(scope="module")
def page(browser):
    """One page for all, in which nothing may go wrong."""
    page, errors = browser.new_page(), []
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert errors == []


@pytest.fixture
def comparison(tmp_path, page):
    """Three runs on a page, the last of which goes on."""
    runs = [record(tmp_path, HOSTILE, (10, 20, 30), .1), record(tmp_path, "b", (15, 25), 1.), record(tmp_path, "c", (5,), 10., status=None)]
    found = compare(*runs)
    page.set_content(f"<div id='output'>{found._repr_mimebundle_()['text/html']}</div>")
    yield found
    for run in runs: run.finish()


def names(page): return [name[:1] for name in page.locator("tbody tr:visible td:first-child").all_inner_texts()]
def steps(page): return page.locator("figure:has(img):visible .step").all_inner_texts()


def replace(page, comparison):
    """As a notebook does with an output that is updated: scripts in it run."""
    page.evaluate("""html => {
        output.innerHTML = html;
        for (const old of output.querySelectorAll("script")) {
            const script = document.createElement("script");
            script.textContent = old.textContent;
            old.replaceWith(script);
        }
    }""", comparison._repr_mimebundle_()["text/html"])


def test_a_table_is_sorted_and_filtered_by_click_and_by_keyboard(comparison, page):
    assert names(page) == ["<", "b", "c"] and page.title() == ""
    sort = page.get_by_role("button", name="lr")
    sort.click()
    assert names(page) == ["<", "b", "c"] and page.get_by_role("columnheader", name="lr").get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Enter")
    assert names(page) == ["c", "b", "<"] and page.locator("[aria-sort=descending]").inner_text() == "lr"
    page.get_by_title("Sort by accuracy.best").click()
    assert names(page) == ["<", "b", "c"] and page.locator("[aria-sort=descending]").count() == 1  # high values are good
    field = page.get_by_role("searchbox", name="Filter")
    for asked, found in (("lr>=1", ["b", "c"]), ("lr > 0.5 finished", ["b"]), ("status=RUNNING", ["c"]), ("nothing like it", []), ("lr<", ["<", "b", "c"]),
                         ("loss.step!=30 loss<10", ["b", "c"])):
        field.fill(asked)
        assert names(page) == found, asked
    assert page.get_by_role("status").inner_text() == "2 of 3 runs"
    assert page.locator("figure:visible").count() == 4  # what the runs have shown goes along
    field.fill("depth<3")
    assert "There is no column depth; there are name, status" in page.get_by_role("status").inner_text() and len(names(page)) == 3
    page.add_script_tag(path=AXE)
    assert page.evaluate("axe.run('.trainbook-comparison').then(({ violations }) => violations.map(({ id }) => id))") == []
    small = page.locator("button:visible, input:visible").evaluate_all("all => all.filter(one => one.getBoundingClientRect().height < 24).length")
    assert small == 0


def test_one_slider_moves_what_all_runs_have_shown(comparison, page):
    assert steps(page) == ["step 30", "step 25", "step 5"]
    slider = page.get_by_role("slider")
    slider.focus()
    page.keyboard.press("Home")
    assert steps(page) == ["step 10", "step 15", "step 5"] and slider.get_attribute("aria-valuetext") == "step 5"
    page.get_by_role("button", name="later step").click(click_count=2)
    assert steps(page) == ["step 10", "step 15", "step 5"] and slider.get_attribute("aria-valuetext") == "step 15"
    assert page.locator("pre").first.inner_text() == f"{HOSTILE} at 10" and page.title() == ""
    red = page.locator("figure img").nth(1).evaluate("""image => {
        const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 }).getContext("2d");
        canvas.drawImage(image, 0, 0, 1, 1);
        return canvas.getImageData(0, 0, 1, 1).data[0];
    }""")
    assert abs(red - 15) < 4


def test_what_a_reader_has_chosen_outlives_an_update(comparison, page):
    page.get_by_role("button", name="lr").click(click_count=2)
    page.get_by_role("button", name="earlier step").click()
    field = page.get_by_role("searchbox")
    field.fill("runn")
    page.keyboard.press("ArrowLeft")
    live = comparison.runs[-1]
    live.log(loss=.0001)
    live.flush()
    comparison.refresh()
    replace(page, comparison)
    assert names(page) == ["c"] and field.input_value() == "runn"
    page.keyboard.type("i")  # the field has the focus, and the cursor is where it was
    assert field.input_value() == "runin"
    field.fill("")
    assert names(page) == ["c", "b", "<"] and page.get_by_role("slider").get_attribute("aria-valuetext") == "step 25"


def test_without_a_script_all_of_it_is_there(comparison, page):
    page.set_content(re.sub("<(style|script)>.*?</\\1>", "", comparison._repr_mimebundle_()["text/html"], flags=re.S))
    assert names(page) == ["<", "b", "c"] and steps(page) == ["step 30", "step 25", "step 5"] and page.locator("img").count() == 4
