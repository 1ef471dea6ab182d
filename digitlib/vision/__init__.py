"""From any picture to digits of 28x28 pixels in the form of MNIST.

A step, a module, so that the app can show every one of them: ``pictures`` opens a file, ``desk``
paints over what lies around the paper, ``strokes`` tells whether they are dark or bright and how
wide, ``shade`` finds narrow shadows, ``ink`` tells strokes from their ground, ``lines`` removes
what is printed on the paper, ``glyphs`` finds the digits and their order, ``split`` parts those
that touch, ``form`` gives each MNIST's pen, size and place, ``signs`` tells a plus from a 4.
"""

from dataclasses import dataclass

import numpy as np

from digitlib.vision.form import to_mnist_form
from digitlib.vision.glyphs import Box, Glyph, find_glyphs, find_single_glyph
from digitlib.vision.ink import find_ink
from digitlib.vision.lines import remove_lines
from digitlib.vision.pictures import open_picture
from digitlib.vision.split import Judge, judge_glyphs

__all__ = [
    "Box",
    "Glyph",
    "Judge",
    "PreparedDigit",
    "PreparedGlyph",
    "PreparedPicture",
    "find_glyphs",
    "find_ink",
    "find_single_glyph",
    "open_picture",
    "prepare_digit",
    "prepare_digits",
    "remove_lines",
    "to_mnist_form",
]


@dataclass(frozen=True, eq=False)
class PreparedDigit:
    """A digit at each step of its way to the network.

    Attributes:
        picture: as it was given to ``prepare_digit``.
        ink: float32 (height, width), 0 is ground and 1 is ink.
        glyph: float32, the part of ``ink`` that holds the digit.
        digit: uint8 (28, 28), what the network reads.
    """

    picture: np.ndarray
    ink: np.ndarray
    glyph: np.ndarray
    digit: np.ndarray


@dataclass(frozen=True, eq=False)
class PreparedGlyph:
    """One of several digits in a picture, ready for the network.

    Attributes:
        box: where it stands, in pixels of the picture.
        glyph: float32 (box.height, box.width), its ink without its neighbours'.
        digit: uint8 (28, 28), what the network reads.
        crowded: whether two pieces of ink or more lie free within it, as they do in no digit.
    """

    box: Box
    glyph: np.ndarray
    digit: np.ndarray
    crowded: bool = False


@dataclass(frozen=True, eq=False)
class PreparedPicture:
    """A picture of digits at each step of its way to the network.

    Attributes:
        picture: as it was given to ``prepare_digits``.
        ink: float32 (height, width), 0 is ground and 1 is ink.
        rows: the digits, row by row in reading order; at least one, and no row is empty.
    """

    picture: np.ndarray
    ink: np.ndarray
    rows: tuple[tuple[PreparedGlyph, ...], ...]


def prepare_digit(picture: np.ndarray) -> PreparedDigit:
    """Bring the digit in a picture of one to the form of MNIST; of several, the largest.

    Args:
        picture: uint8, (height, width) grey, (height, width, 3) RGB or (height, width, 4) RGBA,
            with one digit, light on dark or dark on light.

    Raises:
        EmptyPictureError: the picture has no ink.
        PictureError: the array has another shape or dtype.
    """
    ink = remove_lines(find_ink(picture))
    glyph = find_single_glyph(ink).ink
    return PreparedDigit(picture, ink, glyph, to_mnist_form(glyph))


def prepare_digits(picture: np.ndarray, judge: Judge | None = None) -> PreparedPicture:
    """Bring all digits in a picture to the form of MNIST.

    Args:
        picture: uint8, (height, width) grey, (height, width, 3) RGB or (height, width, 4) RGBA,
            with digits on one line or several, light on dark or dark on light.
        judge: says what each is and how surely, such as ``Recogniser.read_scored``; it decides
            where digits touch or fall apart. Without one, place and size alone decide.

    Raises:
        EmptyPictureError: the picture has no ink.
        PictureError: the array has another shape or dtype.
    """
    ink = remove_lines(find_ink(picture))
    rows = find_glyphs(ink)
    if judge is not None:
        rows = judge_glyphs(rows, ink, judge)
    return PreparedPicture(picture, ink, tuple(tuple(map(_prepare, row)) for row in rows))


def _prepare(glyph: Glyph) -> PreparedGlyph:
    return PreparedGlyph(glyph.box, glyph.ink, to_mnist_form(glyph.ink), glyph.crowded)
