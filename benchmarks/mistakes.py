"""How quick the page Mistakes is, in a real Chromium, and what it costs the web process.

Measured: from a click on *Mistakes*, and from an address that is opened by a visitor who was never
there before, to matrix and gallery on screen, for a run that nobody has looked at yet; from each
kind of click to the changed gallery, at 10,000 and at 70,000 digits, while a second model is
compared with or is not; the resident memory (RSS) of the web process after all of that.

Peer, for the address and for another model: ``benchmarks/peer/bare.py``, a list and a heading that
tells what was chosen. A browser that was never there fetches Streamlit's own client first, and that
client closes the list before it tells the server of the choice: no page can make either shorter.
"""

import shutil
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, TimeoutError

from benchmarks.browser import TIMEOUT, open_browser, open_page
from benchmarks.server import OURS, App, Server, serve
from benchmarks.table import Row, print_table
from digitlib.data import load_mnist
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.folder import MODELS_FOLDER, read_run
from digitlib.runs.study_files import fingerprint, study_folder, write_part

BARE = App("benchmarks/peer/bare.py", "h1")
ROUNDS = 5
CLICKS = 4  # of each kind in a round
SHOWN = 1.0  # seconds
ATTEMPTS, PATIENCE = 5, 3_000  # to open a list; milliseconds
CLICKED = 0.5  # seconds, of 95 clicks in 100
MEMORY = 300  # MB
MEGABYTE = 1_000_000
SHEET = ".st-key-gallery-sheet"

# Looks at every frame whether the gallery has changed; the pointer's own clock says since when.
WATCH = """
(() => {
  const read = () => {
    const host = [...document.querySelectorAll(".st-key-gallery *")].find(e => e.shadowRoot);
    const sheet = host?.shadowRoot.querySelector(".sheet");
    if (!sheet || !document.querySelector(".st-key-confusion svg.marks .mark-rect")) return "";
    return sheet.getAttribute("aria-label") + [...sheet.children].map(cell => cell.title).join();
  };
  window.gallery = {read, since: null};
  addEventListener("pointerup", event => { gallery.since = event.timeStamp; }, true);
  gallery.change = timeout => {
    const before = read();
    gallery.since = null;
    gallery.changed = new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error("the gallery stayed as it was")), timeout);
      const look = () => {
        const now = read();
        if (gallery.since !== null && now && now !== before)
          resolve((performance.now() - gallery.since) / 1000);
        else requestAnimationFrame(look);
      };
      look();
    });
  };
  gallery.shown = () => new Promise(resolve => {
    const look = () => read() ? resolve(performance.now() / 1000) : requestAnimationFrame(look);
    look();
  });
})();
"""

# The same of the peer's heading.
WATCH_HEADING = """
(() => {
  const read = () => document.querySelector("h1").textContent;
  window.heading = {since: null};
  addEventListener("pointerup", event => { heading.since = event.timeStamp; }, true);
  heading.change = timeout => {
    const before = read();
    heading.since = null;
    heading.changed = new Promise((resolve, reject) => {
      setTimeout(() => reject(new Error("the heading stayed as it was")), timeout);
      const look = () => {
        if (heading.since !== null && read() !== before)
          resolve((performance.now() - heading.since) / 1000);
        else requestAnimationFrame(look);
      };
      look();
    });
  };
})();
"""


def run() -> None:
    """Measure and print the tables."""
    with tempfile.TemporaryDirectory() as folder, open_browser() as browser:
        runs = Path(folder) / "runs"
        _make_runs(runs)
        with serve(BARE, runs) as server:
            bare = [_open_bare(browser, server) for _ in range(ROUNDS + 1)][1:]
            choice = _choose_bare(browser, server)
        with serve(OURS, runs) as server:
            _warm(browser, server)
            before = _measure(server)
            by_click, by_address = _open_pages(browser, server, runs)
            small = _click_about(browser, server, "test")
            after_small = _measure(server)
            large = _click_about(browser, server, "all")
            after_large = _measure(server)
    print_table(
        f"Mistakes: first shown, {len(by_click)} runs that nobody has looked at",
        [
            Row("from a click on Mistakes", by_click, limit=SHOWN),
            Row(
                "from an address, by a browser that was never there", by_address, bare, limit=SHOWN
            ),
        ],
    )
    for count, times in ("10,000", small), ("70,000", large):
        every = [seconds for each in times.values() for seconds in each]
        print_table(
            f"Mistakes: clicks to the changed gallery at {count} digits",
            [
                Row(kind, seconds, choice if kind == "another model" else ())
                for kind, seconds in times.items()
            ]
            + [Row("95 of 100", [float(np.percentile(every, 95))], limit=CLICKED)],
        )
    print_table(
        "Mistakes: memory of the web process",
        [
            Row("before", [before], (), "MB", 0, MEMORY),
            Row("after 10,000 digits", [after_small], (), "MB", 0, MEMORY),
            Row("after 70,000 digits", [after_large], (), "MB", 0, MEMORY),
        ],
    )


def _make_runs(runs: Path) -> None:
    """Copy shipped models, each as many times as runs are looked at; all have read all digits."""
    parts = {name: load_mnist(name) for name in ("training", "validation")}
    for source in ("cnn", "dense"):
        recogniser = Recogniser(MODELS_FOLDER / source / "model.tflite")
        answers = {name: recogniser.read(digits.images) for name, digits in parts.items()}
        for place in range(ROUNDS + 1):
            copy = runs / f"{source}-{place}"
            shutil.copytree(
                MODELS_FOLDER / source, copy, ignore=shutil.ignore_patterns("study", "*.keras")
            )
            run = read_run(copy)
            study_folder(run).mkdir()
            for name, found in answers.items():
                write_part(run, name, fingerprint(run), answers=found.astype(np.float16))


def _warm(browser: Browser, server: Server) -> None:
    with open_page(browser, f"{server.address}/mistakes") as page:
        page.locator(SHEET).wait_for()


def _open_pages(browser: Browser, server: Server, runs: Path) -> tuple[list[float], list[float]]:
    by_click, by_address = [], []
    for place in range(ROUNDS):
        with open_page(browser, f"{server.address}/?model=cnn-{place}") as page:
            page.evaluate(WATCH)
            _settle(page)
            page.evaluate(f"gallery.change({TIMEOUT})")
            page.get_by_role("link", name="Mistakes").click()
            by_click.append(page.evaluate("gallery.changed"))
        started = time.monotonic()
        with open_page(browser, f"{server.address}/mistakes?model=dense-{place}") as page:
            page.evaluate(WATCH)
            page.evaluate("gallery.shown()")
            by_address.append(time.monotonic() - started)
    return by_click, by_address


def _open_bare(browser: Browser, server: Server) -> float:
    started = time.monotonic()
    with open_page(browser, server.address) as page:
        page.locator(BARE.answer).wait_for()
        return time.monotonic() - started


def _choose_bare(browser: Browser, server: Server) -> list[float]:
    """Return the seconds from each choice in a list to the heading that tells it."""
    times = []
    with open_page(browser, server.address) as page:
        page.locator(BARE.answer).wait_for()
        page.evaluate(WATCH_HEADING)
        for option in ("second", "third", "first", "second", "third", "first"):
            choose = _prepare(page, "Model", option)
            page.evaluate(f"heading.change({TIMEOUT})")
            choose()
            times.append(page.evaluate("heading.changed"))
    return times


def _click_about(browser: Browser, server: Server, key: str) -> dict[str, list[float]]:
    """Return the seconds of each click by its kind."""
    times: dict[str, list[float]] = {}

    def clock(kind: str, page: Page, click: Callable[[], None]) -> None:
        _settle(page)
        page.evaluate(f"gallery.change({TIMEOUT})")
        click()
        times.setdefault(kind, []).append(page.evaluate("gallery.changed"))

    for second in ("", "&compare=cnn-1"):
        address = f"{server.address}/mistakes?model=dense-1&set={key}{second}"
        with open_page(browser, address) as page:
            page.evaluate(WATCH)
            page.evaluate("gallery.shown()")
            for truth, answer in ((4, 9), (9, 4), (7, 2), (3, 3))[:CLICKS]:
                clock("a cell", page, lambda t=truth, a=answer: _click_cell(page, t, a))
            clock("a cell", page, lambda: _click_cell(page, 3, 3))
            for kind in ("Right but unsure", "All", "Misread", "All"):
                clock(
                    "a kind", page, page.locator(".st-key-kind button", has_text=kind).first.click
                )
            for truth in ("3", "8", "5", "all"):
                clock("a filter", page, _prepare(page, "Truth", truth))
            for order in ("highest loss first", "closest call first", "least sure first"):
                clock("an order", page, _prepare(page, "Sort", order))
            for _ in range(CLICKS):
                clock("a page", page, page.get_by_role("button", name="Next").click)
            clock("200 on a page", page, _prepare(page, "On a page", "200"))
            for place in range(2, 2 + CLICKS):
                name = f"dense-{place}" if place % 2 else f"cnn-{place}"
                clock("another model, never looked at", page, _prepare(page, "Model", name))
            for name in ("cnn-2", "dense-3", "cnn-4"):
                clock("another model", page, _prepare(page, "Model", name))
    return times


def _click_cell(page: Page, truth: int, answer: int) -> None:
    left, top, width, height = page.evaluate(
        """() => {
            const box = document.querySelector(".st-key-confusion svg.marks .mark-rect")
                .getBoundingClientRect();
            return [box.x, box.y, box.width, box.height];
        }"""
    )
    page.mouse.click(left + (answer + 0.5) * width / 10, top + (truth + 0.5) * height / 10)


def _prepare(page: Page, label: str, option: str) -> Callable[[], None]:
    """Open a list; return what chooses one of its options, by the beginning of its words."""
    for _ in range(ATTEMPTS):
        _settle(page)
        page.get_by_role("combobox", name=label).first.click()
        found = page.get_by_role("option").filter(has_text=option).first
        try:
            found.wait_for(timeout=PATIENCE)
            return found.click
        except TimeoutError:  # of Playwright: the list was closed again by what the page did
            page.keyboard.press("Escape")
    raise RuntimeError(f"the list {label} does not open")


def _settle(page: Page) -> None:
    """Wait until the page stands and a visitor would look at it."""
    page.locator("[data-test-script-state=notRunning]").wait_for(state="attached")
    page.wait_for_timeout(400)


def _measure(server: Server) -> float:
    """Return the resident memory of the web process in MB."""
    return server.process.memory_info().rss / MEGABYTE
