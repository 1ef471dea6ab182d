"""A picture made small, to see in it what is large: its ground, its light, a sheet on a desk."""

import cv2
import numpy as np

OVERVIEW = 128  # pixels of the longer side
LITTLE = 0.8  # of a picture's size: to make it so little smaller takes longer than it saves


def shrink(grey: np.ndarray, side: int = OVERVIEW) -> np.ndarray:
    """Return a picture whose longer side is so many pixels; the same array where it is hardly more.

    Args:
        grey: (height, width), of a dtype that OpenCV resizes.
        side: pixels.
    """
    scale = side / max(grey.shape)
    if scale > LITTLE:
        return grey
    height, width = (max(1, round(length * scale)) for length in grey.shape)
    return cv2.resize(grey, (width, height), interpolation=cv2.INTER_AREA)
