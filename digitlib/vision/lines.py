"""Remove what is printed on the paper: ruled and squared lines, frames, the edges of a sheet."""

import cv2
import numpy as np

OVERVIEW = 512  # pixels of the longer side, at which lines are looked for
SOLID = 0.2  # ink of a printed line, which may be paler than the pen's
PIECE = 1 / 24  # of the picture: a line is made of straight pieces of this length
# Pixels of that size: what is as thick is no printed line. Odd: what OpenCV opens with an even
# kernel is put a pixel aside, and of each thick stroke an edge would be left.
THICK = 7
BRIDGE = 2 / 3  # of the picture: how far apart the pieces of one line may be
THIN = 1 / 40  # of its length: a stroke of a digit is thicker
ACROSS = 0.9  # of the picture: a line that runs from edge to edge
FROM_EDGE = 0.5  # of the picture: a line that begins at one edge
MOST_SIDES = 6  # from which lines are looked for; nearly always two or four
SEVERAL = 4  # lines as long as that which reach no edge, on a sheet smaller than the picture


def remove_lines(ink: np.ndarray) -> np.ndarray:
    """Remove straight lines too long and too thin to be strokes, and keep the strokes across them.

    Args:
        ink: float32 (height, width), 0 is ground and 1 is ink.

    Returns:
        float32 (height, width), the same array where there are no such lines.

    Example: in a picture 300 wide a bar 300 x 2 is removed, but for the 18 pixels at which a
    vertical stroke 18 wide crosses it; a bar 100 x 18, the roof of a 7, stays.
    """
    solid = (ink >= SOLID).astype(np.uint8)
    kept, quiet, sides = np.ones_like(solid), 0, 0
    # By turns level and upright, as those that are left cut the others into short pieces.
    while quiet < 2 and sides < MOST_SIDES:
        lines = _find_level_lines(solid)
        if lines is None:
            quiet += 1
        else:
            quiet, solid[lines], kept[lines] = 0, 0, 0
        # Turned in memory too: OpenCV takes its time over an array that is turned in name only.
        solid, kept, sides = cv2.transpose(solid), cv2.transpose(kept), sides + 1
    if quiet == sides:
        return ink
    return ink * (kept if sides % 2 == 0 else cv2.transpose(kept))


def _find_level_lines(solid: np.ndarray) -> np.ndarray | None:
    """Return what level lines cover, but for the strokes across them, bool; None if there are none.

    Args:
        solid: uint8 (height, width), 1 where there is ink.
    """
    scale = min(1, OVERVIEW / max(solid.shape))
    size = [max(1, round(length * scale)) for length in solid.shape[::-1]]
    small = solid
    if scale < 1:
        # The most ink of a neighbourhood, not its mean: a hairline must not fade when made smaller.
        widened = cv2.dilate(solid, np.ones((round(1 / scale), 1), np.uint8))
        small = cv2.resize(widened, size, interpolation=cv2.INTER_NEAREST)
    lines, thickness = _find_lines(small)
    if thickness == 0:
        return None
    near = cv2.dilate(lines, np.ones((3, 3), np.uint8))
    # A pale line is found in pieces; what lies between two of them belongs to it as well.
    near = cv2.morphologyEx(near, cv2.MORPH_CLOSE, np.ones((1, _reach(small)), np.uint8))
    near = cv2.resize(near, solid.shape[::-1], interpolation=cv2.INTER_NEAREST)
    run = 2 * round(thickness / scale) + 3
    crossing = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((run, 1), np.uint8))
    return (near > 0) & (crossing == 0)


def _find_lines(solid: np.ndarray) -> tuple[np.ndarray, float]:
    """Return where level lines are, uint8 like ``solid``, and how thick they are, 0 if none."""
    width = solid.shape[1]
    piece = max(8, round(PIECE * width)) | 1
    thick = cv2.morphologyEx(solid, cv2.MORPH_OPEN, np.ones((THICK, 1), np.uint8))
    thin = solid - thick
    # Of most drawings too little is thin to be a line from edge to edge, in pieces or not.
    if _count_columns(thin) < FROM_EDGE * width:
        return thin, 0.0
    pieces = cv2.morphologyEx(thin, cv2.MORPH_OPEN, np.ones((1, piece), np.uint8))
    if _count_columns(pieces) < FROM_EDGE * width:
        return pieces, 0.0
    # A line that is not quite level is a staircase of pieces, interrupted where strokes cross it.
    chains = cv2.dilate(pieces, np.ones((3, _reach(solid)), np.uint8))
    count, labels = cv2.connectedComponents(chains, connectivity=8)
    rows, columns = np.nonzero(pieces)
    chain = labels[rows, columns]
    lefts, rights = np.full(count, width), np.zeros(count, int)
    np.minimum.at(lefts, chain, columns)
    np.maximum.at(rights, chain, columns + 1)
    areas, lengths = np.bincount(chain, minlength=count), np.maximum(0, rights - lefts)
    at_edge = (lefts <= 1) | (rights >= width - 1)
    long = (lengths >= FROM_EDGE * width) & (areas <= THIN * lengths**2)
    long[0] = False
    if long.sum() < SEVERAL:
        long &= (lengths >= ACROSS * width) | at_edge
    if not long.any():
        return pieces, 0.0
    lines = pieces * np.isin(labels, np.flatnonzero(long)).astype(np.uint8)
    return lines, float(np.median(areas[long] / lengths[long]))


def _count_columns(solid: np.ndarray) -> int:
    """Return how many columns hold ink."""
    return np.count_nonzero(solid.any(axis=0))


def _reach(solid: np.ndarray) -> int:
    return round(BRIDGE * solid.shape[1]) | 1
