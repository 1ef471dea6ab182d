import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, find_faults, settle
from tests.browser.pen import draw, tell
from tests.browser.trainer import live


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_keeps_within_its_width_whatever_it_shows(
    open_page, server, trained, size, theme
):
    page = open_page("", size, theme)
    for state in look_at_drawing, look_at_training, look_at_mistakes, look_at_class_drawings:
        for _ in state(page, server.url, trained):
            assert find_faults(page) == []


def look_at_drawing(page: Page, url: str, trained: str):
    expect(page.locator(".st-key-canvas canvas").first).to_be_visible()
    yield "empty"
    draw(page, 7)
    expect(page.locator(".st-key-answer .answer-digit")).to_have_text("7")
    yield "an answer"
    page.get_by_role("button", name="Pen", exact=True).click()
    expect(page.get_by_role("slider", name="Width of the pen")).to_be_visible()
    yield "the pen"
    page.keyboard.press("Escape")
    page.get_by_role("tab", name="Upload").click()
    expect(page.get_by_text("A picture of digits")).to_be_visible()
    yield "an upload"


def look_at_training(page: Page, url: str, trained: str):
    visit(page, f"{url}/train")
    expect(page.locator(".sample-sheet .digit-ink")).to_have_count(10)
    yield "settings"
    page.get_by_role("button", name="More settings").click()
    expect(page.get_by_role("slider", name="Batch size")).to_be_visible()
    yield "more settings"
    page.keyboard.press("Escape")
    page.get_by_text("Its layers").click()
    expect(page.get_by_test_id("stDataFrame").first).to_be_visible()
    yield "layers"
    visit(page, f"{url}/train?run={trained}")
    expect(live(page).locator("svg.marks")).to_have_count(2)
    yield "curves"


def look_at_mistakes(page: Page, url: str, trained: str):
    visit(page, f"{url}/mistakes")
    expect(page.locator(".st-key-confusion svg.marks")).to_be_visible()
    expect(page.locator(".st-key-gallery-sheet .sheet button")).to_have_count(24)
    yield "gallery"
    page.locator(".st-key-gallery-sheet .sheet button").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".bars")).to_be_visible()
    expect(dialog.locator(".looked-at img").first).to_be_visible()
    yield "one digit"
    box, width = dialog.bounding_box(), page.viewport_size["width"]
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= width
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    page.locator(".st-key-suspects .sheet button").first.click()
    expect(dialog.locator(".bars")).to_be_visible()
    yield "a suspect"


def look_at_class_drawings(page: Page, url: str, trained: str):
    visit(page, url)
    draw(page, 4)
    tell(page, 4)
    yield "a drawing that was told"
    visit(page, f"{url}/drawings?model=dense&compare=cnn")
    expect(page.locator(".before-after")).to_be_visible()
    expect(page.locator(".sheet button").first).to_be_visible()
    yield "before and after"
    for name in ("Export", "Import", "Clear"):
        page.get_by_role("button", name=name, exact=True).click()
        expect(page.get_by_test_id("stPopoverBody")).to_be_visible()
        yield name
        page.keyboard.press("Escape")
        expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    page.locator(".sheet button").first.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("It is a", exact=True)).to_be_visible()
    yield "one drawing"
    dialog.get_by_role("button", name="Delete this drawing").click()
    expect(dialog).to_have_count(0)
    settle(page)
    yield "without it"


def visit(page: Page, address: str) -> None:
    page.goto(address)
    settle(page)
