"""Digits as HTML: every pixel a square, never blurred."""

import base64
import io

import numpy as np
from PIL import Image, ImageColor

# As Palette: the blue of what speaks for an answer, the orange of validation for what does not.
PLUS, MINUS = (0x2B, 0x94, 0xD1), (0xE6, 0x9F, 0x00)


def draw_as_seen(digit: np.ndarray, side: int, description: str) -> str:
    """Return a digit as the network sees it, light ink on black, as an ``<img>``.

    Args:
        digit: uint8 (28, 28), 255 is ink.
        side: of the square shown, in CSS pixels.
        description: for those who cannot see it.
    """
    return (
        f'<img class="digit" alt="{description}" width="{side}" height="{side}" '
        f'src="{to_data_url(Image.fromarray(digit))}">'
    )


def draw_in_ink(digit: np.ndarray, side: int, description: str) -> str:
    """Return a digit, or several in a row, in the colour of the text, as the theme is.

    Args:
        digit: uint8 (28, 28 n), 255 is ink.
        side: the height shown, in CSS pixels.
        description: for those who cannot see it.
    """
    url = draw_mask(digit.reshape(28, -1, 28).transpose(1, 0, 2))
    width = side * digit.shape[1] / digit.shape[0]
    return (
        f'<div class="digit-ink" role="img" aria-label="{description}" style="width:{width:g}px;'
        f"height:{side}px;-webkit-mask-image:url({url});"
        f'mask-image:url({url})"></div>'
    )


def draw_mask(digits: np.ndarray) -> str:
    """Return the URL of a mask of digits side by side, for CSS to show one or another through.

    Args:
        digits: uint8 (n, 28, 28), 255 is ink.
    """
    row = digits.transpose(1, 0, 2).reshape(28, -1)
    # Masks are smoothed when they are enlarged, whatever image-rendering says: enlarge here.
    enlarged = row.repeat(4, axis=0).repeat(4, axis=1)
    opaque = Image.new("L", enlarged.shape[::-1])
    return to_data_url(Image.merge("LA", [opaque, Image.fromarray(enlarged)]))


def draw_row(digits: np.ndarray, colour: str) -> str:
    """Return the URL of digits side by side, pixel by pixel, in ink on nothing.

    A sixth the size of ``draw_mask``: CSS keeps its pixels sharp as a background.

    Args:
        digits: uint8 (n, 28, 28), 255 is ink.
        colour: of the ink, a grey such as ``#1F2328``.
    """
    row = digits.transpose(1, 0, 2).reshape(28, -1)
    ink = Image.new("L", row.shape[::-1], ImageColor.getcolor(colour, "L"))
    return to_data_url(Image.merge("LA", [ink, Image.fromarray(row)]))


def draw_signed(values: np.ndarray, side: int, description: str) -> str:
    """Return a picture of numbers from -1 to 1: one colour for plus, another for minus.

    Args:
        values: float32 (height, width).
        side: of the square shown, in CSS pixels.
        description: for those who cannot see it.
    """
    rgba = np.empty((*values.shape, 4), np.uint8)
    rgba[..., :3] = np.where(values[..., np.newaxis] > 0, PLUS, MINUS)
    rgba[..., 3] = np.round(np.abs(values) * 255)
    return (
        f'<img class="digit" alt="{description}" width="{side}" height="{side}" '
        f'src="{to_data_url(Image.fromarray(rgba))}">'
    )


def draw_photograph(picture: np.ndarray) -> str:
    """Return the URL of a picture of many tones, made small for slow connections.

    Args:
        picture: uint8, (height, width), (height, width, 3) or (height, width, 4).
    """
    return to_data_url(Image.fromarray(picture), "WEBP")


def draw_exactly(picture: np.ndarray) -> str:
    """Return the URL of a picture, uint8, (height, width) or (height, width, 3), pixel by pixel."""
    return to_data_url(Image.fromarray(picture))


def to_data_url(image: Image.Image, format: str = "PNG") -> str:
    """Return the URL that holds a picture, as PNG or WEBP."""
    buffer = io.BytesIO()
    image.save(buffer, format=format)
    encoded = base64.b64encode(buffer.getvalue()).decode("ascii")
    return f"data:image/{format.lower()};base64,{encoded}"
