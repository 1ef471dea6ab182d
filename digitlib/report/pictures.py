"""The digits on the page of a report, in groups that have something in common."""

import base64
import io
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

from digitlib.reading.recogniser import format_share
from digitlib.report.content import Report

MOST_PICTURES = 60  # of one group: with 90 kinds of mistakes the page stays under 5 MB


@dataclass(frozen=True)
class Picture:
    """A digit on the page.

    Attributes:
        url: of the picture, which holds all of it.
        words: for those who cannot see it.
        note: what is said below it.
        badge: what people say, if they judge its label wrong; else empty.
    """

    url: str
    words: str
    note: str
    badge: str


@dataclass(frozen=True)
class Group:
    """Digits that have something in common.

    Attributes:
        anchor: what a link to them ends in.
        title: what they have in common.
        count: how many there are.
        pictures: of at most ``MOST_PICTURES`` of them.
    """

    anchor: str
    title: str
    count: int
    pictures: list[Picture]


def group_mistakes(report: Report) -> Iterator[Group]:
    """Yield the misread digits of each kind, the commonest kind first, the surest mistake first."""
    surest = report.evaluation.mistakes.sort_values("confidence", ascending=False, kind="stable")
    kinds = {pair: rows["index"].tolist() for pair, rows in surest.groupby(["truth", "answer"])}
    for (truth, answer), places in sorted(kinds.items(), key=lambda kind: (-len(kind[1]), kind[0])):
        yield Group(
            f"read-{truth}-{answer}",
            f"{truth} read as {answer}",
            len(places),
            [
                _picture(report, place, f"{_sureness(report, place)} · no. {place}")
                for place in places[:MOST_PICTURES]
            ],
        )


def group_compared(report: Report) -> Iterator[Group]:
    """Yield what the other model fixed, what it broke, and what both misread."""
    if report.versus is None:
        return
    truth, first = (report.evaluation.table[name].to_numpy() for name in ("truth", "answer"))
    second = report.versus.evaluation.table["answer"].to_numpy()
    right, right_then = first == truth, second == truth
    for anchor, title, chosen in (
        ("fixed", f"Fixed by {report.versus.model}", ~right & right_then),
        ("broken", f"Broken by {report.versus.model}", right & ~right_then),
        ("missed", "Misread by both", ~right & ~right_then),
    ):
        places = np.flatnonzero(chosen).tolist()
        pictures = [
            _picture(report, place, f"is {truth[place]}: {first[place]} → {second[place]}")
            for place in places[:MOST_PICTURES]
        ]
        yield Group(anchor, title, len(places), pictures)


def list_judged(report: Report) -> list[Picture]:
    """Return the digits whose label people judge wrong."""
    table = report.evaluation.table
    return [
        _picture(
            report,
            place,
            f"label {table['truth'][place]}, read as {table['answer'][place]} "
            f"({_sureness(report, place)})",
        )
        for place in report.judged
    ]


def draw_digit(digit: np.ndarray) -> str:
    """Return the URL of a digit, uint8 (28, 28), as black ink on nothing.

    A page turns it light where it is dark itself.
    """
    ink = Image.merge("LA", [Image.new("L", digit.shape[::-1]), Image.fromarray(digit)])
    buffer = io.BytesIO()
    ink.save(buffer, format="PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _picture(report: Report, place: int, note: str) -> Picture:
    row = report.evaluation.table.iloc[place]
    words = f"digit {place}, labelled {row['truth']:.0f}, read as {row['answer']:.0f}"
    return Picture(draw_digit(report.digits.images[place]), words, note, _badge(report, place))


def _badge(report: Report, place: int) -> str:
    if place not in report.judged:
        return ""
    label = report.judged[place]
    return "people disagree" if label is None else f"people say {label}"


def _sureness(report: Report, place: int) -> str:
    return format_share(report.evaluation.table["confidence"][place])
