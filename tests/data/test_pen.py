import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline

from digitlib.data import pen
from digitlib.data.pen import DIGIT_SIDE, PAGE, SHAPES, write_digit


def write(label: int, seed: int) -> np.ndarray:
    return write_digit(label, np.random.default_rng(seed))


@pytest.mark.parametrize("label", range(10))
def test_a_digit_lies_in_the_middle_of_its_page_at_its_size(label):
    for seed in range(20):
        page = write(label, seed)

        assert (page.shape, page.dtype) == ((PAGE, PAGE), np.uint8)
        rows, columns = np.nonzero(page > 127)
        sides = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert max(sides) == pytest.approx(DIGIT_SIDE, abs=4)
        middle = (rows.min() + rows.max()) / 2, (columns.min() + columns.max()) / 2
        assert middle == pytest.approx((PAGE / 2, PAGE / 2), abs=1.5)


def test_the_same_seed_writes_the_same_and_another_another():
    np.testing.assert_array_equal(write(3, 1), write(3, 1))
    assert (write(3, 1) != write(3, 2)).any()


def test_every_shape_is_of_one_size_and_its_pen_moves():
    assert len(SHAPES) == len(pen.WIDTHS) == 10
    for label, shapes in enumerate(SHAPES):
        assert len({shape for _, shape in shapes}) == len(shapes)
        for weight, shape in shapes:
            strokes = pen._read_shape(shape)
            points = np.concatenate([part for parts in strokes for part in parts])
            assert weight > 0
            assert -10 <= points[:, 1].min() <= 15, shape
            assert 95 <= points[:, 1].max() <= 101, shape
            assert points[:, 0].min() >= (-110 if label == 1 else -40), shape  # a 1 has a flag
            assert points[:, 0].max() <= 105
            assert all(len(part) >= 2 for parts in strokes for part in parts), shape


def test_a_shape_is_read_stroke_by_stroke_and_broken_at_its_corners():
    roof, bar = pen._read_shape("0,3 95,2! 40,100;20,50 85,48")

    assert [part.tolist() for part in roof] == [[[0, 3], [95, 2]], [[95, 2], [40, 100]]]
    assert [part.tolist() for part in bar] == [[[20, 50], [85, 48]]]


def test_the_pen_runs_along_a_cubic_through_all_points():
    points = np.array([[0.0, 0.0], [30.0, 10.0], [50.0, 60.0], [20.0, 90.0]])

    path = pen.run_through(points)

    ends = 2 * points[0] - points[1], 2 * points[-1] - points[-2]
    around = np.vstack([ends[0], points, ends[1]])
    slopes = (around[2:] - around[:-2]) / 2
    spline = CubicHermiteSpline(np.arange(4), points, slopes)
    np.testing.assert_allclose(path, spline(np.arange(25) / 8), atol=1e-9)


def test_a_corner_stays_closed_however_the_hand_shakes():
    parts = [np.array([[0.0, 0.0], [90.0, 0.0]]), np.array([[90.0, 0.0], [40.0, 100.0]])]

    path = pen._run_pen(parts, 7.0, np.random.default_rng(0))

    assert np.linalg.norm(np.diff(path, axis=0), axis=1).max() < 20  # no jump
