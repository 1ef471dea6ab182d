"""The answer: numerals to be seen from afar, a probability, ten bars, and what the network saw."""

import html
import sys

import streamlit as st

from digitlib.reading.recogniser import Answer, format_share
from digitlib.ui.collection import name_digit
from digitlib.ui.digit_image import draw_as_seen, draw_photograph
from digitlib.ui.frames import show_frames
from digitlib.ui.inputs import Chosen
from digitlib.ui.reading import ShownGlyph, ShownPicture, choose_glyph

NEARLY = 0.05  # a second digit this likely is worth a word
UNSURE = 0.2  # one this likely makes the answer a question
LARGEST, WIDTH, HEIGHT = 96, 340, 140  # pixels: of a numeral, of all in a row, of all rows
NUMERAL_WIDTH = 0.6  # of its height


def show_answer(shown: ShownPicture, chosen: int) -> None:
    """Show what was read, how sure the network is, and the truth where it is known."""
    glyph = shown.glyphs[chosen]
    words = _describe(glyph, shown)
    if shown.chosen.origin and shown.chosen.truth is None:
        words += f'<div class="origin">{html.escape(shown.chosen.origin)}</div>'
    several = " several" if len(shown.glyphs) > 1 else ""
    st.html(
        f'<div class="answer-head{several}">{_draw_numerals(shown, chosen)}'
        f'<div class="answer-words">{words}</div></div>' + draw_bars(glyph.read.answer)
    )


def show_no_answer(hint: str) -> None:
    """Show empty bars and a sentence that says what to do, or what is wrong."""
    hint = html.escape(hint)
    st.html(f'<div class="answer-head"><div class="answer-hint">{hint}</div></div>' + draw_bars())


def show_seen(shown: ShownPicture, chosen: int) -> None:
    """Show where the digits were found; of a drawing of one, the 28x28 pixels it became."""
    if len(shown.glyphs) > 1 or shown.chosen.file is not None:
        show_frames(
            draw_photograph(shown.picture),
            "the picture, with a frame around each digit",
            shown.frames,
            "frames",
            choose_glyph,
            chosen,
        )
        if len(shown.glyphs) > 1:
            st.caption("Click a digit to look into it.")
        return
    digit = shown.glyphs[0].read.glyph.digit
    picture = draw_as_seen(digit, 168, "the digit as the network sees it")
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
        # No network answers 0: what is 0 was too small for the float16 of the file it was kept in.
        text = html.escape(format_share(share or sys.float_info.min)) if answer else ""
        mark = '<span class="mark-right" title="the truth">✓</span>' if digit == truth else ""
        rows.append(
            f'<span class="{best}">{digit}{mark}</span>'
            f'<span class="track"><div class="fill{best}" style="width:{share:.2%}"></div></span>'
            f'<span class="share{best}">{text}</span>'
        )
    return f'<div class="bars">{"".join(rows)}</div>'


def _draw_numerals(shown: ShownPicture, chosen: int) -> str:
    """Return the digits row by row as HTML, as large as there is room, the chosen one marked."""
    longest = max(len(row) for row in shown.rows)
    size = min(LARGEST, WIDTH / (NUMERAL_WIDTH * longest), HEIGHT / len(shown.rows))
    if len(shown.glyphs) == 1:
        return f'<div class="answer-digit">{shown.glyphs[0].sign}</div>'
    lines = ["" for _ in shown.rows]
    for place, glyph in enumerate(shown.glyphs):
        mark = ' class="looked-into"' if place == chosen else ""
        lines[glyph.row] += f"<span{mark}>{glyph.sign}</span>"
    return f'<div class="answer-digit" style="font-size:{size:.0f}px">{"<br>".join(lines)}</div>'


def _describe(glyph: ShownGlyph, shown: ShownPicture) -> str:
    """Return how sure the answer for a glyph is, as HTML."""
    answer, one = glyph.read.answer, len(shown.glyphs) == 1
    second = answer.probabilities[answer.second]
    sure = html.escape(format_share(answer.confidence))
    if not glyph.read.accepted:
        what = "This" if one else "What is in the thick frame"
        words = f"<strong>{what} does not look like a digit.</strong>"
        if glyph.read.glyph.crowded:
            words += "Loose pieces lie within it, as they do in no digit."
        else:
            words += f"If it is one, perhaps {name_digit(answer.digit)}."
    elif second >= UNSURE:
        words = f"<strong>Not sure: {answer.digit} or {answer.second}?</strong>"
        words += f"{sure} for {answer.digit}"
    elif one:
        words = f"<strong>{sure} sure</strong>"
        if second >= NEARLY and shown.chosen.truth is None:
            words += f"or perhaps {answer.second}"
    else:
        words = f"<strong>{sure} sure</strong> of the {answer.digit} in the thick frame"
    return words + (_compare(answer.digit, shown.chosen) if shown.chosen.truth is not None else "")


def _compare(digit: int, chosen: Chosen) -> str:
    if digit == chosen.truth:
        mark = '<span class="mark-right">✓ right</span>'
    else:
        mark = '<span class="mark-wrong">✗ wrong</span>'
    return f"<div>{chosen.origin} is a {chosen.truth}: {mark}</div>"
