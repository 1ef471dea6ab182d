"""The answer to one digit: a numeral to be seen from afar, its probability, ten bars."""

import html

import streamlit as st

from digitlib.reading.recogniser import Answer, format_share
from digitlib.ui.digit_image import draw_as_seen
from digitlib.ui.inputs import DigitToRead

NEARLY = 0.05  # a second digit this likely is worth a word


def show_answer(answer: Answer, read: DigitToRead) -> None:
    """Show what was read, how sure the network is, and the truth where it is known."""
    sureness = html.escape(format_share(answer.confidence))
    words = f"<strong>{sureness} sure</strong>"
    if read.truth is not None:
        words += _compare(answer.digit, read)
    elif answer.probabilities[answer.second] >= NEARLY:
        words += f"or perhaps {answer.second}"
    if read.origin and read.truth is None:
        words += f'<div class="origin">{html.escape(read.origin)}</div>'
    st.html(
        f'<div class="answer-head"><div class="answer-digit">{answer.digit}</div>'
        f'<div class="answer-words">{words}</div></div>' + draw_bars(answer)
    )


def show_no_answer(hint: str) -> None:
    """Show empty bars and a sentence that says what to do, or what is wrong."""
    hint = html.escape(hint)
    st.html(f'<div class="answer-head"><div class="answer-hint">{hint}</div></div>' + draw_bars())


def show_seen(read: DigitToRead) -> None:
    """Show the 28x28 pixels that the network gets, enlarged."""
    picture = draw_as_seen(read.digit, 168, "the digit as the network sees it")
    st.html(
        f'<figure class="figure">{picture}<figcaption>What the network saw: 28 × 28 pixels'
        "</figcaption></figure>"
    )


def draw_bars(answer: Answer | None = None, truth: int | None = None) -> str:
    """Return ten bars, always in the order 0 to 9, as HTML.

    The answer's bar has its colour, the truth's digit a mark; without an answer all stand empty.
    """
    rows = []
    for digit in range(10):
        share = float(answer.probabilities[digit]) if answer else 0.0
        best = " best" if answer and digit == answer.digit else ""
        text = html.escape(format_share(share)) if answer else ""
        mark = '<span class="mark-right" title="the truth">✓</span>' if digit == truth else ""
        rows.append(
            f'<span class="{best}">{digit}{mark}</span>'
            f'<span class="track"><div class="fill{best}" style="width:{share:.2%}"></div></span>'
            f'<span class="share{best}">{text}</span>'
        )
    return f'<div class="bars">{"".join(rows)}</div>'


def _compare(digit: int, read: DigitToRead) -> str:
    if digit == read.truth:
        mark = '<span class="mark-right">✓ right</span>'
    else:
        mark = '<span class="mark-wrong">✗ wrong</span>'
    return f"{read.origin} is a {read.truth}: {mark}"
