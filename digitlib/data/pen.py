"""Digits written by a simulated pen, in the shapes that people's hands know.

MNIST's digits come from American hands. Elsewhere the 7 is crossed, the 1 has a flag, the 9 is left
open and the 4 is made of two strokes that do not meet: here every digit has the shapes it has
anywhere, all written by the same pen, so that nothing but the shape tells one digit from another.
"""

from functools import cache

import cv2
import numpy as np

PAGE = 112  # pixels along each side of what is written
DIGIT_SIDE = 80  # of the longer side of a digit, with its lines
THINNEST, THICKEST = 3.0, 13.0  # pixels

# For each digit the shapes it is written in, and how often each. A shape is one or more strokes,
# between semicolons; a stroke is points x,y that the pen passes, from 0 to 100, y downwards. The
# pen runs smoothly through them but turns sharply where a point ends with "!".
SHAPES: tuple[tuple[tuple[float, str], ...], ...] = (
    (
        (3, "55,0 20,12 0,50 18,88 52,100 88,82 100,45 82,10 50,0"),
        (2, "62,3 25,6 2,50 25,93 55,99 95,62 88,18 50,0 32,4"),
        (2, "45,3 8,30 6,75 45,100 90,78 96,32 68,5"),
        (1, "78,10 45,0 10,25 5,70 40,100 85,80 95,35 65,5 28,10"),
        (0.5, "50,0 10,20 0,55 25,95 60,98 96,60 85,15 50,0;88,6 12,94"),
    ),
    (
        (3, "50,0 50,100"),
        (1, "56,0 46,45 50,100"),
        (1.5, "36,16 54,0! 54,100"),
        (2, "22,28 55,0! 55,100"),
        (2, "5,42 56,0! 56,100"),
        (1.5, "-8,58 56,0! 58,100"),
        (0.7, "-14,80 52,0! 58,100"),
        (2, "-12,40 30,30 62,0! 50,100"),
        (1.5, "-8,36 24,26 52,4 60,8 57,24 46,100"),
        (1.5, "-35,32 14,20 58,0! 50,100"),
        (2, "-50,50 8,24 60,0! 50,100"),
        (1.2, "-80,50 -20,30 58,0! 44,100"),
        (0.5, "-110,60 -30,36 56,0! 34,100"),
        (1, "-40,46 0,36 36,10 54,1 62,14 50,100"),
        (1, "36,44 28,34 42,10 58,0! 54,50 52,100"),
        (1.5, "4,44 20,22 40,2 56,0 60,14 58,50 50,100"),
        (1, "10,36 30,4 52,0! 56,48 46,100"),
        (1, "-6,50 14,30 34,6 54,2! 58,40 48,100"),
        (0.7, "40,52 46,24 60,0! 56,40 48,100"),
        (1, "24,24 55,0! 55,100;12,100 96,100"),
        (0.5, "50,0 50,100;14,100 88,100"),
        (0.5, "50,0 50,86 62,100 80,94"),
    ),
    (
        (2, "5,25 30,2 75,5 90,30 62,62 2,100! 100,98"),
        (2, "8,22 35,0 80,8 85,35 50,70 15,96 4,88 16,77 48,88 100,98"),
        (1.5, "5,30 25,3 70,2 90,28 60,65 0,98! 38,91 72,100 100,90"),
        (1, "5,12 50,2 92,10 84,36 0,100! 100,100"),
        (1, "14,38 8,15 42,0 86,12 85,40 45,72 0,100! 100,100"),
        (1, "10,20 40,0 82,15 75,45 30,88 10,98 12,84 35,84 65,97 98,88"),
        (1, "24,28 40,2 64,4 66,26 40,80 18,98! 100,94"),
    ),
    (
        (2, "8,12 45,0 85,15 75,40 38,48! 80,55 95,78 60,100 5,90"),
        (1.5, "8,12 50,0 85,18 65,42 38,52 42,42 70,48 95,75 55,100 5,88"),
        (1.5, "5,2 90,2! 42,42! 84,52 92,80 50,100 3,88"),
        (1.5, "10,10 55,0 82,20 60,45 45,48 75,52 92,75 55,100 5,90"),
        (1, "5,15 45,0 85,12 80,35 45,46! 85,58 88,85 50,100 10,96 0,85"),
        (0.5, "5,4 85,0! 35,38 70,42 95,68 75,95 35,100 2,92"),
    ),
    (
        (2, "35,0 5,60! 100,58;70,15 68,100"),
        (2, "15,0 12,50! 95,50;75,5 75,100"),
        (1.5, "15,0 10,35 30,52 82,46;86,0 76,100"),
        (1.5, "70,100 70,0! 0,68! 100,68"),
        (1, "62,0 0,65! 100,63;64,0 62,100"),
        (1.5, "45,0 5,60! 98,56;66,34 60,100"),
        (1, "20,0 8,48 45,58 90,8! 76,100"),
        (1, "28,0 4,55! 90,50;80,-6 62,100"),
        (1.5, "40,0 20,57! 82,52;64,34 56,100"),
        (1, "42,0 30,48 22,62 34,66 80,56;68,38 58,100"),
        (1, "50,0 38,56 46,64 74,40! 60,100"),
        (0.5, "45,0 12,62! 92,58! 74,100"),
        (1, "66,0 30,30 14,58 34,66 88,56;76,36 62,100"),
        (0.7, "52,0 20,40 12,60 40,62 86,52;70,30 70,100"),
        (1, "50,0 34,45 28,66 48,66 80,52;68,38 60,100"),
        (0.7, "44,0 26,42 14,74 36,76 70,64;60,46 52,100"),
    ),
    (
        (2, "20,0 12,45! 55,35 95,60 80,92 40,100 3,88;20,0 92,0"),
        (1.5, "90,2 22,2! 15,45! 60,38 95,65 75,95 35,100 3,88"),
        (1.5, "90,5 40,3 15,25 30,45 75,55 85,80 45,100 5,90"),
        (1.5, "18,6 12,46! 55,36 92,62 76,94 38,100 3,90;28,-4 95,-8"),
        (1, "15,0 10,42! 50,32 85,50 88,80 50,100 0,92;15,0 50,5 95,-6"),
        (0.5, "22,10 20,45 60,42 88,66 68,96 10,96;40,0 98,-4"),
        (1, "26,4 40,20 30,46! 66,48 84,66 60,92 0,98;24,18 98,2"),
        (0.7, "30,0 18,40! 62,44 82,64 56,92 0,100;26,14 60,12 100,-4"),
        (0.3, "85,0 15,0! 15,45! 85,45! 85,100! 5,100"),
    ),
    (
        (2, "75,0 35,25 8,65 25,97 65,97 85,75 60,55 20,65"),
        (1.5, "60,0 10,70 20,97 60,100 88,78 65,58 25,65 12,78"),
        (1.5, "88,12 60,0 20,25 5,70 35,100 80,92 88,65 55,50 15,65"),
        (1, "50,0 15,50 10,85 40,100 70,88 60,70 18,80"),
        (1, "70,0 25,35 8,75 35,100 75,92 82,68 52,60 35,70"),
        (0.5, "30,0 10,45 15,88 50,100 88,85 80,60 45,56 14,72"),
        (1, "80,2 45,25 28,70 45,98 80,85 75,62 40,62 2,70"),
        (0.7, "70,0 40,30 30,75 50,100 78,82 60,60 30,66 -14,78"),
        (0.7, "98,0 45,8 15,50 20,95 70,98 80,70 50,48 6,60"),
    ),
    (
        (2, "0,3 95,2! 40,100"),
        (1.5, "0,5 92,3! 55,50 40,100"),
        (2, "0,3 95,2! 40,100;18,50 88,48"),
        (1.5, "2,22 4,2! 95,2! 40,100;18,52 88,50"),
        (1, "3,20 5,2! 95,2! 42,100"),
        (1.5, "0,10 30,0 95,3! 60,45 45,100;22,56 92,44"),
        (1, "0,10 25,0 60,8 95,0! 45,100"),
        (1, "0,12 25,0 60,8 95,0! 62,42 48,100;25,50 90,50"),
        (1, "6,12 32,0 76,4 82,14 55,60 45,100;10,64 96,58"),
        (1, "8,8 35,2 82,6 60,45 46,100;14,54 98,50"),
        (0.5, "0,5 88,3! 76,100;40,50 100,46"),
        (1, "0,20 42,14 92,0! 46,100"),
        (0.7, "0,24 90,2! 44,100;20,56 86,46"),
    ),
    (
        (2, "80,15 45,0 12,20 40,45 85,70 55,100 10,80 45,48 85,25 70,5"),
        (1.5, "50,0 15,22 50,47 85,22 50,0;50,47 5,73 50,100 95,73 50,47"),
        (1, "20,15 55,0 85,22 50,48 12,75 48,100 88,78 50,48 15,22 30,5"),
        (1.5, "85,10 50,0 15,22 45,45 85,70 50,100 12,78 50,48 95,5"),
        (1, "-6,42 45,48 80,25 60,2 35,18 55,50 80,76 55,100 28,80 72,32"),
    ),
    (
        (2, "85,15 45,0 8,22 30,48 75,38 88,10! 80,100"),
        (1.5, "90,20 55,0 10,18 20,45 65,45 90,15 85,55 70,100"),
        (1.5, "88,18 50,0 8,22 30,48 80,35 90,12! 88,70 60,100 10,92"),
        (1, "55,3 15,14 14,42 50,46 86,15! 82,100"),
        (1, "55,5 12,15 18,45 60,45 90,4! 88,70 55,100 8,94"),
        (1, "76,42 25,46 8,22 45,0 88,18 90,60 60,95 10,95"),
        (0.7, "70,5 25,8 10,32 45,50 85,28! 70,100"),
        (1.5, "70,10 40,2 22,18 40,34 66,20 72,8! 80,50 70,85 35,100 -5,92"),
        (1, "64,14 44,4 30,18 44,30 68,14 78,30 84,60 60,96 0,98"),
        (1, "85,0 45,8 30,30 60,38 80,10! 84,70 45,100 -6,86"),
        (1, "92,2 60,5 20,40 30,52 60,35 92,2! 75,55 22,100"),
        (0.7, "75,12 45,2 25,20 45,36 72,22 60,6 38,10 40,30 72,18! 80,60 50,95 4,92"),
    ),
)

WIDTHS = (0.68, 0.4, 0.7, 0.62, 0.72, 0.66, 0.62, 0.66, 0.58, 0.6)  # of digits 100 high
STEADIEST, SHAKIEST = 2.0, 7.0  # how far the points of a shape are off
BEND = 3.0  # of the whole, over its width and height


def write_digit(label: int, chance: np.random.Generator) -> np.ndarray:
    """Write a digit, in one of its shapes and by a hand that is another each time.

    Args:
        label: the digit, 0 to 9.
        chance: where chance comes from; the same gives the same.

    Returns:
        uint8 (112, 112), 0 is paper and 255 is ink; the digit lies in the middle and its longer
        side is about 80 pixels: OpenCV draws a line up to 3 too wide.
    """
    weights, shapes = zip(*SHAPES[label], strict=True)
    shape = shapes[chance.choice(len(shapes), p=np.array(weights) / sum(weights))]
    return write_shape(shape, WIDTHS[label], chance)


def write_shape(shape: str, width: float, chance: np.random.Generator) -> np.ndarray:
    """Write a shape in the notation of ``SHAPES``, by a hand that is another each time.

    Args:
        shape: its strokes.
        width: for a height of 1.
        chance: where chance comes from.

    Returns:
        uint8 (112, 112) as ``write_digit``.
    """
    return draw_strokes(trace_shape(shape, width, chance), chance)


def trace_shape(shape: str, width: float, chance: np.random.Generator) -> list[np.ndarray]:
    """Return the paths of the pen along a shape, as ``write_shape`` has them, each float (n, 2)."""
    wobble = chance.uniform(STEADIEST, SHAKIEST)
    strokes = [_run_pen(stroke, wobble, chance) for stroke in _read_shape(shape)]
    return _change_hand(strokes, width, chance)


def draw_strokes(strokes: list[np.ndarray], chance: np.random.Generator) -> np.ndarray:
    """Draw the paths of a pen of any thickness, each float (n, 2), as ``write_digit`` does."""
    thickness = chance.uniform(THINNEST, THICKEST)
    points = np.concatenate(strokes)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = (DIGIT_SIDE - thickness) / (high - low).max()
    page = np.zeros((PAGE, PAGE), np.uint8)
    for stroke in strokes:
        placed = (stroke - (low + high) / 2) * scale + PAGE / 2
        # OpenCV takes whole numbers; with shift 4 they are sixteenths of a pixel.
        placed = np.round(16 * placed).astype(np.int32)
        cv2.polylines(page, [placed], False, 255, round(thickness), cv2.LINE_AA, shift=4)
    return page


def run_through(points: np.ndarray) -> np.ndarray:
    """Return a curve through points: the spline of Catmull and Rom (1974), eight steps each."""
    before, after = 2 * points[0] - points[1], 2 * points[-1] - points[-2]
    knots = np.concatenate([[before], points, [after]])
    windows = np.stack([knots[:-3], knots[1:-2], knots[2:-1], knots[3:]])
    return np.concatenate([np.einsum("sk,kpd->psd", _SPLINE, windows).reshape(-1, 2), points[-1:]])


@cache
def _read_shape(shape: str) -> list[list[np.ndarray]]:
    """Return the strokes of a shape, each as its smooth parts, float (n, 2)."""
    strokes = []
    for stroke in shape.split(";"):
        parts = [[]]
        for word in stroke.split():
            point = [float(number) for number in word.rstrip("!").split(",")]
            parts[-1].append(point)
            if word.endswith("!"):
                parts.append([point])
        strokes.append([np.array(part) for part in parts])
    return strokes


def _run_pen(parts: list[np.ndarray], wobble: float, chance: np.random.Generator) -> np.ndarray:
    """Return the path of the pen along one stroke, float (n, 2), by an unsteady hand."""
    path, corner = [], None
    for part in parts:
        points = part + chance.normal(0, wobble, part.shape)
        if corner is not None:
            points[0] = corner
        corner = points[-1]
        path.append(run_through(points))
    return np.concatenate(path)


_STEPS = np.arange(8) / 8
# (8, 4): what the four points around a piece of the spline contribute to each step along it.
_SPLINE = 0.5 * np.stack(
    [
        -_STEPS + 2 * _STEPS**2 - _STEPS**3,
        2 - 5 * _STEPS**2 + 3 * _STEPS**3,
        _STEPS + 4 * _STEPS**2 - 3 * _STEPS**3,
        -(_STEPS**2) + _STEPS**3,
    ],
    axis=1,
)


def _change_hand(
    strokes: list[np.ndarray], width: float, chance: np.random.Generator
) -> list[np.ndarray]:
    """Return strokes as one hand would slant, stretch, turn and bend them."""
    width = width * np.exp(chance.normal(0, 0.25))
    slant, turn = chance.normal(0.15, 0.2), chance.normal(0, 0.08)
    matrix = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    matrix = matrix @ np.array([[width, -slant], [0, 1]])
    waves, phases = chance.normal(0, BEND, (2, 2)), chance.uniform(0, 2 * np.pi, (2, 2))
    changed = []
    for stroke in strokes:
        angles = stroke[:, None, ::-1] * (np.pi / 100) + phases
        bent = stroke + (waves * np.sin(angles)).sum(axis=1)
        shift = chance.normal(0, 2, 2)  # a new stroke never begins where it was meant to
        changed.append((bent + shift) @ matrix.T)
    return changed
