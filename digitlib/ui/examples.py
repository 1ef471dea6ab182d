"""A dozen pictures to click; ``tools/make_examples.py`` has made them."""

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import streamlit as st
from PIL import Image

from digitlib.ui.digit_image import to_data_url
from digitlib.ui.frames import Frame, show_frames

FOLDER = Path(__file__).with_name("examples")
COLUMNS = 3
THUMBNAIL = (192, 144)
GAP = 8


@dataclass(frozen=True)
class Example:
    """A picture to click.

    Attributes:
        title: what is to be seen.
        rows: the digits in it, a string per line; none where there are no digits.
        file: its content, JPEG.
    """

    title: str
    rows: tuple[str, ...]
    file: bytes


@st.cache_resource(show_spinner=False)
def load_examples() -> list[Example]:
    """Return the examples, in the order of their sheet."""
    with (FOLDER / "examples.csv").open(newline="", encoding="utf-8") as stream:
        return [
            Example(
                row["title"],
                tuple(row["rows"].split("/")) if row["rows"] else (),
                (FOLDER / row["file"]).read_bytes(),
            )
            for row in csv.DictReader(stream)
        ]


def show_examples(on_click: Callable[[int], None]) -> None:
    """Show all examples on one sheet; ``on_click`` is called with the place of one in the list."""
    picture, frames = _draw_sheet()
    show_frames(picture, "Pictures of digits to click", frames, "examples", on_click)


@st.cache_resource(show_spinner=False)
def _draw_sheet() -> tuple[str, list[Frame]]:
    """Return the URL of a sheet of all examples, and where on it each is."""
    examples = load_examples()
    width, height = THUMBNAIL
    rows = -(-len(examples) // COLUMNS)
    whole = (COLUMNS * (width + GAP) - GAP, rows * (height + GAP) - GAP)
    sheet, frames = Image.new("RGBA", whole), []
    for place, example in enumerate(examples):
        left, top = place % COLUMNS * (width + GAP), place // COLUMNS * (height + GAP)
        sheet.paste(Image.open(io.BytesIO(example.file)).resize(THUMBNAIL), (left, top))
        shares = (left / whole[0], top / whole[1], width / whole[0], height / whole[1])
        frames.append(Frame(*shares, name=example.title))
    return to_data_url(sheet, "WEBP"), frames
