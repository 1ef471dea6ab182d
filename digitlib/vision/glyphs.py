"""Find the glyphs in a map of ink: the parts that are ink, joined to digits, in reading order.

What belongs together is decided by place and size alone; two digits that touch are one glyph here.
``split`` offers the ways to part them.
"""

from dataclasses import dataclass, replace

import cv2
import numpy as np

from digitlib.errors import EmptyPictureError, PictureError
from digitlib.vision.crop import find_filled
from digitlib.vision.ink import NO_INK
from digitlib.vision.pen import measure_pen

SOLID = 0.2  # a stroke holds as much ink as this, but for its soft edge
FULL = 0.5  # and somewhere as much as this
GRAIN = 0.3  # of the pen's width: gaps as narrow as this are the paper's grain
MOST_GLYPHS = 120  # of a picture; the class's sheet of a hundred digits, and some
MOST_PARTS = 400  # of a picture; what is smaller than these is dust
# Pixels of a picture whose parts are counted in 16 bits, which is faster; as parts do not touch,
# at most every other pixel is one.
COUNTED = 100_000

# A part smaller than this share of the largest is dust, not a stroke of a digit: the roof of a 5
# that stands apart has about a tenth.
SPECK = 0.02
SMALL = 0.28  # of the usual height: a glyph that is narrower and lower is a dot or a dash
DASH = 3  # times as wide as high, and low: a minus, a line under a sum
NEAR = 0.15  # of a digit's longer side: how far off a piece of it may lie
WIDEST = 1.4  # times as wide as high: no digit is wider
SAME_ROW = 0.4  # of the lower one's height, that two neighbours in a row have in common at least
# Of a frame's height: how high what it holds must be, one of it or on a board all together.
HELD = 0.25
CORNER = 0.1  # of its sides: how near to all its corners the ink of a rectangle comes
THIN = 0.2  # of its height: how narrow an upright line is,
RULED = 1.6  # times as high as digits are here: no 1,
SEVERAL = 2  # beside as many or fewer it may be one
STEEPEST = 0.5  # pixels that a row falls, a pixel on; between rows it is more
ENOUGH = 3  # glyphs with a neighbour to tell the tilt of rows
# Pieces that lie free within a glyph: the larger one is at least as large as what is no dust, the
# next is half of the dot that the pen makes, and no speck beside a fine pen.
DOT, CRUMB = 0.5, 0.005  # times the pen's width squared; of the area of what it lies in
FEATURES, EYE = 6, 0.3  # of a face, at most; of its height, the height of an eye at most
EDGE = 0.5  # of its longer side along the picture's edge: not a digit but what surrounds the paper


@dataclass(frozen=True)
class Box:
    """A rectangle of whole pixels.

    Attributes:
        left, top: of its first pixel, counted from 0.
        width, height: at least 1.
    """

    left: int
    top: int
    width: int
    height: int

    @property
    def right(self) -> int:
        """The first column that is no longer in the box."""
        return self.left + self.width

    @property
    def bottom(self) -> int:
        """The first row that is no longer in the box."""
        return self.top + self.height

    def overlap_across(self, other: "Box") -> int:
        """How many columns two boxes share; below 0, how far they are apart."""
        return min(self.right, other.right) - max(self.left, other.left)

    def overlap_down(self, other: "Box") -> int:
        """How many rows two boxes share; below 0, how far they are apart."""
        return min(self.bottom, other.bottom) - max(self.top, other.top)

    def join(self, other: "Box") -> "Box":
        """The smallest box around two."""
        left, top = min(self.left, other.left), min(self.top, other.top)
        right, bottom = max(self.right, other.right), max(self.bottom, other.bottom)
        return Box(left, top, right - left, bottom - top)


@dataclass(frozen=True, eq=False)
class Glyph:
    """A digit as it stands in a picture.

    Attributes:
        box: where, in pixels of the picture.
        ink: float32 (box.height, box.width), 0 is ground and 1 is ink, without its neighbours.
        crowded: whether two pieces of ink or more lie free within it, as eyes and a mouth do in a
            face. In none of MNIST's 60,000 training digits they do, in nine of ten faces drawn.
    """

    box: Box
    ink: np.ndarray
    crowded: bool = False


def find_glyphs(ink: np.ndarray) -> list[list[Glyph]]:
    """Find the digits in a map of ink.

    Args:
        ink: float32 (height, width), 0 is ground and 1 is ink.

    Returns:
        The rows from top to bottom, the glyphs of each from left to right; at least one.

    Raises:
        EmptyPictureError: no pixel holds half of a full ink.
        PictureError: there are more than 120.
    """
    labels, parts = _find_parts(ink)
    groups = _drop_marks(_join_parts(parts))
    if len(groups) > MOST_GLYPHS:
        raise PictureError(
            f"There are more than {MOST_GLYPHS} marks in the picture: too many to read at once. "
            "Crop it to the digits."
        )
    glyphs = [_cut_out(ink, labels, group) for group in groups]
    return order_rows(glyphs)


def find_single_glyph(ink: np.ndarray) -> Glyph:
    """Find the digit in a map of ink that holds one, in however many pieces.

    The largest glyph takes in what lies near it, piece by piece, as long as the whole has the
    proportions of a digit.

    Args:
        ink: float32 (height, width), 0 is ground and 1 is ink.

    Raises:
        EmptyPictureError: no pixel holds half of a full ink.
    """
    labels, parts = _find_parts(ink)
    groups = sorted(_join_parts(parts), key=lambda part: part.box.width * part.box.height)
    digit = groups.pop()
    while near := [part for part in groups if _lies_near(digit.box, part.box)]:
        digit = digit.join(near[-1])
        groups.remove(near[-1])
    return _cut_out(ink, labels, digit)


def _lies_near(digit: Box, piece: Box) -> bool:
    reach = NEAR * max(digit.width, digit.height) + 1
    gap = max(-digit.overlap_across(piece), -digit.overlap_down(piece))
    whole = digit.join(piece)
    return gap <= reach and whole.width <= WIDEST * whole.height


def order_rows(glyphs: list[Glyph]) -> list[list[Glyph]]:
    """Put glyphs in reading order.

    From left to right, each joins the row whose last glyph stands most nearly at its height. All
    are first set level by the tilt of most rows; what is left of it may differ from row to row, as
    on unruled paper.
    """
    tilt = _find_tilt([glyph.box for glyph in glyphs])

    def lower(glyph: Glyph) -> float:
        return tilt * _find_middle(glyph.box)[0]

    rows: list[list[Glyph]] = []
    for glyph in sorted(glyphs, key=lambda glyph: _find_middle(glyph.box)[0]):
        shared = [
            _share_height(row[-1].box, glyph.box, lower(glyph) - lower(row[-1])) for row in rows
        ]
        if shared and max(shared) >= SAME_ROW:
            rows[int(np.argmax(shared))].append(glyph)
        else:
            rows.append([glyph])
    return sorted(rows, key=lambda row: np.mean([_find_middle(g.box)[1] - lower(g) for g in row]))


def _find_tilt(boxes: list[Box]) -> float:
    """Return by how many pixels rows fall, a pixel on; 0 where too few stand beside one another."""
    middles = np.array([_find_middle(box) for box in boxes])
    slopes = []
    for middle in middles:
        across, down = (middles - middle).T
        beside = (across > 0) & (np.abs(down) <= STEEPEST * across)
        if beside.any():
            nearest = np.argmin(np.where(beside, across**2 + down**2, np.inf))
            slopes.append(down[nearest] / across[nearest])
    return float(np.median(slopes)) if len(slopes) >= ENOUGH else 0.0


def _find_middle(box: Box) -> tuple[float, float]:
    return box.left + box.width / 2, box.top + box.height / 2


def _share_height(one: Box, other: Box, fall: float) -> float:
    """Return which share of the lower one's height two boxes have in common, the other lifted."""
    top, bottom = other.top - fall, other.bottom - fall
    return (min(one.bottom, bottom) - max(one.top, top)) / min(one.height, other.height)


@dataclass(frozen=True)
class _Part:
    """Ink that hangs together, or several pieces of it that make one glyph."""

    box: Box
    area: int
    at_edge: int  # pixels of it that lie on the edge of the picture
    labels: tuple[int, ...]
    crowded: bool = False

    def join(self, other: "_Part") -> "_Part":
        return _Part(
            self.box.join(other.box),
            self.area + other.area,
            self.at_edge + other.at_edge,
            self.labels + other.labels,
            self.crowded or other.crowded,
        )


def _find_parts(ink: np.ndarray) -> tuple[np.ndarray, list[_Part]]:
    """Return the label of each pixel, integers like ``ink``, and the parts, the largest first."""
    solid = (ink >= SOLID).astype(np.uint8)
    pen = measure_pen(solid)
    grain = round(GRAIN * pen) | 1
    if grain > 1:
        solid = (cv2.blur(ink, (grain, grain)) >= SOLID).astype(np.uint8)
    filled = find_filled(solid)
    few = solid.size <= COUNTED
    labels = np.zeros(solid.shape, np.uint16 if few else np.int32)
    _, labels[filled], statistics, _ = cv2.connectedComponentsWithStats(
        solid[filled], connectivity=8, ltype=cv2.CV_16U if few else cv2.CV_32S
    )
    statistics[:, : cv2.CC_STAT_WIDTH] += (filled[1].start, filled[0].start)
    areas = statistics[:, cv2.CC_STAT_AREA].copy()
    full = np.flatnonzero(np.bincount(labels[ink >= FULL], minlength=1)[1:]) + 1
    if full.size == 0:
        raise EmptyPictureError(NO_INK)
    order = full[np.argsort(-areas[full], kind="stable")[:MOST_PARTS]]
    edge = np.concatenate([labels[0], labels[-1], labels[1:-1, 0], labels[1:-1, -1]])
    at_edge = np.bincount(edge, minlength=len(statistics))
    parts = [
        _Part(
            Box(*map(int, statistics[label, :4])),
            int(statistics[label, cv2.CC_STAT_AREA]),
            int(at_edge[label]),
            (int(label),),
        )
        for label in order
    ]
    inside = [p for p in parts if p.at_edge < EDGE * max(p.box.width, p.box.height)]
    if sum(p.area for p in inside) < SPECK * sum(p.area for p in parts):
        inside = parts
    dot = DOT * pen**2
    inside = _drop_rulings(_drop_frames(inside, labels, dot))
    usual = _find_usual_height(inside)
    largest = max(part.area for part in inside if part.box.height <= usual)
    return labels, [
        replace(part, crowded=_is_crowded(part, _find_within(part, inside, labels), dot))
        for part in inside
        if part.area >= SPECK * largest
    ]


def _drop_frames(parts: list[_Part], labels: np.ndarray, dot: float) -> list[_Part]:
    """Return the parts without those that are drawn all around others: a box, a ring."""

    def is_frame(part: _Part) -> bool:
        pieces = _find_within(part, parts, labels)
        heights = [piece.box.height for piece in pieces if piece.area >= dot]
        # On a board or a screen they may be small.
        height = sum(heights) if _has_corners(part, labels) else max(heights, default=0)
        held = height >= HELD * part.box.height or len(heights) > FEATURES
        return held and not _is_face(part, pieces, dot)

    return [part for part in parts if not is_frame(part)]


def _has_corners(part: _Part, labels: np.ndarray) -> bool:
    """Tell whether a part's ink comes near to all four corners of its box, as no ring's does."""
    box = part.box
    own = labels[box.top : box.bottom, box.left : box.right] == part.labels[0]
    down, across = (max(1, round(CORNER * side)) for side in own.shape)
    corners = (
        own[:down, :across],
        own[:down, -across:],
        own[-down:, :across],
        own[-down:, -across:],
    )
    return all(corner.any() for corner in corners)


def _find_within(part: _Part, parts: list[_Part], labels: np.ndarray) -> list[_Part]:
    """Return those of the parts that lie free within one, in their order."""
    box = part.box
    return [
        other
        for other in parts
        if box.left < other.box.left
        and other.box.right < box.right
        and box.top < other.box.top
        and other.box.bottom < box.bottom
        and _surrounds(labels, part.labels[0], other.box)
    ]


def _is_face(ring: _Part, pieces: list[_Part], dot: float) -> bool:
    """Tell whether pieces lie within a ring as in a face: two eyes side by side, a mouth below."""
    boxes = [piece.box for piece in pieces if piece.area >= dot]
    if not 3 <= len(boxes) <= FEATURES:
        return False
    one, other, *_, mouth = sorted(boxes, key=lambda box: _find_middle(box)[1])
    left, right = sorted((_find_middle(one)[0], _find_middle(other)[0]))
    lower = max(one, other, key=lambda eye: _find_middle(eye)[1])
    beside = one.overlap_across(other) < 0 < one.overlap_down(other)
    wide = mouth.width >= mouth.height
    below = left < _find_middle(mouth)[0] < right and mouth.top >= _find_middle(lower)[1]
    return beside and below and wide and max(one.height, other.height) < EYE * ring.box.height


def _is_crowded(part: _Part, pieces: list[_Part], dot: float) -> bool:
    """Tell whether two of the pieces that lie free within a part, the largest first, are ink.

    The second may be as small as dust: the dots that are a face's eyes are, beside its ring.
    """
    ink = [piece for piece in pieces if piece.area >= max(dot, CRUMB * part.area)]
    return len(ink) > 1 and ink[0].area >= SPECK * part.area


def _surrounds(labels: np.ndarray, frame: int, box: Box) -> bool:
    """Tell whether a frame is on all four sides of a box, seen from its middle.

    Where it reaches beyond the picture, the picture's edge will do.
    """
    row, column = labels[box.top + box.height // 2], labels[:, box.left + box.width // 2]
    sides = (row[: box.left], row[box.right :], column[: box.top], column[box.bottom :])
    edges = (labels[:, 0], labels[:, -1], labels[0], labels[-1])
    missing = [edge for side, edge in zip(sides, edges, strict=True) if not (side == frame).any()]
    return len(missing) <= 1 and all((edge == frame).any() for edge in missing)


def _drop_rulings(parts: list[_Part]) -> list[_Part]:
    """Return the parts without upright lines that are higher than the digits beside them."""
    if len(parts) <= SEVERAL:
        return parts
    usual = _find_usual_height([p for p in parts if p.box.width >= THIN * p.box.height] or parts)
    return [
        part
        for part in parts
        if part.box.height <= RULED * usual or part.box.width >= THIN * part.box.height
    ]


def _join_parts(parts: list[_Part]) -> list[_Part]:
    """Join the parts of one digit, the largest first, until nothing more belongs together."""
    groups: list[_Part] = []
    usual = _find_usual_height(parts)
    for part in parts:
        for place, group in enumerate(groups):
            if _belong_together(group.box, part.box, usual):
                part = group.join(part)
                groups[place] = part
                break
        else:
            groups.append(part)
    return groups if len(groups) == len(parts) else _join_parts(groups)


def _find_usual_height(parts: list[_Part]) -> float:
    """Return the height of the glyph that the middle pixel of all ink belongs to."""
    order = sorted(parts, key=lambda part: part.box.height)
    shares = np.cumsum([part.area for part in order])
    return order[int(np.searchsorted(shares, shares[-1] / 2))].box.height


def _belong_together(one: Box, other: Box, usual: float) -> bool:
    """Tell whether two parts are of one digit: a body and its roof, bar or broken-off end."""
    low, high = sorted((one, other), key=lambda box: box.height)
    tallest = max(usual, high.height)
    if one.join(other).width > WIDEST * max(tallest, one.join(other).height):
        return False  # a line under a number, or above it
    across = low.overlap_across(high) / min(low.width, high.width)
    down = low.overlap_down(high)
    together = one.join(other)
    if across >= 0.5:
        # Above one another, or inside: the whole is hardly higher than a digit is here.
        near = down >= -0.25 * tallest
        return near and together.height <= 1.3 * tallest
    # Beside one another: a low piece that stands out from a body, such as the roof of a 5.
    gap = max(0, -low.overlap_across(high))
    is_piece = low.height < 0.35 * high.height and low.width < 1.2 * high.height
    return is_piece and gap <= 0.12 * high.height and down >= -0.1 * high.height


def _drop_marks(parts: list[_Part]) -> list[_Part]:
    """Return the parts that are as large as digits are here."""
    usual = _find_usual_height(parts)
    return [part for part in parts if not _is_mark(part.box, usual)] or parts


def _is_mark(box: Box, usual: float) -> bool:
    small = max(box.height, box.width) < SMALL * usual
    return small or (box.height < SMALL * usual and box.width > DASH * box.height)


def _cut_out(ink: np.ndarray, labels: np.ndarray, part: _Part) -> Glyph:
    """Cut a glyph out, its soft edge taken along and its neighbours left out."""
    box = part.box
    rows = slice(max(0, box.top - 1), box.bottom + 1)
    columns = slice(max(0, box.left - 1), box.right + 1)
    there = labels[rows, columns]
    chosen = np.zeros(there.max() + 1, np.uint8)
    chosen[list(part.labels)] = 1
    near = cv2.dilate(chosen[there], np.ones((3, 3), np.uint8))
    glyph = ink[rows, columns] * near
    left, top, width, height = cv2.boundingRect((glyph > 0).astype(np.uint8))
    place = Box(columns.start + left, rows.start + top, width, height)
    return Glyph(place, glyph[top : top + height, left : left + width], part.crowded)
