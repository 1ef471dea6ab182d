"""Tell strokes from their ground: are they darker or lighter, and how wide about?

A stroke is narrow: where bright meets dark, the narrower of the two sides is ink. A shadow has an
edge too, sharp and strong at times, but neither of its sides is narrow.
"""

from dataclasses import dataclass

import cv2
import numpy as np

from digitlib.vision.overview import Overview

WIDTHS = (3, 5, 9, 17, 33)  # pixels of the overview: strokes of these widths are told apart
FAINT = 16  # grey levels: a lower edge is grain
FILLED = 0.8  # of an edge's height: light between a stroke and a shadow is filled up by less
EVEN = 0.15  # of a picture's contrast: a rim that differs by less is of one grey
OUTER = 5  # percent of a rim at either end of its greys: strokes that run out of the picture
MOST = 0.6  # of the edges: the strokes of so many are as wide as is said, or narrower
RING = np.ones((3, 3), np.uint8)


@dataclass(frozen=True)
class Strokes:
    """What can be told of the strokes in a picture before its ground is known.

    Attributes:
        dark: whether they are darker than their ground.
        width: how wide most are at most, in pixels of the picture, to a factor of two.
    """

    dark: bool
    width: float


def find_strokes(overview: Overview) -> Strokes:
    """Tell how the strokes in a picture differ from their ground.

    Source: after B. Epshtein, E. Ofek and Y. Wexler, Detecting text in natural scenes with stroke
    width transform, 2010; widths are told by closings and openings instead of rays.
    """
    small, scale = overview.grey, overview.scale
    if scale > 1:
        small = cv2.medianBlur(small, 3)
    high, low = cv2.dilate(small, RING), cv2.erode(small, RING)
    step = high - low
    edges = step >= FAINT
    weight = np.square(step[edges].astype(np.float32))
    ground = _find_even_ground(small)
    if ground is not None:
        middle = (high[edges].astype(np.float32) + low[edges]) / 2
        dark = _compare(weight, middle < ground, middle > ground)
        own = _measure_side(small, step, dark)[edges]
        return Strokes(dark, scale * _find_usual(own, weight / own))
    darker, lighter = (_measure_side(small, step, dark)[edges] for dark in (True, False))
    # The narrower a side, the surer it is a stroke. (A hole can be narrower than the ring around
    # it, but the ring's outer edge is then at least twice as long as the hole's.)
    sure = weight / np.minimum(darker, lighter)
    dark = _compare(sure, darker < lighter, lighter < darker)
    own, other = (darker, lighter) if dark else (lighter, darker)
    return Strokes(dark, scale * _find_usual(own, np.where(own < other, sure, 0)))


def _find_usual(widths: np.ndarray, weight: np.ndarray) -> int:
    """Return the width that most edges have at most, the widest where there are no edges."""
    shares = np.cumsum([weight[widths == width].sum() for width in WIDTHS])
    return WIDTHS[np.searchsorted(shares, MOST * shares[-1]) if shares[-1] > 0 else -1]


def _measure_side(grey: np.ndarray, step: np.ndarray, dark: bool) -> np.ndarray:
    """Return how wide the dark (or bright) side of each edge is, uint8; 255 if wider than all."""
    operation = cv2.MORPH_CLOSE if dark else cv2.MORPH_OPEN
    enough = (FILLED * step).astype(np.uint8)
    found = np.full(grey.shape, 255, np.uint8)
    for width in reversed(WIDTHS):
        kernel = np.ones((width, width), np.uint8)
        filled = cv2.morphologyEx(grey, operation, kernel, borderType=cv2.BORDER_REPLICATE)
        np.copyto(found, width, where=cv2.dilate(cv2.absdiff(filled, grey), RING) > enough)
    return found


def _find_even_ground(grey: np.ndarray) -> float | None:
    """Return the grey of the ground where it is the same all along the rim and most of the rest."""
    rim = np.sort(np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]]))
    # As np.percentile finds them, which alone takes longer than all of this.
    places = np.multiply((OUTER, 50, 100 - OUTER), (rim.size - 1) / 100)
    low, middle, high = np.interp(places, np.arange(rim.size), rim)
    differ = EVEN * float(np.ptp(grey))
    return float(middle) if max(high - low, abs(middle - np.median(grey))) <= differ else None


def _compare(weight: np.ndarray, darker: np.ndarray, lighter: np.ndarray) -> bool:
    return bool(weight[darker].sum() >= weight[lighter].sum())
