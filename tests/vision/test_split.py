"""Digits that touch: parted where a judge is surer of the parts."""

import itertools

import numpy as np
import pytest

from digitlib.vision import Box, Glyph, prepare_digits, to_mnist_form
from digitlib.vision.split import split_touching


def crop(digit: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero((digit > 60).any(1)), np.flatnonzero((digit > 60).any(0))
    return digit[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def write_touching(digits: list[np.ndarray], overlap: int = 1) -> Glyph:
    """Set digits side by side, each a little into the one before, four times enlarged."""
    cropped = [crop(digit) for digit in digits]
    width = sum(digit.shape[1] for digit in cropped) - overlap * (len(cropped) - 1)
    ink = np.zeros((20, width), np.uint8)
    left = 0
    for digit in cropped:
        height, across = digit.shape
        place = ink[:height, left : left + across]
        place[:] = np.maximum(place, digit)
        left += across - overlap
    large = np.kron(ink, np.ones((4, 4), np.uint8)).astype(np.float32) / 255
    return Glyph(Box(0, 0, large.shape[1], large.shape[0]), large)


def test_digits_that_touch_are_parted(clear_digits, cnn):
    pairs = [(2, 3), (0, 6), (5, 8), (3, 0), (6, 3), (8, 2)]
    parted = 0
    for one, other in pairs:
        parts = split_touching(
            write_touching([clear_digits[one], clear_digits[other]]), cnn.read_scored
        )
        parted += len(parts) == 2 and parts[0].box.left < parts[1].box.left
    assert parted >= len(pairs) - 1


def test_digits_that_overlap_are_parted(clear_digits, cnn):
    """Each runs into the one before by a fifth of its height, so that strokes belong to both."""
    digits = [digit for digit in range(10) if digit != 1]  # would lie within the other
    right = []
    for one, other in itertools.product(digits, digits):
        glyph = write_touching([clear_digits[one], clear_digits[other]], overlap=4)
        parts = split_touching(glyph, cnn.read_scored)
        forms = np.stack([to_mnist_form(part.ink) for part in parts])
        right.append(cnn.read(forms).argmax(axis=1).tolist() == [one, other])
    assert np.mean(right) > 0.7


def test_single_digits_stay_whole(validation, cnn):
    wholes = [write_touching([digit]) for digit in validation.images[:60]]

    parted = [len(split_touching(glyph, cnn.read_scored)) > 1 for glyph in wholes]

    assert np.mean(parted) <= 0.05


def test_a_judge_who_is_sure_of_everything_parts_nothing(clear_digits):
    def judge(digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        return np.tile(np.eye(1, 10, dtype=np.float32), (len(digits), 1)), np.zeros(len(digits))

    glyph = write_touching([clear_digits[4]])

    assert split_touching(glyph, judge) == [glyph]


@pytest.mark.parametrize("shape", [(1, 1), (1, 40), (2, 3), (40, 200), (3, 90)])
def test_any_glyph_can_be_judged(shape, cnn):
    ink = np.ones(shape, np.float32)
    parts = split_touching(Glyph(Box(5, 7, shape[1], shape[0]), ink), cnn.read_scored)

    for part in parts:
        assert part.box.left >= 5
        assert part.box.top >= 7
        assert part.box.right <= 5 + shape[1]
        assert part.box.bottom <= 7 + shape[0]
        assert part.ink.shape == (part.box.height, part.box.width)


def test_a_digit_in_pieces_is_one_where_the_judge_is_surer_of_the_whole(clear_digits, cnn):
    five = np.kron(clear_digits[5], np.ones((10, 10), np.uint8))
    rows = np.flatnonzero(five.any(1))
    gap = rows[0] + len(rows) // 3
    five[gap : gap + 4] = 0  # the pen skipped

    assert [len(row) for row in prepare_digits(five, cnn.read_scored).rows] == [1]


def test_parted_digits_keep_their_soft_edges():
    """Two bars in a small picture, whose edges are half of what there is of them."""
    ink = np.zeros((20, 24), np.float32)
    ink[1:19, [1, 2, 20, 21]] = 1
    ink[[0, 19], 1:3] = ink[[0, 19], 20:22] = 0.4
    ink[1:19, [0, 3, 19, 22]] = 0.4
    ink[10, 3:20] = 0.6  # what they touch by

    def judge(digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Be surer of what is narrow."""
        wide = np.array([np.ptp(np.flatnonzero(digit.any(0))) > 16 for digit in digits])
        return np.where(wide[:, None], 0.1, np.eye(1, 10)), np.zeros(len(digits))

    left, right = split_touching(Glyph(Box(0, 0, 24, 20), ink), judge)

    assert (left.box.left, left.box.top, left.box.bottom) == (0, 0, 20)
    assert (right.box.right, right.box.top, right.box.bottom) == (23, 0, 20)


@pytest.mark.parametrize(("score", "count"), [(-4, 1), (0, 2)])
def test_only_what_looks_like_digits_is_parted(clear_digits, score, count):
    """The whole looks like no digit at all, its parts like anything or like digits."""
    glyph = write_touching([clear_digits[0], clear_digits[6]])

    def judge(digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        wide = np.array([np.ptp(np.flatnonzero(digit.any(0))) > 16 for digit in digits])
        likely = np.tile(np.array([0.999, *[0.001 / 9] * 9]), (len(digits), 1))
        return likely, np.where(wide, -9.0, score)

    assert len(split_touching(glyph, judge)) == count


@pytest.mark.parametrize(("width", "count"), [(60, 1), (130, 2)])
def test_a_glyph_too_narrow_for_two_digits_is_parted_for_better_reasons_only(width, count):
    ink = np.zeros((100, width), np.float32)
    ink[:, :14] = ink[:, -14:] = 1
    ink[48:52] = 0.4

    def judge(digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Be a little less sure of the whole, which comes alone, than of its parts."""
        likely = np.full((len(digits), 1), 0.99 if len(digits) == 1 else 0.999)
        return np.hstack([likely, np.repeat((1 - likely) / 9, 9, 1)]), np.zeros(len(digits))

    assert len(split_touching(Glyph(Box(0, 0, width, 100), ink), judge)) == count


def write_bars(width: int) -> Glyph:
    """Return two bars, a thin one and a thick one, that a pale line joins, 100 high."""
    ink = np.zeros((100, width), np.float32)
    ink[:, :14] = ink[:, -30:] = 1
    ink[48:52] = 0.4
    return Glyph(Box(0, 0, width, 100), ink)


def look_at_bars(digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Tell in which digits both bars are left, and in which the thin one alone, each bool (n,)."""
    black = np.array([np.ptp(np.flatnonzero(digit.max(0) > 150)) for digit in digits])
    return black > 8, black < 5


@pytest.mark.parametrize(
    ("width", "scores", "count"),
    [
        (130, (0, 0), 2),
        (90, (0, 0), 1),
        (90, (0, 2.5), 2),
        (130, (-1, 3), 2),
        (130, (-2.5, 5), 1),
    ],
)
def test_parts_in_little_room_must_look_the_more_like_digits(width, scores, count):
    def judge(digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Be sure of the parts, and of the whole not at all."""
        both, thin = look_at_bars(digits)
        return np.where(both[:, None], 0.1, np.eye(1, 10, 3)), np.where(thin, *scores)

    assert len(split_touching(write_bars(width), judge)) == count


@pytest.mark.parametrize(("width", "right", "count"), [(80, 7, 1), (80, 4, 2), (120, 7, 2)])
def test_a_one_and_a_seven_in_little_room_are_an_n(width, right, count):
    def judge(digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        both, thin = look_at_bars(digits)
        parts = np.eye(10)[np.where(thin, 1, right)]
        return np.where(both[:, None], 0.1, parts), np.full(len(digits), 5.0)

    assert len(split_touching(write_bars(width), judge)) == count


def test_rows_that_overlap_are_parted(clear_digits, cnn):
    """No one cut leaves two single digits, and two side by side may look like none."""
    chance = np.random.default_rng(0)
    right = []
    for count in (3, 4, 5) * 10:
        numbers = chance.choice([0, 2, 3, 4, 5, 6, 7, 8, 9], count).tolist()
        glyph = write_touching([clear_digits[number] for number in numbers], overlap=2)
        parts = split_touching(glyph, cnn.read_scored)
        forms = np.stack([to_mnist_form(part.ink) for part in parts])
        right.append(cnn.read(forms).argmax(axis=1).tolist() == numbers)
    assert np.mean(right) > 0.65


def test_a_row_that_only_begins_with_digits_is_left_as_it_is(clear_digits, cnn):
    """A long stroke leads on from them, in which there is nothing as high as a digit."""
    row = write_touching([clear_digits[3], clear_digits[6]])
    height, width = row.ink.shape
    ink = np.zeros((height, width + 5 * height), np.float32)
    ink[:, :width] = row.ink
    ink[height // 2 : height // 2 + 6, width - 30 :] = 1

    parts = split_touching(Glyph(Box(0, 0, ink.shape[1], height), ink), cnn.read_scored)

    assert [part.box.right for part in parts][-1] == ink.shape[1]
