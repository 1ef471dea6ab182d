"""Digits as HTML: every pixel a square, never blurred."""

import base64
import io

import numpy as np
from PIL import Image


def draw_as_seen(digit: np.ndarray, side: int, description: str) -> str:
    """Return a digit as the network sees it, light ink on black, as an ``<img>``.

    Args:
        digit: uint8 (28, 28), 255 is ink.
        side: of the square shown, in CSS pixels.
        description: for those who cannot see it.
    """
    return (
        f'<img class="digit" alt="{description}" width="{side}" height="{side}" '
        f'src="{_to_data_url(Image.fromarray(digit))}">'
    )


def draw_in_ink(digit: np.ndarray, side: int, description: str) -> str:
    """Return a digit, or several in a row, in the colour of the text, as the theme is.

    Args:
        digit: uint8 (28, width), 255 is ink.
        side: the height shown, in CSS pixels.
        description: for those who cannot see it.
    """
    # Masks are smoothed when they are enlarged, whatever image-rendering says: enlarge here.
    enlarged = digit.repeat(4, axis=0).repeat(4, axis=1)
    mask = Image.merge("LA", [Image.new("L", enlarged.shape[::-1]), Image.fromarray(enlarged)])
    url = _to_data_url(mask)
    width = side * digit.shape[1] / digit.shape[0]
    return (
        f'<div class="digit-ink" role="img" aria-label="{description}" style="width:{width:g}px;'
        f"height:{side}px;-webkit-mask-image:url({url});"
        f'mask-image:url({url})"></div>'
    )


def _to_data_url(image: Image.Image) -> str:
    buffer = io.BytesIO()
    image.save(buffer, format="PNG")
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode("ascii")
