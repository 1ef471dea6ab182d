"""A visitor who trains, on the page Train."""

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PATIENCE, settle, wait_until

TRAINING = 4 * PATIENCE  # the first one waits for an engine to start and for TensorFlow to load


def start(page: Page, epochs: int, digits: int) -> str:
    """Set epochs and training digits, start, and return the run's id."""
    move_slider(page, "Epochs", epochs)
    move_slider(page, "Training digits", digits)
    before = page.url
    page.get_by_role("button", name="Start training").click()
    wait_until(lambda: "run=" in page.url and page.url != before, page)
    expect(live(page)).to_be_visible()
    return page.url.partition("run=")[2]


def move_slider(page: Page, label: str, value: int) -> None:
    thumb = page.get_by_role("slider", name=label)
    thumb.press("Home" if value < 20_000 else "End")  # the nearer end of the larger slider
    while (now := int(thumb.input_value())) != value:
        thumb.press("ArrowLeft" if now > value else "ArrowRight")
    settle(page)


def live(page: Page) -> Locator:
    return page.locator(".st-key-live")


def count_points(page: Page) -> int:
    """Return how many points the thin line of the loss has."""
    return live(page).evaluate(
        """live => {
            const lines = live.querySelectorAll("svg.marks path[stroke-width='1.2']");
            return lines.length ? lines[0].getAttribute("d").split("L").length : 0;
        }"""
    )
