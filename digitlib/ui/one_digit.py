"""One digit looked at closely: what was read in it, why, and since when."""

import html
from dataclasses import replace

import numpy as np
import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.reading.occlusion import map_occlusions
from digitlib.reading.recogniser import Answer, format_share
from digitlib.ui.address import open_digit, read_among, read_view, write_view
from digitlib.ui.answer import draw_bars
from digitlib.ui.answers import Reader, load_answer, load_epochs, load_history
from digitlib.ui.charts import LINES, answers_chart, collect_answers
from digitlib.ui.collection import name_digit
from digitlib.ui.digit_image import draw_as_seen
from digitlib.ui.digit_sets import DigitSet
from digitlib.ui.explanation import draw_occlusion, show_layers
from digitlib.ui.loaders import load_recogniser
from digitlib.ui.neighbours import end_waiting, show_neighbours
from digitlib.ui.problems import escape_markdown, show_problem
from digitlib.ui.style import PALETTES, get_theme

SIDE = 196


def show_opened_digit(reader: Reader, places: np.ndarray) -> None:
    """Show the digit that the address says is open, if it says so, in a dialog.

    Args:
        reader: who has read it.
        places: of the digits that are selected, to go from one to the next.
    """
    if read_view().digit is None:
        end_waiting()
        return
    if reader.digits.find(read_view().digit) is None:
        _close()
        return
    st.dialog("One digit", width="medium", on_dismiss=_close)(_show)(reader, places)


def _close() -> None:
    write_view(replace(read_view(), digit=None))


def _show(reader: Reader, places: np.ndarray) -> None:
    place = reader.digits.find(read_view().digit or "")
    if place is None:
        return
    digit = reader.digits.take_images(np.array([place]))[0]
    truth = int(reader.digits.labels[place])
    _show_neighbours_in_order(reader.digits, place, places)
    try:
        answer = Answer(load_answer(reader.model, reader.digits, place, reader.epoch))
        second = None
        if reader.second:
            second = Answer(load_answer(reader.second, reader.digits, place, None))
        _show_answer(reader, place, digit, truth, answer, second)
        if reader.epoch is not None:
            answer = _go_on_with_finished(reader, place)
        _show_occlusion(reader.model, digit, truth, answer)
        layers = st.expander("What each layer finds", key="layers", on_change="rerun")
        if layers.open:
            with layers:
                show_layers(digit, reader.model)
        _show_history(reader, place, truth, answer)
        show_neighbours(reader.model, digit, answer.digit, truth)
    except DigitLabError as error:
        show_problem(error)


def _show_neighbours_in_order(digits: DigitSet, place: int, selected: np.ndarray) -> None:
    """Show which digit this is, and the way to the one before and the one after."""
    among = read_among()
    if among is not None and place not in among:
        among = None
    places = selected if among is None else among
    [found] = np.nonzero(places == place)
    rank = int(found[0]) if len(found) else None
    with st.container(horizontal=True, vertical_alignment="center", key="digit-steps"):
        which = digits.name(place)
        if rank is not None:
            which += f" · {rank + 1:,} of {len(places):,}"
        st.markdown(f"**{which}**", width="stretch")
        for name, icon, key, step in (
            ("Previous digit", ":material/chevron_left:", "Left", -1),
            ("Next digit", ":material/chevron_right:", "Right", 1),
        ):
            there = rank is not None and 0 <= rank + step < len(places)
            st.button(
                name,
                icon=icon,
                icon_position="left" if step < 0 else "right",
                key=name.lower().replace(" ", "-"),
                shortcut=key,
                disabled=not there,
                on_click=open_digit,
                args=(digits.find_key(int(places[rank + step])) if there else "", among),
            )


def _show_answer(
    reader: Reader,
    place: int,
    digit: np.ndarray,
    truth: int,
    answer: Answer,
    second: Answer | None,
) -> None:
    name = reader.digits.name(place)
    image = draw_as_seen(digit, SIDE, f"{name}, {name_digit(truth)}")
    words = f"<strong>{html.escape(format_share(answer.confidence))} sure</strong>"
    words += f"is {name_digit(truth)}: {_mark(answer, truth)}"
    if second is not None:
        sure = html.escape(format_share(second.confidence))
        words += (
            f"<div>{html.escape(reader.second)} reads {name_digit(second.digit)}, {sure} sure: "
            f"{_mark(second, truth)}</div>"
        )
    doubt = reader.digits.describe_doubt(place)
    badge = f'<div class="doubt">{doubt}</div>' if doubt else ""
    st.html(
        f'<div class="opened-digit">{image}<div class="opened-answer"><div class="answer-head">'
        f'<div class="answer-digit">{answer.digit}</div><div class="answer-words">{words}</div>'
        f"</div>{badge}</div>{draw_bars(answer, truth)}</div>"
    )
    st.caption(escape_markdown(f"✓ marks the truth. Read by {reader.name}."))


def _go_on_with_finished(reader: Reader, place: int) -> Answer:
    """Say that what follows is the finished model's, and return its answer."""
    finished = Answer(load_answer(reader.model, reader.digits, place, None))
    sure = format_share(finished.confidence)
    st.caption(
        escape_markdown(
            "Of an epoch only the answers are kept. What follows is the finished model's, which "
            f"reads {name_digit(finished.digit)}, {sure} sure."
        )
    )
    return finished


def _mark(answer: Answer, truth: int) -> str:
    if answer.digit == truth:
        return '<span class="mark-right">✓ right</span>'
    return '<span class="mark-wrong">✗ wrong</span>'


def _show_occlusion(model: str, digit: np.ndarray, truth: int, answer: Answer) -> None:
    """Show on which places the answer hangs, and the truth beside it."""
    digits = list(dict.fromkeys([answer.digit, truth]))
    found = map_occlusions(digit, digits, load_recogniser(model).read)
    figures = "".join(
        f'<figure class="figure">{draw_occlusion(digit, each.map)}<figcaption>What speaks for '
        f"{name_digit(number)}{', the truth' if number == truth else ''}</figcaption></figure>"
        for number, each in zip(digits, found, strict=True)
    )
    st.html(
        '<h4 class="small-heading">What it looked at</h4>'
        f'<div class="looked-at">{figures}<p>A square of 7 × 7 pixels was covered, place after '
        'place. Where it is <span class="plus">blue</span>, that digit needs what is there; where '
        'it is <span class="minus">orange</span>, the network is surer of it without.</p></div>'
    )


def _show_history(reader: Reader, place: int, truth: int, answer: Answer) -> None:
    """Show how sure the network was of the answer, and of the truth, while it learnt."""
    test_place = reader.digits.find_test_place(place)
    if test_place is None:
        return
    st.html('<h4 class="small-heading">While it learnt</h4>')
    epochs = load_epochs(reader.model)
    if not epochs:
        st.caption(
            escape_markdown(
                f"What {reader.model} answered after each epoch was not kept: it was trained "
                "before that was done, or elsewhere."
            )
        )
        return
    rows = collect_answers(epochs, load_history(reader.model, test_place), truth, answer.digit)
    st.vega_lite_chart(_draw_chart(get_theme()) | {"datasets": {LINES: rows}}, key="answers-chart")
    st.caption("After each epoch; before the calibration that the finished model has.")


@st.cache_resource(show_spinner=False)
def _draw_chart(theme: str) -> dict:
    return answers_chart(PALETTES[theme]).to_dict()
