"""How it got there: a picture on its way to the 28x28 pixels that the network reads."""

import io

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from digitlib.transcript import tabulate
from digitlib.ui.digit_image import draw_exactly, draw_photograph
from digitlib.ui.reading import ShownPicture


def show_steps(shown: ShownPicture, chosen: int) -> None:
    """Show the steps, from the picture to the glyph that is looked into, and what can be kept."""
    glyph = shown.glyphs[chosen].read.glyph
    if shown.chosen.digit is None:
        steps = [
            (draw_photograph(shown.picture), "the picture"),
            (draw_exactly(shown.ink), "1. its ink"),
            (draw_exactly(np.round(255 * glyph.glyph).astype(np.uint8)), "2. the digit, cut out"),
            (draw_exactly(glyph.digit), "3. 28 × 28 pixels"),
        ]
        figures = '<span class="arrow">›</span>'.join(
            _draw_step(url, caption) for url, caption in steps
        )
        st.html(f'<div class="steps">{figures}</div>')
        st.caption(
            "Ink is what stands out from the ground around it, bright on black. The digit is made "
            "20 pixels high or wide and put so that the middle of its ink lies in the middle, as "
            "all digits of MNIST are."
        )
    else:
        st.caption("A digit of MNIST is 28 × 28 pixels from the start: nothing was changed.")
    with st.container(horizontal=True):
        st.download_button(
            "Answers as CSV", _write_csv(shown), "digits.csv", "text/csv", icon=":material/table:"
        )
        st.download_button(
            "28 × 28 as PNG",
            _write_png(glyph.digit),
            f"digit-{shown.glyphs[chosen].sign.replace('?', 'unknown')}.png",
            "image/png",
            icon=":material/image:",
        )


def _draw_step(url: str, caption: str) -> str:
    return (
        f'<figure class="figure step"><img alt="{caption}" src="{url}">'
        f"<figcaption>{caption}</figcaption></figure>"
    )


def _write_csv(shown: ShownPicture) -> str:
    places = pd.DataFrame({
        "row": [glyph.row + 1 for glyph in shown.glyphs],
        "place": [glyph.place + 1 for glyph in shown.glyphs],
    })  # fmt: skip
    answers = pd.DataFrame(tabulate(glyph.read for glyph in shown.glyphs))
    return pd.concat([places, answers], axis=1).to_csv(index=False, float_format="%.6g")


def _write_png(digit: np.ndarray) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(digit).save(stream, "PNG")
    return stream.getvalue()
