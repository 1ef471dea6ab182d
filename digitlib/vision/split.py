"""Part digits that touch, where a judge is surer of the parts than of the whole."""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from digitlib.vision.form import to_mnist_form
from digitlib.vision.glyphs import Box, Glyph

# Takes digits, uint8 (n, 28, 28) in MNIST form; gives how sure it is that each is a 0, a 1 ... a 9:
# float32 (n, 10), each row adds up to 1.
Judge = Callable[[np.ndarray], np.ndarray]

NARROWEST = 0.55  # times its height: a glyph narrower than this is one digit
USUAL = 1.0  # times its height: a glyph wider than this is the less likely to be one digit
# How many logits an answer loses for each height that its glyph is wider than that, and the answers
# to two parts for each height that the whole is narrower.
WORTH = 15.0
LEVELS = 48  # rows at which a seam is looked for
STEP = 1 / 8  # of the height: how far apart the seams begin
REACH = 1 / 4  # of the height: how far a seam may lean or swerve
SLANT = 0.05  # ink that a seam would rather cross than step aside by a pixel
CERTAIN = 6.0  # logits: a digit read as surely, and no wider than digits are, is not taken apart
SMALLEST = 0.5  # of the height: a part that is lower is a piece of a digit
MOST_PIECES = 6  # in which one digit may be found
DOUBT = 2.0  # how many logits surer of the whole the judge must be to join them
CROSSED = 20.0  # how many logits a cut loses for each height of ink that it runs through
WHOLE = 0.7  # of a digit's height: what is lower may be a piece of it
MOST_DIGITS = 12  # that touch each other


def judge_glyphs(rows: list[list[Glyph]], single: Glyph, judge: Judge) -> list[list[Glyph]]:
    """Decide by a judge how many digits there are.

    Args:
        rows: the glyphs that place and size alone make out, in reading order.
        single: the glyph there is if the picture holds one digit, in pieces.
        judge: gives the probability of each digit, such as ``Recogniser.read``.

    Returns:
        the rows, with touching digits parted; or ``single`` alone, if the judge is surer of it than
        of the pieces it is made of.
    """
    pieces = [glyph for row in rows for glyph in row]
    if 1 < len(pieces) <= MOST_PIECES and _is_in_pieces(single.box, pieces):
        whole, *others = find_certainty([single, *pieces], judge)
        if whole > min(others) + DOUBT:
            return [[single]]
    return [[part for glyph in row for part in split_touching(glyph, judge)] for row in rows]


def _is_in_pieces(box: Box, glyphs: list[Glyph]) -> bool:
    """Tell whether glyphs may be pieces of the one in a box: all within, and one of them low."""
    within = all(box.join(glyph.box) == box for glyph in glyphs)
    return within and min(glyph.box.height for glyph in glyphs) < WHOLE * box.height


def split_touching(glyph: Glyph, judge: Judge) -> list[Glyph]:
    """Part a glyph into the digits it is made of, from left to right.

    The cuts follow the seams that cross the least ink. Of all cuts the one is taken whose weaker
    part the judge is surest of, if that is surer than it is of the whole; then each part is tried
    again.

    Args:
        glyph: digits that touch, or one digit.
        judge: gives the probability of each digit, such as ``Recogniser.read``.

    Returns:
        the glyph itself where it is one digit.
    """
    return _split(glyph, judge, MOST_DIGITS)


def find_certainty(glyphs: list[Glyph], judge: Judge) -> np.ndarray:
    """Return how sure a judge is that each glyph is one digit, in logits.

    What is wider than digits are counts for less, because networks are sure of much that is none.

    Returns:
        float64 (n,).
    """
    digits = np.stack([to_mnist_form(glyph.ink) for glyph in glyphs])
    likely = np.clip(judge(digits).max(axis=1).astype(float), 1e-6, 1 - 1e-6)
    wide = np.array([glyph.box.width / glyph.box.height for glyph in glyphs])
    return np.log(likely / (1 - likely)) - WORTH * np.maximum(0, wide - USUAL)


def _split(glyph: Glyph, judge: Judge, most: int) -> list[Glyph]:
    if most < 2 or glyph.box.width < NARROWEST * glyph.box.height:
        return [glyph]
    whole = find_certainty([glyph], judge)[0]
    if glyph.box.width <= USUAL * glyph.box.height and whole > CERTAIN:
        return [glyph]
    cuts = list(_cut(glyph))
    if not cuts:
        return [glyph]
    parts = [part for cut in cuts for part in (cut.left, cut.right)]
    certainty = np.append(whole, find_certainty(parts, judge))
    crossed = np.array([cut.crossed for cut in cuts])
    narrow = max(0, USUAL - glyph.box.width / glyph.box.height)
    of_cuts = certainty[1:].reshape(-1, 2).min(axis=1) - CROSSED * crossed - WORTH * narrow
    # Of a long row of digits no cut leaves two single ones; the left one must be one, at least.
    if glyph.box.width > 2 * glyph.box.height:
        of_cuts = certainty[1::2] - CROSSED * crossed
    best = int(of_cuts.argmax())
    if of_cuts[best] <= certainty[0]:
        return [glyph]
    left, right = cuts[best].left, cuts[best].right
    return [*_split(left, judge, most - 1), *_split(right, judge, most - 1)]


class _Cut(NamedTuple):
    left: Glyph
    right: Glyph
    crossed: float  # how much full ink the seam runs through, in heights of the glyph


def _cut(glyph: Glyph) -> Iterator[_Cut]:
    """Yield the pairs of parts into which seams cut a glyph."""
    scale = min(1, LEVELS / glyph.box.height)
    size = [max(2, round(length * scale)) for length in glyph.ink.shape[::-1]]
    small = cv2.resize(glyph.ink, size, interpolation=cv2.INTER_AREA)
    step = max(1, round(STEP * size[1]))
    columns = np.arange(glyph.box.width)
    rows = np.linspace(0, size[1] - 1, glyph.box.height)
    for start in range(2 * step, size[0] - 2 * step + 1, step):
        seam = _find_seam(small, start)
        crossed = float(small[np.arange(size[1]), seam].sum()) / size[1]
        seam = np.interp(rows, np.arange(size[1]), seam / scale)
        is_left = columns < seam[:, None]
        left, right = _take(glyph, is_left), _take(glyph, ~is_left)
        if left and right:
            yield _Cut(left, right, crossed)


def _find_seam(ink: np.ndarray, start: int) -> np.ndarray:
    """Return the way down that crosses the least ink, a column per row, int (height,).

    It begins anywhere near the column ``start`` and stays near it. Found row by row: the cheapest
    way to a pixel comes from the cheapest of the three above it (dynamic programming, as in seam
    carving: Avidan and Shamir, 2007).
    """
    height, width = ink.shape
    reach = round(REACH * height)
    low, high = max(0, start - reach), min(width, start + reach + 1)
    aside = np.array([SLANT, 0, SLANT], np.float32)
    total = ink[:, low:high].copy()
    steps = np.zeros(total.shape, int)
    for row in range(1, height):
        above = np.pad(total[row - 1], 1, constant_values=np.inf)
        ways = sliding_window_view(above, 3) + aside
        steps[row] = ways.argmin(axis=1) - 1
        total[row] += ways.min(axis=1)
    seam = [int(total[-1].argmin())]
    for row in range(height - 1, 0, -1):
        seam.append(seam[-1] + steps[row, seam[-1]])
    return low + np.array(seam[::-1])


def _take(glyph: Glyph, mask: np.ndarray) -> Glyph | None:
    """Return the part of a glyph under a mask; None where that is too little for a digit."""
    ink = np.where(mask, glyph.ink, np.float32(0))
    rows, columns = np.flatnonzero(ink.max(1) >= 0.5), np.flatnonzero(ink.max(0) >= 0.5)
    if rows.size < SMALLEST * glyph.box.height or columns.size == 0:
        return None
    # Its soft edge belongs to it, as it does to glyphs that are not parted.
    near = np.zeros(ink.shape, bool)
    near[max(0, rows[0] - 1) : rows[-1] + 2, max(0, columns[0] - 1) : columns[-1] + 2] = True
    inked = near & (ink > 0)
    rows, columns = np.flatnonzero(inked.any(1)), np.flatnonzero(inked.any(0))
    top, bottom = int(rows[0]), int(rows[-1]) + 1
    left, right = int(columns[0]), int(columns[-1]) + 1
    box = Box(glyph.box.left + left, glyph.box.top + top, right - left, bottom - top)
    return Glyph(box, ink[top:bottom, left:right])
