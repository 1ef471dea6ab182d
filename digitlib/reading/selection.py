"""Which digits are looked at, and in what order: chosen by what they are and what was read."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

UNSURE = 0.9  # a right answer with a smaller probability than this is an unsure one

# how to order digits -> column, whether the smallest comes first
ORDERS = {
    "surest": ("confidence", False),
    "unsure": ("confidence", True),
    "loss": ("loss", False),
    "close": ("margin", True),
    "disagreement": ("disagreement", False),
    "place": ("index", True),
}
KINDS = ("misread", "unsure", "all")
COMPARED_KINDS = ("fixed", "broke", "both")  # of two models


@dataclass(frozen=True)
class Selection:
    """What a visitor looks at. A table is as ``digitlib.reading.evaluation`` has it.

    Attributes:
        kind: ``misread``; ``unsure``, which is right with a probability under ``UNSURE``; ``all``.
            With a second model also those that it ``fixed`` or ``broke``, and what ``both`` miss.
        truth: only digits that are this; None for any.
        answer: only digits that were read as this; None for any.
        order: a key of ``ORDERS``.
    """

    kind: str = "misread"
    truth: int | None = None
    answer: int | None = None
    order: str = "surest"

    @property
    def cell(self) -> tuple[int, int] | None:
        """The cell of the confusion matrix that this is, as truth and answer; None if it is none.

        Example: a 4 read as 9 is (4, 9).
        """
        if self.truth is None or self.answer is None:
            return None
        return self.truth, self.answer

    @property
    def name(self) -> str:
        """What these digits are, for the name of a file: ``misread-4-as-9`` or ``all-7``."""
        parts = [self.kind]
        if self.truth is not None:
            parts.append(str(self.truth))
        if self.answer is not None:
            parts.append(f"as-{self.answer}")
        return "-".join(parts)

    def click(self, truth: int, answer: int) -> "Selection":
        """Return what a click on a cell of the matrix leads to; a second one lets go of it."""
        if self.cell == (truth, answer):
            return self.let_go()
        return replace(self, truth=truth, answer=answer).fit_kind()

    def fit_kind(self) -> "Selection":
        """Return the selection with a kind that has something in its cell, by its nature.

        What is right but unsure lies on the diagonal of the matrix; what is misread, or was fixed
        or broken by a second model, beside it.

        Example: the misread among the threes read as 3 become all of them.
        """
        if self.cell is None or self.kind == "all":
            return self
        right = self.truth == self.answer
        if right == (self.kind == "unsure"):
            return self
        return self.with_kind("all" if right else "misread")

    def let_go(self) -> "Selection":
        """Return the selection without a cell."""
        return replace(self, truth=None, answer=None)

    def with_kind(self, kind: str) -> "Selection":
        """Return the selection with another kind, and its order unless another was chosen."""
        usual = self.order == find_usual_order(self.kind)
        return replace(self, kind=kind, order=find_usual_order(kind) if usual else self.order)

    def choose_kind(self, kind: str) -> "Selection":
        """Return the selection with another kind, and without a cell that has nothing of it."""
        chosen = self.with_kind(kind)
        return chosen if chosen.fit_kind() == chosen else chosen.let_go()

    def without_second_model(self) -> "Selection":
        """Return the selection as it is where there is one model alone."""
        return replace(self, kind="misread") if self.kind in COMPARED_KINDS else self


def find_usual_order(kind: str) -> str:
    """Return the order in which digits of a kind are of most interest."""
    return "unsure" if kind == "unsure" else "surest"


def add_second_model(table: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Return a table with what a second model reads, columns ``other`` and ``other_confidence``.

    Args:
        table, other: of the two models, the same digits in the same order.
    """
    return table.assign(other=other["answer"], other_confidence=other["confidence"])


def select_digits(table: pd.DataFrame, selection: Selection) -> np.ndarray:
    """Return the rows of a table that are selected, in their order, as places, int (n,)."""
    chosen = _find_kind(table, selection.kind).copy()
    if selection.truth is not None:
        chosen &= table["truth"].to_numpy() == selection.truth
    if selection.answer is not None:
        chosen &= _find_answers(table, selection.kind) == selection.answer
    places = np.flatnonzero(chosen)
    column, ascending = ORDERS[selection.order]
    values = table[column].to_numpy()[places]
    return places[np.argsort(values if ascending else -values, kind="stable")]


def count_kinds(table: pd.DataFrame) -> dict[str, int]:
    """Return how many digits there are of each kind, those of two models if there are two."""
    kinds = KINDS + (COMPARED_KINDS if "other" in table else ())
    return {kind: int(_find_kind(table, kind).sum()) for kind in kinds}


def tabulate_cells(table: pd.DataFrame, kind: str) -> np.ndarray:
    """Return how many digits lie in each cell of the matrix, int (10, 10); row is the truth.

    Of one model this is its confusion matrix. Of the kinds of two models it is those digits alone,
    with the answer that is wrong.
    """
    truth, answer = table["truth"].to_numpy(), _find_answers(table, kind)
    if kind in COMPARED_KINDS:
        chosen = _find_kind(table, kind)
        truth, answer = truth[chosen], answer[chosen]
    return np.bincount(10 * truth.astype(int) + answer, minlength=100).reshape(10, 10)


def _find_kind(table: pd.DataFrame, kind: str) -> np.ndarray:
    if kind == "all":
        return np.ones(len(table), bool)
    right = _is_right(table)
    if kind == "misread":
        return ~right
    if kind == "unsure":
        return right & (table["confidence"].to_numpy() < UNSURE)
    other_right = table["other"].to_numpy() == table["truth"].to_numpy()
    return {
        "fixed": ~right & other_right,
        "broke": right & ~other_right,
        "both": ~right & ~other_right,
    }[kind]


def _is_right(table: pd.DataFrame) -> np.ndarray:
    return table["answer"].to_numpy() == table["truth"].to_numpy()


def _find_answers(table: pd.DataFrame, kind: str) -> np.ndarray:
    """Return the answers by which digits of a kind are told apart: of what broke, the new ones."""
    return table["other" if kind == "broke" else "answer"].to_numpy()
