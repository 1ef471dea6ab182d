"""Find shadows as narrow as strokes nearly are: of a finger, of a pen, of a blind's slats.

What is wider than strokes are is ground by that alone. A narrower shadow is straight, longer than
strokes that touch it, wider than the pen, and comes in over the picture's edge. As it takes a share
of the light only, what is written under it can still be read.
"""

import cv2
import numpy as np

from digitlib.vision.overview import OVERVIEW
from digitlib.vision.pen import measure_pen

LENGTH = 1 / 5  # of the longer side of a picture: how long a shadow is at least
DIRECTIONS = 24  # in which one may lie
LINE = 3  # pixels of the overview: what is narrower is a line printed on the paper
FAINT = 0.1 * 255  # how much of the light a shadow takes at least,
DEEPEST = 0.8 * 255  # and at most
STRONG = 0.5  # of the strongest: a stroke
WIDER = 1.6  # times the width of the pen
STROKES = 20  # times the pen's width squared: beside shadows there is as much ink, to measure it by
RING = np.ones((3, 3), np.uint8)


def find_shadows(strength: np.ndarray) -> np.ndarray | None:
    """Find how much of the light narrow shadows take.

    Args:
        strength: how far each pixel of the closer overview differs from its ground, be it by ink or
            by a shadow, float32 (height, width), 0 to 255.

    Returns:
        float32 like it, 0 where no shadow is; None where there is none at all.

    Source: straight things are found by openings with line segments, as in P. Soille, Morphological
    Image Analysis, 2003.
    """
    small = strength.astype(np.uint8)
    if max(small.shape) <= OVERVIEW or _take_rim(small).max() < FAINT:
        return None
    long = _keep_long(small)
    count, labels = cv2.connectedComponents((long >= FAINT).astype(np.uint8))
    from_edge = np.zeros(count, bool)
    from_edge[_take_rim(labels)] = True
    from_edge[0] = False
    beside = np.where(cv2.dilate(from_edge[labels].astype(np.uint8), RING), 0, small)
    strokes = (beside > max(FAINT, STRONG * small.max())).astype(np.uint8)
    pen = measure_pen(strokes)
    # Without strokes beside them, these may be the strokes: of a large digit cut off by the edge.
    if not strokes.any() or strokes.sum() < STROKES * pen**2:
        return None
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (int(np.ceil(WIDER * pen)),) * 2)
    wide = _find_peaks(cv2.erode(long, disc), labels, count) >= FAINT
    light = _find_peaks(long, labels, count) <= DEEPEST
    shadows = np.where((from_edge & wide & light)[labels], long, 0).astype(np.uint8)
    if not shadows.any():
        return None
    # A little wider than it seems, lest of a sharp edge there remain a hair.
    return cv2.dilate(shadows, RING).astype(np.float32)


def _keep_long(small: np.ndarray) -> np.ndarray:
    """Return what is straight and long in any direction, and wider than a line, uint8 alike."""
    bold = _open(small, np.ones((LINE, LINE), np.uint8))
    reach = round(LENGTH / 2 * max(small.shape))
    long = np.zeros_like(small)
    for angle in np.arange(DIRECTIONS) * np.pi / DIRECTIONS:
        across, down = round(reach * np.cos(angle)), round(reach * np.sin(angle))
        segment = np.zeros((2 * reach + 1,) * 2, np.uint8)
        cv2.line(segment, (reach - across, reach - down), (reach + across, reach + down), 1)
        np.maximum(long, _open(bold, segment), out=long)
    return long


def _open(grey: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    return cv2.morphologyEx(grey, cv2.MORPH_OPEN, kernel)


def _find_peaks(values: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """Return the highest value under each label, uint8 (count,)."""
    peaks = np.zeros(count, np.uint8)
    np.maximum.at(peaks, labels, values)
    return peaks


def _take_rim(picture: np.ndarray) -> np.ndarray:
    return np.concatenate([picture[0], picture[-1], picture[:, 0], picture[:, -1]])
