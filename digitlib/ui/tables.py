"""What was measured on a model, as words and as a table."""

import streamlit as st

from digitlib.reading.evaluation import Evaluation, find_corrected_accuracy
from digitlib.reading.statistics import compare_errors
from digitlib.ui.answers import Reader
from digitlib.ui.problems import escape_markdown


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
    measures = ["precision", "recall", "f1"]
    lowest = float(evaluation.per_digit[measures].min().min())
    # In percent here, because the table's own format for shares drops zeros at the end.
    table = evaluation.per_digit.assign(**100 * evaluation.per_digit[measures])
    st.dataframe(
        table,
        hide_index=True,
        height="content",
        column_config={
            "digit": "Digit",
            "count": st.column_config.NumberColumn("Digits", format="localized"),
            "precision": _bar("Precision", "Of those read as this digit, how many are.", lowest),
            "recall": _bar("Recall", "Of those that are this digit, how many are read so.", lowest),
            "f1": _bar("F1", "The harmonic mean of precision and recall.", lowest),
        },
    )
    st.caption(f"The bars start at {_floor(lowest):.0%}.")


def _bar(label: str, help_text: str, lowest: float):
    return st.column_config.ProgressColumn(
        label, help=help_text, format="%.2f%%", min_value=100 * _floor(lowest), max_value=100.0
    )


def _floor(lowest: float) -> float:
    """Return a round share below the lowest measure, so that bars can be told apart."""
    return max(0.0, int(lowest * 20 - 0.2) / 20)
