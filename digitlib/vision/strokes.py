"""Tell strokes from their ground: are they darker or lighter, and how wide about?

A stroke is narrow: where bright meets dark, the narrower of the two sides is ink. A shadow has an
edge too, sharp and strong at times, but neither of its sides is narrow.
"""

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from digitlib.vision.overview import Overview

WIDTHS = (3, 5, 9, 17, 33)  # pixels of the overview: strokes of these widths are told apart
FINE_WIDTHS = (*WIDTHS, 65)
FAINT = 16  # grey levels: a lower edge is grain
FILLED = 0.8  # of an edge's height: light between a stroke and a shadow is filled up by less
EVEN = 0.15  # of a picture's contrast: a rim that differs by less is of one grey
OUTER = 5  # percent of a rim at either end of its greys: strokes that run out of the picture
CLEAR = 0.75  # of the edges: so many agree which side is ink, or it is not known
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
    ground = _find_even_ground(small)
    if ground is not None:
        edges = _find_edges(small)
        share = _share(edges.weight, edges.middle < ground, edges.middle > ground)
        # Of real pictures none has less than 0.95 on one side; small squares become a grey in the
        # overview that has as much on either.
        if max(share, 1 - share) >= CLEAR:
            own = _measure_side(small, edges, share >= 0.5, WIDTHS)
            return Strokes(share >= 0.5, scale * _find_usual(own, edges.weight / own))
    sides = _measure_sides(small, WIDTHS)
    # A closer look: in the overview the ground within a small square is as narrow as a stroke.
    closer = _share_dark(_measure_sides(overview.fine, FINE_WIDTHS))
    dark = (closer if max(closer, 1 - closer) >= CLEAR else _share_dark(sides)) >= 0.5
    own, other = (sides.dark, sides.bright) if dark else (sides.bright, sides.dark)
    return Strokes(dark, scale * _find_usual(own, np.where(own < other, sides.sure, 0)))


class _Edges(NamedTuple):
    """The n edge pixels of a picture."""

    step: np.ndarray  # uint8, like the picture: how high an edge is there
    there: np.ndarray  # bool, like the picture
    middle: np.ndarray  # float32 (n,), half way up
    weight: np.ndarray  # float32 (n,), how much say they have


def _find_edges(grey: np.ndarray) -> _Edges:
    high, low = cv2.dilate(grey, RING), cv2.erode(grey, RING)
    step = high - low
    there = step >= FAINT
    middle = (high[there].astype(np.float32) + low[there]) / 2
    return _Edges(step, there, middle, np.square(step[there].astype(np.float32)))


class _Sides(NamedTuple):
    """Both sides of the n edge pixels of a picture, arrays (n,).

    The narrower a side, the surer it is a stroke. (A hole can be narrower than the ring around it,
    but the ring's outer edge is then at least twice as long as the hole's.)
    """

    dark: np.ndarray  # uint8, how wide it is, 255 if wider than all
    bright: np.ndarray
    sure: np.ndarray  # float32, how much say they have


def _measure_sides(grey: np.ndarray, widths: tuple[int, ...]) -> _Sides:
    edges = _find_edges(grey)
    dark, bright = (_measure_side(grey, edges, side, widths) for side in (True, False))
    return _Sides(dark, bright, edges.weight / np.minimum(dark, bright))


def _share_dark(sides: _Sides) -> float:
    """Return at which share of the edges the dark side is the narrower one."""
    return _share(sides.sure, sides.dark < sides.bright, sides.bright < sides.dark)


def _find_usual(widths: np.ndarray, weight: np.ndarray) -> int:
    """Return the width that most edges have at most, the widest where there are no edges."""
    shares = np.cumsum([weight[widths == width].sum() for width in WIDTHS])
    return WIDTHS[np.searchsorted(shares, MOST * shares[-1]) if shares[-1] > 0 else -1]


def _measure_side(
    grey: np.ndarray, edges: _Edges, dark: bool, widths: tuple[int, ...]
) -> np.ndarray:
    """Return how wide the dark (or bright) side of each edge is, uint8 (n,), 255 if wider still."""
    operation = cv2.MORPH_CLOSE if dark else cv2.MORPH_OPEN
    enough = (FILLED * edges.step).astype(np.uint8)
    found = np.full(grey.shape, 255, np.uint8)
    for width in reversed(widths):
        kernel = np.ones((width, width), np.uint8)
        filled = cv2.morphologyEx(grey, operation, kernel, borderType=cv2.BORDER_REPLICATE)
        np.copyto(found, width, where=cv2.dilate(cv2.absdiff(filled, grey), RING) > enough)
    return found[edges.there]


def _find_even_ground(grey: np.ndarray) -> float | None:
    """Return the grey of the ground where it is the same all along the rim and most of the rest."""
    rim = np.sort(np.concatenate([grey[0], grey[-1], grey[1:-1, 0], grey[1:-1, -1]]))
    # As np.percentile finds them, which alone takes longer than all of this.
    places = np.multiply((OUTER, 50, 100 - OUTER), (rim.size - 1) / 100)
    low, middle, high = np.interp(places, np.arange(rim.size), rim)
    differ = EVEN * float(np.ptp(grey))
    return float(middle) if max(high - low, abs(middle - np.median(grey))) <= differ else None


def _share(weight: np.ndarray, darker: np.ndarray, lighter: np.ndarray) -> float:
    """Return which share of a weight lies where ink is darker, not lighter; 1 if none on either."""
    dark, bright = float(weight[darker].sum()), float(weight[lighter].sum())
    return dark / (dark + bright) if dark + bright > 0 else 1.0
