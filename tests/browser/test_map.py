"""The map in a real browser: a digit is pointed at, tapped, and some are dragged over."""

import re
import shutil

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from digitlib.data import load_mnist
from digitlib.runs.folder import MODELS_FOLDER, load_run
from digitlib.runs.study import read_map
from digitlib.ui.collection import name_digit
from tests.browser.conftest import PHONE, download, find_faults, wait_until

MODEL = "dense"
MARGIN = 10  # pixels around the plane, as in map.js
TEST = load_mnist("test")
PLACES = (read_map(load_run(MODEL)) + 1) / 2
ANSWERS = np.load(MODELS_FOLDER / MODEL / "test_probabilities.npy").argmax(axis=1)
WRONG = np.flatnonzero(TEST.labels != ANSWERS)


def find_alone(places: np.ndarray) -> int:
    """Return the one of some test digits that lies farthest from all others on the map."""
    distances = [np.partition(np.hypot(*(PLACES - PLACES[place]).T), 1)[1] for place in places]
    return int(places[np.argmax(distances)])


def show_plane(page: Page) -> Locator:
    plane = page.locator(".map .points")
    expect(plane).to_be_visible()
    plane.scroll_into_view_if_needed()
    page.wait_for_timeout(300)  # it glides there
    return plane


def locate(plane: Locator, x: float, y: float) -> tuple[float, float]:
    """Return where a place of the map, 0 to 1, lies on the page."""
    box = plane.bounding_box()
    span = box["width"] - 2 * MARGIN
    return box["x"] + MARGIN + float(x) * span, box["y"] + MARGIN + float(y) * span


def read_picture(page: Page) -> np.ndarray:
    """Return the digit in the tip, as drawn."""
    expect(page.locator(".tip canvas")).to_be_visible()
    red = page.locator(".tip canvas").evaluate(
        "each => [...each.getContext('2d').getImageData(0, 0, 28, 28).data]"
        ".filter((_, place) => place % 4 === 0)"
    )
    return np.array(red).reshape(28, 28)


def drag(page: Page, plane: Locator, box: list[float]) -> None:
    page.mouse.move(*locate(plane, *box[:2]))
    page.mouse.down()
    page.mouse.move(*locate(plane, *box[2:]), steps=5)
    page.mouse.up()


def count_inside(box: list[float]) -> int:
    (left, top, right, bottom), (x, y) = box, PLACES.T
    return int(((left <= x) & (x <= right) & (top <= y) & (y <= bottom)).sum())


def test_what_is_misread_is_ringed(open_page):
    page = open_page(f"mistakes?model={MODEL}")
    show_plane(page)
    count = """canvas => {
        const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        let count = 0;
        for (let i = 0; i < data.length; i += 4)
            count += data[i] === 213 && data[i + 1] === 94 && data[i + 2] === 0;
        return count;
    }"""
    wait_until(lambda: page.locator(".map .points").evaluate(count) > 0, page, 10_000)


def test_whoever_points_at_a_digit_sees_it(open_page):
    page = open_page(f"mistakes?model={MODEL}")
    plane = show_plane(page)
    place = find_alone(WRONG)

    page.mouse.move(*locate(plane, *PLACES[place]))

    words = f"✗ {name_digit(TEST.labels[place])}, read as {ANSWERS[place]}"
    expect(page.locator(".tip")).to_have_text(words)
    assert np.abs(read_picture(page) - TEST.images[place].astype(int)).max() <= 8
    page.mouse.move(5, 5)
    expect(page.locator(".tip")).to_be_hidden()


def test_whoever_drags_over_some_gets_just_these(open_page):
    page = open_page(f"mistakes?model={MODEL}")
    plane = show_plane(page)
    place = find_alone(WRONG)
    x, y = PLACES[place]
    box = [x - 0.03, y - 0.03, x + 0.03, y + 0.03]

    drag(page, plane, box)

    sheet = page.locator(".st-key-map-sheet .sheet")
    expect(page.get_by_text(re.compile(r"digits chosen, \d+ of them misread"))).to_be_visible()
    shown = sheet.get_by_role("button")
    told = int(re.match(r"\d+", page.locator(".map .words").inner_text())[0])
    expect(shown).to_have_count(told)
    # The mouse stands upon whole pixels.
    least, most = (
        count_inside([x - side, y - side, x + side, y + side]) for side in (0.027, 0.033)
    )
    assert least <= told <= most
    words = f"{name_digit(TEST.labels[place])}, read as {ANSWERS[place]}"
    sheet.get_by_role("button", name=words).first.click()
    expect(page.get_by_role("dialog")).to_contain_text("Test digit")
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    page.locator(".map").get_by_role("button", name="Clear").click()
    expect(page.get_by_text("Every point is a test digit.")).to_be_visible()


def test_all_that_are_chosen_can_be_leafed_through_and_taken_home(open_page, tmp_path):
    page = open_page(f"mistakes?model={MODEL}")
    plane = show_plane(page)
    drag(page, plane, [0.05, 0.05, 0.95, 0.95])

    beside = page.locator(".stColumn", has=page.locator(".st-key-map-sheet"))
    shown = beside.locator(".sheet").get_by_role("button")
    expect(shown).to_have_count(84)
    told = int(re.match(r"[\d,]+", page.locator(".map .words").inner_text())[0].replace(",", ""))
    assert told > 8_000
    expect(shown.first).to_have_class("wrong")  # what is misread comes first
    first = shown.first.get_attribute("title")
    beside.get_by_role("button", name="Page 2").click()
    expect(shown.first).not_to_have_attribute("title", first)
    beside.get_by_role("button", name="Download").click()
    path = download(page, ".csv", tmp_path)
    assert path.name == f"{MODEL}-test-map.csv"
    assert len(path.read_text().splitlines()) == told + 1


def test_the_keyboard_chooses_too(open_page):
    page = open_page(f"mistakes?model={MODEL}")
    show_plane(page)
    page.get_by_label("Which digits stand out").focus()
    page.keyboard.type("4")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # only what is misread
    expect(page.locator(".map .words")).to_contain_text("digits.")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    count = int((TEST.labels[WRONG] == 4).sum())
    expect(page.get_by_text(f"{count} digits chosen, {count} of them misread")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Every point is a test digit.")).to_be_visible()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_finger_taps_one_and_chooses_an_area(open_page, theme):
    page = open_page(
        f"mistakes?model={MODEL}", PHONE, theme, has_touch=True, is_mobile=True,
        device_scale_factor=3,
    )  # fmt: skip
    plane = show_plane(page)
    assert plane.evaluate("each => each.width / each.clientWidth") == pytest.approx(3, abs=0.02)
    place = find_alone(WRONG)
    page.touchscreen.tap(*locate(plane, *PLACES[place]))
    expect(page.locator(".tip")).to_contain_text(f"read as {ANSWERS[place]}")
    assert np.abs(read_picture(page) - TEST.images[place].astype(int)).max() <= 8

    page.locator(".map").get_by_role("button", name="Choose an area").click()
    touch(page, plane, [0.1, 0.1, 0.6, 0.6])
    expect(page.get_by_text(re.compile(r"digits chosen, \d+ of them misread"))).to_be_visible()
    told = int(re.match(r"[\d,]+", page.locator(".map .words").inner_text())[0].replace(",", ""))
    least, most = count_inside([0.11, 0.11, 0.59, 0.59]), count_inside([0.09, 0.09, 0.61, 0.61])
    assert least <= told <= most
    assert find_faults(page) == []


def touch(page: Page, plane: Locator, box: list[float]) -> None:
    """Drag a finger over a part of the plane."""
    session = page.context.new_cdp_session(page)

    def send(kind: str, x: float | None = None, y: float | None = None) -> None:
        points = [] if x is None else [dict(zip("xy", locate(plane, x, y), strict=True))]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    left, top, right, bottom = box
    send("touchStart", left, top)
    for share in np.linspace(0.2, 1, 5):
        send("touchMove", left + share * (right - left), top + share * (bottom - top))
    send("touchEnd")


def test_a_model_taught_here_finds_its_nearest_digits_in_the_dialog(open_page, server):
    """A process of its own computes them while the dialog waits."""
    folder = server.runs / "unstudied"
    shutil.copytree(MODELS_FOLDER / MODEL, folder, ignore=shutil.ignore_patterns("study"))
    (folder / "study").mkdir()
    shutil.copy(MODELS_FOLDER / MODEL / "study" / "map.npz", folder / "study")
    page = open_page("mistakes?model=unstudied")
    thumbnail = page.locator(".st-key-gallery").get_by_role("button", name="read as").first
    words = thumbnail.get_attribute("aria-label")
    truth, answer = re.search(r"(\d)\D*read as (\d)", words).groups()
    thumbnail.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Find the nearest training digits").click()
    expect(dialog.get_by_role("progressbar")).to_be_visible()
    expect(dialog.locator(".neighbours")).to_have_count(2, timeout=120_000)
    expect(dialog.locator(".neighbours .panel-digit")).to_have_count(16)
    expect(dialog).to_contain_text(f"The {answer}s most alike, as it was read")
    expect(dialog).to_contain_text(f"The {truth}s most alike, as it is")
    wait_until(lambda: (folder / "study" / "features.npz").exists(), page)
    page.wait_for_timeout(1500)  # of more looks: the dialog stays open
    expect(dialog.locator(".neighbours")).to_have_count(2)
