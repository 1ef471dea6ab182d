"""A picture made small, to see in it what is large: its ground, its light, a sheet on a desk."""

from dataclasses import dataclass

import cv2
import numpy as np

OVERVIEW = 128  # pixels of the longer side
FINE = 2  # times that: for a closer look
LITTLE = 0.8  # of a picture's size: to make it so little smaller takes longer than it saves


@dataclass(frozen=True, eq=False)
class Overview:
    """A picture seen small.

    Attributes:
        grey: uint8 (height, width), the longer side ``OVERVIEW`` pixels or hardly more.
        fine: uint8, as high and wide again, or as the picture is.
        scale: how many pixels of the picture are one of ``grey``, along a side; at least 1.
    """

    grey: np.ndarray
    fine: np.ndarray
    scale: float


def look_over(grey: np.ndarray) -> Overview:
    """Return the overview of a picture.

    Args:
        grey: float32 (height, width), 0 to 255.
    """
    fine = shrink(grey, FINE * OVERVIEW)
    scale = max(1.0, max(grey.shape) / OVERVIEW)
    return Overview(shrink(fine).astype(np.uint8), fine.astype(np.uint8), scale)


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
