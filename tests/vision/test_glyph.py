import numpy as np
import pytest

from digitlib.errors import EmptyPictureError
from digitlib.vision import crop_glyph, prepare_digit


def ink_with_bar() -> np.ndarray:
    ink = np.zeros((60, 50), np.float32)
    ink[10:40, 20:26] = 1
    return ink


def test_the_glyph_is_cut_out_to_its_edges():
    glyph = crop_glyph(ink_with_bar())

    assert glyph.shape == (30, 6)
    assert glyph.dtype == np.float32
    assert (glyph == 1).all()


def test_the_soft_edge_is_taken_along():
    ink = ink_with_bar()
    ink[10:40, 19] = ink[10:40, 26] = 0.3

    assert crop_glyph(ink).shape == (30, 8)


def test_both_parts_of_a_digit_in_two_pieces_are_kept():
    ink = ink_with_bar()
    ink[10:13, 32:44] = 1  # the roof of a five, apart from its body

    assert crop_glyph(ink).shape == (30, 24)


def test_specks_are_removed():
    clean, specked = ink_with_bar(), ink_with_bar()
    for row, column in [(2, 2), (55, 45), (30, 40), (58, 0)]:
        specked[row, column] = 1

    assert np.array_equal(crop_glyph(specked), crop_glyph(clean))


def test_specks_around_a_drawing_leave_the_digit_in_its_place(clear_digits):
    for digit in clear_digits:
        drawing = np.kron(digit, np.ones((10, 10), np.uint8))
        specked = drawing.copy()
        specked[3:6, 3:6] = specked[275:278, 5:8] = 255
        with_specks, without = prepare_digit(specked).digit, prepare_digit(drawing).digit
        # Not equal: specks move the threshold between ink and ground by a hair.
        assert with_specks.astype(int) == pytest.approx(without.astype(int), abs=10)


def test_a_digit_that_touches_the_edge_of_the_picture_is_kept_whole():
    ink = np.ones((30, 6), np.float32)

    assert crop_glyph(ink).shape == (30, 6)


@pytest.mark.parametrize("level", [0.0, 0.3])
def test_no_solid_ink_is_an_empty_picture(level):
    with pytest.raises(EmptyPictureError, match="nothing to read"):
        crop_glyph(np.full((20, 20), level, np.float32))
