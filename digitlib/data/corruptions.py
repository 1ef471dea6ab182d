"""The fifteen corruptions of MNIST-C: how a digit that is still a digit may look.

They are those of Mu and Gilmer, *MNIST-C: A Robustness Benchmark for Computer Vision* (2019,
arXiv:1906.02337), at the strengths that the authors chose for their data set. No network is trained
on them: they measure how far what it has learnt carries.
"""

from collections.abc import Callable
from itertools import pairwise

import cv2
import numpy as np

SIDE = 28

# Of x, float64 (n, 28, 28) from 0 to 1, and a source of chance; values outside are clipped.
Corruption = Callable[[np.ndarray, np.random.Generator], np.ndarray]


def corrupt(images: np.ndarray, name: str, seed: int = 0) -> np.ndarray:
    """Return digits with a corruption, another in detail for each.

    Args:
        images: uint8 (n, 28, 28), 0 is paper and 255 is ink.
        name: of the corruption, one of ``CORRUPTIONS``.
        seed: of what is left to chance.

    Returns:
        uint8 (n, 28, 28); the images given stay as they are.
    """
    chance = np.random.default_rng(seed)
    corrupted = CORRUPTIONS[name](images / 255, chance)
    return np.round(np.clip(corrupted, 0, 1) * 255).astype(np.uint8)


def shot_noise(x: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Light that comes in few photons: three where the ink is full."""
    return chance.poisson(x * 3) / 3


def impulse_noise(x: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """A pixel in six is black or white, by chance."""
    hit = chance.random(x.shape) < 0.17
    return np.where(hit, chance.random(x.shape) < 0.5, x)


def glass_blur(x: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Seen through frosted glass: neighbouring pixels change places, between two blurs."""
    x = _blur(x, 0.7)
    everyone = np.arange(len(x))
    for _ in range(2):
        for row in range(SIDE - 1, 1, -1):
            for column in range(SIDE - 1, 1, -1):
                swapped = everyone[chance.random(len(x)) < 0.5]
                rows, columns = chance.integers(-1, 1, (2, len(swapped)))
                rows, columns = rows + row, columns + column
                here, there = x[swapped, row, column], x[swapped, rows, columns]
                x[swapped, row, column], x[swapped, rows, columns] = there, here
    return _blur(x, 0.7)


def motion_blur(x: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Drawn out along a line, up to 45 degrees from level, as ImageMagick's ``-motion-blur 10x3``.

    The weights fall off to one side as those of a normal distribution with 3 pixels of deviation.
    """
    steps = np.arange(21)
    weights = np.exp(-((steps / 3) ** 2) / 2)
    weights /= weights.sum()
    blurred = []
    for image, angle in zip(x, chance.uniform(-np.pi / 4, np.pi / 4, len(x)), strict=True):
        columns = np.ceil(steps * np.cos(angle) - 0.5).astype(int)
        rows = np.ceil(steps * np.sin(angle) - 0.5).astype(int)
        kernel = np.zeros((41, 41))
        np.add.at(kernel, (20 + rows, 20 + columns), weights)
        blurred.append(cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REPLICATE))
    return np.stack(blurred)


def shear(x: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Slanted by 0.4 radians to one side or the other."""
    angles = 0.4 * chance.choice([-1, 1], len(x))
    return _warp(x, [[[1, -np.sin(angle)], [0, np.cos(angle)]] for angle in angles])


def scale(x: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Seven tenths of its size."""
    return _warp(x, [[[1 / 0.7, 0], [0, 1 / 0.7]]] * len(x))


def rotate(x: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Turned by 0.4 radians to one side or the other."""
    turns = 0.4 * chance.choice([-1, 1], len(x))
    return _warp(
        x, [[[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]] for turn in turns]
    )


def brightness(x: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Half as bright as ink all over: the paper is grey, and ink stays ink."""
    return x + 0.5


def translate(x: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Moved by three pixels into one of the four corners."""
    moved = 3 * chance.choice([-1, 1], (len(x), 2))
    padded = np.pad(x, ((0, 0), (3, 3), (3, 3)))
    return np.stack(
        [
            image[3 + row : 31 + row, 3 + column : 31 + column]
            for image, (row, column) in zip(padded, moved, strict=True)
        ]
    )


def stripe(x: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Ink and paper change places in a quarter to the left and one to the right."""
    return np.concatenate([1 - x[:, :, :7], x[:, :, 7:21], 1 - x[:, :, 21:]], axis=2)


def fog(x: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Behind a fog that is three times as bright as the ink in the thickest place there is."""
    top = x.max(axis=(1, 2), keepdims=True)
    return (x + 3 * np.stack([_draw_fog(chance) for _ in x])) * top / (top + 3)


def spatter(x: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Drops of mud, a quarter as bright as ink, hide what is under them."""
    liquid = _blur(chance.normal(0.65, 0.3, x.shape), 1)
    mud = _blur((liquid > 0.65).astype(float), 1.5)
    mud[mud < 0.8] = 0
    return x * (1 - mud) + 63 / 255 * mud


def dotted_line(x: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """A line from the left to the right, two pixels drawn and two left out."""
    rows = chance.integers(0, 27, (len(x), 2))
    lines = np.stack([_draw_line(0, first, 27, last) for first, last in rows])
    lines[:, :, np.arange(SIDE) // 2 % 2 == 0] = 0
    return x + lines


def zigzag(x: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """A line from the left to the right with teeth of two pixels."""
    first = chance.integers(0, 27, len(x))
    last = first + chance.integers(-5, 5, len(x))
    return x + np.stack([_draw_zigzag(*rows) for rows in zip(first, last, strict=True)])


def canny_edges(x: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Its outlines alone, as Canny finds them; the thresholds are a tenth and a fifth of ink."""
    soft = np.round(_blur(x, 1) * 255).astype(np.uint8)
    return np.stack([cv2.Canny(image, 25.5, 51, L2gradient=True) for image in soft]) / 255


CORRUPTIONS: dict[str, Corruption] = {
    corruption.__name__: corruption
    for corruption in (
        shot_noise, impulse_noise, glass_blur, motion_blur, shear, scale, rotate, brightness,
        translate, stripe, fog, spatter, dotted_line, zigzag, canny_edges,
    )
}  # fmt: skip


def _blur(x: np.ndarray, deviation: float) -> np.ndarray:
    side = 2 * int(4 * deviation + 0.5) + 1
    return np.stack(
        [
            cv2.GaussianBlur(image, (side, side), deviation, borderType=cv2.BORDER_REPLICATE)
            for image in x
        ]
    )


def _warp(x: np.ndarray, matrices: list[list[list[float]]]) -> np.ndarray:
    """Return images with the ink that was at A p now at p, both counted from the middle."""
    middle = np.full(2, (SIDE - 1) / 2)
    warped = []
    for image, matrix in zip(x, np.array(matrices), strict=True):
        inverse = np.column_stack([matrix, middle - matrix @ middle])
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        warped.append(cv2.warpAffine(image, inverse, (SIDE, SIDE), flags=flags))
    return np.stack(warped)


def _draw_fog(chance: np.random.Generator) -> np.ndarray:
    """Return a corner of a landscape made by the diamond-square method, heights from 0 to 1."""
    side, step, rough = 256, 256, 100.0
    heights = np.zeros((side, side))

    def mean(total: np.ndarray) -> np.ndarray:
        return total / 4 + rough * chance.uniform(-rough, rough, total.shape)

    while step >= 2:
        half = step // 2
        corners = heights[::step, ::step]
        total = corners + np.roll(corners, -1, axis=0)
        heights[half::step, half::step] = mean(total + np.roll(total, -1, axis=1))
        middles = heights[half::step, half::step]
        total = middles + np.roll(middles, 1, axis=0) + corners + np.roll(corners, -1, axis=1)
        heights[::step, half::step] = mean(total)
        total = middles + np.roll(middles, 1, axis=1) + corners + np.roll(corners, -1, axis=0)
        heights[half::step, ::step] = mean(total)
        step, rough = half, rough / 1.4
    heights -= heights.min()
    return heights[:SIDE, :SIDE] / heights.max()


def _draw_line(column: float, row: float, last_column: float, last_row: float) -> np.ndarray:
    """Return a soft line, float (28, 28), that is full in its middle and two pixels wide."""
    picture = np.zeros((SIDE, SIDE))
    if column == last_column:
        return picture
    columns, rows = np.arange(SIDE), np.arange(SIDE)[:, np.newaxis]
    line = (last_row - row) / (last_column - column) * (columns - column) + row
    distance = np.minimum(np.abs(rows - line), 2.3 - 1e-10)
    inside = slice(max(int(np.floor(column)), 0), int(np.ceil(last_column)))
    picture[:, inside] = np.clip(np.log(1 - distance / 2.3) + 1, 0, 1)[:, inside]
    return picture


def _draw_zigzag(first: int, last: int) -> np.ndarray:
    left, right, tooth = 2, 25, 2.0
    slope = np.arctan((last - first) / (right - left))
    length = (right - left) / np.cos(slope)
    along = tooth * np.arange(1, 2 * ((length - tooth) // (2 * tooth)) + 2, 2)
    across = tooth * (-1.0) ** np.arange(len(along))
    points = np.array([[0, *along, length], [0, *across, 0]])
    turn = [[np.cos(slope), -np.sin(slope)], [np.sin(slope), np.cos(slope)]]
    columns, rows = turn @ points + [[left], [first]]
    corners = list(zip(columns, rows, strict=True))
    teeth = [_draw_line(*here, *there) for here, there in pairwise(corners)]
    return np.clip(np.sum(teeth, axis=0), 0, 1)
