"""What stands between a click and a trained network.

Measured in a real Chromium: from the click on *Start training* to the first point of the chart,
with the engine not yet started (cold: the page has just opened) and with it ready (warm); from the
click on *Stop* to the state ``stopped`` in the run folder. Then, without a browser's help: a
training watched by ten open pages, forty short ones in the queue, and a class of thirty of whom
each waits for one of their own.

Peer: ``benchmarks/peer/fit.py``, a script that does nothing but ``model.fit`` of the same network,
digits, epochs and batch size. What it does in the place of *cold* is to start and see its first
batch; of *warm*, to build and compile another network and see its first batch.
"""

import asyncio
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
from playwright.sync_api import Browser, Page

from benchmarks.browser import open_browser, open_page
from benchmarks.call import call
from benchmarks.engine import use_engine, wait_for_end
from benchmarks.server import OURS, serve
from benchmarks.table import Row, print_table
from benchmarks.visitors import first_message, open_session, visiting
from digitlib.runs.config import TrainingConfig
from digitlib.runs.engine import submit_run
from digitlib.runs.folder import create_run, load_run

COLD_ROUNDS, WARM_ROUNDS = 3, 5
WATCHERS = 10
QUEUED = 40
CLASS = 30

# The moment the thin line of the loss has a point, by the page's own clock.
FIRST_POINT = """() => new Promise(resolve => {
    const button = [...document.querySelectorAll("button")]
        .find(button => button.innerText.includes("Start training"));
    const path = () => document
        .querySelector(".st-key-live svg.marks path[stroke-width='1.2']")?.getAttribute("d") ?? "";
    const old = path(), clicked = performance.now();
    const observer = new MutationObserver(() => {
        const now = path();
        if (now.length < 4 || now === old || now.split("L").length > 40) return;
        observer.disconnect();
        resolve((performance.now() - clicked) / 1000);
    });
    observer.observe(document, {subtree: true, childList: true, attributes: true});
    button.click();
})"""


def run() -> None:
    """Measure, and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        with open_browser() as browser:
            cold = [
                _start_cold(browser, Path(folder, f"cold{round}")) for round in range(COLD_ROUNDS)
            ]
            warm, stops = _start_warm(browser, Path(folder, "warm"))
        peer_starts = _fit("dense", 1, 2_000, WARM_ROUNDS + 1)
        watched, peer_watched = _train_watched(Path(folder, "watched"))
        overhead, alone = _train_queue(Path(folder, "queue"))
        opened = _wait_together(Path(folder, "class"))
    print_table(
        f"Training: {COLD_ROUNDS} cold starts, {WARM_ROUNDS} warm ones, stops",
        [
            Row("Start to the first point, cold", cold, [peer_starts[0]["cold"]], limit=8),
            Row("Start to the first point, warm", warm, [each["warm"] for each in peer_starts[1:]],
                limit=1.5),
            Row("Stop to `stopped`", stops, limit=1),
            Row(f"cnn, 1 epoch, watched by {WATCHERS} pages", watched, peer_watched, limit=1.1,
                of_peer=True),
            Row(f"dense, 1 epoch, 2,000 digits: a run of {QUEUED} queued", [overhead + alone],
                [alone]),
            Row("... beside the training itself", [overhead], limit=0.3),
            Row(f"Draw opened while {CLASS} pages wait for a run each, 95% within",
                [float(np.quantile(opened, 0.95))], limit=1),
        ],
        "The training itself: the peer's, one after the other in one process.",
    )  # fmt: skip


def _start_cold(browser: Browser, runs: Path) -> float:
    with serve(OURS, runs) as server, open_page(browser, f"{server.address}/train") as page:
        page.get_by_role("button", name="Start training").wait_for()
        return page.evaluate(FIRST_POINT)


def _start_warm(browser: Browser, runs: Path) -> tuple[list[float], list[float]]:
    starts, stops = [], []
    with serve(OURS, runs) as server, open_page(browser, f"{server.address}/train") as page:
        page.get_by_role("button", name="Start training").wait_for()
        page.wait_for_timeout(20_000)  # what a visitor reads before the first click
        for _ in range(WARM_ROUNDS):
            starts.append(page.evaluate(FIRST_POINT))
            page.wait_for_timeout(3_000)
            stops.append(_stop(page, runs))
            page.get_by_text("of the test digits read right").wait_for()
            page.wait_for_timeout(1_000)
    return starts, stops


def _stop(page: Page, runs: Path) -> float:
    status = runs / page.url.partition("run=")[2] / "status.json"
    page.get_by_role("button", name="Stop").click()
    clicked = time.monotonic()
    while '"running"' in status.read_text():
        time.sleep(0.005)
    return time.monotonic() - clicked


def _train_watched(runs: Path) -> tuple[list[float], list[float]]:
    """Train beside ten pages that show it, and by the peer; three times in turn."""
    ours, peer = [], []
    with serve(OURS, runs) as server, use_engine(runs):
        for _ in range(3):
            run = create_run(TrainingConfig("cnn", epochs=1, batch_size=64, dropout=0.5))
            with visiting(server.address, "train", [f"run={run.id}"] * WATCHERS) as seen:
                submit_run(run)
                ended = wait_for_end(run)
            ours.append(ended.metrics["training_seconds"])
            assert min(seen()) > 3, f"pages saw {seen()} updates of the training"
            peer.append(_fit("cnn", 1, 55_000, 1)[0]["seconds"])
    return ours, peer


def _train_queue(runs: Path) -> tuple[float, float]:
    """Return the overhead of a queued run, and how long the training alone takes, in seconds."""
    config = TrainingConfig("dense", epochs=1, training_digits=2_000)
    alone = median(each["seconds"] for each in _fit("dense", 1, 2_000, QUEUED))
    with use_engine(runs):
        began = time.monotonic()
        queued = [create_run(config) for _ in range(QUEUED)]
        for run in queued:
            submit_run(run)
        ended = [wait_for_end(run) for run in queued]
        seconds = time.monotonic() - began
    assert [run.status.state for run in ended] == ["done"] * QUEUED
    return seconds / QUEUED - alone, alone


def _wait_together(runs: Path) -> list[float]:
    """Have a class wait, each for a run of their own; return how long another's page takes then."""
    config = TrainingConfig("dense", epochs=1, training_digits=10_000)
    seconds = []
    with serve(OURS, runs) as server, use_engine(runs):
        queued = [create_run(config) for _ in range(CLASS)]
        queries = [f"run={run.id}" for run in queued]
        with visiting(server.address, "train", queries) as seen:
            for run in queued:
                submit_run(run)
            while any(load_run(run.id).active for run in queued):
                seconds.append(asyncio.run(_open(server.address)))
                time.sleep(1)
            time.sleep(3)
            assert min(seen()) > 10, f"pages saw {seen()} updates of their runs"
    return seconds


async def _open(address: str) -> float:
    """Return how long it takes until the page Draw is there."""
    async with open_session(address) as visitor:
        began = time.monotonic()
        await visitor.send(first_message(""))
        return time.monotonic() - began


def _fit(network: str, epochs: int, digits: int, runs: int) -> list[dict[str, float]]:
    return call("benchmarks.peer.fit", network, *map(str, (epochs, digits, runs)))
