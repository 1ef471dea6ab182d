"""Chromium as a visitor who draws digits, with a clock inside the page.

All times of a stroke are the page's own (``performance.now()``), so that the talk between Python
and the browser is in none of them.
"""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, Page, WebSocket, sync_playwright

from benchmarks.server import App

TIMEOUT = 60_000  # milliseconds; only a machine with much else to do comes near

# Digits that people draw in one stroke, on a canvas of side 1, y downwards.
STROKES = {
    3: [(0.28, 0.22), (0.50, 0.13), (0.68, 0.25), (0.62, 0.40), (0.45, 0.47),
        (0.66, 0.55), (0.72, 0.70), (0.55, 0.86), (0.28, 0.80)],
    0: [(0.50, 0.14), (0.33, 0.25), (0.27, 0.50), (0.34, 0.76), (0.50, 0.86),
        (0.67, 0.75), (0.73, 0.50), (0.66, 0.25), (0.51, 0.15)],
    7: [(0.25, 0.18), (0.50, 0.18), (0.74, 0.18), (0.62, 0.42), (0.50, 0.64), (0.42, 0.86)],
    2: [(0.29, 0.28), (0.45, 0.14), (0.66, 0.20), (0.68, 0.40), (0.50, 0.62),
        (0.28, 0.84), (0.50, 0.84), (0.76, 0.83)],
    6: [(0.62, 0.13), (0.44, 0.30), (0.33, 0.55), (0.36, 0.78), (0.52, 0.86),
        (0.68, 0.74), (0.62, 0.57), (0.46, 0.57), (0.35, 0.70)],
    1: [(0.52, 0.14), (0.51, 0.40), (0.50, 0.62), (0.49, 0.86)],
}  # fmt: skip

# Notes when the pen is lifted, what goes over the web socket, and when an answer is on screen.
CLOCK = """
(() => {
  const clock = window.clock = {released: null, sent: [], received: []};
  const Native = window.WebSocket;
  window.WebSocket = class extends Native {
    constructor(...how) {
      super(...how);
      this.addEventListener("message", () => clock.received.push(performance.now()));
    }
    send(data) {
      clock.sent.push(performance.now());
      super.send(data);
    }
  };
  addEventListener("mouseup", event => { clock.released = event.timeStamp; }, true);

  clock.watch = (selector, timeout) => {
    Object.assign(clock, {released: null, sent: [], received: []});
    clock.answer = new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error("no answer")), timeout);
      const observer = new MutationObserver(() => {
        const text = document.querySelector(selector)?.textContent;
        if (!text || clock.released === null) return;
        observer.disconnect();
        const changed = performance.now();
        requestAnimationFrame(() => setTimeout(() => resolve({
          text, changed, painted: performance.now(),
          released: clock.released, sent: clock.sent, received: clock.received,
        })));
      });
      observer.observe(document, {childList: true, subtree: true, characterData: true});
    });
  };
})();
"""


@dataclass(frozen=True)
class Answer:
    """What a stroke led to; times in seconds.

    Attributes:
        digit: as the app read it.
        waited: from the end of the stroke until the canvas sent it.
        served: from then until the server's last message before the answer was there.
        shown: from then until the answer was painted.
    """

    digit: int
    waited: float
    served: float
    shown: float

    @property
    def seconds(self) -> float:
        """From the end of the stroke to the answer on screen."""
        return self.waited + self.served + self.shown


@contextmanager
def open_browser() -> Iterator[Browser]:
    """Start Chromium: the system's, or Playwright's own where there is none."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        yield browser
        browser.close()


@contextmanager
def open_page(
    browser: Browser, address: str, on_socket: Callable[[WebSocket], None] = lambda socket: None
) -> Iterator[Page]:
    """Open an address as a visitor who was never there before.

    Args:
        on_socket: called with each web socket that the page opens.
    """
    with browser.new_context(viewport={"width": 1280, "height": 800}) as context:
        context.set_default_timeout(TIMEOUT)
        context.add_init_script(CLOCK)
        page = context.new_page()
        page.on("websocket", on_socket)
        page.goto(address)
        yield page


def draw_digit(page: Page, app: App, digit: int) -> Answer:
    """Draw a digit in one stroke as soon as there is a canvas, and wait for the answer."""
    canvas = page.locator(".upper-canvas").bounding_box()
    points = [
        (canvas["x"] + x * canvas["width"], canvas["y"] + y * canvas["height"])
        for x, y in STROKES[digit]
    ]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point, steps=3)
    page.evaluate("([answer, timeout]) => clock.watch(answer, timeout)", [app.answer, TIMEOUT])
    page.mouse.up()
    times = page.evaluate("clock.answer")
    released, changed = times["released"], times["changed"]
    sent = next(moment for moment in times["sent"] if moment > released)
    received = max(moment for moment in times["received"] if moment <= changed)
    return Answer(
        digit=int(times["text"].split()[-1]),
        waited=(sent - released) / 1000,
        served=(received - sent) / 1000,
        shown=(times["painted"] - received) / 1000,
    )


def clear_canvas(page: Page, app: App) -> None:
    """Empty the canvas with its own button, which shows while the mouse is over it."""
    page.get_by_role("button", name="Reset canvas & history").click()
    page.wait_for_selector(app.answer, state="detached")
