"""Commands of other packages in the panel: their buttons and their labels."""
import numpy as np
import pytest
from page import PanelPage
from panel_run import EVIL, OVER, STEERED, command, outcome, registered, steer, train, words_drawn
from playwright.sync_api import Browser


def more(panel: PanelPage): return panel.page.get_by_role("group", name="More commands").get_by_role("button")


@pytest.mark.parametrize("status", ["applied", "refused", "failed"])
def test_a_registered_command_has_a_button(panel: PanelPage, status):
    commands = registered("Freeze encoder", "Export ONNX")
    steer(panel, commands=commands)
    assert more(panel).all_inner_texts() == ["Freeze encoder", "Export ONNX"]
    panel.button("Freeze encoder").dblclick()
    assert panel.commands() == [("c0", {})] and panel.busy == ["Freeze encoder"] and panel.hint == "Freeze encoder …"
    panel.send(events=[outcome(panel, "requested")], **STEERED, commands=commands)  # its label comes with the outcome only
    assert panel.last_line == "Freeze encoder by panel, requested." and panel.busy == ["Freeze encoder"]
    panel.button("Export ONNX").click()
    assert panel.commands()[1:] == [("c1", {})] and panel.busy == ["Freeze encoder", "Export ONNX"]
    ids = [one["id"] for one in panel.asked()[1:]]
    done = [command(f"c{i}", status, id=id, label=commands[i]["label"], reason="" if status == "applied" else "no") for i, id in enumerate(ids)]
    panel.send(events=done, start=1, **STEERED, commands=commands)
    assert panel.busy == [] and panel.hint == ""
    assert panel.last_line == f"Export ONNX by panel, {'in force at step 140.' if status == 'applied' else f'{status}: no'}"
    assert panel.button("Undo").count() == 0
    panel.button("Freeze encoder").click()
    assert panel.commands()[2:] == [("c0", {})]


def test_a_registered_command_is_undone(panel: PanelPage):
    steer(panel, events=[command("c0", label="Freeze encoder", undoable=True)], commands=registered("Freeze encoder"))
    panel.button("Undo").click()
    assert panel.commands() == [("undo", dict(id="a"))] and panel.busy == ["Undo"]
    panel.send(events=[outcome(panel, "applied", step=150)], start=1, **STEERED, commands=registered("Freeze encoder"))
    assert panel.last_line == "Undone: Freeze encoder by panel, in force at step 150." and panel.button("Undo").count() == 0


def test_which_registered_commands_are_offered(panel: PanelPage):
    group = panel.page.locator(".registered")
    steer(panel)
    assert group.is_hidden()  # an older run, which does not say
    twice = [dict(command="c0", label="again", arguments=[]), dict(command="c1", label=" ", arguments=[]), dict(command="c2", label=7)]
    odd = [None, 3, "c9", {}, dict(command=None, label="x"), dict(label="x")]
    with_controls = [dict(command=name, label="double", arguments=[]) for name in ("snapshot", "hello")]
    panel.send(**STEERED, commands=[*odd, *registered("Freeze encoder"), *twice, *with_controls])
    assert more(panel).all_inner_texts() == ["Freeze encoder", "c1"]
    for none in ([], None, {}, "c0"):
        panel.send(**STEERED, commands=none)
        assert group.is_hidden() and more(panel).count() == 0
    panel.send(**STEERED, commands=registered(*map(str, range(1000))))
    assert more(panel).count() == 100


def test_registered_commands_come_and_go(panel: PanelPage):
    steer(panel, commands=registered("a", "b", "c"))
    panel.button("b").focus()
    a, b, c = registered("a", "b", "c")
    for now in ([a, b, c], [b, c], [dict(c, command="d", label="d"), a, b], [b | dict(label="B")]):
        panel.send(**STEERED, commands=now)
        assert more(panel).all_inner_texts() == [one["label"] for one in now]
        assert panel.page.evaluate("document.activeElement.textContent").lower() == "b"
    panel.page.keyboard.press("Enter")
    assert panel.commands() == [("c1", {})]
    panel.send(events=[command("c1", "requested", id=panel.asked()[-1]["id"])], **STEERED)
    assert panel.hint == "" and panel.last_line == "B by panel, requested."  # it is outstanding, but not offered any more


@pytest.mark.parametrize("status", OVER)
def test_registered_commands_of_a_run_that_is_over(panel: PanelPage, status):
    steer(panel, events=[command("c0", label="Freeze encoder", undoable=True)], commands=registered("Freeze encoder"), status=status)
    assert panel.button("Freeze encoder").count() == 0 and panel.button("Undo").count() == 0


HOSTILE = {EVIL: EVIL, "x" * 10_000: "x" * 59 + "…", "😀" * 200: "😀" * 59 + "…", " \n two\t\0\n lines \n": "two lines", "a\u202eb\u2066": "a b",
           "&lt;b&gt;&amp;": "&lt;b&gt;&amp;", "a b " * 100: ("a b " * 15)[:59] + "…", "": "c7"}


@pytest.mark.parametrize("width", [400, 1040])
def test_a_label_is_text_of_limited_length(panel: PanelPage, width):
    panel.page.set_viewport_size(dict(width=width + 40, height=900))
    commands = registered(*HOSTILE)
    steer(panel, train(200, loss=np.full(200, .5)), commands=commands, step=200)
    assert more(panel).all_text_contents() == list(HOSTILE.values())
    for label in HOSTILE.values(): panel.button(label).click()
    assert panel.commands() == [(one["command"], {}) for one in commands]
    assert panel.outside() == [] and panel.panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    assert all(one.bounding_box()["height"] < 32 for one in more(panel).all())
    events = [command(one["command"], label=one["label"], id=str(i), step=20 * i + 20, undoable=True) for i, one in enumerate(commands)]
    words = [word for word, *_ in words_drawn(panel, *events, step=200, commands=commands)]
    assert {"c7", "a b", "two lines"} <= set(words) and all(len(word) <= 24 for word in words)
    assert ("a b " * 6)[:23] + "…" in words
    panel.page.get_by_role("button", name="earlier").click()
    panel.drawn()
    said = [text.split("\u2003")[1].split(" by panel")[0] for text in panel.page.locator(".line p").all_inner_texts()]
    assert [panel.last_line.split(" by panel")[0], *said] == list(HOSTILE.values())[::-1]
    assert panel.panel.evaluate("panel => panel.scrollWidth <= panel.clientWidth")
    evil = [command(EVIL, id="e", label=EVIL), command("y" * 10_000, id="y")]
    panel.send(events=evil, start=len(events), **STEERED, commands=[dict(command=EVIL, label=EVIL, arguments=[EVIL])])
    assert panel.last_line == f"{'y' * 59}… by panel, in force at step 140."
    assert panel.page.locator("img").count() == 0 and panel.page.evaluate("window.hit") is None


@pytest.mark.parametrize("width", [400, 1040])
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_many_registered_commands_fit(browser: Browser, shots, width, dark):
    page = browser.new_page(viewport=dict(width=width + 40, height=900), color_scheme="dark" if dark else "light")
    panel = PanelPage(page)
    for count in (0, 2, 12, 30):
        labels = [f"{('Freeze encoder', 'Export ONNX', 'Warm up', 'Recalibrate all batch norms')[i % 4]} {i}" for i in range(count)]
        steer(panel, train(200), commands=registered(*labels))
        panel.panel.screenshot(path=shots / f"front-end-registered-{count}-{width}-{'dark' if dark else 'light'}.png")
        assert panel.outside() == [] and page.locator(".plot").bounding_box()["y"] < (590 if width == 400 else 420)
        places = lambda: page.locator(".controls button").evaluate_all("all => all.map(one => [one.offsetLeft, one.offsetTop, one.offsetWidth, "
            "one.offsetHeight])")
        before = places()
        for label in labels: panel.button(label).click()  # also those that have to be scrolled to
        assert panel.busy == labels and places() == before
        assert panel.commands() == [(f"c{i}", {}) for i in range(count)]
    assert panel.errors == []
    page.close()
