"""The adapter around the drawing canvas: a white pen on black, and a drawing that is not lost.

Tests draw by putting an RGBA array into the session under ``INJECTED``.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import streamlit as st
from streamlit_drawable_canvas import st_canvas

SIDE = 280
INJECTED = "injected_drawing"

_mend_canvas = st.components.v2.component(
    "digitlib_mend_canvas", js=Path(__file__).with_name("canvas.js").read_text(encoding="utf-8")
)


def show_canvas(pen: int, on_stroke: Callable[[], None]) -> np.ndarray | None:
    """Show the canvas and return the drawing, uint8 (280, 280, 4), or None while it is empty.

    The drawing is kept in the session: it is there again when the visitor comes back from another
    page.

    Args:
        pen: width of the pen in pixels.
        on_stroke: called at the end of each stroke, before the page runs again.
    """
    state = st.session_state
    key = f"canvas-{state.setdefault('canvas_number', 0)}"
    # A canvas draws what it starts from when it is new on the page. Later on that must stay the
    # same: another value would be a command to draw it all again.
    if key not in state:
        state.canvas_start = state.get("drawing")
    result = st_canvas(
        stroke_width=pen,
        stroke_color="#FFFFFF",
        background_color="#000000",
        width=SIDE,
        height=SIDE,
        initial_drawing=state.canvas_start,
        return_image_data=True,
        key=key,
        on_change=on_stroke,
    )
    _mend_canvas(data=key, key="mend-canvas")
    state.drawing = result.json_data
    if INJECTED in state:
        return state[INJECTED]
    if not has_strokes(result.json_data):
        return None
    # A canvas that was given back its drawing sends no picture of it before the next stroke.
    if result.image_data is not None:
        state.drawing_pixels = result.image_data
    return state.get("drawing_pixels")


def has_strokes(drawing: dict | None) -> bool:
    """Whether a drawing, as the canvas describes it, holds anything."""
    return bool(drawing and drawing.get("objects"))


def clear_canvas() -> None:
    """Empty the canvas at the next run of the page."""
    st.session_state.canvas_number = st.session_state.get("canvas_number", 0) + 1
    st.session_state.drawing = None
    st.session_state.pop(INJECTED, None)
