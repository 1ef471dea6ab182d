"""What was measured on a model, as words and as a table."""

import streamlit as st

from digitlib.reading.evaluation import Evaluation, find_corrected_accuracy


def show_headline(evaluation: Evaluation) -> None:
    """Show in one line how well a model reads the test digits, and by labels that are right."""
    st.html(
        f'<div class="headline">{evaluation.counted} right'
        f" · {len(evaluation.mistakes):,} of {evaluation.count:,} misread"
        f" · loss {evaluation.loss:.3f}</div>"
    )
    st.caption(
        "In brackets the 95% interval. By the labels that people have put right: "
        f"{find_corrected_accuracy(evaluation)}."
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
            "count": st.column_config.NumberColumn("Test digits", format="localized"),
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
