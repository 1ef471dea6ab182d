"""Part digits that touch, where a judge is surer of the parts than of the whole."""

from collections.abc import Callable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from digitlib.vision.form import to_mnist_form
from digitlib.vision.glyphs import Box, Glyph, find_single_glyph
from digitlib.vision.pen import measure_pen

# Takes digits, uint8 (n, 28, 28) in MNIST form; gives how sure it is that each is a 0, a 1 ... a 9:
# float32 (n, 10), each row adds up to 1; and how much each is a digit at all, float32 (n,), from 0
# on as much as most digits.
Judge = Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]

NARROWEST = 0.55  # times its height: a glyph narrower than this is one digit
USUAL = 1.0  # times its height: a glyph wider than this is the less likely to be one digit
# How many logits an answer loses for each height that its glyph is wider than that, and the answers
# to two parts for each height that the whole is narrower.
WORTH = 15.0
STRANGE = 2.0  # how many logits an answer loses for each that its glyph lacks to look like a digit
LEVELS = 48  # rows at which a seam is looked for
MARGIN = 1 / 4  # of the height: how far from the sides the seams begin,
FURTHEST = 1.75  # and in a long row how far at most from the left: no digit is wider
STEP = 1 / 16  # of the height: how far apart they begin
# Straight cuts, where digits overlap: how many columns to the right they go for each row.
LEANS = (-0.3, 0.0, 0.3)
# Where digits overlap, a stroke may belong to both: how many pens beyond the seam the left part and
# the right one reach. Tried on the few best seams.
SHARES = ((0.0, 0.0), (1.0, 1.0), (1.0, 0.0), (0.0, 1.0))
FEW = 3
REACH = 1 / 4  # of the height: how far a seam may lean or swerve
SLANT = 0.05  # ink that a seam would rather cross than step aside by a pixel
CERTAIN = 6.0  # logits: a digit read as surely, and no wider than digits are, is not taken apart
SMALLEST = 0.5  # of the height: a part that is lower is a piece of a digit
MOST_PIECES = 6  # in which one digit may be found
DOUBT = 2.0  # how many logits surer of the whole the judge must be to join them
CROSSED = 20.0  # how many logits a cut loses for each height of ink that it runs through,
MOST_CROSSED = 0.35  # and no cut runs through more
# How many logits a cut needs at least, since letters fall apart into what are no digits either:
# nearly all cuts between digits that overlap have more, three of four through letters less.
LEAST = -1.0
# What the scores of two parts must add up to for each height that the whole is narrower than ROOM:
# the halves of a letter look like digits too, but less so. Two of a hundred right cuts have less,
# and half of those through letters.
DUE, ROOM = 10.0, 1.1
WEAKEST = -2.0  # and each of the two at least: half of an m has less
WHOLE = 0.7  # of a digit's height: what is lower may be a piece of it
MOST_DIGITS = 12  # that touch each other


def judge_glyphs(rows: list[list[Glyph]], ink: np.ndarray, judge: Judge) -> list[list[Glyph]]:
    """Decide by a judge how many digits there are.

    Args:
        rows: the glyphs that place and size alone make out, in reading order.
        ink: what they were found in, float32 (height, width), 0 is ground and 1 is ink.
        judge: says what each is and how surely, such as ``Recogniser.read_scored``.

    Returns:
        the rows, with touching digits parted; or one glyph alone, if the judge is surer of it than
        of the pieces it is made of.
    """
    pieces = [glyph for row in rows for glyph in row]
    if 1 < len(pieces) <= MOST_PIECES:
        single = find_single_glyph(ink)
        if _is_in_pieces(single.box, pieces):
            whole, *others = find_certainty([single, *pieces], judge)
            if single.crowded or whole > min(others) + DOUBT:
                return [[single]]
    return [[part for glyph in row for part in split_touching(glyph, judge)] for row in rows]


def _is_in_pieces(box: Box, glyphs: list[Glyph]) -> bool:
    """Tell whether glyphs may be pieces of the one in a box: all within, and one of them low."""
    within = all(box.join(glyph.box) == box for glyph in glyphs)
    return within and min(glyph.box.height for glyph in glyphs) < WHOLE * box.height


def split_touching(glyph: Glyph, judge: Judge) -> list[Glyph]:
    """Part a glyph into the digits it is made of, from left to right.

    The cuts follow the seams that cross the least ink, or straight lines; where digits overlap,
    both may keep the stroke between them. Of all cuts the one is taken whose weaker part the judge
    is surest of, if that is surer than it is of the whole; then each part is tried again.

    Args:
        glyph: digits that touch, or one digit.
        judge: says what each is and how surely, such as ``Recogniser.read_scored``.

    Returns:
        the glyph itself where it is one digit.
    """
    return _split(glyph, judge, MOST_DIGITS)


def find_certainty(glyphs: list[Glyph], judge: Judge) -> np.ndarray:
    """Return how sure a judge is that each glyph is one digit, in logits.

    What looks like no digit counts for less, and so does what is wider than digits are, because
    networks are sure of much that is none.

    Returns:
        float64 (n,).
    """
    return _ask(glyphs, judge)[0]


def _ask(glyphs: list[Glyph], judge: Judge) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the certainty that each glyph is one digit, its score, and which digit: each (n,)."""
    probabilities, scores = judge(np.stack([to_mnist_form(glyph.ink) for glyph in glyphs]))
    likely = np.clip(probabilities.max(axis=1).astype(float), 1e-6, 1 - 1e-6)
    wide = np.array([glyph.box.width / glyph.box.height for glyph in glyphs])
    doubts = STRANGE * np.maximum(0, -scores.astype(float)) + WORTH * np.maximum(0, wide - USUAL)
    return np.log(likely / (1 - likely)) - doubts, scores, probabilities.argmax(axis=1)


def _split(glyph: Glyph, judge: Judge, most: int) -> list[Glyph]:
    wide = glyph.box.width / glyph.box.height
    if most < 2 or wide < NARROWEST or glyph.crowded:
        return [glyph]
    whole = find_certainty([glyph], judge)[0]
    if wide <= USUAL and whole > CERTAIN:
        return [glyph]
    small = _shrink(glyph)
    cuts = _cut(small, _find_seams(small.ink))
    if not cuts:
        return [glyph]
    surest = np.argsort(-_weigh(cuts, wide, judge), kind="stable")[:FEW]
    seams = [cuts[place].seam for place in surest]
    cuts = [cut for share in SHARES for cut in _cut(small, seams, share)]
    of_cuts = _weigh(cuts, wide, judge)
    best = cuts[int(of_cuts.argmax())]
    found = _cut(glyph, [_enlarge(best.seam, glyph)], best.share)
    if of_cuts.max() <= max(whole, LEAST) or not found:
        return [glyph]
    left, right = found[0].left, found[0].right
    return [*_split(left, judge, most - 1), *_split(right, judge, most - 1)]


class _Seam(NamedTuple):
    columns: np.ndarray  # (height,), where it runs in each row
    crossed: float  # how much full ink it runs through, in heights of the glyph


class _Cut(NamedTuple):
    left: Glyph
    right: Glyph
    seam: _Seam
    share: tuple[float, float]


def _shrink(glyph: Glyph) -> Glyph:
    """Return what seams are looked for in, of up to ``LEVELS`` rows, in a box of its own.

    Of a long row only the beginning, as the first digit is to be found.
    """
    scale = min(1, LEVELS / glyph.box.height)
    size = [max(2, round(length * scale)) for length in glyph.ink.shape[::-1]]
    ink = cv2.resize(glyph.ink, size, interpolation=cv2.INTER_AREA)
    ink = ink[:, : round((FURTHEST + USUAL) * size[1])]
    return Glyph(Box(0, 0, ink.shape[1], ink.shape[0]), ink)


def _enlarge(seam: _Seam, glyph: Glyph) -> _Seam:
    """Return the seam of a shrunk glyph as it runs in the glyph itself."""
    height = len(seam.columns)
    rows = np.linspace(0, height - 1, glyph.box.height)
    columns = np.interp(rows, np.arange(height), seam.columns * (glyph.box.height / height))
    return _Seam(columns, seam.crossed)


def _weigh(cuts: list[_Cut], wide: float, judge: Judge) -> np.ndarray:
    """Return how sure a judge is that cuts are right, float64 (n,), to compare with the whole."""
    crossed = CROSSED * np.array([cut.seam.crossed for cut in cuts])
    # Of a long row of digits no cut leaves two single ones; the left one must be one, at least.
    if wide > 2:
        return find_certainty([cut.left for cut in cuts], judge) - crossed
    parts = [part for cut in cuts for part in (cut.left, cut.right)]
    certainty, scores, digits = (each.reshape(-1, 2) for each in _ask(parts, judge))
    halves = scores.sum(axis=1) < DUE * max(0, ROOM - wide)
    halves |= scores.min(axis=1) < WEAKEST
    # Half of an A, a V or an N is a 1 to whoever is asked, and an n or an h are a 1 and a 7.
    halves |= (digits == 1).all(axis=1) | ((digits == (1, 7)).all(axis=1) & (wide < USUAL))
    weaker = np.where(halves, -np.inf, certainty.min(axis=1))
    return weaker - crossed - WORTH * max(0, USUAL - wide)


def _find_seams(ink: np.ndarray) -> list[_Seam]:
    """Return the ways down along which ink may be cut: the cheapest ones and straight ones."""
    height, width = ink.shape
    margin, step = max(1, round(MARGIN * height)), max(1, round(STEP * height))
    furthest = min(width - margin, round(FURTHEST * height))
    down = np.arange(height)
    seams = {}
    for start in range(margin, furthest + 1, step):
        straight = [start + lean * (down - height / 2) for lean in LEANS]
        for columns in [_find_seam(ink, start), *straight]:
            columns = np.clip(np.round(columns).astype(int), 0, width - 1)
            seams[columns.tobytes()] = _Seam(columns, float(ink[down, columns].sum()) / height)
    return [seam for seam in seams.values() if seam.crossed <= MOST_CROSSED]


def _cut(glyph: Glyph, seams: list[_Seam], share: tuple[float, float] = (0.0, 0.0)) -> list[_Cut]:
    """Return the pairs of parts into which seams cut a glyph.

    Args:
        glyph: what is cut.
        seams: where.
        share: how many pens beyond the seam the left and the right part reach.
    """
    pen = measure_pen((glyph.ink >= 0.5).astype(np.uint8)) if any(share) else 0.0
    columns, cuts = np.arange(glyph.box.width), []
    for seam in seams:
        border = seam.columns[:, None]
        left = _take(glyph, columns < border + share[0] * pen)
        right = _take(glyph, columns >= border - share[1] * pen)
        if left and right:
            cuts.append(_Cut(left, right, seam, share))
    return cuts


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
