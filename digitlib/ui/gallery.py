"""The digits that are looked at: chosen, ordered, and on a sheet page by page."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import streamlit as st

from digitlib.reading.recogniser import format_share
from digitlib.reading.selection import Selection, count_kinds
from digitlib.ui.address import PAGE_SIZES, View, open_digit, read_view, write_view
from digitlib.ui.answers import Reader
from digitlib.ui.collection import name_digit
from digitlib.ui.digit_sets import DigitSet
from digitlib.ui.downloads import offer_downloads
from digitlib.ui.gallery_sheet import KEYS, Cell, show_sheet
from digitlib.ui.problems import show_warning

LONGEST_KEY = 40  # characters that are told of one that does not exist
ALL = "all"
CHOICES = [ALL, *map(str, range(10))]
KIND_TITLES = {
    "misread": "Misread",
    "unsure": "Right but unsure",
    "all": "All",
    "fixed": "B fixed",
    "broke": "B broke",
    "both": "Both miss",
}
ORDER_TITLES = {
    "surest": "surest first",
    "unsure": "least sure first",
    "loss": "highest loss first",
    "close": "closest call first",
    "disagreement": "most disagreement first",
    "place": "as in the set",
}


def choose_digits(table: pd.DataFrame, view: View, orders: list[str]) -> None:
    """Show what kinds of digits there are, the filters and the order.

    Args:
        table: as in Evaluation, with a second model where there is one.
        view: what is looked at.
        orders: those that can be chosen, keys of ``ORDER_TITLES``.
    """
    selection = view.selection
    counts = count_kinds(table)
    _choose(
        st.pills,
        "Show",
        list(counts),
        selection.kind,
        "kind",
        lambda old, kind: old.choose_kind(kind),
        format_func=lambda kind: f"{KIND_TITLES[kind]} · {counts.get(kind, 0):,}",
        required=True,
        label_visibility="collapsed",
    )
    with st.container(horizontal=True):
        for name, field, label in (("truth", "truth", "Truth"), ("read", "answer", "Read as")):
            chosen = getattr(selection, field)
            _choose(
                st.selectbox,
                label,
                CHOICES,
                ALL if chosen is None else str(chosen),
                name,
                lambda old, choice, field=field: replace(
                    old, **{field: None if choice == ALL else int(choice)}
                ),
                width=84,
            )
        _choose(
            st.selectbox,
            "Sort",
            orders,
            selection.order,
            "sort",
            lambda old, order: replace(old, order=order),
            format_func=ORDER_TITLES.get,
            width=200,
        )
        _choose_page_size(view)


def _choose(
    widget: Callable,
    label: str,
    options: list[str],
    chosen: str,
    key: str,
    change: Callable[[Selection, str], Selection],
    **options_of_widget,
) -> None:
    """Show a widget that stands where the address says, and changes the selection there."""
    st.session_state[key] = chosen

    def take() -> None:
        view = read_view()
        selection = change(view.selection, st.session_state[key])
        write_view(replace(view, selection=selection, page=1))

    widget(label, options, key=key, on_change=take, **options_of_widget)


def _choose_page_size(view: View) -> None:
    st.session_state["page-size"] = view.per_page
    st.selectbox(
        "On a page",
        PAGE_SIZES,
        key="page-size",
        width=90,
        on_change=lambda: write_view(
            replace(read_view(), per_page=st.session_state["page-size"], page=1)
        ),
    )


def show_gallery(reader: Reader, table: pd.DataFrame, places: np.ndarray) -> None:
    """Show a page of the selected digits.

    Args:
        reader: who has read them.
        table: as in Evaluation, with a second model where there is one.
        places: rows of the table that are selected, in their order.
    """
    view = read_view()
    if view.digit is not None and reader.digits.find(view.digit) is None:
        show_warning(f"There is no digit {view.digit[:LONGEST_KEY]!r} among these digits.")
    if not len(places):
        st.caption("No digit is of this kind.")
        return
    pages = -(-len(places) // view.per_page)
    page = min(view.page, pages)
    shown = places[(page - 1) * view.per_page : page * view.per_page]
    names = (reader.model, reader.second) if reader.second else (reader.model,)
    cells = [_describe_cell(reader.digits, row, names) for row in table.iloc[shown].itertuples()]
    if reader.second:
        st.caption("Below each: what it is, A's answer → B's answer, and how sure each of them is.")
    images = reader.digits.take_images(shown)
    show_sheet(images, cells, page, pages, view.digit, open_digit, _turn_to)
    with st.container(horizontal=True, vertical_alignment="center", key="gallery-pages"):
        _show_pages(page, pages, len(places))
        offer_downloads(reader, table, places, view.selection.name)
    st.caption(f"Click a digit to look into it. {KEYS}")


def _describe_cell(digits: DigitSet, row, names: tuple[str, ...]) -> Cell:
    right = row.answer == row.truth
    article = name_digit(row.truth)
    if len(names) == 1:
        lines = (f"{row.truth} read as {row.answer}", format_share(row.confidence))
        words = f"{article}, read as {row.answer}, {lines[1]} sure"
    else:
        lines = (
            f"{row.truth}: {row.answer} → {row.other}",
            f"{_floor(row.confidence)} → {_floor(row.other_confidence)}",
        )
        words = f"{article}, read as {row.answer} by {names[0]} and as {row.other} by {names[1]}"
        right = row.other == row.truth
    doubt = digits.describe_doubt(row.index)
    seen = doubt[-1] if doubt and doubt[-1].isdigit() else ""
    return Cell(
        digits.find_key(row.index),
        lines,
        f"{digits.name(row.index)}: {words}. {doubt}".strip(),
        "right" if right else "wrong",
        f"{seen}?" if doubt else "",
    )


def _floor(share: float) -> str:
    """Return a probability in whole percent, never rounded up to certain."""
    return ">99%" if share > 0.99 else f"{int(100 * share)}%"


def _show_pages(page: int, pages: int, count: int) -> None:
    st.button(
        "Previous",
        icon=":material/chevron_left:",
        key="previous-page",
        disabled=page == 1,
        on_click=_turn_to,
        args=(page - 1,),
    )
    digits = "digit" if count == 1 else "digits"
    st.markdown(f"{count:,} {digits} · page {page:,} of {pages:,}", width="content")
    st.button(
        "Next",
        icon=":material/chevron_right:",
        icon_position="right",
        key="next-page",
        disabled=page == pages,
        on_click=_turn_to,
        args=(page + 1,),
    )


def _turn_to(page: int) -> None:
    write_view(replace(read_view(), page=page))
