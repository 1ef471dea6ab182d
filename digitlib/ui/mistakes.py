"""Matrix, gallery and opened digit: what moves together, and alone, on the page Mistakes."""

from dataclasses import dataclass, replace

import pandas as pd
import streamlit as st

from digitlib.reading.evaluation import Evaluation
from digitlib.reading.selection import add_second_model, find_usual_order, select_digits
from digitlib.ui.address import View, read_view
from digitlib.ui.answers import Reader, has_disagreement, load_disagreement, load_evaluation
from digitlib.ui.confusion import show_confusion
from digitlib.ui.gallery import ORDER_TITLES, choose_digits, show_gallery
from digitlib.ui.one_digit import show_opened_digit


@dataclass(frozen=True, eq=False)
class Work:
    """What is to be looked through: digits, and what was read in them.

    Attributes:
        reader: who has read which digits.
        evaluation: of the model's answers.
        second_evaluation: of those of the second model, if there is one.
    """

    reader: Reader
    evaluation: Evaluation
    second_evaluation: Evaluation | None = None

    def make_table(self) -> pd.DataFrame:
        """Return the answers, with those of the second model if there is one."""
        table = self.evaluation.table
        if self.second_evaluation is None:
            return table
        return add_second_model(table, self.second_evaluation.table)


def load_work(reader: Reader) -> Work:
    """Return what is to be looked through.

    Raises:
        EmptySetError: there are no digits.
        UnreadError: a model has not read these digits yet.
        DigitLabError: a run or its answers are missing or damaged.
    """
    evaluation = load_evaluation(reader.model, reader.digits, reader.epoch)
    if reader.second is None:
        return Work(reader, evaluation)
    return Work(reader, evaluation, load_evaluation(reader.second, reader.digits))


@st.fragment
def show_mistakes(work: Work) -> None:
    """Show the matrix beside the gallery. A click in either runs this again, not the page."""
    table = work.make_table()
    view, orders = _settle(read_view(), work, table)
    matrix_column, gallery_column = st.columns([5, 7], gap="medium")
    with matrix_column.container(key="confusion"):
        show_confusion(table, view)
    if view.selection.order == "disagreement":
        table = table.assign(disagreement=load_disagreement(work.reader.digits))
    places = select_digits(table, view.selection)
    with gallery_column, st.container(key="gallery"):
        choose_digits(table, view, orders)
        show_gallery(work.reader, table, places)
    show_opened_digit(work.reader, places)


def _settle(view: View, work: Work, table: pd.DataFrame) -> tuple[View, list[str]]:
    """Return the view without what this work has not, and the orders there are."""
    selection = view.selection
    if "other" not in table:
        selection = selection.without_second_model()
    orders = list(ORDER_TITLES)
    if not has_disagreement(work.reader.digits):
        orders.remove("disagreement")
    if selection.order not in orders:
        selection = replace(selection, order=find_usual_order(selection.kind))
    return replace(view, selection=selection), orders
