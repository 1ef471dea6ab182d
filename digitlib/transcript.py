"""Read all the digits in a picture: where each stands, what it is and how sure the network is.

Here the eye and the reader meet: ``vision`` finds the glyphs, ``reading`` names them, and where
digits touch or fall apart the reader decides how many they are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from digitlib.reading.recogniser import Answer, Recogniser
from digitlib.vision import Box, PreparedGlyph, PreparedPicture, prepare_digits
from digitlib.vision.signs import is_plus

CROWDED = 9.0  # what a glyph's score loses if it is crowded: of digits fewer than e^-9 are
COMPANY = 3.0  # what a score may lack among digits: there a glyph is 20 times as likely to be one


@dataclass(frozen=True, eq=False)
class ReadGlyph:
    """A glyph and what was read in it.

    Attributes:
        glyph: how it was cut out and prepared.
        answer: the ten probabilities, and the score.
        accepted: whether it is taken for a digit; among digits it need look less like one.
    """

    glyph: PreparedGlyph
    answer: Answer
    accepted: bool

    @property
    def score(self) -> float:
        """The higher the more it looks like a digit at all; 9 less where the glyph is crowded."""
        return self.answer.score


@dataclass(frozen=True, eq=False)
class Transcript:
    """All that was read in a picture.

    Attributes:
        prepared: the picture at each step of its way to the network.
        rows: the glyphs, row by row in reading order; no row is empty.
    """

    prepared: PreparedPicture
    rows: tuple[tuple[ReadGlyph, ...], ...]

    @property
    def glyphs(self) -> tuple[ReadGlyph, ...]:
        """All glyphs in reading order."""
        return tuple(glyph for row in self.rows for glyph in row)

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """The digits of each row, such as ``("12345", "67890")``; what is no digit is left out."""
        texts = ("".join(str(g.answer.digit) for g in row if g.accepted) for row in self.rows)
        return tuple(text for text in texts if text)

    @property
    def largest(self) -> ReadGlyph:
        """The most prominent glyph: the one that takes the most room."""
        return max(self.glyphs, key=lambda read: read.glyph.box.width * read.glyph.box.height)


def transcribe_picture(picture: np.ndarray, recogniser: Recogniser) -> Transcript:
    """Read the digits in a picture.

    Args:
        picture: uint8, (height, width) grey, (height, width, 3) RGB or (height, width, 4) RGBA,
            light on dark or dark on light.
        recogniser: names the glyphs and judges where digits touch.

    Raises:
        EmptyPictureError: the picture has no ink.
        PictureError: the array has another shape or dtype.
    """
    return _read(prepare_digits(picture, recogniser.read_scored), recogniser)


def transcribe_digit(digit: np.ndarray, recogniser: Recogniser) -> Transcript:
    """Read a digit that is in the form of MNIST already.

    Args:
        digit: uint8 (28, 28), 0 is paper and 255 is ink; some of it is ink.
        recogniser: names it.
    """
    ink = digit.astype(np.float32) / 255
    rows, columns = np.flatnonzero(digit.any(axis=1)), np.flatnonzero(digit.any(axis=0))
    top, left = int(rows[0]), int(columns[0])
    box = Box(left, top, int(columns[-1]) + 1 - left, int(rows[-1]) + 1 - top)
    glyph = PreparedGlyph(box, ink[top : box.bottom, left : box.right], digit)
    return _read(PreparedPicture(digit, ink, ((glyph,),)), recogniser)


def tabulate(glyphs: Iterable[ReadGlyph]) -> list[dict[str, int | float | bool]]:
    """Return a row of a table for each glyph: where it stands, what was read, how surely."""
    return [
        {
            "left": read.glyph.box.left,
            "top": read.glyph.box.top,
            "width": read.glyph.box.width,
            "height": read.glyph.box.height,
            "digit": read.answer.digit,
            "confidence": read.answer.confidence,
            "accepted": read.accepted,
        }
        | {f"p{digit}": float(share) for digit, share in enumerate(read.answer.probabilities)}
        for read in glyphs
    ]


def _read(prepared: PreparedPicture, recogniser: Recogniser) -> Transcript:
    digits = np.stack([glyph.digit for row in prepared.rows for glyph in row])
    probabilities, scores = recogniser.read_scored(digits)
    scores -= CROWDED * np.array([glyph.crowded for row in prepared.rows for glyph in row])
    answers = map(Answer, probabilities, scores.tolist())
    # Company helps no plus sign between numbers that are added up.
    pluses = np.array([is_plus(digit) for digit in digits])
    accepted = iter((accept_together(scores) & ((scores >= 0) | ~pluses)).tolist())
    rows = [
        tuple(ReadGlyph(glyph, next(answers), next(accepted)) for glyph in row)
        for row in prepared.rows
    ]
    return Transcript(prepared, tuple(rows))


def accept_together(scores: np.ndarray) -> np.ndarray:
    """Tell which glyphs of a picture are taken for digits, bool (n,).

    One glyph is, from a score of 0 on, which one of 20 real digits misses: of five in a row one
    would often be left out, and digits that touched lose a little where they are parted. So where
    most are digits, or nearly, all need less; letters score -7.

    Args:
        scores: float (n,), of all glyphs in the picture.

    Example: of [4, -2, 3] all are and of [-1, -1] both; of [-1] alone none is, nor of [-2, -6, 3]
    the first two.
    """
    among_digits = np.median(scores) >= (-COMPANY / 2 if len(scores) > 1 else 0)
    return scores >= (-COMPANY if among_digits else 0)
