"""Augmentation: digits changed at random into others that a person would still read the same.

A network that has seen them reads sloppier hands and worse pictures. The settings say how far each
change may go; for every digit each is drawn anew, up to that far.
"""

import dataclasses
from dataclasses import dataclass

import cv2
import numpy as np

SIDE = 28
ELASTIC_KNOTS = 5  # of the coarse grid that bends the digit, along each side

# setting -> smallest value, where nothing is changed, and largest
AUGMENTATION_LIMITS = {
    "rotation": (0.0, 45.0),
    "shift": (0.0, 6.0),
    "zoom": (0.0, 0.4),
    "shear": (0.0, 0.6),
    "elastic": (0.0, 3.0),
    "thickness": (0.0, 1.0),
    "erasing": (0.0, 1.0),
    "disguise": (0.0, 1.0),
}


@dataclass(frozen=True)
class Augmentation:
    """How far digits are changed; 0 is not at all.

    Attributes:
        rotation: up to so many degrees to either side, 0 to 45.
        shift: up to so many pixels along each side, 0 to 6.
        zoom: larger or smaller by up to this share, 0 to 0.4; width and height by up to a third of
            it on their own.
        shear: rows moved sideways by up to this share of their height, 0 to 0.6.
        elastic: bent by about so many pixels, 0 to 3, as in Simard, Steinkraus and Platt, *Best
            Practices for Convolutional Neural Networks* (2003).
        thickness: of the pen, up to so many pixels more or half as many less on each side of a
            line, 0 to 1.
        erasing: share of the digits that lose a rectangle, 0 to 1, as in Zhong et al., *Random
            Erasing Data Augmentation* (2017).
        disguise: share of the digits whose look is changed, 0 to 1: hollow or faint lines, ruled
            or uneven paper, ink and paper swapped, seen through a random filter as in Xu et al.,
            *Robust and Generalizable Visual Representation Learning via Random Convolutions*
            (2021), blurred, with grain, or beside scraps of other digits.
    """

    rotation: float = 0.0
    shift: float = 0.0
    zoom: float = 0.0
    shear: float = 0.0
    elastic: float = 0.0
    thickness: float = 0.0
    erasing: float = 0.0
    disguise: float = 0.0

    def __bool__(self) -> bool:
        """Whether anything is changed at all."""
        return any(dataclasses.astuple(self))

    def make_plain(self) -> "Augmentation":
        """Return what the last epochs go with: digits nearly as they are.

        They are turned, moved, sized and slanted half as far, and otherwise as they are. Measured
        on the champion, by validation digits: with a quarter of the disguise kept, nothing is won.
        """
        kept = ("rotation", "shift", "zoom", "shear")
        return Augmentation(**{name: getattr(self, name) / 2 for name in kept})


UNCHANGED = Augmentation()
SLIGHT = Augmentation(rotation=5.0, shift=0.7, zoom=0.05)
GENTLE = Augmentation(rotation=10.0, shift=2.0, zoom=0.1)
STRONG = Augmentation(
    rotation=12.0, shift=2.0, zoom=0.15, shear=0.2, elastic=0.5, thickness=0.6, erasing=0.1,
    disguise=0.35,
)  # fmt: skip
PRESETS = {"off": UNCHANGED, "gentle": GENTLE, "strong": STRONG}


def augment(images: np.ndarray, settings: Augmentation, chance: np.random.Generator) -> np.ndarray:
    """Return digits changed at random, each on its own.

    Args:
        images: uint8 (n, 28, 28), 0 is paper and 255 is ink.
        settings: how far.
        chance: where chance comes from; the same gives the same.

    Returns:
        float32 (n, 28, 28) from 0 to 1.
    """
    digits = images.astype(np.float32) / 255
    places = _find_places(len(digits), settings, chance)
    changed = np.empty_like(digits)
    for number, digit in enumerate(digits):
        if settings.thickness:
            digit = _change_pen(digit, settings.thickness * chance.uniform(-1, 1))
        digit = cv2.remap(digit, places[number], None, cv2.INTER_LINEAR)
        if chance.random() < settings.erasing:
            digit = _erase(digit, chance)
        if chance.random() < settings.disguise:
            digit = _disguise(digit, digits, chance)
        changed[number] = digit
    return changed


def _find_places(count: int, settings: Augmentation, chance: np.random.Generator) -> np.ndarray:
    """Return where the ink of each pixel comes from.

    Returns:
        float32 (count, 28, 28, 2), column and row, for ``cv2.remap``.
    """
    angle, shear, zoom, stretch = chance.uniform(-1, 1, (4, count)) * np.array(
        [[np.radians(settings.rotation)], [settings.shear], [settings.zoom], [settings.zoom / 3]]
    )
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    slant = np.array([[1 + stretch, shear], [np.zeros(count), 1 - stretch]])
    matrices = np.einsum("ijn,jkn->nik", turn, slant / (1 + zoom))
    shifts = chance.uniform(-settings.shift, settings.shift, (count, 2, 1))
    places = (matrices @ _GRID + shifts + _MIDDLE).reshape(count, 2, SIDE, SIDE)
    if settings.elastic:
        knots = chance.normal(0, settings.elastic, (count, 2, ELASTIC_KNOTS, ELASTIC_KNOTS))
        places += _SPREAD @ knots @ _SPREAD.T
    return np.ascontiguousarray(np.moveaxis(places, 1, -1), np.float32)


_MIDDLE = (SIDE - 1) / 2
# (2, 784): column and row of each pixel, counted from the middle.
_GRID = np.stack(np.meshgrid(*[np.arange(SIDE) - _MIDDLE] * 2)).reshape(2, -1)
# (28, 5): what each knot contributes to each pixel.
_SPREAD = cv2.resize(np.eye(ELASTIC_KNOTS), (ELASTIC_KNOTS, SIDE), interpolation=cv2.INTER_CUBIC)
_RING = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))


def _change_pen(digit: np.ndarray, pixels: float) -> np.ndarray:
    """Make lines thicker by up to a pixel on each side, or thinner by up to half of one."""
    if pixels > 0:
        return digit + pixels * (cv2.dilate(digit, _RING) - digit)
    return digit + 0.5 * pixels * (digit - cv2.erode(digit, _RING))


def _erase(digit: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    digit = digit.copy()
    digit[_pick_rectangle(3, 11, chance)] = 0
    return digit


def _pick_rectangle(least: int, most: int, chance: np.random.Generator) -> tuple[slice, slice]:
    """Return rows and columns of a rectangle, each at least ``least`` and less than ``most``."""
    sides = chance.integers(least, most, 2)
    corner = chance.integers(0, SIDE - sides + 1)
    return tuple(slice(at, at + side) for at, side in zip(corner, sides, strict=True))


def _disguise(digit: np.ndarray, others: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Change the look of a digit, by two of the ways there are in the mean."""
    for way, likely in _WAYS:
        if chance.random() < likely:
            digit = way(digit, others, chance)
    return np.clip(digit, 0, 1)


def _add_scraps(digit: np.ndarray, others: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Lay pieces of other digits over it, as a neighbour in a picture would."""
    digit = digit.copy()
    for number, height, width, *corner in chance.integers(
        (0, 4, 4, 0, 0, 0, 0), (len(others), 11, 11, 18, 18, 18, 18), (chance.integers(1, 4), 7)
    ):
        row, column, to_row, to_column = corner
        scrap = others[number, row : row + height, column : column + width]
        place = digit[to_row : to_row + height, to_column : to_column + width]
        np.maximum(place, scrap, out=place)
    return digit


def _rule(digit: np.ndarray, others: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Draw a straight line or two through it, as on ruled paper."""
    lines = np.zeros_like(digit)
    for first, last, level in chance.integers(
        (0, 0, 0), (SIDE, SIDE, 2), (chance.integers(1, 3), 3)
    ):
        ends = [(-1, int(first)), (SIDE, int(last))]
        cv2.line(lines, *(ends if level else [end[::-1] for end in ends]), 1.0, 1, cv2.LINE_AA)
    return np.maximum(digit, np.float32(chance.uniform(0.3, 1)) * lines)


def _hollow(digit: np.ndarray, others: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Draw it hollow, as one draws block figures: only the rim of its lines."""
    return cv2.dilate(digit, _RING) - digit


def _filter(digit: np.ndarray, others: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    kernel = chance.normal(0, 1, (3, 3)).astype(np.float32)
    filtered = cv2.filter2D(digit, -1, kernel, borderType=cv2.BORDER_REPLICATE)
    low, high = filtered.min(), filtered.max()
    filtered = (filtered - low) / max(high - low, 1e-6)
    share = np.float32(chance.uniform(0, 1))
    return digit + share * (filtered - digit)


def _blur(digit: np.ndarray, others: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Blur by up to 1.3 pixels along one line, and as far or less across it."""
    return cv2.GaussianBlur(digit, (9, 9), *chance.uniform(0.1, 1.3, 2))


def _change_paper(digit: np.ndarray, others: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Faint ink on paper that is uneven, more or less finely."""
    ink = chance.uniform(0.2, 1)
    knots = chance.integers(2, 12)
    paper = chance.uniform(0, 1, (knots, knots)).astype(np.float32)
    paper = cv2.resize(paper, (SIDE, SIDE), interpolation=cv2.INTER_LINEAR)
    uneven = np.float32(chance.uniform(0, 1))
    ground = uneven * paper + (1 - uneven) * np.float32(chance.uniform(0, 1))
    return np.float32(ink) * digit + np.float32(1 - ink) * ground


def _swap_ink(digit: np.ndarray, others: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    return 1 - digit


def _swap_ink_in_part(
    digit: np.ndarray, others: np.ndarray, chance: np.random.Generator
) -> np.ndarray:
    """Swap ink and paper in a rectangle."""
    digit = digit.copy()
    place = _pick_rectangle(5, 20, chance)
    digit[place] = 1 - digit[place]
    return digit


def _add_grain(digit: np.ndarray, others: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """Add grain, at most a third as strong as the ink is."""
    grain = chance.standard_normal(digit.shape, dtype=np.float32)
    return digit + np.float32(chance.uniform(0, 0.35)) * np.ptp(digit) * grain


# How a digit's look may change, in this order, and how likely each is.
_WAYS = (
    (_hollow, 0.15),
    (_add_scraps, 0.3),
    (_rule, 0.45),
    (_filter, 0.3),
    (_blur, 0.3),
    (_change_paper, 0.4),
    (_swap_ink, 0.1),
    (_swap_ink_in_part, 0.2),
    (_add_grain, 0.4),
)
