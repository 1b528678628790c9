"""The gallery of augmentations in Chromium: by mouse and by keyboard, light and dark, 400 px wide."""

import pytest
import torch
from data_page import DataPage
from skimage import data

from trainbook.augment.colours import blur, brightness, hue
from trainbook.augment.elastic import elastic
from trainbook.augment.gallery import AugmentationGallery
from trainbook.augment.geometry import flip_horizontal, rotate
from trainbook.augment.semantics import SemanticsCheck

HOSTILE = "<img src=x onerror=\"document.title='hacked'\">"
pytestmark = pytest.mark.browser


@pytest.fixture
def gallery() -> AugmentationGallery:
    photos = [getattr(data, name)()[:300, :300] for name in ("astronaut", "coffee", "chelsea")]
    pictures = torch.stack([torch.tensor(photo / 255).float().permute(2, 0, 1) for photo in photos])
    check = SemanticsCheck(lambda pictures: pictures.mean((2, 3)), pictures, [rotate(20), brightness(.4)], wanted=.3, halvings=0)
    return AugmentationGallery(pictures, [rotate(20), elastic(8, 40), brightness(.2), hue(.05), blur(1), flip_horizontal()],
                               ["an astronaut", HOSTILE, "a cat"], check)


def test_a_slider_by_keyboard(page, gallery):
    page.show(gallery)
    slider = page.panel.get_by_role("slider").nth(0)
    assert slider.get_attribute("aria-valuetext") in ("20 °, safe", "20 °, beyond 0, up to which it is safe")
    before = page.panel.get_by_role("img", name="an astronaut, after").get_attribute("src")
    slider.focus()
    page.press("Home")
    page.page.wait_for_timeout(300)
    page.settled()
    assert [operation.name for operation in gallery.operations][0] == "elastic" and gallery.shown["sliders"][0]["strength"] == 0
    assert page.focus == "strength 0"
    assert page.panel.get_by_role("img", name="an astronaut, after").get_attribute("src") != before
    page.press("ArrowRight", "ArrowRight", "ArrowRight")
    page.page.wait_for_timeout(300)
    page.settled()
    assert gallery.shown["sliders"][0]["strength"] == pytest.approx(5.4)


def test_a_switch_and_other_draws_by_mouse(page, gallery):
    page.show(gallery)
    switch = page.panel.get_by_role("slider").last
    assert switch.get_attribute("aria-valuetext") == "on"
    switch.fill("0")
    page.page.wait_for_timeout(300)
    page.settled()
    assert switch.get_attribute("aria-valuetext") == "off" and gallery.operations[-1].name == "blur"
    before = gallery.shown["pictures"][0]["after"]
    page.panel.get_by_role("button", name="Draw again").click()
    page.settled()
    assert gallery.shown["pictures"][0]["after"] != before and page.said == "Other random changes of the same strengths."


def test_labels_are_text(page, gallery):
    page.show(gallery)
    assert page.page.title() == "A notebook" and page.panel.get_by_text(HOSTILE).is_visible()


@pytest.mark.parametrize("width, dark", [(940, False), (940, True), (400, False)], ids=["light", "dark", "400 px"])
def test_it_looks_well(browser, shots, gallery, width, dark):
    page = DataPage(found := browser.new_page(viewport=dict(width=width, height=900), color_scheme="light"))
    page.show(gallery, dark)
    page.panel.screenshot(path=shots / f"augment-gallery-{width}{'-dark' * dark}.png")
    assert page.outside() == []
    problems = page.violations()
    found.close()
    assert problems == [] and page.errors == []
