import io
import re
import zipfile

import numpy as np
import pytest
from playwright.sync_api import Page, expect

from digitlib.data.collection import Collection
from tests.browser.conftest import PHONE, Server, settle
from tests.browser.pen import draw, draw_with_finger, tell
from tests.browser.trainer import TRAINING, live


@pytest.fixture(autouse=True)
def collection(server: Server) -> Collection:
    """The server's drawings, of which there are none yet."""
    collection = Collection(server.runs.with_name("runs-drawings"))
    collection.clear(collection.read())
    return collection


def test_a_drawing_goes_from_the_pen_into_a_network(open_page, collection):
    page = open_page("?model=dense")
    draw(page, 7)
    expect(page.locator(".answer-digit")).to_have_text("7")
    tell(page, 1)  # which dense is not to know
    expect(page.locator(".st-key-teach")).to_contain_text("The class has 1 drawing now.")

    page.get_by_role("link", name="Class drawings").click()
    expect(page.locator(".headline").first).to_have_text("1 drawing")
    expect(page.locator(".sheet button")).to_have_attribute("title", "a 1, read as 7")
    kept = {kind: export(page, kind) for kind in (".npz", ".zip")}
    with np.load(io.BytesIO(kept[".npz"])) as arrays:
        assert arrays["labels"].tolist() == [1]
    assert re.fullmatch(r"1/\w+\.png", zipfile.ZipFile(io.BytesIO(kept[".zip"])).namelist()[0])

    clear(page)
    assert collection.count().sum() == 0
    for content in kept.values():  # the second time it is there already
        bring_back(page, content)
    expect(page.locator(".sheet button")).to_have_count(1)

    page.get_by_role("button", name="Teach dense these drawings").click()
    expect(live(page)).to_be_visible()
    expect(page.locator(".before-after")).to_be_visible(timeout=TRAINING)
    expect(page.locator(".headline").nth(1)).to_have_text(
        "dense reads 0 of 1 drawing right, and 1 after its lesson"
    )
    expect(page.locator(".sheet button")).to_have_text("✗ 7 → ✓")
    clear(page)


def export(page: Page, kind: str) -> bytes:
    page.get_by_role("button", name="Export", exact=True).click()
    with page.expect_download() as download:
        page.get_by_role("button", name=re.compile(rf"^\{kind}")).click()
    page.keyboard.press("Escape")
    expect(page.get_by_test_id("stPopoverBody")).to_have_count(0)
    assert download.value.suggested_filename == f"drawings{kind}"
    return download.value.path().read_bytes()


def clear(page: Page) -> None:
    page.get_by_role("button", name="Clear", exact=True).click()
    page.get_by_role("button", name="Clear 1 drawing").click()
    expect(page.get_by_text("There are none yet.")).to_be_visible()
    settle(page)


def bring_back(page: Page, content: bytes) -> None:
    page.get_by_role("button", name="Import", exact=True).click()
    file = {"name": "class.zip", "mimeType": "application/zip", "buffer": content}
    page.get_by_test_id("stFileUploaderDropzoneInput").set_input_files(file)
    expect(page.get_by_text(re.compile(r"\d drawings? imported"))).to_be_visible()
    settle(page)


def test_two_phones_fill_one_collection_and_one_takes_its_drawing_back(open_page):
    ada, ben = (open_page("", PHONE, has_touch=True) for _ in range(2))
    for page, digit, count in ((ada, 7, 1), (ben, 2, 2)):
        draw_with_finger(page, digit)
        expect(page.locator(".answer-digit")).to_have_text(str(digit))
        tell(page, digit)
        expect(page.locator(".st-key-teach")).to_contain_text(f"The class has {count}")

    ben.get_by_role("button", name="Take it back").click()

    expect(ben.locator(".st-key-teach-label")).to_be_visible()
    ada.goto(ada.url.split("?")[0] + "drawings")
    settle(ada)
    expect(ada.locator(".sheet button")).to_have_attribute("title", "a 7, read as 7")


def test_one_drawing_is_relabelled_and_deleted(open_page, collection):
    page = open_page()
    draw(page, 7)
    tell(page, 2)
    page.get_by_role("link", name="Class drawings").click()

    page.locator(".sheet button").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_text("7", exact=True).click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".sheet button")).to_have_attribute("title", "a 7, read as 7")
    assert collection.count()[7] == 1

    page.locator(".sheet button").press("Enter")  # without a mouse
    page.get_by_role("button", name="Delete this drawing").click()
    expect(page.get_by_text("There are none yet.")).to_be_visible()
    assert collection.count().sum() == 0
