"""Find the digit in a map of ink: everything that is ink, less the specks."""

import cv2
import numpy as np

from digitlib.errors import EmptyPictureError
from digitlib.vision.ink import NO_INK

# A part smaller than this share of the largest is dust, not a stroke of the digit: the roof of a 5
# that stands apart has about a tenth.
SPECK = 0.02


def crop_glyph(ink: np.ndarray) -> np.ndarray:
    """Cut the digit out of a map of ink.

    Args:
        ink: float32 (height, width), 0 is ground and 1 is ink.

    Returns:
        float32, the smallest rectangle around all parts of the digit, specks removed.

    Raises:
        EmptyPictureError: no pixel holds half of a full ink.
    """
    # A stroke is at least half ink in its middle; its soft edge is taken along by the box below.
    solid = (ink >= 0.5).astype(np.uint8)
    _, labels, statistics, _ = cv2.connectedComponentsWithStats(solid, connectivity=8)
    areas = statistics[1:, cv2.CC_STAT_AREA]
    if areas.size == 0:
        raise EmptyPictureError(NO_INK)
    kept = np.flatnonzero(areas >= SPECK * areas.max()) + 1
    strokes = np.isin(labels, kept).astype(np.uint8)
    near = cv2.dilate(strokes, np.ones((3, 3), np.uint8))
    glyph = np.where(near, ink, 0)
    rows, columns = np.flatnonzero(glyph.any(1)), np.flatnonzero(glyph.any(0))
    return glyph[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
