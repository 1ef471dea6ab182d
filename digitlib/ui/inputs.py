"""Where a digit on the Draw page comes from: the canvas, an uploaded picture, or the test digits.

The one that was used last is the one that is read.
"""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from digitlib.data import TEST_DIGITS
from digitlib.ui.canvas import clear_canvas, show_canvas
from digitlib.ui.loaders import load_test_digits
from digitlib.vision import open_picture, prepare_digit

PEN = 18  # pixels; on a canvas of 280 about the stroke of an MNIST digit
PICTURE_TYPES = ["png", "jpg", "jpeg", "webp", "bmp", "gif", "heic", "heif"]


@dataclass(frozen=True, eq=False)
class DigitToRead:
    """A digit on its way to the network.

    Attributes:
        digit: uint8 (28, 28) in MNIST form.
        truth: what it is, where that is known.
        origin: a few words for people, such as ``Test digit 247``; empty for a drawing.
    """

    digit: np.ndarray
    truth: int | None = None
    origin: str = ""


def choose_digit() -> DigitToRead | None:
    """Show the canvas, the upload and the test digits; return the digit used last, if any.

    Raises:
        DigitLabError: the picture or the test digits cannot be read; the sentence says why.
    """
    drawn, uploaded = st.tabs(["Draw", "Upload"])
    with drawn, st.container(key="canvas", gap=None):
        drawing = show_canvas(st.session_state.get("pen", PEN), on_stroke=_use("canvas"))
    with uploaded:
        upload = st.file_uploader(
            "A picture of one digit, dark on light or light on dark",
            PICTURE_TYPES,
            key=f"upload-{st.session_state.setdefault('upload_number', 0)}",
            on_change=_use("upload"),
        )
    with st.container(horizontal=True, gap="xsmall"):
        st.button("Clear", on_click=_clear)
        with st.popover("Pen"):
            st.slider("Width of the pen", 8, 32, PEN, key="pen", persist_state="session")
        st.button("Try a test digit", icon=":material/casino:", on_click=_pick_test_digit)

    source = st.session_state.get("source")
    if source == "test":
        index = st.session_state.test_digit
        test = load_test_digits()
        return DigitToRead(test.images[index], int(test.labels[index]), f"Test digit {index}")
    if source == "upload" and upload is not None:
        return DigitToRead(prepare_digit(open_picture(upload.getvalue())).digit, None, upload.name)
    if drawing is not None:
        return DigitToRead(prepare_digit(drawing).digit)
    return None


def _use(source: str):
    def remember() -> None:
        st.session_state.source = source

    return remember


def _clear() -> None:
    clear_canvas()
    st.session_state.upload_number += 1  # a new uploader is empty
    st.session_state.source = "canvas"


def _pick_test_digit() -> None:
    st.session_state.test_digit = int(np.random.default_rng().integers(TEST_DIGITS))
    st.session_state.source = "test"
