"""Faults: a part of the panel fails, its kernel is gone, the panel is removed."""
import pytest
from page import LOSS, MAP, PARTS, PanelPage, table
from panel_run import LAYERS, STEERED, a_run, command, gradients, halved, norms, steer, system, train, words_drawn
from playwright.sync_api import Browser, expect


@pytest.mark.parametrize("breaks,part,others", [
    ("Number.prototype.toLocaleString = fail", "footer", [LOSS, MAP]),
    ("HTMLCanvasElement.prototype.getContext = fail", "gradients", ["footer"]),
    ("Object.defineProperty(window, 'devicePixelRatio', {get: fail})", "metrics", ["footer"]),
])
def test_a_part_with_an_error_stops_and_the_others_go_on(browser: Browser, shots, breaks, part, others):
    page = browser.new_page(viewport=dict(width=1080, height=900))
    panel = PanelPage(page)
    a_run(panel, epoch=0)
    page.evaluate(f"() => {{ const fail = () => {{ throw new RangeError('a fault <b>of ours</b>') }}; {breaks} }}")
    for step in 300, 301, 302: panel.send(train(step), gradients(norms(step)), system(step), step=step)
    said = page.locator(".fault", has_text=f"The {part} part of this panel has stopped because of an error in trainbook: RangeError: a fault <b>of ours</b>.")
    assert said.count() == 1
    for area in others: assert page.locator(area).first.is_visible()
    panel.panel.screenshot(path=shots / f"front-end-fault-{part}.png")
    panel.button("Stop now").click()
    assert panel.commands() == [("stop", dict(when="step"))]
    page.close()


def test_nothing_is_left_over(panel: PanelPage):
    a_run(panel)
    panel.page.evaluate("shown.remove()")
    assert panel.page.locator(".trainbook-panel").count() == 0
    assert panel.page.evaluate("[...shown.model.listeners.values()].flat().length") == 0


def die(panel: PanelPage, told_by: str): panel.page.evaluate("told => kernel.die(told)", told_by)


def pill(panel: PanelPage): return panel.page.locator(".pill")


@pytest.mark.parametrize("told_by, word, said", [
    ("comm_live_update", "disconnected", "the kernel was restarted or shut down"),
    ("nobody", "no answer", "the kernel has ended or can't be reached"),
])
def test_a_kernel_that_is_gone_is_said_and_asked_nothing(panel: PanelPage, told_by, word, said):
    steer(panel, table("train", _step=[1, 2], loss=[2., 1], epoch=[0, 0]), events=[halved()], seconds_left=75)
    assert "1:15 left" in panel.page.locator("header").inner_text()
    die(panel, told_by)
    panel.button("Evaluate now").dispatch_event("click")
    expect(pill(panel)).to_have_text(word, timeout=12_000)
    assert panel.hint == said and panel.busy == []
    words = panel.page.locator("header").inner_text()
    assert "left" not in words and "buttons" not in words and "last seen in" in words
    assert not any(one.is_enabled() for one in panel.page.locator(".steering :is(button, input, select)").all()) and panel.button("Undo").count() == 0
    assert panel.page.locator(".legend").inner_text().startswith("loss")  # what it was told stays
    panel.page.evaluate("kernel.beat()")  # it is back; when that is noticed, and what is asked then, is in `js/test/link.test.ts`
    expect(pill(panel)).to_have_text("training")
    assert panel.button("Stop now").is_enabled() and panel.busy == []


def test_what_a_newer_version_says_is_ignored(panel: PanelPage):
    """An event, an entry of the state, a message and a part that this one does not know."""
    panel.show(LAYERS, parts=[*PARTS, "fireworks"])
    message = panel.message(train(20), events=[halved(step=5)], **STEERED)
    message["content"]["state"] |= dict(mood="good", early_stop=None)
    message["content"]["events"]["rows"] += [dict(event="eclipse", step=9, time=1.79e9, label="dark", sentence="The moon is new."),
                                             command("fly", step=12, id="f")]
    message["content"] |= dict(weather="fine")
    words_drawn(panel)  # from here on they are counted
    panel.page.evaluate("message => kernel.play(message)", message)
    panel.page.evaluate("kernel.play({content: {kind: 'forecast'}, lengths: [], url: null})")
    drawn = {word for word, *_ in panel.page.evaluate("drawnWords")}
    assert "lr ÷2" in drawn and "dark" not in drawn
    text = panel.panel.inner_text()
    assert "A command" in text and "eclipse" not in text and "moon" not in text and "training" in text and panel.errors == []
