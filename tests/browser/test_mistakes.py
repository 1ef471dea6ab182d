import csv
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from digitlib.data import load_mnist
from digitlib.runs.folder import MODELS_FOLDER
from tests.browser.conftest import DESKTOP, PHONE, download, settle

labels = load_mnist("test").labels.astype(int)
answers = np.load(MODELS_FOLDER / "dense" / "test_probabilities.npy").argmax(axis=1)
MISTAKES = int((labels != answers).sum())


def find_places(truth: int, answer: int) -> set[str]:
    """Return the test digits of a cell of the matrix, as their keys."""
    return {str(place) for place in np.flatnonzero((labels == truth) & (answers == answer))}


def click_cell(page: Page, truth: int, answer: int, clicks: int = 1) -> None:
    """Click a cell of the matrix, or touch it where there is no mouse."""
    box = page.locator(".st-key-confusion svg.marks .mark-rect").first.bounding_box()
    x = box["x"] + (answer + 0.5) * box["width"] / 10
    y = box["y"] + (truth + 0.5) * box["height"] / 10
    if page.evaluate("navigator.maxTouchPoints"):
        page.touchscreen.tap(x, y)
    else:
        page.mouse.click(x, y, click_count=clicks)


def cells(page: Page):
    return page.locator(".st-key-gallery-sheet .sheet button")


def read_places(page: Page) -> set[str]:
    """Return the test digits that are on the sheet."""
    titles = cells(page).evaluate_all("cells => cells.map(cell => cell.title)")
    return {re.match(r"Test digit (\d+):", title)[1] for title in titles}


def expect_cell(page: Page, truth: int, answer: int) -> None:
    """Wait until the sheet shows the digits of a cell; they must be just those."""
    places = find_places(truth, answer)
    expect(cells(page)).to_have_count(len(places))
    expect(cells(page).first).to_contain_text(f"{truth} read as {answer}")
    assert read_places(page) == places


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_cell_is_clicked_and_shows_just_its_digits(open_page, size):
    page = open_page("mistakes?model=dense", size, has_touch=size is PHONE)
    expect(cells(page)).to_have_count(24)
    page.locator(".st-key-confusion").scroll_into_view_if_needed()
    click_cell(page, 4, 9)
    expect_cell(page, 4, 9)
    expect(page).to_have_url(re.compile(r"truth=4&read=9"))
    click_cell(page, 7, 2)
    expect_cell(page, 7, 2)
    page.wait_for_timeout(1_000)  # or the two are a double click
    click_cell(page, 7, 2)
    expect(cells(page)).to_have_count(24)
    expect(page).not_to_have_url(re.compile("truth"))


def test_a_double_click_selects_a_cell(open_page):
    page = open_page("mistakes?model=dense")
    expect(cells(page)).to_have_count(24)
    click_cell(page, 4, 9, clicks=2)
    expect_cell(page, 4, 9)
    settle(page)
    expect(page).to_have_url(re.compile(r"truth=4&read=9"))
    click_cell(page, 7, 2, clicks=2)
    expect_cell(page, 7, 2)
    settle(page)
    expect(page).to_have_url(re.compile(r"truth=7&read=2"))


def test_the_matrix_is_labelled_row_by_row_and_covered_by_nothing(open_page):
    page = open_page("mistakes?model=dense")
    chart = page.locator(".st-key-confusion svg.marks")
    middles = chart.locator(".role-axis-label text").evaluate_all(
        """texts => texts.map(text => text.getBoundingClientRect())
            .map(box => [box.x + box.width / 2, box.y + box.height / 2])"""
    )
    columns, rows = np.array(middles)[:10, 0], np.array(middles)[10:, 1]
    for places in columns, rows:
        assert len(places) == 10
        np.testing.assert_allclose(np.diff(places), np.diff(places).mean(), atol=1)
    chart.hover()
    expect(page.locator(".st-key-confusion").get_by_test_id("stElementToolbar")).to_be_hidden()


def test_empty_ground_lets_go_of_a_cell(open_page):
    page = open_page("mistakes?model=dense")
    click_cell(page, 4, 9)
    expect_cell(page, 4, 9)
    box = page.locator(".st-key-confusion svg.marks").bounding_box()
    page.mouse.click(box["x"] + 4, box["y"] + box["height"] - 20)
    expect(page).not_to_have_url(re.compile("truth"))
    expect(cells(page)).to_have_count(24)


def test_a_copied_link_shows_a_stranger_the_same(open_page):
    page = open_page("mistakes?model=dense")
    expect(cells(page)).to_have_count(24)
    click_cell(page, 4, 9)
    expect_cell(page, 4, 9)
    cells(page).nth(1).click()
    heading = page.get_by_role("dialog").get_by_text(re.compile(r"Test digit \d+ · 2 of"))
    expect(heading).to_be_visible()
    stranger = open_page(page.url)
    expect(stranger.get_by_role("dialog")).to_contain_text(heading.inner_text())
    stranger.get_by_role("dialog").get_by_role("button", name="Close").click()
    expect_cell(stranger, 4, 9)
    expect(stranger.locator(".st-key-truth input")).to_have_value("4")
    expect(stranger).not_to_have_url(re.compile("digit="))


def test_what_is_chosen_in_the_filters_is_let_go_by_a_click(open_page):
    page = open_page("mistakes?model=dense&truth=4")
    gallery = page.locator(".st-key-gallery")
    gallery.get_by_role("combobox", name="Read as").click()
    page.get_by_role("option", name="9", exact=True).click()
    expect_cell(page, 4, 9)
    click_cell(page, 4, 9)
    expect(page).not_to_have_url(re.compile("truth"))
    click_cell(page, 4, 9)
    expect_cell(page, 4, 9)


def test_the_keyboard_leafs_through_the_sheet_and_opens(open_page):
    page = open_page("mistakes?model=dense")
    cells(page).first.focus()
    first = read_places(page)
    page.keyboard.press("PageDown")
    expect(page.locator(".st-key-gallery")).to_contain_text("page 2 of")
    assert read_places(page).isdisjoint(first)
    page.keyboard.press("PageUp")
    expect(page.locator(".st-key-gallery")).to_contain_text("page 1 of")
    assert read_places(page) == first
    page.keyboard.press("End")
    page.keyboard.press("ArrowRight")
    expect(page.locator(".st-key-gallery")).to_contain_text("page 2 of")
    page.keyboard.press("ArrowRight")
    second = cells(page).nth(1)
    expect(second).to_be_focused()
    name = re.match(r"Test digit \d+", second.get_attribute("title"))[0]
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f"{name} · 26 of {MISTAKES}")
    page.keyboard.press("ArrowRight")
    expect(dialog).to_contain_text(f" · 27 of {MISTAKES}")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(page).not_to_have_url(re.compile("digit="))


def test_the_focus_returns_to_the_digit_that_was_opened(open_page):
    page = open_page("mistakes?model=dense")
    cells(page).first.focus()
    for key in "ArrowRight", "ArrowRight", "Enter":
        page.keyboard.press(key)
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text(f" · 3 of {MISTAKES}")
    page.keyboard.press("Escape")
    expect(dialog).to_have_count(0)
    expect(cells(page).nth(2)).to_be_focused()
    page.keyboard.press("PageDown")
    expect(page.locator(".st-key-gallery")).to_contain_text("page 2 of")


def test_quick_keys_turn_as_many_pages(open_page):
    page = open_page("mistakes?model=dense&page=2")
    cells(page).first.focus()
    for _ in range(4):
        page.keyboard.press("PageDown")
    expect(page.locator(".st-key-gallery")).to_contain_text("page 6 of")
    for key in "PageUp", "PageUp", "PageDown":
        page.keyboard.press(key)
    expect(page.locator(".st-key-gallery")).to_contain_text("page 5 of")


def test_what_is_amiss_with_a_link_does_not_tear_the_choices_apart(open_page):
    page = open_page("mistakes?model=gone&compare=gone&set=foo")
    pickers = page.locator(".st-key-pickers")
    warnings = pickers.get_by_test_id("stCaptionContainer")
    expect(warnings).to_have_count(3)
    boxes = [box.bounding_box() for box in pickers.get_by_test_id("stSelectbox").all()]
    assert len(boxes) == 3
    assert {box["y"] for box in boxes} == {boxes[0]["y"]}
    for warning in warnings.all():
        box = warning.bounding_box()
        assert box["y"] + box["height"] <= boxes[0]["y"]


def test_one_digit_is_looked_at_closely(open_page):
    page = open_page("mistakes?model=cnn")
    cell = cells(page).first
    truth, answer = re.findall(r"\d", cell.inner_text())[:2]
    cell.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".answer-digit")).to_have_text(answer)
    expect(dialog).to_contain_text(f"is a {truth}: ✗ wrong")
    expect(dialog.locator(".track")).to_have_count(10)
    expect(dialog.locator(".looked-at img")).to_have_count(2)
    dialog.get_by_text("What each layer finds").click()
    expect(dialog.locator("img.maps").first).to_be_visible()
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    settle(page)
    expect(cells(page)).to_have_count(24)


def test_the_epochs_of_a_run_move_the_page(open_page, trained):
    page = open_page(f"mistakes?model={trained}", PHONE)
    slider = page.get_by_role("slider", name="After epoch")
    expect(slider).to_be_visible()
    before = page.locator(".headline").first.inner_text()
    slider.focus()
    slider.press("ArrowLeft")
    expect(page).to_have_url(re.compile("epoch=1"))
    expect(page.locator(".headline").first).not_to_have_text(before)
    cells(page).first.click()
    chart = page.get_by_role("dialog").locator("svg.marks")
    expect(chart).to_be_visible()
    expect(chart.locator(".role-axis-label text").filter(has_text="%")).to_have_text(
        ["0%", "50%", "100%"]
    )
    ground = chart.locator(".mark-group.role-frame .background").first
    assert ground.bounding_box()["width"] > 0.65 * chart.bounding_box()["width"]


def test_the_way_back_undoes_one_choice_after_the_other(open_page):
    page = open_page("mistakes?model=champion&epoch=17&page=2")
    addresses = []

    def choose(label: str, option: str) -> None:
        settle(page)
        addresses.append(page.url)
        page.get_by_role("combobox", name=label).first.click()
        page.get_by_role("option", name=re.compile(option)).click()
        expect(page).not_to_have_url(addresses[-1])
        settle(page)

    expect(cells(page).first).to_be_visible()
    settle(page)
    addresses.append(page.url)
    page.get_by_role("slider", name="After epoch").press("ArrowLeft")
    expect(page).to_have_url(re.compile(r"mistakes\?model=champion&epoch=16$"))
    choose("Digits", "validation")
    choose("Compare with", "^dense ")  # not a run of dense
    choose("Model", "^dense ")  # the two change places
    assert page.url.endswith("mistakes?model=dense&set=validation&compare=champion")
    for address in reversed(addresses):
        page.go_back()
        expect(page).to_have_url(address)
        settle(page)
        assert page.url == address
    expect(page.get_by_text("After epoch")).to_be_visible()


def test_the_way_back_leads_to_the_model_before(open_page):
    page = open_page("mistakes")
    chosen = page.get_by_role("combobox", name="Model")
    expect(chosen).to_have_value(re.compile("champion"))
    settle(page)
    chosen.click()
    page.get_by_role("option", name=re.compile("^dense ")).click()
    expect(page).to_have_url(re.compile(r"model=dense$"))
    expect(chosen).to_have_value(re.compile("dense"))
    settle(page)
    page.go_back()
    expect(page).to_have_url(re.compile(r"/mistakes$"))
    expect(chosen).to_have_value(re.compile("champion"))
    settle(page)
    expect(page).to_have_url(re.compile(r"/mistakes$"))


def test_all_that_is_selected_can_be_taken_home(open_page, tmp_path):
    page = open_page("mistakes?model=dense&truth=4&read=9&show=24")
    page.locator(".st-key-gallery-pages").get_by_role("button", name="Download").click()
    content = download(page, ".csv", tmp_path).read_text()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert {row["index"] for row in rows} == find_places(4, 9)
    image = Image.open(download(page, ".png", tmp_path))
    names = [f"dense-test-misread-4-as-9{kind}" for kind in (".csv", ".png")]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    assert image.width == 108 * min(10, len(rows))


def test_a_suspected_label_is_looked_at_closely(open_page):
    page = open_page("mistakes")
    sheet = page.locator(".st-key-suspects .sheet")
    expect(sheet.get_by_role("button").first).to_be_visible()
    cell = sheet.get_by_role("button").nth(4)
    label, answer = re.findall(r"\d", cell.locator("span").inner_text())
    cell.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".answer-digit")).to_have_text(answer)
    expect(dialog).to_contain_text(f"Labelled {label}")
    expect(dialog.locator(".track")).to_have_count(10)
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    cell.click()
    expect(dialog.locator(".answer-digit")).to_have_text(answer)


def test_the_suspects_can_be_leafed_through_and_taken_home(open_page):
    page = open_page("mistakes")
    suspects = page.locator(".st-key-suspects")
    suspects.get_by_text("All suspects").click()
    expect(suspects.locator(".sheet button")).to_have_count(72)
    first = suspects.locator(".sheet button").first.get_attribute("title")
    suspects.get_by_role("button", name="Page 2").click()
    expect(suspects.locator(".sheet button").first).not_to_have_attribute("title", first)
    with page.expect_download() as download:
        suspects.get_by_role("button", name="CSV").click()
    lines = download.value.path().read_text().splitlines()
    assert lines[0] == "place,label,suggested,quality,counted"
    assert len(lines) > 600
