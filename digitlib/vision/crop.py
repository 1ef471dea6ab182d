"""Where in a picture there is anything: what is looked for in it need be looked for only there."""

import cv2
import numpy as np


def find_filled(mask: np.ndarray) -> tuple[slice, slice]:
    """Return the rows and columns that hold all of a mask, with a pixel around where there is one.

    That pixel of ground lets neighbourhoods end as they do in the whole picture, be it at the
    ground or at the picture's edge.

    Args:
        mask: uint8 (height, width), 0 is ground.
    """
    left, top, width, height = cv2.boundingRect(mask)
    rows = slice(max(0, top - 1), top + height + 1)
    return rows, slice(max(0, left - 1), left + width + 1)
