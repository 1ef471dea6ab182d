"""Twenty visitors who draw while one training uses the machine.

One visitor draws every digit in a real Chromium, and what the browser sends is kept. Twenty others
then send the same, each in a session of its own and in an order of its own, with some seconds
between an answer and the next stroke. Measured: from the sending of a stroke to the end of the
page's run that brings its answer. Every answer must be the digit that the first visitor was shown.

Peer: ``benchmarks/peer/app.py`` under the same visitors, beside the same training.
"""

import asyncio
import random
import re
import tempfile
import time
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, WebSocket
from streamlit.proto.BackMsg_pb2 import BackMsg

from benchmarks.browser import STROKES, draw_digit, open_browser, open_page
from benchmarks.engine import train_meanwhile
from benchmarks.server import OURS, PEER, App, Server, serve
from benchmarks.table import Row, print_table
from benchmarks.visitors import Visitor, open_session

VISITORS = 20
PAUSE = 3.0  # seconds between an answer and the next stroke, in the mean
SENTENCES = {OURS: r'class="answer-digit">(\d)', PEER: r"Prediction: (\d)"}


def run() -> None:
    """Measure both apps and print the table."""
    seconds, wrong = {}, {}
    with tempfile.TemporaryDirectory() as folder:
        for app in (OURS, PEER):
            runs = Path(folder, app.script.replace("/", "-"))
            with serve(app, runs) as server:
                with open_browser() as browser:
                    sessions = [_record(browser, server, app, digit) for digit in STROKES]
                with train_meanwhile(runs):
                    answers = asyncio.run(_draw_together(server, app, sessions))
            seconds[app] = np.array([each for each, _ in answers])
            wrong[app] = f"{sum(not right for _, right in answers)} of {len(answers)}"

    def within(share: float, limit: float | None = None) -> Row:
        ours, peer = (float(np.quantile(seconds[app], share)) for app in (OURS, PEER))
        return Row(f"drawing to answer, {share:.0%} within", [ours], [peer], limit=limit)

    print_table(
        f"{VISITORS} visitors draw while a network is trained",
        [within(0.95, limit=1), within(0.5)],
        f"Failed: {wrong[OURS]} drawings; the peer: {wrong[PEER]}.",
    )


def _record(browser: Browser, server: Server, app: App, digit: int) -> tuple[list[bytes], str]:
    """Draw a digit as a visitor; return what the browser sent, and the digit it was shown."""
    sent: list[bytes] = []

    def hear(socket: WebSocket) -> None:
        socket.on("framesent", lambda frame: sent.append(frame))  # Playwright marks what it calls

    with open_page(browser, server.address, on_socket=hear) as page:
        page.locator(".upper-canvas").wait_for()
        answer = draw_digit(page, app, digit)
    return [frame for frame in sent if isinstance(frame, bytes)], str(answer.digit)


async def _draw_together(server: Server, app: App, sessions) -> list[tuple[float, bool]]:
    """Return for every drawing of every visitor how long its answer took, and if it was right."""
    tasks = [_draw(server, app, sessions, number) for number in range(VISITORS)]
    return [answer for answers in await asyncio.gather(*tasks) for answer in answers]


async def _draw(server: Server, app: App, sessions, number: int) -> list[tuple[float, bool]]:
    chance = random.Random(number)
    answers = []
    async with open_session(server.address) as visitor:
        for frame in sessions[0][0][:-1]:
            await visitor.send(BackMsg.FromString(frame))
        for place in range(len(sessions)):
            (*_, stroke), digit = sessions[(place + number) % len(sessions)]
            await asyncio.sleep(chance.uniform(0.5, 1.5) * PAUSE)
            answers.append(await _send(visitor, stroke, app, digit))
    return answers


async def _send(visitor: Visitor, stroke: bytes, app: App, digit: str) -> tuple[float, bool]:
    began = time.monotonic()
    await visitor.send(BackMsg.FromString(stroke))
    seconds = time.monotonic() - began
    return seconds, re.findall(SENTENCES[app], visitor.texts)[-1:] == [digit]
