"""Part digits that touch, where a judge is surer of the parts than of the whole."""

import itertools
from collections import defaultdict
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
STEP = 1 / 16  # of the height: how far apart seams begin,
APART = 0.11  # and how far apart those are that count inside a row
# Straight cuts, where digits overlap: how many columns to the right they go for each row.
LEANS = (-0.3, 0.0, 0.3)
THINNEST, WIDEST = 1 / 5, 1.0  # of the height: how far apart the seams beside a digit are
# Where digits overlap, a stroke may belong to both, so that a part reaches a pen beyond its seam:
# tried at the few best seams.
FEW = 3
REACH = 1 / 4  # of the height: how far a seam may lean or swerve
SLANT = 0.05  # ink that a seam would rather cross than step aside by a pixel
CERTAIN = 6.0  # logits: a digit read as surely, and no wider than digits are, is not taken apart
SMALLEST = 0.5  # of the height: a part that is lower is a piece of a digit
MOST_PIECES = 6  # in which one digit may be found
DOUBT = 2.0  # how many logits surer of the whole the judge must be to join them
# How many logits a part loses for each height of ink that the worse of its seams runs through,
CROSSED = 20.0
MOST_CROSSED = 0.35  # and none runs through more
# How many logits a cut needs at least, since letters fall apart into what are no digits either:
# nearly all cuts between digits that overlap have more, three of four through letters less.
LEAST = -1.0
# What the scores of two parts must add up to for each height that the whole is narrower than ROOM:
# the halves of a letter look like digits too, but less so. Two of a hundred right cuts have less,
# and half of those through letters.
DUE, ROOM = 10.0, 1.1
WEAKEST = -2.0  # and each of the two at least: half of an m has less
ROW = 1.6  # times its height: what is wider is no letter, and none of this holds
WHOLE = 0.7  # of a digit's height: what is lower may be a piece of it
MOST_DIGITS = 12  # that touch each other: what is as many times as wide as high is no number


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

    By over-segmentation, as rows of handwriting are read (LeCun, Bottou, Bengio and Haffner,
    *Gradient-Based Learning Applied to Document Recognition*, 1998): there are more seams than
    digits, the ways down that cross the least ink, or straight lines. All parts between two seams
    that have the width of a digit are judged, and the surest way from the left side to the right
    one, part by part, is taken. Where digits overlap, both may keep the stroke between them: this
    is tried beside the seams of that way. The parts are what is there if the judge is surer of the
    weakest than of the whole.

    Args:
        glyph: digits that touch, or one digit.
        judge: says what each is and how surely, such as ``Recogniser.read_scored``.

    Returns:
        the glyph itself where it is one digit.
    """
    wide = glyph.box.width / glyph.box.height
    if not NARROWEST <= wide <= MOST_DIGITS or glyph.crowded:
        return [glyph]
    whole = find_certainty([glyph], judge)[0]
    if wide <= USUAL and whole > CERTAIN:
        return [glyph]
    small = _shrink(glyph)
    seams = _find_seams(small.ink)
    last = len(seams) - 1
    parts = _judge_parts(small, seams, _list_spans(seams), judge)
    rough = _find_path(parts, last, lambda one, other: True)
    if not rough:
        return [glyph]
    pen = measure_pen((small.ink >= 0.5).astype(np.uint8)) / small.box.height
    parts = _judge_parts(small, seams, _list_shared(rough, parts, pen), judge)
    path = _find_path(parts, last, lambda one, other: not _are_halves(one, other, small.box))
    if not path or _weigh(path, wide) <= whole:
        return [glyph]
    large = [_enlarge(seam, glyph) for seam in seams]
    digits = [_take_between(glyph, large, part.span) for part in path]
    return [glyph] if None in digits else digits


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


class _Seam(NamedTuple):
    columns: np.ndarray  # (height,), where it runs in each row
    crossed: float  # how much full ink it runs through, in heights of the glyph
    apart: bool = True  # whether none close by crosses less


class _Span(NamedTuple):
    """What lies between two seams, given by their numbers, and how many heights beyond each."""

    left: int
    right: int
    beyond: tuple[float, float] = (0.0, 0.0)


class _Part(NamedTuple):
    span: _Span
    box: Box
    certainty: float  # that it is a digit, less what its seams cost
    score: float
    digit: int


def _shrink(glyph: Glyph) -> Glyph:
    """Return what seams are looked for in, of up to ``LEVELS`` rows, in a box of its own."""
    scale = min(1, LEVELS / glyph.box.height)
    size = [max(2, round(length * scale)) for length in glyph.ink.shape[::-1]]
    ink = cv2.resize(glyph.ink, size, interpolation=cv2.INTER_AREA)
    return Glyph(Box(0, 0, size[0], size[1]), ink)


def _enlarge(seam: _Seam, glyph: Glyph) -> _Seam:
    """Return the seam of a shrunk glyph as it runs in the glyph itself."""
    height = len(seam.columns)
    rows = np.linspace(0, height - 1, glyph.box.height)
    columns = np.interp(rows, np.arange(height), seam.columns * (glyph.box.height / height))
    return _Seam(columns, seam.crossed)


def _find_seams(ink: np.ndarray) -> list[_Seam]:
    """Return the ways down along which ink may be cut, from left to right, and both its sides.

    Of those that lie close together the one is marked that crosses the least ink.
    """
    height, width = ink.shape
    down, sides = np.arange(height), np.zeros(height, int)
    starts = np.arange(0, width, max(1, round(STEP * height)))
    straight = [start + lean * (down - height / 2) for start in starts for lean in LEANS]
    ways = np.clip(np.round([*_find_cheapest(ink, starts), *straight]).astype(int), 0, width - 1)
    crossed = ink[down, ways].sum(axis=1) / height
    middles = ways.mean(axis=1)
    apart: list[int] = []
    for place in np.argsort(crossed, kind="stable"):
        if np.all(np.abs(middles[place] - middles[apart]) >= APART * height):
            apart.append(place)
    seams = [
        _Seam(ways[place], crossed[place], place in apart)
        for place in np.argsort(middles, kind="stable")
        if crossed[place] <= MOST_CROSSED
    ]
    return [_Seam(sides, 0.0), *seams, _Seam(sides + width, 0.0)]


def _find_cheapest(ink: np.ndarray, starts: np.ndarray) -> np.ndarray:
    """Return the ways down that cross the least ink, a column per row, int (n, height).

    Each begins anywhere near one of the columns ``starts``, int (n,), and stays near it. Found row
    by row, all at once: the cheapest way to a pixel comes from the cheapest of the three above it
    (dynamic programming, as in seam carving: Avidan and Shamir, 2007).
    """
    height, reach = len(ink), round(REACH * len(ink))
    framed = np.pad(ink, ((0, 0), (reach, reach)), constant_values=np.inf)
    near = sliding_window_view(framed, 2 * reach + 1, axis=1)[:, starts]
    aside = np.array([SLANT, 0, SLANT], np.float32)
    total, steps = near[0], np.zeros(near.shape, int)
    for row in range(1, height):
        above = np.pad(total, ((0, 0), (1, 1)), constant_values=np.inf)
        ways = sliding_window_view(above, 3, axis=1) + aside
        steps[row] = ways.argmin(axis=2) - 1
        total = near[row] + ways.min(axis=2)
    seams = [total.argmin(axis=1)]
    for row in range(height - 1, 0, -1):
        seams.append(seams[-1] + steps[row, np.arange(len(starts)), seams[-1]])
    return np.stack(seams[::-1], axis=1) + starts[:, None] - reach


def _list_spans(seams: list[_Seam]) -> list[_Span]:
    """Return what has the width of a digit between two seams.

    Inside a row only the best seams count, as each may be paired with many; where one seam alone
    may part a pair, each does.
    """
    height, last = len(seams[0].columns), len(seams) - 1
    middles = [seam.columns.mean() / height for seam in seams]

    def fits(left: int, right: int) -> bool:
        return THINNEST <= middles[right] - middles[left] <= WIDEST

    alone = [fits(0, seam) and fits(seam, last) for seam in range(last + 1)]
    return [
        _Span(left, right)
        for left, right in itertools.combinations(range(last + 1), 2)
        if fits(left, right)
        and (left, right) != (0, last)
        and (
            (seams[left].apart and seams[right].apart)
            or (left == 0 and alone[right])
            or (right == last and alone[left])
        )
    ]


def _list_shared(path: list[_Part], parts: list[_Part], pen: float) -> list[_Span]:
    """Return the spans along a path and what else is as good there: near seams, a pen beyond."""
    costs = {part.span[:2]: _find_cost(part) for part in parts}
    edges = [[(0, 0.0)]]
    for one, other in itertools.pairwise(path):
        left, right = one.span.left, other.span.right
        both = {
            seam: costs[left, seam] + costs[seam, right]
            for seam in range(left + 1, right)
            if (left, seam) in costs and (seam, right) in costs
        }
        best = sorted(both, key=both.__getitem__)[:FEW]
        edges.append([*itertools.product(best, (0.0, pen))])
    edges.append([(path[-1].span.right, 0.0)])
    return [
        _Span(left, right, (beyond_left, beyond_right))
        for lefts, rights in itertools.pairwise(edges)
        for (left, beyond_left), (right, beyond_right) in itertools.product(lefts, rights)
        if left < right
    ]


def _judge_parts(glyph: Glyph, seams: list[_Seam], spans: list[_Span], judge: Judge) -> list[_Part]:
    """Return what lies within spans, but for what is too little for a digit, as a judge sees it."""
    taken = [(span, part) for span in spans if (part := _take_between(glyph, seams, span))]
    if not taken:
        return []
    crossed = [max(seams[span.left].crossed, seams[span.right].crossed) for span, _ in taken]
    certainty, scores, digits = _ask([part for _, part in taken], judge)
    certainty -= CROSSED * np.array(crossed)
    return [
        _Part(span, part.box, *values)
        for (span, part), *values in zip(taken, certainty, scores, digits, strict=True)
    ]


def _find_cost(part: _Part) -> float:
    """Return minus the logarithm of the probability that a part is a digit."""
    return float(np.logaddexp(0, -part.certainty))


def _find_path(parts: list[_Part], last: int, fit: Callable[[_Part, _Part], bool]) -> list[_Part]:
    """Return the parts, each beginning where the one before ends, that are likeliest all digits.

    Dynamic programming from left to right, as for the shortest path.

    Args:
        parts: to choose from.
        last: the number of the last seam.
        fit: tells whether one may stand before the other.

    Returns:
        two at least, from the first seam to the last; none if no way leads there.
    """
    ending: dict[int, list[tuple[float, list[_Part]]]] = defaultdict(list)
    ending[0] = [(0.0, [])]
    for part in sorted(parts, key=lambda part: part.span.right):
        ways = [way for way in ending[part.span.left] if not way[1] or fit(way[1][-1], part)]
        if ways:
            cost, before = min(ways, key=lambda way: way[0])
            ending[part.span.right].append((cost + _find_cost(part), [*before, part]))
    return min(ending[last], key=lambda way: way[0], default=(0.0, []))[1]


def _are_halves(one: _Part, other: _Part, whole: Box) -> bool:
    """Tell whether neighbours look more like the halves of a letter that is the whole."""
    if whole.width > ROW * whole.height:
        return False
    room = one.box.join(other.box).width / whole.height - one.span.beyond[0] - other.span.beyond[1]
    if one.score + other.score < DUE * max(0, ROOM - room) or min(one.score, other.score) < WEAKEST:
        return True
    # Half of an A, a V or an N is a 1 to whoever is asked, and an n or an h are a 1 and a 7.
    digits = (one.digit, other.digit)
    return digits == (1, 1) or (digits == (1, 7) and room < USUAL)


def _weigh(path: list[_Part], wide: float) -> float:
    """Return how sure the judge is of the weakest of parts, to compare with the whole."""
    weakest = min(part.certainty for part in path) - WORTH * max(0, USUAL - wide)
    return weakest if weakest > LEAST or wide > ROW else -np.inf


def _take_between(glyph: Glyph, seams: list[_Seam], span: _Span) -> Glyph | None:
    """Return the part of a glyph within a span; None where that is too little for a digit."""
    left = seams[span.left].columns - span.beyond[0] * glyph.box.height
    right = seams[span.right].columns + span.beyond[1] * glyph.box.height
    first, end = max(0, int(left.min())), min(glyph.box.width, int(right.max()) + 1)
    columns = np.arange(first, end)
    box = Box(glyph.box.left + first, glyph.box.top, end - first, glyph.box.height)
    mask = (columns >= left[:, None]) & (columns < right[:, None])
    return _take(Glyph(box, glyph.ink[:, first:end]), mask)


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
