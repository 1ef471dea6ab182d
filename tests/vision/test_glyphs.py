"""Digits found in a map of ink: which parts belong together, and in which order they are read."""

import cv2
import numpy as np
import pytest

from digitlib.errors import EmptyPictureError
from digitlib.vision import Box, find_glyphs, find_single_glyph, prepare_digit


def ink_with_bar() -> np.ndarray:
    ink = np.zeros((60, 90), np.float32)
    ink[10:40, 20:26] = 1
    return ink


def boxes(ink: np.ndarray) -> list[list[Box]]:
    return [[glyph.box for glyph in row] for row in find_glyphs(ink)]


@pytest.mark.parametrize(
    "find", [find_single_glyph, lambda ink: find_glyphs(ink)[0][0]], ids=["single", "first"]
)
def test_the_glyph_is_cut_out_to_its_edges(find):
    glyph = find(ink_with_bar())

    assert glyph.box == Box(20, 10, 6, 30)
    assert glyph.ink.shape == (30, 6)
    assert glyph.ink.dtype == np.float32
    assert (glyph.ink == 1).all()


def test_the_soft_edge_is_taken_along():
    ink = ink_with_bar()
    ink[10:40, 19] = ink[10:40, 26] = 0.15

    assert find_single_glyph(ink).ink.shape == (30, 8)


def test_the_roof_of_a_five_that_stands_apart_is_part_of_it():
    ink = ink_with_bar()
    ink[10:13, 28:40] = 1

    assert boxes(ink) == [[Box(20, 10, 20, 30)]]


def test_two_digits_side_by_side_are_two():
    ink = ink_with_bar()
    ink[10:40, 40:46] = 1

    assert boxes(ink) == [[Box(20, 10, 6, 30), Box(40, 10, 6, 30)]]


def test_specks_dots_and_dashes_are_no_digits():
    clean, marked = ink_with_bar(), ink_with_bar()
    marked[2, 2] = marked[55, 45] = marked[58, 0] = 1
    marked[36:40, 60:64] = 1  # a decimal point
    marked[24:27, 70:84] = 1  # a minus

    assert boxes(marked) == boxes(clean)


def test_what_lies_along_the_edge_of_the_picture_is_no_digit():
    ink = ink_with_bar()
    ink[:, 80:] = 1  # the table beside the paper
    ink[56:, :] = 1

    assert boxes(ink) == [[Box(20, 10, 6, 30)]]


def test_specks_around_a_drawing_leave_the_digit_in_its_place(clear_digits):
    for digit in clear_digits:
        drawing = np.kron(digit, np.ones((10, 10), np.uint8))
        specked = drawing.copy()
        specked[3:6, 3:6] = specked[275:278, 5:8] = 255
        with_specks, without = prepare_digit(specked).digit, prepare_digit(drawing).digit
        # Not equal: specks move the noise of the ground by a hair.
        assert with_specks.astype(int) == pytest.approx(without.astype(int), abs=10)


def test_a_digit_that_touches_the_edge_of_the_picture_is_kept_whole():
    ink = np.ones((30, 6), np.float32)

    assert boxes(ink) == [[Box(0, 0, 6, 30)]]


def test_rows_that_climb_are_read_line_by_line():
    ink = np.zeros((200, 400), np.float32)
    expected = [[], []]
    for place in range(8):
        for line in range(2):
            top, left = 70 + 80 * line - 8 * place, 20 + 45 * place
            ink[top : top + 40, left : left + 8] = 1
            expected[line].append(Box(left, top, 8, 40))

    assert boxes(ink) == expected


def test_a_column_of_numbers_of_different_length():
    ink = np.zeros((200, 200), np.float32)
    for line, count in enumerate([1, 3, 2]):
        for place in range(count):
            left = 150 - 30 * place
            ink[10 + 60 * line : 50 + 60 * line, left : left + 8] = 1

    assert [len(row) for row in boxes(ink)] == [1, 3, 2]


def three_bars() -> tuple[np.ndarray, list[list[Box]]]:
    """Return the ink of a number of three digits in a page of 200 x 300, and where they stand."""
    ink = np.zeros((200, 300), np.float32)
    for left in (100, 140, 180):
        ink[80:120, left : left + 12] = 1
    return ink, [[Box(left, 80, 12, 40) for left in (100, 140, 180)]]


@pytest.mark.parametrize("thick", [2, 5])
@pytest.mark.parametrize("margin", [12, 40])
def test_a_frame_around_a_number_is_no_digit(thick, margin):
    ink, expected = three_bars()
    cv2.rectangle(ink, (100 - margin, 80 - margin), (192 + margin, 120 + margin), 1, thick)

    assert boxes(ink) == expected


def test_a_box_around_each_digit_and_a_ring_around_all_are_none():
    ink, expected = three_bars()
    for left in (100, 140, 180):
        cv2.rectangle(ink, (left - 10, 66), (left + 22, 134), 1, 2)
    cv2.ellipse(ink, (146, 100), (110, 70), 0, 0, 360, 1, 4)

    assert boxes(ink) == expected


@pytest.mark.parametrize("rows", [["12"], ["12", "3"], ["1234"], ["1234", "1234"]])
@pytest.mark.parametrize("left", [20, -9])  # or beyond the picture's edge
def test_small_digits_on_a_framed_board_are_read(rows, left):
    ink, expected = np.zeros((300, 420), np.float32), []
    cv2.rectangle(ink, (left, 20), (400, 280), 1, 8)
    for line, row in enumerate(rows):
        places = range(60, 60 + 40 * len(row), 40)
        expected.append([Box(place, 60 + 70 * line + place % 3, 12, 45) for place in places])
        for box in expected[-1]:
            ink[box.top : box.bottom, box.left : box.right] = 1

    assert boxes(ink) == expected


def test_a_face_with_corners_is_crowded():
    ink = np.zeros((280, 280), np.float32)
    cv2.rectangle(ink, (50, 50), (230, 230), 1, 12)
    for eye in (100, 180):
        cv2.circle(ink, (eye, 110), 14, 1, -1)
    cv2.ellipse(ink, (140, 150), (50, 40), 0, 20, 160, 1, 12)

    ((glyph,),) = find_glyphs(ink)
    assert glyph.crowded


def test_an_upright_line_beside_a_number_is_no_digit():
    ink, expected = three_bars()
    ink[50:150, 230:234] = 1

    assert boxes(ink) == expected


def test_a_line_close_above_a_number_ties_no_digits_together():
    ink, expected = three_bars()
    ink[70:73, 90:202] = 1

    assert boxes(ink) == expected


@pytest.mark.parametrize("degrees", [-20, -12, 12, 20])
@pytest.mark.parametrize(("rows", "columns"), [(1, 6), (2, 5), (4, 3), (5, 1)])
def test_rows_that_are_tilted_are_read_line_by_line(rows, columns, degrees):
    """Bars on the places of digits of a page that lies askew, the lowest row one shorter."""
    turned = np.radians(degrees)
    ink = np.zeros((600, 600), np.float32)
    middles = []
    for row in range(rows):
        for column in range(columns - (row == rows - 1 > 0)):
            x, y = 70 * (column - (columns - 1) / 2), 90 * (row - (rows - 1) / 2)
            left = round(300 + x * np.cos(turned) - y * np.sin(turned))
            top = round(300 + x * np.sin(turned) + y * np.cos(turned))
            ink[top - 18 : top + 18, left - 8 : left + 8] = 1
            middles.append((row, left, top))

    found = find_glyphs(ink)

    expected = [Box(left - 8, top - 18, 16, 36) for _, left, top in middles]
    assert [glyph.box for row in found for glyph in row] == expected
    assert [len(row) for row in found] == list(np.bincount([row for row, _, _ in middles]))


def test_two_that_stand_in_stairs_are_two_rows():
    # Too few to tell a tilt by.
    ink = np.zeros((200, 200), np.float32)
    ink[20:70, 40:50] = ink[60:110, 130:140] = 1

    assert len(find_glyphs(ink)) == 2


@pytest.mark.parametrize("find", [find_single_glyph, find_glyphs])
@pytest.mark.parametrize("level", [0.0, 0.3])
def test_no_solid_ink_is_an_empty_picture(level, find):
    with pytest.raises(EmptyPictureError, match="nothing to read"):
        find(np.full((20, 20), level, np.float32))


def draw_ring(pen: int, gap: int = 0) -> np.ndarray:
    ink = np.zeros((280, 280), np.float32)
    cv2.ellipse(ink, (140, 140), (90, 105), 0, gap, 360, 1, pen)
    return ink


def draw_face(pen: int, eyes: str, mouth: str, gap: int = 0) -> np.ndarray:
    ink = draw_ring(pen, gap)
    for across in (105, 175):
        if eyes == "dots":
            cv2.circle(ink, (across, 105), max(5, pen // 2), 1, -1)
        elif eyes == "bars":
            cv2.line(ink, (across, 95), (across, 115), 1, pen)
        else:
            cv2.circle(ink, (across, 105), 14, 1, pen)
    if mouth == "open":
        cv2.circle(ink, (140, 185), 25, 1, pen)
    else:
        start = 20 if mouth == "smiling" else 200
        cv2.ellipse(ink, (140, 175), (45, 25), 0, start, start + 140, 1, pen)
    return ink


@pytest.mark.parametrize("pen", [6, 12, 18])
@pytest.mark.parametrize("eyes", ["dots", "bars", "rings"])
@pytest.mark.parametrize("mouth", ["smiling", "sad", "open"])
@pytest.mark.parametrize("gap", [0, 10])
def test_a_face_is_one_glyph_and_crowded(pen, eyes, mouth, gap):
    ((glyph,),) = find_glyphs(draw_face(pen, eyes, mouth, gap))

    assert glyph.crowded


@pytest.mark.parametrize("pen", [6, 12, 18])
def test_a_dot_a_slash_and_specks_crowd_no_zero(pen):
    plain, dotted, slashed, specked = (draw_ring(pen) for _ in range(4))
    cv2.circle(dotted, (140, 140), pen, 1, -1)
    cv2.line(slashed, (110, 180), (170, 100), 1, pen)
    for ink in (dotted, slashed, specked):
        for place in ((120, 90), (160, 170), (180, 140)):
            cv2.circle(ink, place, round(0.25 * pen), 1, -1)

    for ink in (plain, dotted, slashed, specked):
        ((glyph,),) = find_glyphs(ink)
        assert not glyph.crowded


def test_an_eight_with_a_speck_in_either_ring_is_not_crowded():
    ink = np.zeros((280, 280), np.float32)
    for middle in (90, 180):
        cv2.circle(ink, (140, middle), 45, 1, 12)
        cv2.circle(ink, (140, middle), 4, 1, -1)

    ((glyph,),) = find_glyphs(ink)
    assert not glyph.crowded


def test_no_digit_is_crowded(validation):
    for digit in validation.images[:500]:
        assert not any(
            glyph.crowded for row in find_glyphs(digit / np.float32(255)) for glyph in row
        )


@pytest.mark.parametrize("rows", [["12", "3"], ["123"], ["12", "34"]])
def test_what_stands_in_rows_within_a_ring_is_no_face(rows):
    ink = np.zeros((300, 300), np.float32)
    cv2.ellipse(ink, (150, 150), (140, 140), 0, 0, 360, 1, 6)
    expected = []
    for line, row in enumerate(rows):
        top, first = 150 - 55 * len(rows) + 110 * line, 150 - 25 * len(row)
        expected.append([Box(first + 50 * place, top, 10, 100) for place in range(len(row))])
        for box in expected[-1]:
            ink[box.top : box.bottom, box.left : box.right] = 1

    assert boxes(ink) == expected
