"""Tell a plus sign: between numbers that are added up, networks take it for a 4."""

import numpy as np

from digitlib.vision.pen import measure_pen

SOLID = 100  # of 255: a stroke
SHORTEST = 8  # pixels: a bar
LEAST, MOST = 0.6, 1.6  # times as wide as high
ENDS = 0.25  # of a bar at either end: where the other does not reach
SLANT = 0.3  # pixels aside, a pixel on: how far a bar leans at most
MIDDLE = 0.35, 0.65  # of a bar: where the other crosses it
THICKEST = 0.36  # of the shorter bar: how thick they are at most
SOFT = 1.0  # pixels: how far beyond half of the pen's width ink may lie beside a bar's middle
ALL = 0.97  # of the ink is in the two bars


def is_plus(digit: np.ndarray) -> bool:
    """Tell whether a glyph is two straight bars that cross in their middles.

    Of MNIST's 60,000 training digits four are taken for one, all of them a 4 that nearly is.

    Args:
        digit: uint8 (28, 28) in MNIST form.
    """
    solid = digit >= SOLID
    rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
    if min(rows.size, columns.size) < SHORTEST or not LEAST <= columns.size / rows.size <= MOST:
        return False
    upright, level = _fit_bar(solid), _fit_bar(solid.T)
    if max(abs(upright[1]), abs(level[1])) > SLANT:
        return False
    pen = measure_pen(solid.astype(np.uint8))
    if pen > THICKEST * min(rows.size, columns.size):
        return False
    row, column = np.nonzero(digit)
    aside = np.abs(column - upright[0] - upright[1] * row)
    above = np.abs(row - level[0] - level[1] * column)
    near = np.minimum(aside, above) <= pen / 2 + SOFT
    if digit[row, column][near].sum() < ALL * digit.sum(dtype=float):
        return False
    # Where they meet: column = upright[0] + upright[1] * row, row = level[0] + level[1] * column.
    crossing = (level[0] + level[1] * upright[0]) / (1 - level[1] * upright[1])
    down = (crossing - rows[0]) / rows.size
    across = (upright[0] + upright[1] * crossing - columns[0]) / columns.size
    return all(MIDDLE[0] <= place <= MIDDLE[1] for place in (down, across))


def _fit_bar(solid: np.ndarray) -> tuple[float, float]:
    """Return in which column an upright bar is in row 0, and how far it goes aside, a row on.

    It is put through the middles of what is in the first rows and in the last.
    """
    row, column = np.nonzero(solid)
    length = row.max() + 1 - row.min()
    first, last = row < row.min() + ENDS * length, row > row.max() - ENDS * length
    slope = (column[last].mean() - column[first].mean()) / (row[last].mean() - row[first].mean())
    return float(column[first].mean() - slope * row[first].mean()), float(slope)
