"""Remove what is printed on the paper: ruled and squared lines, frames, the edges of a sheet."""

from typing import NamedTuple

import cv2
import numpy as np

OVERVIEW = 512  # pixels of the longer side, at which lines are looked for
SOLID = 0.2  # ink of a printed line, which may be paler than the pen's
PALE = 0.1  # and of its soft edge, with which its thickness is measured
PIECE = 1 / 24  # of the picture: a line is made of straight pieces of this length,
FILLED = 0.7  # of which so much is ink, as a pale line comes and goes
# Pixels of that size, down and across: what is as thick is no printed line. The lines across it are
# narrower, so that those of small squares do not cut each other into pieces too short to be seen.
# Odd: what OpenCV opens with an even kernel is put a pixel aside, and of each thick stroke an edge
# would be left.
THICK = (7, 5)
BRIDGE = 2 / 3  # of the picture: how far apart the pieces of one line may be,
LONGER = 2  # and how much further each is looked for on either side, of its own length
OWN = 1 / 8  # of the picture: a piece of this length shows how it falls; shorter ones do as most
THIN = 1 / 40  # of its length: a stroke of a digit is thicker
ACROSS = 0.9  # of the picture: a line that runs from edge to edge
FROM_EDGE = 0.49  # of the picture: a line that begins at one edge; of its end a little is not found
SEVERAL = 4  # lines as long as that which reach no edge, on a sheet smaller than the picture
THICKER = 1.5  # times as thick as the line, and two pixels more at least: a stroke that lies on it
BOLDER = 0.2  # more ink than the line: a stroke on it, however thin
CRUMB = 2  # times as thick as a stroke must be: what is left of lines where they cross


def remove_lines(ink: np.ndarray) -> np.ndarray:
    """Remove straight lines too long and too thin to be strokes, and keep the strokes on them.

    A stroke that crosses a line or runs along it is thicker there than the line, or bolder.

    Args:
        ink: float32 (height, width), 0 is ground and 1 is ink.

    Returns:
        float32 (height, width), the same array where there are no such lines.

    Example: in a picture 300 wide a bar 300 x 2 is removed, but for the 18 pixels at which a
    vertical stroke 18 wide crosses it; a bar 100 x 18, the roof of a 7, stays.
    """
    # Both are looked for before any is removed, as what is left of one cuts the other into pieces.
    level = _find_level_lines(ink)
    # Turned in memory too: OpenCV takes its time over an array that is turned in name only.
    upright = _find_level_lines(cv2.transpose(ink))
    cleaned = ink
    if level is not None:
        cleaned = _erase(cleaned, level)
    if upright is not None:
        cleaned = cv2.transpose(_erase(cv2.transpose(cleaned), upright))
    found = [lines for lines in (level, upright) if lines is not None]
    return _tidy(cleaned, ink, max(lines.stroke for lines in found)) if found else ink


class _Lines(NamedTuple):
    """Level lines in a map of ink."""

    near: np.ndarray  # uint8 like it, not 0 where they may be
    stroke: int  # pixels, how thick a stroke is at least that lies on them
    bold: float  # how much ink it holds at least, however thin; more than 1 if none can


class _Pieces(NamedTuple):
    """Pieces of level lines, arrays (n,), in pixels of the overview."""

    left: np.ndarray
    right: np.ndarray  # the first column that is no longer in it
    column: np.ndarray  # of its middle
    row: np.ndarray
    slope: np.ndarray  # how many pixels it falls, a pixel on
    area: np.ndarray

    def at(self, chosen: np.ndarray) -> "_Pieces":
        return _Pieces(*(values[chosen] for values in self))


def _find_level_lines(ink: np.ndarray) -> _Lines | None:
    scale = min(1, OVERVIEW / max(ink.shape))
    size = [max(1, round(length * scale)) for length in ink.shape[::-1]]
    small = (ink >= SOLID).astype(np.uint8)
    if scale < 1:
        # The most ink of a neighbourhood, not its mean: a hairline must not fade when made smaller.
        widened = cv2.dilate(small, np.ones((round(1 / scale), 1), np.uint8))
        small = cv2.resize(widened, size, interpolation=cv2.INTER_NEAREST)
    length = max(8, round(PIECE * size[0])) | 1
    thick = _keep_thick(small, THICK)
    filled = cv2.blur((small - thick) * 255, (length, 1))
    found = (filled >= FILLED * 255).astype(np.uint8)
    if cv2.reduce(found, 0, cv2.REDUCE_MAX).sum() < FROM_EDGE * size[0]:
        return None
    # Along a line they may be further apart, but hardly across: the next line may be near.
    _, labels = cv2.connectedComponents(cv2.dilate(found, np.ones((3, length), np.uint8)))
    pieces = _measure_pieces(found, labels)
    long, longer = _choose_long(pieces, found.shape)
    if not long.any():
        return None
    thickness = pieces.area[long].sum() / (pieces.right - pieces.left)[long].sum()
    near = _draw(longer.at(long), found.shape, (round(thickness) + 2) | 1)
    # A line that is not quite straight is where its pieces are, too.
    own = found & np.append(False, long)[labels].astype(np.uint8)
    near |= cv2.dilate(own, np.ones((3, 3), np.uint8))
    near = cv2.resize(near, ink.shape[::-1], interpolation=cv2.INTER_NEAREST)
    return _measure_lines(ink, near)


def _measure_pieces(found: np.ndarray, labels: np.ndarray) -> _Pieces:
    """Measure the pieces in a map of them, by their moments; they are labelled from 1 on."""
    rows, columns = np.nonzero(found)
    piece, count = labels[rows, columns] - 1, int(labels.max())
    left, right = np.full(count, found.shape[1]), np.zeros(count, int)
    np.minimum.at(left, piece, columns)
    np.maximum.at(right, piece, columns + 1)
    area, row, column, square, both = (
        np.bincount(piece, weights, count)
        for weights in (np.ones(len(piece)), rows, columns, columns**2, rows * columns)
    )
    row, column = row / area, column / area
    spread = np.maximum(square / area - column**2, 1)
    slope = (both / area - row * column) / spread
    own = right - left >= OWN * found.shape[1]
    slope[~own] = np.median(slope[own]) if own.any() else 0
    return _Pieces(left, right, column, row, slope, area)


def _choose_long(pieces: _Pieces, shape: tuple[int, int]) -> tuple[np.ndarray, _Pieces]:
    """Tell which pieces are of long lines, bool (n,), and make each so long that it meets the next.

    Each goes on the way it falls; where that leads to another, both are of one line.
    """
    width, lengths = shape[1], pieces.right - pieces.left
    reach = np.minimum(BRIDGE / 2 * width, LONGER * lengths)
    longer = pieces._replace(left=pieces.left - reach, right=pieces.right + reach)
    count, labels = cv2.connectedComponents(_draw(longer, shape, 3))
    line = labels[np.round(pieces.row).astype(int), np.round(pieces.column).astype(int)]
    left, right = np.full(count, width), np.zeros(count, int)
    np.minimum.at(left, line, pieces.left)
    np.maximum.at(right, line, pieces.right)
    length = np.maximum(0, right - left)
    # By the length of the pieces: lines that lie side by side may have become one.
    thickness = np.bincount(line, pieces.area, count) / np.maximum(
        1, np.bincount(line, lengths, count)
    )
    at_edge = (left <= 1) | (right >= width - 1)
    long = (length >= FROM_EDGE * width) & (thickness <= THIN * length)
    long[0] = False
    if long.sum() < SEVERAL:
        long &= (length >= ACROSS * width) | at_edge
    # Beyond the end of a line there are only strokes.
    ends = np.maximum(longer.left, left[line]), np.minimum(longer.right, right[line])
    return long[line], longer._replace(left=ends[0], right=ends[1])


def _draw(pieces: _Pieces, shape: tuple[int, int], thickness: int) -> np.ndarray:
    """Draw pieces as straight lines, uint8 of a shape."""
    drawn = np.zeros(shape, np.uint8)
    for left, right, column, row, slope, _ in zip(*pieces, strict=True):
        ends = [(round(x), round(row + slope * (x - column))) for x in (left, right - 1)]
        cv2.line(drawn, *ends, 1, thickness)
    return drawn


def _measure_lines(ink: np.ndarray, near: np.ndarray) -> _Lines:
    """Measure how thick lines are and how much ink they hold, in all columns or in some."""
    step = max(1, ink.shape[1] // OVERVIEW)
    columns = cv2.transpose((ink[:, ::step] >= PALE).astype(np.uint8))
    framed = cv2.copyMakeBorder(columns, 0, 0, 1, 1, cv2.BORDER_CONSTANT, value=0)
    change = np.diff(framed.astype(np.int8))
    (column, begin), (_, end) = np.nonzero(change > 0), np.nonzero(change < 0)
    column, middle = column * step, (begin + end) // 2
    of_line = near[middle, column] > 0
    if not of_line.any():
        return _Lines(near, 1, 1.0)
    thickness = float(np.median((end - begin)[of_line]))
    stroke = int(np.ceil(max(THICKER * thickness, thickness + 2)))
    bold = BOLDER + float(np.median(ink[middle, column][of_line]))
    return _Lines(near, stroke, bold)


def _erase(ink: np.ndarray, lines: _Lines) -> np.ndarray:
    """Remove level lines but not the strokes on them."""
    solid = (ink >= SOLID).astype(np.uint8)
    strokes = _keep_thick(solid, (lines.stroke, 1))
    line = (lines.near > 0) & (strokes == 0) & (ink < lines.bold)
    return np.where(line, np.float32(0), ink)


def _keep_thick(solid: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """Return what is at least so many pixels down and across, uint8 like ``solid``.

    Beyond the picture is no ink, or what lies along its edge would look thick.
    """
    border = {"borderType": cv2.BORDER_CONSTANT, "borderValue": 0}
    return cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones(size, np.uint8), **border)


def _tidy(cleaned: np.ndarray, ink: np.ndarray, stroke: int) -> np.ndarray:
    """Remove crumbs of lines, and give strokes back what lay between two pieces of one.

    Args:
        cleaned: what is left without lines, float32 (height, width).
        ink: what there was.
        stroke: pixels, how thick strokes are at least.
    """
    _, labels, sizes, _ = cv2.connectedComponentsWithStats((cleaned > 0).astype(np.uint8))
    sides = sizes[:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max(axis=1)
    near = cv2.dilate((cleaned < ink).astype(np.uint8), np.ones((3, 3), np.uint8))
    crumb = (near > 0) & (sides <= CRUMB * stroke)[labels]
    cleaned = np.where(crumb, np.float32(0), cleaned)
    solid, gap = (cleaned >= SOLID).astype(np.uint8), np.ones((stroke | 1, stroke | 1), np.uint8)
    whole = cv2.morphologyEx(solid, cv2.MORPH_CLOSE, gap)
    return np.where(whole > 0, ink, cleaned)
