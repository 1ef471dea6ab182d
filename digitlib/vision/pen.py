"""Measure the pen: how wide the strokes of a digit are."""

import cv2
import numpy as np

from digitlib.vision.crop import find_filled


def measure_pen(solid: np.ndarray, widest: float = np.inf) -> float:
    """Return how wide strokes are: twice how far their middles lie inside.

    Wide strokes count for more than hairs, so that a scratch beside a digit does not pass for the
    pen that wrote it.

    Args:
        solid: uint8 (height, width), 0 is ground and anything else is ink.
        widest: pixels; what is wider is no stroke and has no say, unless all is.

    Returns:
        the width in pixels, 0 where there is no ink.

    Example: a bar 100 x 10 has a pen of about 10, whichever way it lies.
    """
    framed = cv2.copyMakeBorder(solid[find_filled(solid)], 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=0)
    depth = cv2.distanceTransform(framed, cv2.DIST_L2, 5)
    highest = cv2.dilate(depth, np.ones((3, 3), np.uint8))
    middles = depth[(depth == highest) & (depth > 0)]
    if middles.size == 0:
        return 0.0
    narrow = middles[2 * middles - 1 <= widest]
    middles = narrow if narrow.size else middles
    # The middle pixel of a line one wide is one from the ground, of a line three wide two.
    return 2 * float(np.square(middles).sum() / middles.sum()) - 1
