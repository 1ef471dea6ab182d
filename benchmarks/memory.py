"""How much memory the web process holds, for what a visitor does in a real Chromium.

Measured: the resident memory (RSS) of the process that serves the pages, after drawing, after
browsing the mistakes, and after watching a training from its start to its end. The training itself
runs in processes of its own, which hold TensorFlow and are not in these numbers.

Peer: ``benchmarks/peer/app.py`` after drawing the same digits; it has no other pages.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import Page

from benchmarks.browser import STROKES, clear_canvas, draw_digit, open_browser, open_page
from benchmarks.server import OURS, PEER, App, Server, serve
from benchmarks.table import Row, print_table

LIMIT = 300  # MB
MEGABYTE = 1_000_000


def run() -> None:
    """Measure both apps and print the table."""
    with tempfile.TemporaryDirectory() as runs, open_browser() as browser:
        with serve(PEER, Path(runs)) as server, open_page(browser, server.address) as page:
            _draw(page, PEER)
            peer = _measure(server)
        with serve(OURS, Path(runs)) as server, open_page(browser, server.address) as page:
            _draw(page, OURS)
            after_drawing = _measure(server)
            _browse_mistakes(page)
            after_browsing = _measure(server)
            _watch_training(page)
            after_training = _measure(server)
    rows = [
        Row("after drawing", [after_drawing], [peer], "MB", 0, LIMIT),
        Row("... and browsing the mistakes", [after_browsing], [peer], "MB", 0, LIMIT),
        Row("... and watching one training", [after_training], [peer], "MB", 0, LIMIT),
    ]
    print_table("Memory of the web process", rows, "The peer: after drawing.")


def _measure(server: Server) -> float:
    """Return the resident memory of the web process in MB."""
    return server.process.memory_info().rss / MEGABYTE


def _draw(page: Page, app: App) -> None:
    first, *others = STROKES
    draw_digit(page, app, first)
    for digit in others:
        clear_canvas(page, app)
        draw_digit(page, app, digit)


def _browse_mistakes(page: Page) -> None:
    """Go to the mistakes, turn a page of the gallery, open a digit."""
    page.get_by_role("link", name="Mistakes").click()
    page.locator(".st-key-confusion [role=graphics-document]").wait_for()
    page.get_by_role("button", name="Next").click()
    page.get_by_text("page 2 of").wait_for()
    page.locator(".st-key-gallery-sheet .sheet button").first.click()
    page.locator(".opened-digit").wait_for()
    page.keyboard.press("Escape")
    page.locator(".opened-digit").wait_for(state="detached")


def _watch_training(page: Page) -> None:
    """Train the network the page offers for two epochs and watch until the end."""
    page.get_by_role("link", name="Train").click()
    epochs = page.get_by_role("slider", name="Epochs")
    epochs.focus()
    epochs.press("Home")
    epochs.press("ArrowRight")
    page.get_by_role("button", name="Start training").click()
    page.locator(".st-key-live [role=graphics-document]").first.wait_for()
    page.get_by_text("of the test digits read right").wait_for(timeout=180_000)
