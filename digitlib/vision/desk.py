"""Find a sheet of paper on a desk, and paint over the desk."""

import cv2
import numpy as np

from digitlib.vision.overview import Overview

# A sheet: its share of the picture, how much of its surrounding rectangle it fills, which share of
# it is written on, and how much of the desk may be as bright.
SHEET, SQUARE, WRITTEN, STRAY = (0.08, 0.97), 0.88, (0.002, 0.2), 0.1
DROP = 0.85  # how bright the desk beside the edge may be, of the paper: light falls off more slowly
RIM = 2  # pixels of the overview that are cut off along the sheet's edge
STROKE = 9  # pixels of the overview: what is darker and narrower is a stroke
BOLDEST = 99.5  # percent of a region are not as dark as its boldest strokes
AS_BOLD = 0.5  # of the strokes on the bright side: those on the dark one, if both are one paper


def clear_desk(grey: np.ndarray, overview: Overview) -> np.ndarray:
    """Paint over what lies around a sheet of paper: the desk, and with it the edges of the sheet.

    A sheet is a bright rectangle, seen from nearly above, with little on it that is dark.

    Args:
        grey: float32 (height, width), 0 to 255.
        overview: of the same picture.

    Returns:
        float32 (height, width), the same array where no sheet is seen.
    """
    small = overview.grey
    _, bright = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    contours, _ = cv2.findContours(bright, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    sheet = cv2.convexHull(max(contours, key=cv2.contourArea)) if contours else np.empty(0)
    if len(sheet) < 4 or not _is_sheet(sheet, bright, small):
        return grey
    inside = np.zeros(small.shape, np.uint8)
    cv2.fillConvexPoly(inside, sheet, 1)
    inside = cv2.erode(inside, np.ones((3, 3), np.uint8), iterations=RIM, borderValue=1)
    paper = np.median(small[(inside > 0) & (bright > 0)])
    inside = cv2.resize(inside, grey.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return np.where(inside > 0, grey, np.float32(paper))


def _is_sheet(hull: np.ndarray, bright: np.ndarray, grey: np.ndarray) -> bool:
    """Tell whether what is bright in an overview is a sheet, by its shape and its sharp edge."""
    area = cv2.contourArea(hull)
    (_, _), sides, _ = cv2.minAreaRect(hull)
    within = np.zeros(bright.shape, np.uint8)
    cv2.fillConvexPoly(within, hull, 1)
    around = bright[within == 0]
    if (
        not SHEET[0] * bright.size <= area <= SHEET[1] * bright.size
        or area < SQUARE * sides[0] * sides[1]
        or not WRITTEN[0] <= _share_dark(bright, within) <= WRITTEN[1]
        or around.size == 0
        or (around > 0).mean() > STRAY
    ):
        return False
    ring = np.ones((3, 3), np.uint8)
    inner = within - cv2.erode(within, ring, iterations=2 * RIM)
    outer = cv2.dilate(within, ring, iterations=2 * RIM) - within
    drops = np.median(grey[outer > 0]) < DROP * np.median(grey[inner > 0])
    return bool(drops and not (_is_half(hull, grey) and _is_all_written(grey, within)))


def _is_half(hull: np.ndarray, grey: np.ndarray) -> bool:
    """Tell whether a region has but one edge of its own, the others being the picture's."""
    left, top, width, height = cv2.boundingRect(hull)
    ends = (left == 0, top == 0, left + width == grey.shape[1], top + height == grey.shape[0])
    return sum(ends) >= 3


def _is_all_written(grey: np.ndarray, within: np.ndarray) -> bool:
    """Tell whether what lies beyond a region is written on like the region: paper in the shade."""
    ground = cv2.morphologyEx(grey, cv2.MORPH_CLOSE, np.ones((STROKE, STROKE), np.uint8))
    depth = (ground - grey) / np.maximum(ground, np.float32(1))
    ring = np.ones((3, 3), np.uint8)
    here, beyond = (
        depth[cv2.erode(region, ring, iterations=2 * RIM, borderValue=1) > 0]
        for region in (within, 1 - within)
    )
    if here.size == 0 or beyond.size == 0:
        return False
    return bool(np.percentile(beyond, BOLDEST) >= AS_BOLD * np.percentile(here, BOLDEST))


def _share_dark(bright: np.ndarray, within: np.ndarray) -> float:
    """Return the share of a region that is dark, without its rim: thick strokes have rough ones."""
    core = cv2.erode(within, np.ones((3, 3), np.uint8), iterations=2 * RIM)
    return float((bright[core > 0] == 0).mean()) if core.any() else 0.0
