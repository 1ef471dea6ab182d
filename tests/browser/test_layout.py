"""Every page and state at the width of a desk and of a phone, in light and dark."""

import re

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import DESKTOP, PHONE, find_faults, settle
from tests.browser.pen import draw
from tests.browser.trainer import live


@pytest.fixture(params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def size(request) -> dict:
    return request.param


@pytest.fixture(params=["light", "dark"])
def theme(request) -> str:
    return request.param


def test_the_page_draw_keeps_within_its_width(open_page, size, theme):
    page = open_page("", size, theme)
    expect(page.locator(".st-key-canvas canvas").first).to_be_visible()
    assert find_faults(page) == []
    draw(page, 7)
    expect(page.locator(".st-key-answer .answer-digit")).to_have_text("7")
    assert find_faults(page) == []
    page.get_by_role("button", name="Pen", exact=True).click()
    expect(page.get_by_role("slider", name="Width of the pen")).to_be_visible()
    assert find_faults(page) == []
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Upload").click()
    expect(page.get_by_text("A picture of one digit")).to_be_visible()


def test_the_page_train_keeps_within_its_width(open_page, trained, size, theme):
    page = open_page("train", size, theme)
    expect(page.locator(".sample-sheet .digit-ink")).to_have_count(10)
    assert find_faults(page) == []
    page.get_by_role("button", name="More settings").click()
    expect(page.get_by_role("slider", name="Batch size")).to_be_visible()
    assert find_faults(page) == []
    page.keyboard.press("Escape")
    page.get_by_text("Its layers").click()
    assert find_faults(page) == []
    page.goto(f"{page.url.partition('?')[0]}?run={trained}")
    settle(page)
    expect(live(page).locator("svg.marks")).to_have_count(2)


def test_the_page_mistakes_keeps_within_its_width(open_page, size, theme):
    page = open_page("mistakes", size, theme)
    expect(page.locator(".st-key-confusion svg.marks")).to_be_visible()
    assert find_faults(page) == []
    page.locator(".st-key-gallery").get_by_role("button", name=re.compile("read as")).first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".bars")).to_be_visible()
    box = dialog.bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= size["width"]
