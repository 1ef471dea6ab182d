"""A hand that draws on the canvas of a page."""

import itertools

from playwright.sync_api import Page, expect

from tests.browser.conftest import settle
from tests.strokes import DIGITS


def draw(page: Page, digit: int) -> None:
    """Draw a digit with the mouse, stroke after stroke."""
    left, top = _find_canvas(page)
    for stroke in DIGITS[digit]:
        for place, (x, y) in enumerate(stroke):
            page.mouse.move(left + x, top + y, steps=4)
            if place == 0:
                page.mouse.down()
        page.mouse.up()


def draw_with_finger(page: Page, digit: int) -> None:
    """Draw a digit on a touch screen."""
    left, top = _find_canvas(page)
    finger = page.context.new_cdp_session(page)

    def touch(kind: str, points: list) -> None:
        finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    for stroke in DIGITS[digit]:
        kind = "touchStart"
        for (x0, y0), (x1, y1) in itertools.pairwise(stroke):
            for share in (0, 0.25, 0.5, 0.75, 1):
                x, y = x0 + share * (x1 - x0), y0 + share * (y1 - y0)
                touch(kind, [{"x": left + x, "y": top + y}])
                kind = "touchMove"
        touch("touchEnd", [])


def tell(page: Page, label: int) -> None:
    """Say on the page Draw what the drawing is."""
    settle(page)  # what is told is what the page shows, and that may be the stroke before
    labels = page.locator(".st-key-teach-label")
    labels.get_by_text(str(label), exact=True).click()
    expect(page.locator(".st-key-teach")).to_contain_text(f"Kept as a {label}")


def count_ink(page: Page) -> int:
    """Return how many pixels of the canvas are white."""
    _find_canvas(page)
    return page.locator(".st-key-canvas canvas").evaluate_all(
        """canvases => Math.max(...canvases.filter(canvas => canvas.width).map(canvas => {
            const {data} = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return data.filter((value, at) => at % 4 === 0 && value > 128).length;
        }))"""
    )


def _find_canvas(page: Page) -> tuple[float, float]:
    canvas = page.locator(".st-key-canvas canvas.upper-canvas")
    expect(canvas).to_be_visible()
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    return box["x"], box["y"]
