"""The four files of a report."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import pandas as pd

from digitlib.data.files import replacing
from digitlib.errors import ReportError
from digitlib.report.content import Report
from digitlib.report.page import draw_page
from digitlib.runs.files import write_json


def make_folder(folder: Path) -> None:
    """Make the folder of a report, unless there is one.

    Raises:
        ReportError: it is a file, or cannot be made.
    """
    if folder.exists() and not folder.is_dir():
        raise ReportError(f"{folder} is a file: name a folder for the report.")
    with _explaining(folder):
        folder.mkdir(parents=True, exist_ok=True)


def write_report(report: Report, folder: Path, day: date | None = None) -> None:
    """Write metrics.json, confusion.csv, mistakes.csv and report.html.

    Those of an earlier report are replaced, each in one piece; other files are left alone.

    Args:
        report: what they tell.
        folder: of the files; it is made if there is none.
        day: that the page says it was written on; today if left out.

    Raises:
        ReportError: they cannot be written.
    """
    make_folder(folder)
    page = draw_page(report, day or date.today())
    with _explaining(folder):
        write_json(folder / "metrics.json", report.summarise())
        _write_table(folder / "confusion.csv", tabulate_confusion(report))
        _write_table(folder / "mistakes.csv", tabulate_mistakes(report))
        with replacing(folder / "report.html") as temporary:
            temporary.write_text(page, encoding="utf-8")


def tabulate_confusion(report: Report) -> pd.DataFrame:
    """Return the confusion matrix: a row per digit, its ``truth``, and how often it was read as
    ``0`` to ``9``."""
    confusion = pd.DataFrame(report.evaluation.confusion, columns=[str(each) for each in range(10)])
    confusion.insert(0, "truth", range(10))
    return confusion


def tabulate_mistakes(report: Report) -> pd.DataFrame:
    """Return the digits that are misread, as ``Evaluation.table`` has them, and beside that whether
    people judge the label wrong (``label_judged_wrong``) and what they say it is (``people_say``,
    empty where they do not agree)."""
    mistakes = report.evaluation.mistakes
    judged = mistakes["index"].isin(report.judged)
    people_say = mistakes["index"].map(report.judged).astype("Int64")
    return mistakes.assign(label_judged_wrong=judged, people_say=people_say)


def _write_table(path: Path, table: pd.DataFrame) -> None:
    with replacing(path) as temporary:
        table.to_csv(temporary, index=False)


@contextmanager
def _explaining(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise ReportError(f"The report cannot be written to {folder}: {error.strerror}.") from error
