"""Sheets of test digits, which a browser fetches only when it is to show one of them.

They lie in ``static/test-digits``, 10 kB each, and are served by Streamlit as files, so that
looking at a digit needs no run of the page. ``tools/build_sheets.py`` draws them.
"""

import io

import numpy as np
from PIL import Image

PER_SHEET = 100
PER_ROW = 10
TONES = 16  # of ink: half the bytes of 256, and no eye sees it at this size
ADDRESS = "./app/static/test-digits/"  # below the app's own, whatever that is


def order_digits(labels: np.ndarray) -> np.ndarray:
    """Return the places of digits in the order of the sheets: all zeros first, int (n,).

    So those that lie side by side on a map are on few sheets.
    """
    return np.argsort(labels, kind="stable")


def draw_sheet(images: np.ndarray) -> bytes:
    """Return a sheet as a PNG, light ink on black, ten digits in a row.

    Args:
        images: uint8 (n, 28, 28), n a multiple of 10.
    """
    rows = images.reshape(-1, PER_ROW, 28, 28).transpose(0, 2, 1, 3).reshape(-1, PER_ROW * 28)
    step = 255 // (TONES - 1)
    sheet = Image.fromarray(np.round(rows / step).astype(np.uint8))
    sheet.putpalette([step * tone for tone in range(TONES) for _ in "rgb"])
    buffer = io.BytesIO()
    sheet.save(buffer, format="PNG", bits=4, optimize=True)
    return buffer.getvalue()
