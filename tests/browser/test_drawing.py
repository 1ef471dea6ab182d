import io
import re

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests import strokes
from tests.browser.conftest import PHONE, settle, wait_until
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
