import csv
import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests import strokes
from tests.browser.conftest import PHONE, find_faults, settle, wait_until
from tests.browser.pen import count_ink, draw, draw_with_finger

HINT = "Draw one digit"


def answer(page: Page):
    return page.locator(".st-key-answer")


def begins_with(digit: int) -> re.Pattern:
    return re.compile(rf"\s*{digit}\s*[>\d.]+% sure")


def test_digits_drawn_one_after_the_other_are_read(open_page):
    page = open_page()
    expect(answer(page)).to_contain_text(HINT)
    for digit in strokes.DIGITS:
        draw(page, digit)
        expect(answer(page)).to_have_text(begins_with(digit))
        page.get_by_role("button", name="Clear").click()
        expect(answer(page)).to_contain_text(HINT)
        assert count_ink(page) == 0


def test_the_answer_is_large_and_has_ten_bars(open_page):
    page = open_page()
    draw(page, 3)
    numeral = page.locator(".answer-digit")
    expect(numeral).to_have_text("3")
    assert numeral.bounding_box()["height"] >= 90
    bars = answer(page).locator(".track")
    assert bars.count() == 10
    widths = [bar.locator(".fill").bounding_box()["width"] for bar in bars.all()]
    assert int(np.argmax(widths)) == 3
    expect(page.locator(".st-key-seen img")).to_be_visible()


def test_a_finger_draws_on_a_phone(open_page):
    page = open_page("", PHONE, has_touch=True, is_mobile=True)
    draw_with_finger(page, 7)
    expect(answer(page)).to_have_text(begins_with(7))
    # Canvas and answer are on the screen together.
    assert page.locator(".answer-digit").bounding_box()["y"] < PHONE["height"] - 90


def test_a_drawing_is_still_there_after_a_look_at_another_page(open_page):
    page = open_page()
    draw(page, 7)
    expect(answer(page)).to_have_text(begins_with(7))
    ink = count_ink(page)
    page.get_by_role("link", name="Mistakes").click()
    expect(page.get_by_role("heading", name="Mistakes", level=1)).to_be_visible()
    settle(page)
    page.get_by_role("link", name="Draw", exact=True).click()
    expect(answer(page)).to_have_text(begins_with(7))
    wait_until(lambda: count_ink(page) == pytest.approx(ink, rel=0.05), page)


def test_a_picture_is_uploaded_and_a_broken_one_gets_a_sentence(open_page):
    page = open_page()
    page.get_by_role("tab", name="Upload").click()
    upload(page, "four.png", encode(255 - strokes.draw(4)[..., 0]))
    expect(answer(page)).to_have_text(begins_with(4))
    expect(answer(page)).to_contain_text("four.png")
    upload(page, "broken.png", b"this is a text")
    expect(answer(page)).to_contain_text("The file is not a picture that can be read.")
    upload(page, "two.png", encode(strokes.draw(2)))
    expect(answer(page)).to_have_text(begins_with(2))


def test_a_test_digit_comes_with_the_truth(open_page):
    page = open_page()
    page.get_by_role("button", name="Try a test digit").click()
    expect(answer(page)).to_contain_text(re.compile(r"Test digit \d+ is a \d: [✓✗] (right|wrong)"))
    draw(page, 0)
    expect(answer(page)).to_have_text(begins_with(0))
    expect(answer(page)).not_to_contain_text("Test digit")


def upload(page: Page, name: str, content: bytes) -> None:
    files = {"name": name, "mimeType": "image/png", "buffer": content}
    page.locator("input[type=file]").set_input_files(files)


def encode(picture: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(picture).save(stream, "PNG")
    return stream.getvalue()


def test_a_click_on_an_example_reads_it_and_a_click_on_a_digit_looks_into_it(open_page):
    page = open_page()
    page.get_by_role("tab", name="Examples").click()
    page.get_by_role("button", name="A sum in pencil").click()
    expect(page.locator(".answer-digit")).to_have_text(re.compile(r"48\s*35\s*83"))
    frames = page.locator(".st-key-frames").get_by_role("button")
    expect(frames).to_have_count(6)
    # Each frame lies on the picture, where its digit stands.
    image = page.locator(".st-key-frames img").bounding_box()
    for frame in frames.all():
        box = frame.bounding_box()
        assert image["x"] <= box["x"]
        assert box["x"] + box["width"] <= image["x"] + image["width"] + 1
        assert image["y"] <= box["y"]
        assert box["y"] + box["height"] <= image["y"] + image["height"] + 1
    frames.nth(3).click()
    expect(answer(page)).to_contain_text("of the 5 in the thick frame")
    expect(frames.nth(3)).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".looked-into")).to_have_text("5")


def test_two_digits_drawn_side_by_side_are_a_number(open_page):
    page = open_page()
    canvas = page.locator(".st-key-canvas canvas.upper-canvas")
    expect(canvas).to_be_visible()
    box = canvas.bounding_box()
    four = [[(60, 60), (30, 150), (110, 150)], [(90, 110), (90, 220)]]
    for stroke in [*four, [(150, 70), (240, 70), (190, 220)]]:
        for place, (x, y) in enumerate(stroke):
            page.mouse.move(box["x"] + x, box["y"] + y, steps=4)
            if place == 0:
                page.mouse.down()
        page.mouse.up()
    expect(page.locator(".answer-digit")).to_have_text("47")
    expect(page.locator(".st-key-frames").get_by_role("button")).to_have_count(2)


def test_what_it_looked_at_opens_and_follows_the_digit(open_page):
    page = open_page()
    draw(page, 3)
    expect(answer(page)).to_have_text(begins_with(3))
    page.get_by_text("What it looked at").click()
    expect(page.locator(".looked-at")).to_contain_text("the answer 3 needs what is there")
    expect(page.get_by_role("tab", name="Layer 1")).to_be_visible()
    page.get_by_role("button", name="Clear").click()
    expect(answer(page)).to_contain_text(HINT)
    draw(page, 0)
    expect(page.locator(".looked-at")).to_contain_text("the answer 0 needs what is there")


def test_mistakes_opens_after_a_drawing(open_page):
    page = open_page()
    draw(page, 4)
    expect(answer(page)).to_have_text(begins_with(4))
    page.get_by_role("link", name="Mistakes").click()
    expect(page.locator(".st-key-gallery-sheet .sheet button")).to_have_count(24)


def test_the_answers_and_the_digit_can_be_downloaded(open_page):
    page = open_page()
    draw(page, 7)
    expect(answer(page)).to_have_text(begins_with(7))
    with page.expect_download() as table:
        page.get_by_role("button", name="Answers as CSV").click()
    rows = list(csv.DictReader(table.value.path().read_text(encoding="utf-8").splitlines()))
    assert [row["digit"] for row in rows] == ["7"]
    with page.expect_download() as picture:
        page.get_by_role("button", name="28 × 28 as PNG").click()
    digit = np.asarray(Image.open(picture.value.path()))
    assert digit.shape == (28, 28)
    assert digit.max() > 200


def test_the_camera_s_picture_is_read(server, chromium):
    """Chromium's own camera for tests shows a moving pattern: it holds no digit to be sure of."""
    context = chromium.new_context(permissions=["camera"])
    page = context.new_page()
    page.goto(server.url)
    settle(page)
    page.get_by_role("tab", name="Camera").click()
    video = page.get_by_test_id("stCameraInput").locator("video")
    wait_until(lambda: video.evaluate("video => video.readyState") >= 2, page)
    page.get_by_role("button", name="Take Photo").click()
    expect(answer(page)).not_to_contain_text(HINT)
    assert find_faults(page) == []
    context.close()
