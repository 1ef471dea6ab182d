"""The whole road, from a picture to what the network reads."""

import numpy as np
import pytest
from scipy.ndimage import center_of_mass, shift

from digitlib.reading.recogniser import Recogniser
from digitlib.runs.folder import MODELS_FOLDER, list_shipped
from digitlib.vision import prepare_digit


def test_a_hand_placed_stroke_is_centred_by_its_mass():
    picture = np.full((300, 200), 255, np.uint8)
    picture[40:240, 60:80] = 0  # an L: 200 high, 100 wide, strokes of 20
    picture[220:240, 60:160] = 0
    expected = center_of_mass(255.0 - picture)

    prepared = prepare_digit(picture)

    rows, columns = np.nonzero(prepared.ink)
    assert (rows.mean(), columns.mean()) == pytest.approx(expected)
    assert prepared.glyph.shape == (200, 100)
    assert center_of_mass(prepared.digit) == pytest.approx((14, 14), abs=0.51)
    assert prepared.picture is picture


def test_where_in_the_picture_a_digit_stands_does_not_matter(seven):
    upper_left = np.full((500, 600), 255, np.uint8)
    lower_right = upper_left.copy()
    upper_left[:280, :280] = lower_right[-280:, -280:] = seven

    # More paper, or other pixels looked at, move the noise and the pen by a hair.
    alone = prepare_digit(np.asarray(seven)).digit.astype(int)
    for picture in (upper_left, lower_right):
        assert prepare_digit(picture).digit.astype(int) == pytest.approx(alone, abs=40)


@pytest.mark.parametrize("turn", [lambda grey: grey, lambda grey: 255 - grey])
def test_every_class_is_read_from_an_enlarged_picture(turn, clear_digits, read):
    enlarged = [np.kron(digit, np.ones((10, 10), np.uint8)) for digit in clear_digits]

    assert [read(turn(picture)) for picture in enlarged] == list(range(10))


def likeness(one: np.ndarray, other: np.ndarray) -> float:
    """Correlation of two images where they fit best, up to a pixel apart: a centre of mass that
    lies between two pixels may be rounded either way."""
    moves = [(row, column) for row in (-1, 0, 1) for column in (-1, 0, 1)]
    moved = (shift(one.astype(float), move, order=0) for move in moves)
    return max(np.corrcoef(image.ravel(), other.ravel())[0, 1] for image in moved)


def test_a_digit_of_mnist_stays_nearly_itself(validation):
    images = validation.images[:300]

    alike = np.array([likeness(prepare_digit(image).digit, image) for image in images])

    # The few below lost a speck of dust, which makes the rest larger, or were given a wider pen.
    assert (alike > 0.95).mean() >= 0.96
    assert alike.mean() > 0.98


@pytest.mark.parametrize("model", [run.id for run in list_shipped().runs])
def test_the_shipped_models_read_mnist_the_same_after_the_road(model, validation):
    recogniser = Recogniser(MODELS_FOLDER / model / "model.tflite")
    digits = validation.take(slice(0, 500))
    prepared = np.stack([prepare_digit(image).digit for image in digits.images])

    before = recogniser.read(digits.images).argmax(axis=1)
    after = recogniser.read(prepared).argmax(axis=1)

    assert (before == after).mean() >= 0.97
    assert (after == digits.labels).mean() >= (before == digits.labels).mean() - 0.01
