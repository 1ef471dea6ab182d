import json
import re

from playwright.sync_api import expect

from digitlib.runs.folder import DEFAULT_MODEL, MODELS_FOLDER


def test_a_mistake_is_looked_at_closely(open_page):
    page = open_page("mistakes")
    gallery = page.locator(".st-key-gallery")
    expect(gallery.locator(".digit-ink")).to_have_count(24)
    thumbnail = gallery.get_by_role("button", name=re.compile(r"\d read as \d")).first
    truth, answer = re.findall(r"\d", thumbnail.inner_text())
    thumbnail.click()
    dialog = page.get_by_role("dialog")
    expect(dialog.locator(".answer-digit")).to_have_text(answer)
    expect(dialog).to_contain_text(f"is a {truth}: ✗ wrong")
    expect(dialog.locator(".track")).to_have_count(10)
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)
    expect(gallery.locator(".digit-ink")).to_have_count(24)


def test_filters_go_into_the_address_and_come_back_from_it(open_page):
    page = open_page("mistakes?model=dense&truth=3")
    gallery = page.locator(".st-key-gallery")
    expect(gallery).to_contain_text(re.compile(r"3 read as \d"))
    expect(gallery).not_to_contain_text(re.compile(r"[0-24-9] read as"))
    gallery.get_by_role("combobox", name="Read as").click()
    page.get_by_role("option", name="5", exact=True).click()
    expect(page).to_have_url(re.compile("read=5"))
    expect(gallery).not_to_contain_text(re.compile(r"read as [0-46-9]"))
    page.reload()
    expect(gallery).to_contain_text("3 read as 5")
    expect(gallery).not_to_contain_text(re.compile(r"read as [0-46-9]"))
    assert "model=dense" in page.url


def test_the_gallery_has_further_pages(open_page):
    page = open_page("mistakes?model=cnn")
    gallery = page.locator(".st-key-gallery")
    expect(gallery).to_contain_text("page 1 of 4")
    gallery.get_by_role("button", name="Next").click()
    expect(gallery).to_contain_text("page 2 of 4")


def test_the_matrix_shows_the_mistakes_of_all_pairs(open_page):
    page = open_page("mistakes")
    matrix = page.locator(".st-key-confusion svg.marks")
    expect(matrix).to_contain_text("Read as")
    expect(matrix).to_contain_text("Truth")
    metrics = json.loads((MODELS_FOLDER / DEFAULT_MODEL / "metrics.json").read_text())
    ones_read_right = metrics["test"]["confusion"][1][1]
    expect(matrix).to_contain_text(f"{ones_read_right:,}")


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
