"""From any picture to one 28x28 digit in the form of MNIST.

Four steps, a module each, so that the app can show every one of them: ``pictures`` opens a file,
``ink`` tells ink from ground, ``glyph`` finds the digit, ``form`` gives it MNIST's size and place.
"""

from dataclasses import dataclass

import numpy as np

from digitlib.vision.form import to_mnist_form
from digitlib.vision.glyph import crop_glyph
from digitlib.vision.ink import find_ink
from digitlib.vision.pictures import open_picture

__all__ = [
    "PreparedDigit",
    "crop_glyph",
    "find_ink",
    "open_picture",
    "prepare_digit",
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


def prepare_digit(picture: np.ndarray) -> PreparedDigit:
    """Bring the digit in a picture to the form of MNIST.

    Args:
        picture: uint8, (height, width) grey, (height, width, 3) RGB or (height, width, 4) RGBA,
            with one digit, light on dark or dark on light.

    Raises:
        EmptyPictureError: the picture has no ink.
        PictureError: the array has another shape or dtype.
    """
    ink = find_ink(picture)
    glyph = crop_glyph(ink)
    return PreparedDigit(picture, ink, glyph, to_mnist_form(glyph))
