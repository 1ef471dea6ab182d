"""How soon a visitor sees an answer, in a real Chromium.

Measured: from ``streamlit run`` to the answer to a digit that is drawn as soon as there is a
canvas; from the end of that first stroke, and of later ones, to the answer on screen. A stroke's
time is taken apart: the canvas waits before it sends, the server runs the page again, the browser
shows the result.

Peer: ``benchmarks/peer/app.py``. The apps take turns, each round with a fresh server and a visitor
who was never there before.
"""

import tempfile
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks.browser import STROKES, Answer, clear_canvas, draw_digit, open_browser, open_page
from benchmarks.server import OURS, PEER, App, serve
from benchmarks.table import Row, print_table

ROUNDS = 3


def run() -> None:
    """Measure both apps and print the table."""
    first_answers = {OURS: [], PEER: []}
    strokes: dict[App, list[list[Answer]]] = {OURS: [], PEER: []}
    with tempfile.TemporaryDirectory() as runs, open_browser() as browser:
        for _ in range(ROUNDS):
            for app in (OURS, PEER):
                seconds, answers = _visit(browser, app, Path(runs))
                first_answers[app].append(seconds)
                strokes[app].append(answers)

    first = {app: [answers[0].seconds for answers in rounds] for app, rounds in strokes.items()}
    later = {
        app: [answer for answers in rounds for answer in answers[1:]]
        for app, rounds in strokes.items()
    }

    def split(name: str, part: str) -> Row:
        ours, peer = ([getattr(answer, part) for answer in later[app]] for app in (OURS, PEER))
        return Row(name, ours, peer)

    print_table(
        f"First answer, strokes: {ROUNDS} rounds, {len(later[OURS])} later strokes",
        [
            Row("`streamlit run` to the first answer", first_answers[OURS], first_answers[PEER],
                limit=0.6, of_peer=True),
            Row("first stroke to its answer", first[OURS], first[PEER], limit=0.6),
            Row("later strokes to theirs", [answer.seconds for answer in later[OURS]],
                [answer.seconds for answer in later[PEER]], limit=0.33),
            split("  of it: canvas waits", "waited"),
            split("  of it: server answers", "served"),
            split("  of it: browser shows it", "shown"),
        ],
        f"Read right: {_count_right(strokes[OURS])}; the peer: {_count_right(strokes[PEER])}.",
    )  # fmt: skip


def _visit(browser: Browser, app: App, runs: Path) -> tuple[float, list[Answer]]:
    """Start an app, draw every digit; return the seconds to the first answer, and all answers."""
    with serve(app, runs) as server, open_page(browser, server.address) as page:
        digits = iter(STROKES)
        answers = [draw_digit(page, app, next(digits))]
        seconds = server.seconds_since_start()
        for digit in digits:
            clear_canvas(page, app)
            answers.append(draw_digit(page, app, digit))
    return seconds, answers


def _count_right(rounds: list[list[Answer]]) -> str:
    right = [
        answer.digit == digit
        for answers in rounds
        for digit, answer in zip(STROKES, answers, strict=True)
    ]
    return f"{sum(right)} of {len(right)}"
