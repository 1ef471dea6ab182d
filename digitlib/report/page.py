"""The page of a report: one file that needs no other, to read, to print and to send."""

import re
from collections.abc import Iterator
from datetime import date
from functools import cache
from pathlib import Path

import numpy as np
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from markupsafe import Markup, escape

from digitlib.reading.statistics import Accuracy
from digitlib.report.content import Report
from digitlib.report.diagram import draw_reliability
from digitlib.report.pictures import MOST_PICTURES, group_compared, group_mistakes, list_judged

FOLDER = Path(__file__).parent


def draw_page(report: Report, day: date) -> str:
    """Return the page as HTML, with everything in it: style, pictures, diagram; no script.

    Args:
        report: what it tells.
        day: that it says it was written on.
    """
    count = report.evaluation.count
    return _load_template().render(
        report=report,
        evaluation=report.evaluation,
        style=Markup((FOLDER / "page.css").read_text(encoding="utf-8")),
        digits=f"{count:,} {'test ' if report.published else ''}digit{'s' if count != 1 else ''}",
        rows=list(_shade(report.evaluation.confusion)),
        per_digit=list(_list_digits(report)),
        groups=list(group_mistakes(report)),
        compared=list(group_compared(report)),
        judged=list_judged(report),
        diagram=Markup(draw_reliability(report.calibration)),
        bins=report.calibration.to_dict("records"),
        most=MOST_PICTURES,
        day=f"{day.day} {day:%B %Y}",
    )


@cache
def _load_template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["code"] = _mark_code
    return environment.get_template("page.html")


def _shade(confusion: np.ndarray) -> Iterator[list[tuple[int, str]]]:
    """Yield the rows of the matrix: of each cell the count, and how strong its colour is, 0 to 1.

    By the root of the count, as on the page Mistakes; the diagonal has no colour.
    """
    wrong = confusion * (1 - np.eye(10, dtype=int))
    shades = np.sqrt(wrong / max(1, wrong.max()))
    for counts, row in zip(confusion.tolist(), shades.tolist(), strict=True):
        yield [(count, f"{0.8 * shade:.2f}") for count, shade in zip(counts, row, strict=True)]


def _list_digits(report: Report) -> Iterator[dict]:
    """Yield the rows of the table digit by digit; recall is an accuracy and has its interval."""
    confusion = report.evaluation.confusion
    for row in report.evaluation.per_digit.to_dict("records"):
        right, count = confusion[row["digit"], row["digit"]], row["count"]
        yield row | {"interval": Accuracy(int(right), int(count)).format_interval(1)}


def _mark_code(text: str) -> Markup:
    """Return a text as HTML, what is between backticks as code."""
    return Markup(re.sub(r"`([^`]+)`", r"<code>\1</code>", str(escape(text))))
