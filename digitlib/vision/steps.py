"""Write each step of a picture's way to the network as a PNG, to see where it went astray."""

from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from digitlib.errors import PictureError
from digitlib.vision import PreparedPicture

BOX_COLOUR = (230, 80, 0)


def write_steps(prepared: PreparedPicture, folder: Path) -> None:
    """Write the steps into a folder, which is made if it does not exist.

    ``1-picture.png``, ``2-ink.png``, ``3-glyphs.png`` with a box around each, and for the second
    glyph of the first row ``4-glyph-1-2.png`` and ``5-digit-1-2.png``, what the network reads.

    Raises:
        PictureError: the folder cannot be written.
    """
    images = {
        "1-picture": prepared.picture,
        "2-ink": _to_grey(prepared.ink),
        "3-glyphs": _draw_boxes(prepared),
    }
    for line, row in enumerate(prepared.rows, 1):
        for place, glyph in enumerate(row, 1):
            images[f"4-glyph-{line}-{place}"] = _to_grey(glyph.glyph)
            images[f"5-digit-{line}-{place}"] = glyph.digit
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, image in images.items():
            Image.fromarray(image.squeeze()).save(folder / f"{name}.png")
    except OSError as error:
        raise PictureError(f"{folder} cannot be written: {error.strerror}.") from error


def _to_grey(ink: np.ndarray) -> np.ndarray:
    """Return ink as a picture, black on white, uint8."""
    return np.round(255 * (1 - ink)).astype(np.uint8)


def _draw_boxes(prepared: PreparedPicture) -> np.ndarray:
    page = cv2.cvtColor(_to_grey(prepared.ink), cv2.COLOR_GRAY2RGB)
    thickness = max(1, max(page.shape) // 500)
    for glyph in (glyph for row in prepared.rows for glyph in row):
        box = glyph.box
        corner = (box.right - 1, box.bottom - 1)
        cv2.rectangle(page, (box.left, box.top), corner, BOX_COLOUR, thickness)
    return page
