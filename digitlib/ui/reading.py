"""What was read in a picture, small enough to be kept for its visitor while the page runs again.

Nobody else gets to see it: it lies in the visitor's session, not in a cache that all share.
"""

import hashlib
from dataclasses import dataclass, replace
from functools import cached_property

import cv2
import numpy as np
import streamlit as st

from digitlib.runs.files import read_time_of_change
from digitlib.runs.folder import load_run
from digitlib.transcript import ReadGlyph, Transcript, transcribe_digit, transcribe_picture
from digitlib.ui.frames import Frame
from digitlib.ui.inputs import Chosen
from digitlib.ui.loaders import load_recogniser
from digitlib.vision import PreparedGlyph, open_picture

SIDE = 640  # pixels of the longer side of a picture that is shown
GLYPH_SIDE = 120


@dataclass(frozen=True, eq=False)
class ShownGlyph:
    """A glyph of a picture and what was read in it.

    Attributes:
        read: where it stands, its ink, its 28x28 pixels, the answer.
        row, place: counted from 0, in reading order.
    """

    read: ReadGlyph
    row: int
    place: int

    @property
    def sign(self) -> str:
        """The digit, or a question mark for what does not look like one."""
        return str(self.read.answer.digit) if self.read.accepted else "?"


@dataclass(frozen=True, eq=False)
class ShownPicture:
    """What was read in a picture, and how.

    Attributes:
        chosen: what was to be read.
        fingerprint: stands for its pixels.
        reader: the model that read it, and when its file was made.
        size: width and height of the picture, pixels.
        picture: uint8, with up to 640 pixels on the longer side.
        ink: uint8, as large, 255 is ink.
        glyphs: in reading order, at least one.
    """

    chosen: Chosen
    fingerprint: str
    reader: tuple[str, float]
    size: tuple[int, int]
    picture: np.ndarray
    ink: np.ndarray
    glyphs: tuple[ShownGlyph, ...]

    @cached_property
    def rows(self) -> list[str]:
        """A string for each row of signs, such as ``["12", "3?"]``."""
        rows = [""] * (1 + max(glyph.row for glyph in self.glyphs))
        for glyph in self.glyphs:
            rows[glyph.row] += glyph.sign
        return rows

    @cached_property
    def frames(self) -> list[Frame]:
        """A frame around each glyph."""
        width, height = self.size
        frames = []
        for glyph in self.glyphs:
            box = glyph.read.glyph.box
            frames.append(
                Frame(
                    box.left / width,
                    box.top / height,
                    box.width / width,
                    box.height / height,
                    name=f"Look into the {glyph.sign}" if glyph.read.accepted else "Look into this",
                    label=glyph.sign,
                )
            )
        return frames

    @cached_property
    def most_prominent(self) -> int:
        """The place in ``glyphs`` of the one that takes the most room."""
        boxes = [glyph.read.glyph.box for glyph in self.glyphs]
        return int(np.argmax([box.width * box.height for box in boxes]))


def read_chosen(chosen: Chosen, model: str) -> ShownPicture:
    """Read what a visitor chose, or return what was read in it already.

    Raises:
        DigitLabError: the picture or the model cannot be read; the sentence says why.
    """
    recogniser = load_recogniser(model)
    state, fingerprint = st.session_state, _fingerprint(chosen)
    # Not "read": that is what Mistakes calls its filter.
    kept = state.get("shown_picture")
    same = kept is not None and kept.fingerprint == fingerprint
    reader = (model, read_time_of_change(load_run(model).model_file))
    if same and kept.reader == reader:
        return kept
    if chosen.digit is not None:
        transcript = transcribe_digit(chosen.digit, recogniser)
    else:
        picture = chosen.drawing if chosen.file is None else open_picture(chosen.file)
        transcript = transcribe_picture(picture, recogniser)
    shown = _make_small(chosen, transcript, fingerprint, reader)
    state.shown_picture = shown
    if not same or len(shown.glyphs) != len(kept.glyphs):
        state.glyph = shown.most_prominent
    return shown


def choose_glyph(place: int) -> None:
    """Have the page look into another glyph of the picture that was read last."""
    st.session_state.glyph = place


def get_chosen_glyph(shown: ShownPicture) -> int:
    """Return the place of the glyph that the page looks into."""
    return min(st.session_state.get("glyph", 0), len(shown.glyphs) - 1)


def _fingerprint(chosen: Chosen) -> str:
    pixels = chosen.drawing if chosen.digit is None else chosen.digit
    content = np.ascontiguousarray(pixels) if chosen.file is None else chosen.file
    return chosen.origin + hashlib.blake2b(content).hexdigest()


def _make_small(
    chosen: Chosen, transcript: Transcript, fingerprint: str, reader: tuple[str, float]
) -> ShownPicture:
    prepared = transcript.prepared
    height, width = prepared.ink.shape
    ink = np.round(255 * prepared.ink).astype(np.uint8)
    glyphs = tuple(
        ShownGlyph(replace(read, glyph=_make_glyph_small(read.glyph)), row, place)
        for row, glyphs in enumerate(transcript.rows)
        for place, read in enumerate(glyphs)
    )
    picture, ink = _shrink(prepared.picture, SIDE), _shrink(ink, SIDE)
    return ShownPicture(chosen, fingerprint, reader, (width, height), picture, ink, glyphs)


def _make_glyph_small(glyph: PreparedGlyph) -> PreparedGlyph:
    return replace(glyph, glyph=_shrink(glyph.glyph, GLYPH_SIDE))


def _shrink(picture: np.ndarray, side: int) -> np.ndarray:
    scale = side / max(picture.shape[:2])
    if scale >= 1:
        return picture
    size = [max(1, round(length * scale)) for length in picture.shape[1::-1]]
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
