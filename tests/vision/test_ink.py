import cv2
import numpy as np
import pytest

from digitlib.errors import EmptyPictureError, PictureError
from digitlib.vision import find_ink
from digitlib.vision.desk import clear_desk
from digitlib.vision.overview import look_over


def stroke_on(ground: int, stroke: int) -> np.ndarray:
    picture = np.full((50, 40), ground, np.uint8)
    picture[10:40, 18:24] = stroke
    return picture


@pytest.mark.parametrize(
    ("ground", "stroke"), [(0, 255), (255, 0), (200, 60), (90, 180), (255, 205), (0, 40)]
)
def test_a_stroke_is_full_ink_and_its_ground_none(ground, stroke):
    ink = find_ink(stroke_on(ground, stroke))

    expected = (stroke_on(0, 1) == 1).astype(np.float32)
    assert ink.dtype == np.float32
    assert np.array_equal(ink, expected)


def test_light_on_dark_and_dark_on_light_give_the_same_ink(clear_digits):
    for digit in clear_digits:
        assert np.array_equal(find_ink(digit), find_ink(255 - digit))


def test_ink_stays_between_0_and_1(clear_digits):
    for digit in clear_digits:
        ink = find_ink(digit)
        assert (ink.min(), ink.max()) == (0, 1)


def test_soft_edges_stay_soft(seven):
    ink = find_ink(np.asarray(seven))

    assert ((ink > 0.2) & (ink < 0.8)).any()


@pytest.mark.parametrize("colour", [(0, 0, 0), (200, 30, 30), (20, 20, 160)])
def test_transparent_ground_and_opaque_ink(colour, seven):
    grey = np.asarray(seven)
    picture = np.empty((*grey.shape, 4), np.uint8)
    picture[..., :3] = colour
    picture[..., 3] = 255 - grey

    np.testing.assert_allclose(find_ink(picture), find_ink(grey), atol=0.02)


def test_white_strokes_on_a_transparent_ground():
    # What a drawing canvas without a background gives: black, wholly transparent, under the ink.
    mask = stroke_on(0, 255)
    picture = np.stack([mask] * 4, axis=-1)

    assert np.array_equal(find_ink(picture), find_ink(mask))


def test_hidden_colours_under_full_transparency_do_not_count():
    picture = np.zeros((50, 40, 4), np.uint8)
    picture[..., :3] = np.random.default_rng(0).integers(0, 256, (50, 40, 3))
    picture[10:40, 18:24] = (0, 0, 0, 255)

    assert np.array_equal(find_ink(picture), find_ink(stroke_on(0, 255)))


def test_grey_rgb_and_opaque_rgba_are_one_picture():
    grey = stroke_on(255, 0)
    rgb = np.stack([grey] * 3, axis=-1)
    rgba = np.dstack([rgb, np.full_like(grey, 255)])

    expected = find_ink(grey)
    for picture in (rgb, rgba, grey[..., np.newaxis]):
        assert np.array_equal(find_ink(picture), expected)


@pytest.mark.parametrize(
    ("paper", "pen"),
    [((50, 120, 50), (230, 25, 40)), ((120, 90, 200), (90, 120, 90)), ((255, 0, 0), (0, 130, 0))],
)
def test_ink_that_differs_in_colour_alone(paper, pen, seven):
    share = (255 - np.asarray(seven, float)[..., None]) / 255
    picture = np.round(np.array(paper) * (1 - share) + np.array(pen) * share).astype(np.uint8)
    greys = cv2.cvtColor(np.array([[paper, pen]], np.uint8), cv2.COLOR_RGB2GRAY)
    assert np.ptp(greys.astype(int)) < 12

    assert np.abs(find_ink(picture) - find_ink(np.asarray(seven))).mean() < 0.01


def test_what_is_hidden_in_the_colours_of_a_transparent_picture_is_not_read(seven):
    picture = np.zeros((280, 280, 4), np.uint8)
    picture[..., 0] = np.asarray(seven)

    with pytest.raises(EmptyPictureError):
        find_ink(picture)


def test_colourful_noise_is_empty():
    chance = np.random.default_rng(0)
    picture = np.clip(chance.normal(128, 5, (200, 200, 3)), 0, 255).astype(np.uint8)

    with pytest.raises(EmptyPictureError):
        find_ink(picture)


def noise(middle: int) -> np.ndarray:
    generator = np.random.default_rng(0)
    return np.clip(generator.normal(middle, 4, (100, 100)).round(), 0, 255).astype(np.uint8)


@pytest.mark.parametrize(
    "picture",
    [
        np.full((60, 60), 255, np.uint8),
        np.zeros((60, 60), np.uint8),
        np.full((60, 60, 3), 127, np.uint8),
        np.full((60, 60, 4), 255, np.uint8),
        np.zeros((60, 60, 4), np.uint8),
        np.dstack([noise(128)] * 3 + [np.zeros((100, 100), np.uint8)]),
        noise(255),
        noise(128),
        noise(0),
        np.zeros((1, 1), np.uint8),
        np.full((1, 300), 9, np.uint8),
    ],
    ids=[
        "white",
        "black",
        "grey",
        "opaque white",
        "transparent",
        "transparent over noise",
        "noise on white",
        "noise on grey",
        "noise on black",
        "one pixel",
        "one row",
    ],
)
def test_a_picture_without_ink_is_empty(picture):
    with pytest.raises(EmptyPictureError, match="nothing to read"):
        find_ink(picture)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((28, 28), np.float32),
        np.zeros((28, 28), bool),
        np.zeros((28, 28, 2), np.uint8),
        np.zeros((1, 28, 28, 1), np.uint8),
        np.zeros(784, np.uint8),
        np.zeros((0, 28), np.uint8),
    ],
    ids=["float", "bool", "two channels", "batch", "flat", "no rows"],
)
def test_an_array_that_is_no_picture_is_refused(picture):
    with pytest.raises(PictureError, match="uint8"):
        find_ink(picture)


@pytest.mark.parametrize("desk", [60, 140])
@pytest.mark.parametrize("angle", [0, 4])
def test_a_desk_around_a_sheet_holds_no_ink(desk, angle, seven):
    chance = np.random.default_rng(2)
    side, margin = 480, 120
    sheet = cv2.resize(np.asarray(seven), (side, side))
    page = np.zeros((side + 2 * margin,) * 2, np.float32)
    page[margin:-margin, margin:-margin] = sheet
    on_sheet = np.zeros_like(page)
    on_sheet[margin:-margin, margin:-margin] = 1
    turn = cv2.getRotationMatrix2D((page.shape[1] / 2, page.shape[0] / 2), angle, 1)
    page, on_sheet = (cv2.warpAffine(each, turn, page.shape[::-1]) for each in (page, on_sheet))
    picture = on_sheet * page + (1 - on_sheet) * desk + chance.normal(0, 2, page.shape)
    picture = np.clip(cv2.GaussianBlur(picture, (0, 0), 1), 0, 255).astype(np.uint8)

    ink = find_ink(picture)

    inside = cv2.erode(on_sheet, np.ones((31, 31), np.uint8)) > 0.5
    assert ink[inside].max() > 0.9
    assert (ink[~inside] > 0.2).mean() < 0.001


def test_light_that_falls_off_is_no_sheet():
    y, x = np.mgrid[-1:1:200j, -1:1:200j]
    lamp = (250 - 90 * np.maximum(abs(x), abs(y)) ** 2).astype(np.float32)

    assert clear_desk(lamp, look_over(lamp)) is lamp


def test_a_drawn_square_is_no_sheet():
    drawing = np.zeros((280, 280), np.float32)
    cv2.rectangle(drawing, (60, 40), (220, 240), 255, 18)
    bar = np.zeros((280, 280), np.float32)
    bar[40:240, 120:160] = 255

    for picture in (drawing, bar):
        assert clear_desk(picture, look_over(picture)) is picture


@pytest.mark.parametrize("radius", [60, 90, 105])
@pytest.mark.parametrize("bright", [True, False])
def test_a_large_disc_of_a_drawing_is_ink_through_and_through(radius, bright):
    """Wider than half of the drawing it was taken for a shadow, and its rim read as a 0."""
    disc = np.zeros((280, 280), np.uint8)
    cv2.circle(disc, (140, 140), radius, 255, -1, cv2.LINE_AA)

    ink = find_ink(disc if bright else 255 - disc)

    assert ((ink >= 0.5) != (disc >= 160)).mean() < 0.001


def test_a_disc_beside_fine_strokes_is_ink_through_and_through():
    """A second, closer look for shadows left its rim."""
    drawing = np.zeros((900, 900), np.uint8)
    for left in range(40, 840, 160):
        cv2.ellipse(drawing, (left + 50, 300), (45, 80), 0, 0, 360, 255, 8, cv2.LINE_AA)
    cv2.circle(drawing, (300, 700), 80, 255, -1, cv2.LINE_AA)

    assert ((find_ink(drawing) >= 0.5) != (drawing >= 160)).mean() < 0.001
