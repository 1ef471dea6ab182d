"""Where the picture on the Draw page comes from.

The canvas, an uploaded file, the camera, an example or a test digit: the one that was used last is
the one that is read.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st

from digitlib.data import TEST_DIGITS
from digitlib.ui.canvas import clear_canvas, show_canvas
from digitlib.ui.examples import load_examples, show_examples
from digitlib.ui.loaders import load_test_digits

PEN = 18  # pixels; on a canvas of 280 about the stroke of an MNIST digit
PICTURE_TYPES = ["png", "jpg", "jpeg", "webp", "bmp", "gif", "heic", "heif"]


@dataclass(frozen=True, eq=False)
class Chosen:
    """What a visitor wants to have read: one of the first three.

    Attributes:
        drawing: from the canvas, uint8 (280, 280, 4).
        file: the content of a picture file.
        digit: uint8 (28, 28), in MNIST form already.
        truth: what the digit is, where that is known.
        origin: a few words for people, such as ``Test digit 247``; empty for a drawing.
    """

    drawing: np.ndarray | None = None
    file: bytes | None = None
    digit: np.ndarray | None = None
    truth: int | None = None
    origin: str = ""


def choose_picture() -> Chosen | None:
    """Show the canvas and the other ways to bring a picture; return the one used last, if any.

    Raises:
        DigitLabError: the test digits or the examples cannot be read; the sentence says why.
    """
    drawn, uploaded, photographed, given = st.tabs(
        ["Draw", "Upload", "Camera", "Examples"], key="ways", on_change="rerun"
    )
    with drawn, st.container(key="canvas", gap=None):
        drawing = show_canvas(st.session_state.get("pen", PEN), on_stroke=_use("canvas"))
    with uploaded:
        _show_upload()
    with photographed:
        if photographed.open:  # or the browser would ask for the camera as the page opens
            _show_camera()
    with given:
        if given.open:
            show_examples(on_click=_use("example"))
    with st.container(horizontal=True, gap="xsmall"):
        st.button("Clear", on_click=_clear)
        with st.popover("Pen"):
            st.slider("Width of the pen", 8, 32, PEN, key="pen", persist_state="session")
        st.button("Try a test digit", icon=":material/casino:", on_click=_pick_test_digit)
    return _find_chosen(drawing)


def _find_chosen(drawing: np.ndarray | None) -> Chosen | None:
    state = st.session_state
    source = state.get("source")
    if source == "test":
        test, index = load_test_digits(), state.test_digit
        truth = int(test.labels[index])
        return Chosen(digit=test.images[index], truth=truth, origin=f"Test digit {index}")
    if source == "example":
        example = load_examples()[state.example]
        return Chosen(file=example.file, origin=example.title)
    if source in ("upload", "camera") and source in state.setdefault("files", {}):
        name, content = state.files[source]
        return Chosen(file=content, origin=name)
    return None if drawing is None else Chosen(drawing=drawing)


def _show_upload() -> None:
    key = f"upload-{st.session_state.setdefault('upload_number', 0)}"
    st.file_uploader(
        "A picture of digits, dark on light or light on dark",
        PICTURE_TYPES,
        key=key,
        on_change=partial(_keep_file, "upload", key),
    )


def _show_camera() -> None:
    key = f"camera-{st.session_state.setdefault('upload_number', 0)}"
    st.camera_input(
        "Hold the digits still, large and in good light",
        key=key,
        on_change=partial(_keep_file, "camera", key),
    )


def _keep_file(source: str, key: str) -> None:
    """Keep what was chosen: the widget forgets it when it is not shown."""
    state = st.session_state
    file = state[key]
    if file is None:
        state.files.pop(source, None)
        return
    name = file.name if source == "upload" else "Photograph"
    state.files = {**state.get("files", {}), source: (name, file.getvalue())}
    state.source = source


def _use(source: str) -> Callable[..., None]:
    def remember(choice: int | None = None) -> None:
        if choice is not None:
            st.session_state[source] = choice
        st.session_state.source = source

    return remember


def _clear() -> None:
    clear_canvas()
    st.session_state.upload_number += 1  # a new uploader is empty
    st.session_state.files = {}
    st.session_state.source = "canvas"


def _pick_test_digit() -> None:
    st.session_state.test_digit = int(np.random.default_rng().integers(TEST_DIGITS))
    st.session_state.source = "test"
