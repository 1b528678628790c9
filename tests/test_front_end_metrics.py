"""All metrics of a run: which are drawn together, small multiples, what a person chooses and what is remembered of it."""
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from page import LOSS, PanelPage, table
from panel_run import losses, train
from playwright.sync_api import Locator, expect

PPO = ["policy_loss", "value_loss", "entropy", "approx_kl", "clip_frac", "explained_variance", "reward", "reward_max"]
RUNS = dict(
    GAN=(["loss_D", "loss_G", "D(x)", "D(G(z))", "fid"], [["loss_D", "loss_G"], ["fid"], ["D(x)", "D(G(z))"]]),
    PPO=(PPO, [["policy_loss", "value_loss"], ["reward", "reward_max"], *([name] for name in PPO[2:6])]),
    VAE=(["loss", "recon", "kl"], [["loss", "recon", "kl"]]),
)


def rows(names: list[str], steps=200): return table("train", _step=np.arange(1, steps + 1), **{name: losses(steps) for name in names})


def further(new): return replace(new, key="train.1")  # another table


def small(panel: PanelPage) -> list[str]:
    """The titles of the small plots, in order. They are drawn after the large one, in as many frames as it takes."""
    panel.drawn()
    panel.page.wait_for_function("[...document.querySelectorAll('.small')].every(one => one.ariaLabel)")
    return [label.partition(",")[0] for label in panel.page.locator(".small").evaluate_all("all => all.map(one => one.ariaLabel)")]


def large(panel: PanelPage) -> list[str]:
    """The metrics of the large plot."""
    panel.drawn()
    return [text.split(" ")[0] for text in panel.page.locator(".legend .series").all_inner_texts()]


def ppo(panel: PanelPage, **more):
    panel.show(parts=["metrics"], **more)
    panel.send(rows(PPO), step=200)


def menu(of: Locator, what: str):
    of.locator(".menu > button").last.click()
    of.get_by_role("menu").get_by_text(what, exact=True).click()


@pytest.mark.parametrize("run", RUNS)
def test_what_a_person_sees_first(panel: PanelPage, shots, run):
    names, groups = RUNS[run]
    panel.show(parts=["metrics"])
    panel.send(rows(names), step=200)
    assert large(panel) == groups[0] and panel.page.locator(".small").count() == len(groups) - 1
    for group, shown in zip(groups[1:], panel.page.locator(".small").all(), strict=True):
        expect(shown.locator("canvas")).to_be_visible()
        label = shown.get_attribute("aria-label")
        assert all(f"{name} 0." in label for name in group), label
    panel.panel.screenshot(path=shots / f"front-end-metrics-{run}.png")


def test_the_height_stays_while_metrics_come(panel: PanelPage):
    """At the end of the first epoch a validation brings further groups: the large plot gives way, or they wait."""
    height = lambda: panel.panel.bounding_box()["height"]
    panel.show(parts=["metrics"])
    panel.send(train(20), step=20)
    before = height()
    panel.send(table("valid", _step=[20], val_loss=[1.], accuracy=[.5]), step=20)
    assert small(panel) == ["accuracy"] and height() == before
    panel.send(table("train", start=20, _step=[21], loss=[1.]), table("system", _step=[21], cpu=[1.]), step=21)
    panel.send(further(table("train", _step=[21], **{f"{name}x": [1.] for name in "abcdefghijkl"})), step=21)
    assert height() == before and panel.page.locator(".small").count() == 5  # a row of them
    expect(panel.button("Search all metrics, 8 more than are drawn")).to_have_text("8 more")
    panel.button("Enlarge accuracy").click()  # who asks for something may see all
    panel.drawn()
    assert panel.page.locator(".small").count() == 9 and height() > before


def test_two_thousand_metrics_are_nine_plots_and_a_search(panel: PanelPage):
    names = [f"layer{i // 8}/{'abcdefgh'[i % 8]}" for i in range(1998)]
    panel.show(parts=["metrics"])
    panel.send(table("train", _step=np.arange(1, 51), loss=losses(50), accuracy=losses(50), **{name: losses(50) for name in names}), step=50)
    assert large(panel) == ["loss"] and small(panel)[:2] == ["accuracy", "layer0"] and panel.page.locator(".small").count() == 9
    assert panel.panel.bounding_box()["height"] < 720
    panel.button("Search all metrics, 1934 more than are drawn").click()
    assert panel.page.locator(".search li").count() == 60 and panel.page.locator(".search [role=status]").inner_text().startswith("1,940 more")
    panel.page.keyboard.type("249/F")
    expect(panel.page.locator(".search li")).to_have_text(["layer249/f0.04431"])
    panel.page.keyboard.press("Tab")
    panel.page.keyboard.press("Space")
    assert large(panel) == ["loss", "layer249/f"]
    panel.page.keyboard.press("Escape")
    expect(panel.page.locator(".search")).to_be_hidden()
    assert panel.page.evaluate("document.activeElement.textContent") == "1,941 more"


def test_a_plot_is_enlarged_by_mouse_and_by_keyboard(panel: PanelPage):
    ppo(panel)
    assert small(panel)[:2] == ["reward", "entropy"]
    panel.page.locator(".small-box").first.click()
    assert large(panel) == ["reward", "reward_max"] and small(panel)[:2] == ["loss", "entropy"]  # they change places
    assert panel.page.evaluate("document.activeElement.className") == "plot"
    panel.button("Enlarge entropy").focus()
    panel.page.keyboard.press("Enter")
    assert large(panel) == ["entropy"]
    assert "entropy" in panel.hover(LOSS, .5)
    assert panel.page.locator(".small .u-cursor-x").evaluate_all("all => new Set(all.map(one => one.style.transform)).size") < 4  # the crosshairs follow
    panel.zoom(.5, .5)
    expect(panel.reset).to_be_visible()
    panel.page.locator(".small .u-over").first.dispatch_event("dblclick")  # all plots share a zoom; of two clicks, the first enlarges one
    expect(panel.reset).to_be_hidden()


def test_a_menu_is_never_cut_off(panel: PanelPage):
    """Not by the end of the panel, nor by an output area that scrolls; with two hundred names it scrolls itself."""
    panel.page.set_viewport_size(dict(width=420, height=500))
    panel.page.evaluate("document.getElementById('widget').style.cssText = 'height: 300px; overflow: auto; contain: paint'")
    ppo(panel)
    panel.send(further(rows([f"layer{i}/norm" for i in range(240)])), step=200)
    panel.page.locator(".small .menu > button").last.click()
    whole = """menu => { const { top, left, bottom, right } = menu.getBoundingClientRect();
      return top >= 0 && left >= 0 && bottom <= innerHeight && right <= innerWidth; }"""
    menu = panel.page.get_by_role("menu")
    assert menu.evaluate(whole) and menu.get_by_role("menuitemradio", name="Lines").get_attribute("aria-checked") == "true"
    menu.get_by_text("Scatter against").click()
    assert menu.evaluate(whole) and menu.get_by_role("menuitemradio").count() == 200
    panel.page.keyboard.type("layer77")
    focused = menu.locator("button:focus")
    assert focused.inner_text() == "layer77/norm"
    assert focused.evaluate("one => document.elementFromPoint(...[one.getBoundingClientRect()].flatMap(({ x, y }) => [x + 9, y + 9])) === one")
    panel.page.keyboard.press("Escape")
    assert focused.inner_text() == "Scatter against"
    panel.page.keyboard.press("Escape")
    assert menu.count() == 0 and panel.page.evaluate("document.activeElement.getAttribute('aria-haspopup')") == "menu"


def test_choices_are_remembered(panel: PanelPage):
    """After a reload, and for the next run of the same name, as far as it has such metrics; not by other views."""
    ppo(panel)
    menu(panel.page.locator(".small").nth(2), "Pin in front")
    menu(panel.page.locator(".small").nth(2), "Hide")
    menu(panel.page.locator(".small").nth(0), "Histogram")
    panel.button("log").click()
    panel.page.get_by_role("button", name="smooth").click()
    chosen = small(panel)
    assert chosen[0] == "approx_kl how often each value came" and "entropy" not in chosen and len(chosen) == 4
    for again in dict(), dict(run_id="another run"):
        panel.page.reload()
        panel.page.wait_for_function("window.kernel")
        ppo(panel, **again)
        assert small(panel) == chosen
        expect(panel.button("log")).to_have_attribute("aria-pressed", "false")
        assert "smooth 50 steps" in panel.page.locator(".tools").inner_text()
    ppo(panel, plots=[dict(metrics=["reward"])])
    assert large(panel) == ["reward"] and panel.page.locator(".small").count() == 0
    ppo(panel)
    panel.page.locator(".tools > button[aria-haspopup]").click()
    panel.button("Show the hidden plot").click()
    assert "entropy" in small(panel)


@pytest.mark.parametrize("kept", ["nonsense", "7", '[[3], ["run a_run ", {"large": 3, "log": "x"}], null]'])
def test_choices_that_are_nonsense_or_refused_do_no_harm(panel: PanelPage, kept):
    panel.page.evaluate("kept => localStorage.setItem('trainbook.choices', kept)", kept)
    panel.page.evaluate("() => { Storage.prototype.setItem = () => { throw new DOMException('full', 'QuotaExceededError') } }")
    ppo(panel)
    panel.button("Enlarge reward").click()
    assert large(panel) == ["reward", "reward_max"]


def test_a_layout_says_what_is_not_there(panel: PanelPage):
    panel.show(parts=["metrics"], plots=[dict(metrics=["rewards_max"]), dict(metrics=["loss"]), dict(metrics=["entropy"], kind="scatter", x="kl")])
    expect(panel.page.locator(".empty")).to_have_text("Waiting for the first step")
    panel.send(rows(PPO), step=200)
    expect(panel.page.locator(".empty")).to_have_text("No metric rewards_max yet; there is reward_max")
    assert small(panel)[0] == "loss"
    expect(panel.page.locator(".small").nth(1)).to_contain_text("No metric kl yet; there is approx_kl")
    panel.send(further(rows(["rewards_max", "kl"])), step=200)
    assert large(panel) == ["rewards_max"]
    expect(panel.page.locator(".small").nth(1)).to_have_attribute("aria-label", re.compile("^entropy against kl, "))
    panel.page.locator(".tools > .menu > button").focus()
    for key in ["Enter", *"scat", "ArrowRight", *"entr", "Enter"]: panel.page.keyboard.press(key)
    expect(panel.page.locator("h3")).to_have_text("rewards_max against entropy")
    expect(panel.page.locator(".plot .xy-chart canvas")).to_be_visible()


def test_a_scatter_plot_and_a_histogram_tell_their_values(panel: PanelPage):
    """By mouse and by keyboard, and as a file: this page has no clipboard."""
    panel.show(parts=["metrics"], plots=[dict(metrics=["a"], kind="scatter", x="b"), dict(metrics=["a"], kind="histogram")])
    panel.send(table("train", _step=[1, 2, 3, 4], a=[4., 3, 2, 1], b=[1., 2, 3, 4]), step=4)
    area, card = ".plot .xy-chart .u-over", panel.page.locator(".plot .xy-chart .hover")
    def told(key: str) -> str:
        panel.page.keyboard.press(key)
        return " ".join(card.locator("span").all_inner_texts()) if card.is_visible() else ""
    def copied() -> str:
        panel.button("copy this plot").focus()
        panel.page.keyboard.press("Enter")
        with panel.page.expect_download() as download: panel.page.keyboard.press("Enter")
        return Path(download.value.path()).read_text()
    assert panel.hover(area, .02, .1) == "step 1 a 4 b 1"
    panel.page.locator(".plot").focus()
    assert [told(key) for key in ("End", "ArrowLeft", "Home", "Escape")] == ["step 4 a 1 b 4", "step 3 a 2 b 3", "step 1 a 4 b 1", ""]
    assert copied() == "step,b,a\n1,1,4\n2,2,3\n3,3,2\n4,4,1\n"
    panel.button("Enlarge a").click()
    panel.drawn()
    assert [told(key) for key in ("Home", "ArrowRight")] == ["1.000 to 1.075 a once", "1.075 to 1.150 a 0 times"]
    assert copied().startswith("from,to,a\n1,1.075,1\n")


def test_what_counts_and_what_never_changes_takes_no_plot(panel: PanelPage):
    steps = np.arange(1, 51.)
    def show(rate):
        panel.show(parts=["metrics"])
        panel.send(table("train", _step=steps, reward=losses(50), loss=losses(50), env_steps=steps * 2048, kl_weight=steps * 0 + .5, learning_rate=rate),
                   step=50, learning_rate=1e-3)
    show(steps * 0 + 1e-3)
    assert small(panel) == ["reward", "env_steps", "Metrics that never changed"]
    expect(panel.page.locator(".constants li")).to_have_text(["kl_weight0.5000"])
    expect(panel.page.locator(".rate")).to_have_text("learning rate 0.001")
    expect(panel.page.locator(".strip")).to_be_hidden()
    panel.page.get_by_label("x axis", exact=True).select_option("env_steps")
    assert small(panel) == ["reward", "Metrics that never changed"]
    panel.page.get_by_role("button", name="Enlarge kl_weight").click()
    assert large(panel) == ["kl_weight"] and small(panel) == ["reward", "loss"]
    height = panel.panel.bounding_box()["height"]
    show(1e-3 / steps)
    expect(panel.page.locator(".strip")).to_be_visible()
    assert panel.panel.bounding_box()["height"] == height


def test_the_x_axis_is_that_of_the_layout_until_one_is_chosen(panel: PanelPage):
    chosen = panel.page.get_by_label("x axis", exact=True)
    def show():
        panel.show(parts=["metrics"], plots=[dict(metrics=["reward"], x="env_steps")])
        panel.send(table("train", _step=np.arange(1, 51), reward=losses(50), env_steps=np.arange(1, 51) * 2048.), step=50)
    show()
    expect(chosen).to_have_value("env_steps")
    chosen.select_option("step")
    panel.drawn()
    show()
    expect(chosen).to_have_value("step")
