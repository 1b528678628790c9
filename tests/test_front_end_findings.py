"""What is wrong with a run, in the panel: cards with their proof and their remedies, the health strip, the activations."""
import numpy as np
import pytest
from page import LOSS, PanelPage, table
from panel_run import EVIL, LAYERS, STEERED, command, gradients, norms, outcome, train
from playwright.sync_api import Browser, expect
from test_front_end_look import AXE

STEPS = 200
WORKS = dict(epochs=5, batches=50, epoch=3, batch=50, judged=STEPS)


def finding(kind: str, step=40, status="found", where="", severity="warning", **more) -> dict:
    """An event about a finding, with little to say."""
    return dict(event="finding", finding=kind, where=where, status=status, step=step, time=1.79e9 + step, severity=severity) | more


def gone(kind: str, step: int, **more) -> dict: return finding(kind, step, "withdrawn", **more)


HALVE = dict(command="scale_lr", arguments=dict(factor=.5), label="Halve the learning rate", effect="Every later step uses half of the rate.")
BACK = dict(command="rollback", arguments=dict(to="best"), label="Roll back to best", effect="The weights are those of step 80 again.")
POINTS = [[2 * k, round(.5 + .02 * k * k, 3)] for k in range(1, 41)]
TOO_HIGH = finding("lr_too_high", 90, where="optimizer", severity="error", evidence=dict(update_ratio=.031, loss_after=3.9),
                   explanation="Each step moves the weights by 3.1 % of their size. Steps of that size jump over the minimum.",
                   advice="Take a smaller rate: torch.optim.Adam(model.parameters(), lr=3e-4).", remedies=[HALVE, BACK], series=dict(loss=POINTS))
VANISHING = finding("vanishing_gradient", 60, where="fc1", explanation="The first layers learn next to nothing. It is so since the beginning.",
                    advice="Call `nn.ReLU()` instead.", evidence=dict(ratio=1.476e-5),
                    series={"conv1": [[1, 1e-7], [50, 2e-7]], "fc2": [[1, .1], [50, .2]]})
DEAD, PLATEAU = finding("dead_relu", 120, where="relu3"), finding("plateau", 30)


def send(panel: PanelPage, *events: dict, start=0, **state):
    """A run that was trained for some steps, with these events."""
    panel.send(*([] if start else [train(STEPS), gradients(norms(STEPS))]), events=list(events), start=start, **STEERED | WORKS | dict(step=STEPS) | state)


def shown(panel: PanelPage, *events: dict, **state):
    panel.show(LAYERS)
    send(panel, *events, **state)


def cards(panel: PanelPage): return panel.page.locator(".finding-card")


def titles(panel: PanelPage) -> list[str]:
    panel.drawn()
    return cards(panel).locator("b").all_inner_texts()


def card(panel: PanelPage, title: str): return cards(panel).filter(has=panel.page.get_by_text(title, exact=True))


def open_ones(panel: PanelPage) -> list[str]: return panel.page.locator(".finding-card:has([aria-expanded=true]) b").all_inner_texts()


def test_a_card_appears_while_it_trains_and_proves_itself(panel: PanelPage, shots):
    shown(panel)
    expect(panel.page.locator(".findings .count")).to_have_text("nothing found so far")
    assert cards(panel).count() == 0
    send(panel, TOO_HIGH, start=0)
    one = card(panel, "Learning rate too high")
    for words in ("error", "optimizer", "since step 90", "Each step moves", "Take a smaller rate:", "update ratio", "0.031"): expect(one).to_contain_text(words)
    expect(one.locator("pre")).to_have_text("torch.optim.Adam(model.parameters(), lr=3e-4)")
    plot = one.get_by_role("group", name="Plot of loss, steps 2 to 80")
    told = []
    plot.press("Home")
    for _ in POINTS:
        told.append([float(text) for text in plot.locator(".hover span").evaluate_all("all => [all[0].textContent.replace('step ', ''), all[2].textContent]")])
        plot.press("ArrowRight")
    assert told == POINTS
    panel.panel.screenshot(path=shots / "findings.png")


def test_a_proof_that_spans_thirty_decades_has_an_axis(panel: PanelPage):
    """uPlot by itself draws none."""
    panel.show(LAYERS)
    panel.page.evaluate("""() => { window.words = []; const { prototype } = CanvasRenderingContext2D; const before = prototype.fillText;
      prototype.fillText = function (text, ...at) { words.push(text); return before.call(this, text, ...at); }; }""")
    send(panel, TOO_HIGH | dict(series=dict(loss=[[k, 10. ** (3 * k)] for k in range(1, 11)])))
    assert {"1e12", "1e24"} <= set(panel.page.evaluate("words")), panel.page.evaluate("words")


def test_its_buttons_send_their_commands(panel: PanelPage):
    shown(panel, TOO_HIGH)
    halve, back = panel.button("Halve the learning rate"), panel.page.locator(".remedies").get_by_role("button", name="Roll back to best")
    assert halve.get_attribute("title") == HALVE["effect"]
    halve.click()
    halve.click()  # it is under way already
    assert panel.commands() == [("scale_lr", dict(factor=.5))] and "Halve the learning rate" in panel.busy
    send(panel, TOO_HIGH, outcome(panel, "applied", step=141, time=1.79e9 + 141))
    expect(panel.page.locator(".remedies")).to_contain_text("applied at step 141")
    back.click()
    send(panel, TOO_HIGH, outcome(panel, "refused", reason="there is no checkpoint", time=1.79e9 + 150))
    expect(back).to_be_disabled()
    expect(panel.page.locator(".remedies")).to_contain_text("refused: there is no checkpoint")
    shown(panel, TOO_HIGH, command("scale_lr", id="early", time=1.79e9 + 5, arguments=dict(factor=.5)))
    expect(panel.page.locator(".remedies")).not_to_contain_text("applied")  # that was before it was found
    send(panel, TOO_HIGH, status="finished")
    expect(halve).to_be_disabled()
    expect(panel.page.locator(".remedies")).to_contain_text("The run is over.")


def test_one_that_is_muted_stays_muted(panel: PanelPage):
    shown(panel, TOO_HIGH, DEAD)
    panel.button("Mute Dead ReLU in relu3").click()
    muting = dict(finding="dead_relu", where="relu3", on=True)
    assert panel.commands() == [("mute", muting)]
    muted = [outcome(panel, "applied"), finding("dead_relu", 150, "muted", where="relu3")]
    events = [TOO_HIGH, DEAD, *muted, gone("dead_relu", 160, where="relu3"), DEAD | dict(step=170)]
    panel.page.mouse.move(5, 5)
    for _ in range(2):  # the second time in a page that was reloaded
        send(panel, *events)
        assert titles(panel) == ["Learning rate too high"]
        panel.button("1 muted").click()
        expect(panel.page.locator(".set-aside li")).to_contain_text("Dead ReLU in relu3")
        panel.button("Unmute Dead ReLU in relu3").click()
        panel.drawn()
        assert panel.commands()[-1] == ("mute", muting | dict(on=False))
        panel.show(LAYERS)
    send(panel, *events, finding("dead_relu", 180, "unmuted", where="relu3"))
    assert titles(panel) == ["Learning rate too high", "Dead ReLU"]


def test_what_holds_no_longer_is_put_aside(panel: PanelPage):
    shown(panel, VANISHING, DEAD, PLATEAU, gone("plateau", 80), finding("dead_relu", 150, "muted", where="relu3"))
    assert titles(panel) == ["Vanishing gradient"]
    panel.button("1 muted, 1 no longer holds").click()
    panel.drawn()
    assert panel.page.locator(".set-aside li").all_inner_texts() == ["Dead ReLU in relu3\nmuted · since step 120\nUnmute", "Plateau\nsteps 30 to 80"]


def test_the_worst_is_first_and_open(panel: PanelPage):
    shown(panel, VANISHING, TOO_HIGH, DEAD)
    assert titles(panel) == ["Learning rate too high", "Vanishing gradient", "Dead ReLU"] and open_ones(panel) == ["Learning rate too high"]
    expect(panel.page.locator(".findings .count")).to_have_text("1 error, 2 warnings")
    card(panel, "Vanishing gradient").locator(".finding-toggle").click()
    panel.drawn()
    assert open_ones(panel) == ["Learning rate too high", "Vanishing gradient"]
    assert card(panel, "Vanishing gradient").locator(".advice code").all_inner_texts() == ["nn.ReLU()"]


def test_what_a_person_reads_stays_where_it_is(panel: PanelPage):
    shown(panel, VANISHING, DEAD)
    card(panel, "Vanishing gradient").hover()
    place = card(panel, "Vanishing gradient").bounding_box()
    send(panel, VANISHING, DEAD, TOO_HIGH, gone("vanishing_gradient", 180, where="fc1"))
    assert titles(panel) == ["Vanishing gradient", "Dead ReLU", "Learning rate too high"] and open_ones(panel) == ["Vanishing gradient"]
    assert card(panel, "Vanishing gradient").bounding_box() == place
    expect(card(panel, "Vanishing gradient")).to_contain_text("no longer holds since step 180")
    panel.page.mouse.move(5, 5)
    send(panel, start=4)
    assert titles(panel) == ["Learning rate too high", "Dead ReLU"]


def test_nothing_moves_under_the_pointer(panel: PanelPage):
    shown(panel, command("pause"))
    above, below = panel.page.locator(".plot").bounding_box(), panel.page.locator(".events").bounding_box()
    panel.page.locator(".events").hover()
    send(panel, command("pause"), TOO_HIGH)
    assert titles(panel) == [] and panel.page.locator(".events").bounding_box() == below
    expect(panel.page.locator(".findings .count")).to_contain_text("1 error")
    panel.page.mouse.move(5, 5)
    send(panel, start=2)
    assert titles(panel) == ["Learning rate too high"] and panel.page.locator(".plot").bounding_box() == above
    panel.page.locator(".events").hover()
    send(panel, command("pause"), TOO_HIGH, DEAD)
    panel.button("show 1 more").click()
    panel.drawn()
    assert titles(panel) == ["Learning rate too high", "Dead ReLU"]


def test_while_one_types_below_it_waits(panel: PanelPage):
    shown(panel)
    panel.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<textarea></textarea>')")
    panel.page.locator("textarea").press_sequentially("loss")
    send(panel, TOO_HIGH)
    assert titles(panel) == []
    panel.page.evaluate("document.activeElement.blur()")
    send(panel, start=1)
    assert titles(panel) == ["Learning rate too high"]


def test_each_new_one_is_announced_once(panel: PanelPage):
    panel.show(LAYERS)
    send(panel, VANISHING)
    said = panel.page.locator(".findings > .live-region")
    assert said.text_content() == ""  # that was known before
    for _ in range(2):
        send(panel, VANISHING, TOO_HIGH, DEAD)
        assert said.text_content() == "New error: Learning rate too high in optimizer, since step 90. New warning: Dead ReLU in relu3, since step 120."


def test_the_health_strip_is_in_line_with_the_plot(panel: PanelPage):
    shown(panel, VANISHING, gone("vanishing_gradient", 100, where="fc1"), TOO_HIGH | dict(step=150))
    strip = panel.page.get_by_role("application", name="Health by step: steps 0 to 60 nothing found; steps 60 to 100 warning;")
    plot, place = panel.page.locator(LOSS).bounding_box(), strip.bounding_box()
    assert (place["x"], place["width"]) == pytest.approx((plot["x"], plot["width"]), abs=1)
    pieces = [panel.page.locator(".piece").nth(i).bounding_box() for i in range(4)]
    whole = plot["width"] * STEPS / 250  # of the steps that are planned
    assert [(piece["x"] - plot["x"]) / whole * STEPS for piece in pieces] == pytest.approx([0, 60, 100, 150], abs=1)
    heights = [piece["height"] for piece in pieces]
    assert heights[0] == heights[2] < heights[1] < heights[3]
    told = []
    strip.focus()
    for key in ("Home", *["ArrowRight"] * 9):
        strip.press(key)
        told.append(strip.locator(".live-region").text_content())
    assert told[0] == "steps 0 to 60, nothing found".replace(",", ":") and told[1] == "step 60, found: Vanishing gradient in fc1"
    assert told[-1] == "steps 150 to 200: error, Learning rate too high in optimizer"
    strip.press("Enter")
    assert panel.page.evaluate("document.activeElement.closest('.finding-card').querySelector('b').textContent") == "Learning rate too high"
    panel.page.mouse.click(plot["x"] + whole * .4, place["y"] + 9)  # where one was found that holds no longer
    expect(panel.page.locator(".set-aside li")).to_contain_text("Vanishing gradient in fc1")


def test_who_was_never_looked_at_has_no_health(panel: PanelPage):
    shown(panel, status="finished", judged=None)
    expect(panel.page.locator(".findings")).to_be_hidden()
    shown(panel, status="finished")
    expect(panel.page.locator(".findings .count")).to_have_text("nothing found")


def test_texts_are_texts(panel: PanelPage):
    evil = finding(EVIL, where=EVIL, severity="error", label=EVIL, explanation=EVIL, advice=f"{EVIL}: `{EVIL}`", evidence={EVIL: EVIL},
                   remedies=[HALVE | dict(label=EVIL, effect=EVIL)], series={EVIL: [[1, 2.], [2, 3.]]})
    shown(panel, evil, gone("plateau", 3), PLATEAU, gone("plateau", 60))
    panel.button("1 no longer holds").click()
    panel.drawn()
    assert panel.page.evaluate("window.hit") is None and panel.page.locator(".findings img").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_core_finds_nothing_serious(browser: Browser, scheme, shots):
    page = browser.new_page(viewport=dict(width=1080, height=1200), color_scheme=scheme)
    panel = PanelPage(page)
    page.evaluate("dark => { document.body.style.background = dark ? '#16191d' : '#fff'; document.documentElement.lang = 'en'; }", scheme == "dark")
    page.add_script_tag(path=AXE)
    shown(panel, VANISHING, TOO_HIGH, DEAD, PLATEAU, gone("plateau", 80))
    card(panel, "Vanishing gradient").locator(".finding-toggle").click()
    panel.button("1 no longer holds").click()
    panel.drawn()
    result = page.evaluate("axe.run('.trainbook-panel', { resultTypes: ['violations'] })")
    assert [one["id"] for one in result["violations"] if one["impact"] in ("serious", "critical")] == []
    panel.panel.screenshot(path=shots / f"findings-{scheme}.png")
    page.close()


@pytest.mark.parametrize("width", [400, 1040])
def test_nothing_is_cut_off_and_all_is_reached(panel: PanelPage, width):
    panel.page.set_viewport_size(dict(width=width, height=900))
    long = TOO_HIGH | dict(where="encoder.layers.11.attention.self.query_projection", advice=f"Write: f({'x' * 300})", evidence={"y" * 90: "z" * 90})
    shown(panel, long, VANISHING, DEAD, activations=LAYERS)
    panel.drawn()
    assert panel.outside() == []
    small = panel.panel.evaluate("""panel => [...panel.querySelectorAll(".findings button")]
      .filter((one) => one.checkVisibility() && Math.min(one.offsetWidth, one.offsetHeight) < 24).map((one) => one.outerHTML)""")
    assert small == []
    wanted = panel.panel.evaluate("""panel => [...panel.querySelectorAll(".findings :is(button, [tabindex])")].filter((one) => one.checkVisibility()).length""")
    panel.page.locator(".findings .health").focus()
    for _ in range(wanted - 1):
        panel.page.keyboard.press("Tab")
        assert panel.page.evaluate("document.activeElement.closest('.findings') !== null")


# Activations

UNITS = ["conv1", "relu1", "tanh", "relu2"]


def activations(steps=40):
    """Four layers: one without units that can die, one whose units do."""
    at = np.arange(1, steps + 1)
    std = np.repeat(.5 * at[:, None], 4, 1)
    dead, saturated = np.full((steps, 4), -1.), np.full((steps, 4), -1.)
    dead[:, 1], dead[:, 3], saturated[:, 2] = 0, at / steps, .25
    return table("activations", _step=at, mean=(-std / 10).astype("f4"), std=std.astype("f4"), dead=dead.astype("f4"), saturated=saturated.astype("f4"))


def test_activations_have_a_map_beside_the_gradients(panel: PanelPage):
    shown(panel)
    height = panel.panel.bounding_box()["height"]
    panel.send(activations(), activations=UNITS, **STEERED | WORKS | dict(step=STEPS))
    assert panel.panel.bounding_box()["height"] == height and panel.heat.is_visible()
    panel.button("activations").click()
    view = panel.page.locator(".activations")
    expect(view.get_by_role("application", name="Spread of activations of 4 layers by step")).to_be_visible()
    assert panel.page.evaluate("document.activeElement.textContent") == "activations"
    assert panel.heat.is_hidden() and view.locator(".shown").text_content() == "conv1 20.00"
    view.get_by_role("button", name="dead units").click()
    view.locator(".label", has_text="relu2").click()
    expect(view.locator(".shown")).to_have_text("relu2 100 %")
    heat = view.locator(".heat .area").bounding_box()
    for x, y, told in [(20, 3, "relu2 step 20 50 %"), (20, 1, "relu1 step 20 0 %"), (20, 0, "conv1 step 20 not measured")]:
        panel.page.mouse.move(heat["x"] + heat["width"] * x / 250, heat["y"] + heat["height"] * (y + .5) / 4)
        panel.drawn()
        assert " ".join(view.locator(".heat .hover span").all_inner_texts()) == told
    view.get_by_role("button", name="mean of activations").click()
    expect(view.locator(".shown")).to_have_text("relu2 2.000")  # the record has -2
    panel.button("gradients").last.click()
    panel.drawn()
    assert panel.heat.is_visible() and view.is_hidden()


def test_activations_stand_alone(panel: PanelPage):
    panel.show(parts=["activations"])
    panel.send(activations(), step=40)
    expect(panel.page.get_by_role("application", name="Spread of activations of 4 layers by step")).to_be_visible()
    assert panel.page.locator(".tabs").is_hidden() and panel.page.locator(".label").all_inner_texts() == [f"layer {i}" for i in range(4)]
    panel.show(parts=["findings"])
    send(panel, TOO_HIGH)
    assert titles(panel) == ["Learning rate too high"] and panel.outside() == []
