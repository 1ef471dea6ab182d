"""The digits a model misreads: chosen, ordered, paged, and one of them looked at closely."""

import html

import pandas as pd
import streamlit as st

from digitlib.data import Digits
from digitlib.reading.evaluation import ORDERS, Evaluation, select_mistakes
from digitlib.reading.recogniser import Answer, format_share
from digitlib.ui.answer import draw_bars
from digitlib.ui.digit_image import draw_as_seen, draw_in_ink
from digitlib.ui.loaders import load_probabilities, load_test_digits
from digitlib.ui.neighbours import show_neighbours

PER_PAGE = 24
ALL = "all"
CHOICES = [ALL, *map(str, range(10))]


def choose_mistakes(evaluation: Evaluation) -> pd.DataFrame:
    """Show the filters and the order; return the mistakes they leave, in that order."""
    with st.container(horizontal=True):
        chosen = {
            "order": st.selectbox("Sort", list(ORDERS), **_widget("sort")),
            "truth": st.selectbox("Truth", CHOICES, width=84, **_widget("truth")),
            "answer": st.selectbox("Read as", CHOICES, width=84, **_widget("read")),
        }
    for name in ("truth", "answer"):
        chosen[name] = None if chosen[name] == ALL else int(chosen[name])
    return select_mistakes(evaluation.mistakes, **chosen)


def show_gallery(model: str, mistakes: pd.DataFrame) -> None:
    """Show a page of misread digits; a click on one opens it."""
    if mistakes.empty:
        st.caption("No test digit is misread in this way.")
        return
    page = _choose_page(len(mistakes))
    digits = load_test_digits()
    with st.container(horizontal=True, key="gallery-digits"):
        for mistake in mistakes.iloc[page * PER_PAGE : (page + 1) * PER_PAGE].itertuples():
            with st.container(width=92, gap=None, horizontal_alignment="center"):
                _show_thumbnail(model, mistake, digits)


def _show_thumbnail(model: str, mistake, digits: Digits) -> None:
    words = f"{mistake.truth} read as {mistake.answer}"
    image = draw_in_ink(digits.images[mistake.index], 72, f"a {words}")
    sureness = html.escape(format_share(mistake.confidence))
    st.html(f'<div class="gallery-digit">{image}<span>{sureness}</span></div>')
    st.button(
        words,
        key=f"digit-{mistake.index}",
        type="tertiary",
        on_click=_open_digit,
        args=(model, int(mistake.index)),
    )


def show_opened_digit(model: str) -> None:
    """Show the digit that was clicked, if one was, in a dialog."""
    opened = st.session_state.pop("opened_digit", None)
    if opened is not None and opened[0] == model:
        index = opened[1]
        st.dialog(f"Test digit {index}")(_show_digit)(model, index)


def _show_digit(model: str, index: int) -> None:
    digits = load_test_digits()
    answer = Answer(load_probabilities(model)[index])
    truth = int(digits.labels[index])
    image = draw_as_seen(digits.images[index], 224, f"test digit {index}, a {truth}")
    sureness = html.escape(format_share(answer.confidence))
    st.html(
        '<div class="opened-digit">'
        f'{image}<div class="answer-head"><div class="answer-digit">{answer.digit}</div>'
        f'<div class="answer-words"><strong>{sureness} sure</strong>'
        f'is a {truth}: <span class="mark-wrong">✗ wrong</span></div></div></div>'
        + draw_bars(answer, truth)
    )
    st.caption(f"✓ marks the truth. Read by {model}.")
    show_neighbours(model, digits.images[index], answer.digit, truth)


def _open_digit(model: str, index: int) -> None:
    st.session_state.opened_digit = (model, index)


def _choose_page(count: int) -> int:
    """Show which page this is, with a way to the next; return it, counted from 0."""
    pages = -(-count // PER_PAGE)
    page = min(st.session_state.get("gallery_page", 0), pages - 1)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.button(
            "Previous",
            icon=":material/chevron_left:",
            disabled=page == 0,
            on_click=_turn_to,
            args=(page - 1,),
        )
        st.markdown(f"{count} digits · page {page + 1} of {pages}", width="content")
        st.button(
            "Next",
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=page == pages - 1,
            on_click=_turn_to,
            args=(page + 1,),
        )
    return page


def _turn_to(page: int) -> None:
    st.session_state.gallery_page = page


def _widget(key: str) -> dict:
    """Return what the filters have in common: they are in the address and lead to page 1."""
    return {"key": key, "bind": "query-params", "on_change": _turn_to, "args": (0,)}
