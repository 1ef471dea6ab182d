"""What was measured on a model, as words and as a table."""

import streamlit as st

from digitlib.reading.evaluation import Evaluation, find_corrected_accuracy
from digitlib.reading.statistics import compare_errors
from digitlib.ui.answers import Reader
from digitlib.ui.problems import escape_markdown

MEASURES = {"precision": "Precision", "recall": "Recall", "f1": "F1"}


def show_headline(reader: Reader, evaluation: Evaluation, second: Evaluation | None = None) -> None:
    """Show in one line how well a model reads a set of digits, and how a second one compares.

    Of the test digits also by labels that are right.
    """
    st.html(
        f'<div class="headline">{evaluation.counted} right'
        f" · {len(evaluation.mistakes):,} of {evaluation.count:,} misread"
        f" · loss {evaluation.loss:.3f}</div>"
    )
    st.caption(escape_markdown(f"In brackets the 95% interval. {_qualify(reader, evaluation)}"))
    if second is not None:
        _compare(reader, evaluation, second)


def _qualify(reader: Reader, evaluation: Evaluation) -> str:
    if reader.digits.key == "test":
        corrected = find_corrected_accuracy(evaluation)
        return f"By the labels that people have put right: {corrected}."
    if reader.digits.key == "all":
        return f"{reader.model} has learnt from 55,000 of these: see the test digits for the rest."
    if reader.digits.key == "validation":
        return "It has not learnt from these, but what was kept of it was chosen by them."
    return "What visitors drew, and say it is."


def _compare(reader: Reader, first: Evaluation, second: Evaluation) -> None:
    """Show in a sentence which of two models reads better, if it is not luck."""
    errors = compare_errors(
        *(table[column].to_numpy() for table, column in (
            (first.table, "truth"), (first.table, "answer"), (second.table, "answer")
        ))
    )  # fmt: skip
    st.markdown(escape_markdown(errors.describe(reader.name, reader.second)))
    st.caption(
        escape_markdown(
            f"A is {reader.name}; B is {reader.second}, {second.counted} right: it fixed "
            f"{errors.fixed:,} of A's mistakes, broke {errors.broke:,} and shares "
            f"{errors.both_miss:,}."
        )
    )


def show_per_digit(evaluation: Evaluation) -> None:
    """Show precision, recall and F1 of each digit."""
    st.subheader("Digit by digit")
    lowest = _floor(float(evaluation.per_digit[list(MEASURES)].min().min()))
    rows = "".join(_draw_digit(row, lowest) for row in evaluation.per_digit.to_dict("records"))
    head = "".join(
        f'<th scope="col">{title}</th>' for title in ("Digit", "Count", *MEASURES.values())
    )
    # Not st.dataframe: drawn anew at each change of model, it keeps the gallery waiting.
    st.html(f'<table class="per-digit"><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>')
    st.caption(
        "Precision: of those read as this digit, how many are. Recall: of those that are this "
        "digit, how many are read so. F1: the harmonic mean of the two. "
        f"The bars start at {lowest:.0%}."
    )


def _draw_digit(row: dict, lowest: float) -> str:
    """Return a row of the table, of one digit, as HTML."""
    cells = (
        f'<td style="--share:{(row[name] - lowest) / (1 - lowest):.2%}">{row[name]:.2%}</td>'
        for name in MEASURES
    )
    return f'<tr><th scope="row">{row["digit"]}</th><td>{row["count"]:,}</td>{"".join(cells)}</tr>'


def _floor(lowest: float) -> float:
    """Return a round share below the lowest measure, so that bars can be told apart."""
    step = 0.01 if lowest > 0.95 else 0.05
    return max(0.0, round(int(lowest / step - 0.2) * step, 2))
