"""What is looked at on the page Mistakes, as it stands in the address bar.

The address is the truth: every control shows what it says, and a change goes there first. So a link
that is copied shows everybody the same. What is the usual is left out of it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import streamlit as st

from digitlib.reading.selection import (
    COMPARED_KINDS,
    KINDS,
    ORDERS,
    Selection,
    find_usual_order,
)

PAGE_SIZES = (24, 48, 96, 200)
LAST_PAGE = 10_000  # more than any set has
MOST_PAST = 8  # more changes than are made before a browser has heard of the first


@dataclass(frozen=True)
class View:
    """What is looked at of a model and a set of digits.

    Attributes:
        selection: which digits, in which order.
        page: of the gallery, from 1; may be beyond the last.
        per_page: one of ``PAGE_SIZES``.
        shares: whether the matrix has row percentages rather than counts.
        digit: what stands for the opened digit; None if none is.
    """

    selection: Selection = field(default_factory=Selection)
    page: int = 1
    per_page: int = PAGE_SIZES[0]
    shares: bool = False
    digit: str | None = None


def parse_view(address: Mapping[str, str]) -> View:
    """Return what an address says; what is nonsense in it is left at the usual.

    Example: ``{"truth": "4", "read": "nine"}`` is what was a 4, whatever it was read as.
    """
    kind = _pick(address.get("kind"), KINDS + COMPARED_KINDS, KINDS[0])
    selection = Selection(
        kind,
        _parse_number(address.get("truth"), 0, 9),
        _parse_number(address.get("read"), 0, 9),
        _pick(address.get("sort"), ORDERS, find_usual_order(kind)),
    )
    sizes = {str(size): size for size in PAGE_SIZES}
    return View(
        selection.fit_kind(),
        _parse_number(address.get("page"), 1, LAST_PAGE) or 1,
        sizes.get(address.get("show", ""), PAGE_SIZES[0]),
        address.get("values") == "percent",
        address.get("digit"),
    )


def format_view(view: View) -> dict[str, str]:
    """Return the parts of an address that say what is looked at; the usual is left out."""
    selection = view.selection
    parts = {
        "kind": (selection.kind, KINDS[0]),
        "truth": (selection.truth, None),
        "read": (selection.answer, None),
        "sort": (selection.order, find_usual_order(selection.kind)),
        "page": (view.page, 1),
        "show": (view.per_page, PAGE_SIZES[0]),
        "values": ("percent" if view.shares else None, None),
        "digit": (view.digit, None),
    }
    return {name: str(value) for name, (value, usual) in parts.items() if value != usual}


def read_view() -> View:
    """Return what this visitor's address says."""
    return parse_view(read_address())


def write_view(view: View) -> None:
    """Put what is looked at into this visitor's address."""
    change_address(**dict.fromkeys(_NAMES) | format_view(view))


def change_address(**parts: str | None) -> None:
    """Put parts into this visitor's address, all at once; None takes one out.

    Each time the address is written, the browser's way back gets one step longer: a choice that
    wrote it twice would leave a step in between that nobody has seen.
    """
    before = st.query_params.to_dict()
    address = {key: part for key, part in (read_address() | parts).items() if part is not None}
    past, _ = st.session_state.get(_CHANGED, ((), None))
    st.session_state[_CHANGED] = ([*past, before][-MOST_PAST:], address)
    st.query_params.from_dict(address)


def read_address() -> dict[str, str]:
    """Return the parts of this visitor's address, with every change that was made to it.

    Streamlit takes the address from the browser at each run, and that may be the one from before a
    change: where a part of the page looks for news every second, its run can take a click along
    that was made in the same moment, and the click's own run comes after it with the old address.
    """
    address = st.query_params.to_dict()
    past, changed = st.session_state.get(_CHANGED, ((), address))
    return dict(changed) if address in past else address


def forget_changes() -> None:
    """Take the address as the browser has it: a visitor went to it, and meant it."""
    st.session_state.pop(_CHANGED, None)


def open_digit(key: str, among: np.ndarray | None = None) -> None:
    """Open a digit, and leave everything else in the address as it is.

    Args:
        key: what stands for it.
        among: the places of the digits from one to the next of which a visitor then goes, int (n,);
            None for those that are selected, as anybody has them who follows the link.
    """
    st.session_state[_AMONG] = among
    write_view(replace(read_view(), digit=key))


def read_among() -> np.ndarray | None:
    """Return among which digits the opened one stands, as ``open_digit`` was told."""
    return st.session_state.get(_AMONG)


_AMONG = "opened_among"
_CHANGED = "changed_address"  # the addresses before the last changes, and the one after them
_NAMES = ("kind", "truth", "read", "sort", "page", "show", "values", "digit")


def _pick(given: str | None, known, usual: str) -> str:
    return given if given in known else usual


def _parse_number(given: str | None, low: int, high: int) -> int | None:
    """Return a whole number within its bounds; None where there is none."""
    if given is None or not (given.isascii() and given.isdigit()) or len(given) > 6:
        return None
    return int(given) if low <= int(given) <= high else None
