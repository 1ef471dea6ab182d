import numpy as np
import pytest
from scipy.ndimage import center_of_mass

from digitlib.vision import to_mnist_form


def test_a_bar_lands_where_the_docstring_says():
    digit = to_mnist_form(np.ones((100, 10), np.float32))

    rows, columns = np.flatnonzero(digit.any(1)), np.flatnonzero(digit.any(0))
    assert digit.shape == (28, 28)
    assert digit.dtype == np.uint8
    assert (rows[0], rows[-1]) == (4, 23)
    assert columns.tolist() in ([13, 14], [14, 15])
    assert (digit[digit > 0] == 255).all()


def angle() -> np.ndarray:
    """An L of 40x20 whose strokes are 4 wide: its mass lies low and to the left."""
    glyph = np.zeros((40, 20), np.float32)
    glyph[:, :4] = glyph[-4:, :] = 1
    return glyph


def triangle() -> np.ndarray:
    return np.tril(np.ones((60, 60), np.float32))


def dot() -> np.ndarray:
    return np.ones((1, 1), np.float32)


def hair() -> np.ndarray:
    return np.ones((1, 500), np.float32)


@pytest.mark.parametrize("glyph", [angle(), triangle(), angle().T, dot(), hair()])
def test_the_centre_of_mass_lies_in_the_middle_pixel(glyph):
    digit = to_mnist_form(glyph)

    assert center_of_mass(digit) == pytest.approx((14, 14), abs=0.51)


@pytest.mark.parametrize("glyph", [angle(), triangle(), angle().T, dot(), hair()])
def test_the_longer_side_becomes_20_pixels_and_the_shorter_keeps_its_proportion(glyph):
    digit = to_mnist_form(glyph)

    sides = np.ptp(np.flatnonzero(digit.any(1))) + 1, np.ptp(np.flatnonzero(digit.any(0))) + 1
    expected = 20 * np.array(glyph.shape) / max(glyph.shape)
    assert sides == pytest.approx(np.maximum(expected, 1), abs=1)


def test_a_lopsided_glyph_stays_whole():
    # Nearly all ink in one corner: centred by mass it would reach over the edge of the field.
    glyph = np.full((20, 20), 0.004, np.float32)
    glyph[:4, :4] = 1

    digit = to_mnist_form(glyph)

    assert digit.sum() == pytest.approx(255 * glyph.sum(), rel=0.01)


def test_scaling_down_keeps_soft_edges():
    digit = to_mnist_form(np.tril(np.ones((70, 70), np.float32)))

    assert ((digit > 20) & (digit < 235)).any()
