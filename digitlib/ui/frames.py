"""A picture with frames on it, each of which can be clicked."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st


@dataclass(frozen=True)
class Frame:
    """A rectangle on a picture.

    Attributes:
        left, top, width, height: in shares of the picture's width and height, 0 to 1.
        name: what it is, for those who point at it or cannot see it.
        label: one or two characters in its corner; may be empty.
    """

    left: float
    top: float
    width: float
    height: float
    name: str
    label: str = ""


def _read(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


_show = st.components.v2.component(
    "digitlib_frames", css=_read("frames.css"), js=_read("frames.js")
)


def show_frames(
    picture: str,
    description: str,
    frames: Sequence[Frame],
    key: str,
    on_click: Callable[[int], None],
    chosen: int | None = None,
) -> None:
    """Show a picture with frames on it.

    Args:
        picture: its URL.
        description: for those who cannot see it.
        frames: what can be clicked.
        key: of this picture on the page.
        on_click: called with the place of the frame that was clicked, before the page runs again.
        chosen: the place of the frame that stands out, if any.
    """

    def tell() -> None:
        clicked = st.session_state[key].get("clicked")
        if clicked is not None and 0 <= int(clicked) < len(frames):
            on_click(int(clicked))

    _show(
        data={
            "picture": picture,
            "description": description,
            "frames": [asdict(frame) for frame in frames],
            "chosen": chosen,
        },
        key=key,
        on_clicked_change=tell,
    )
