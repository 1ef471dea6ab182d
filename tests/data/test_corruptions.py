import numpy as np
import pytest

from digitlib.data import load_mnist
from digitlib.data.corruptions import CORRUPTIONS, corrupt


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    """uint8 (100, 28, 28)."""
    return load_mnist("validation").images[:100]


def test_there_are_the_fifteen_of_the_paper():
    assert list(CORRUPTIONS) == [
        "shot_noise", "impulse_noise", "glass_blur", "motion_blur", "shear", "scale", "rotate",
        "brightness", "translate", "stripe", "fog", "spatter", "dotted_line", "zigzag",
        "canny_edges",
    ]  # fmt: skip


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_corruption_changes_every_digit_and_the_same_seed_gives_the_same(digits, name):
    before = digits.copy()

    one, same = corrupt(digits, name, seed=1), corrupt(digits, name, seed=1)

    assert (one.shape, one.dtype) == (digits.shape, np.uint8)
    assert (one != digits).any(axis=(1, 2)).all()
    assert np.array_equal(one, same)
    assert np.array_equal(digits, before)


@pytest.mark.parametrize(
    "name", sorted(CORRUPTIONS.keys() - {"scale", "brightness", "stripe", "canny_edges"})
)
def test_where_there_is_chance_the_seed_decides(digits, name):
    assert not np.array_equal(corrupt(digits, name, seed=1), corrupt(digits, name, seed=2))


def test_shot_noise_keeps_the_mean_and_paper_stays_paper(digits):
    noisy = np.stack([corrupt(digits, "shot_noise", seed) / 255 for seed in range(20)])

    assert set(np.unique(np.round(noisy * 3, 2))) <= {0, 1, 2, 3}
    assert (noisy[:, digits == 0] == 0).all()
    # Where little is cut off at full ink.
    grey = (digits > 60) & (digits < 100)
    assert noisy[:, grey].mean() == pytest.approx(digits[grey].mean() / 255, abs=0.02)


def test_impulse_noise_hits_a_pixel_in_six_and_half_of_them_are_ink(digits):
    hit = corrupt(digits, "impulse_noise")

    paper = digits == 0
    assert (hit[paper] == 255).mean() == pytest.approx(0.17 / 2, abs=0.005)
    assert set(np.unique(hit[paper])) == {0, 255}


def test_glass_keeps_the_ink_and_spreads_it(digits):
    blurred = corrupt(digits, "glass_blur")

    assert blurred.mean() == pytest.approx(digits.mean(), rel=0.02)
    assert (blurred > 0).mean() > 1.3 * (digits > 0).mean()


def test_motion_draws_a_point_out_along_a_line():
    point = np.zeros((50, 28, 28), np.uint8)
    point[:, 14, 14] = 255

    blurred = corrupt(point, "motion_blur") / 255

    weights = np.exp(-((np.arange(21) / 3) ** 2) / 2)
    brightest = weights[0] / weights.sum()
    np.testing.assert_allclose(blurred[:, 14, 14], brightest, atol=0.03)
    # To the left, at most as far down or up.
    rows, columns = np.nonzero(blurred.max(axis=0))
    assert columns.max() == 14
    assert (np.abs(rows - 14) <= 14 - columns + 1).all()


@pytest.mark.parametrize(("name", "ratio"), [("rotate", 1.0), ("scale", 0.49)])
def test_what_is_moved_keeps_its_ink_or_shrinks_with_its_area(digits, name, ratio):
    assert corrupt(digits, name).sum() / digits.sum() == pytest.approx(ratio, rel=0.04)


def test_a_turn_is_of_23_degrees():
    bar = np.zeros((40, 28, 28), np.uint8)
    bar[:, 13:15] = 255  # level

    turned = corrupt(bar, "rotate").astype(float)

    rows = (turned * np.arange(28)[:, np.newaxis]).sum(axis=1) / turned.sum(axis=1)
    slopes = (rows[:, 18] - rows[:, 9]) / 9
    np.testing.assert_allclose(np.abs(slopes), np.tan(0.4), atol=0.02)
    assert 0 < (slopes > 0).mean() < 1


def test_brightness_lifts_the_paper_and_keeps_ink_ink(digits):
    bright = corrupt(digits, "brightness")

    assert (bright[digits == 0] == 128).all()
    assert (bright[digits == 255] == 255).all()


def test_a_digit_is_moved_into_a_corner_by_three_pixels(digits):
    moved = corrupt(digits, "translate")

    corners = {(-3, -3), (-3, 3), (3, -3), (3, 3)}
    seen = set()
    for before, after in zip(digits, moved, strict=True):
        padded = np.pad(before, 3)
        fits = {
            (row, column)
            for row, column in corners
            if np.array_equal(after, padded[3 + row : 31 + row, 3 + column : 31 + column])
        }
        assert len(fits) == 1
        seen |= fits
    assert seen == corners


def test_stripes_swap_ink_and_paper_at_both_sides(digits):
    striped = corrupt(digits, "stripe")

    assert np.array_equal(striped[:, :, 7:21], digits[:, :, 7:21])
    for side in (slice(7), slice(21, 28)):
        assert np.array_equal(striped[:, :, side], 255 - digits[:, :, side])


def test_behind_fog_a_digit_has_a_quarter_of_its_contrast(digits):
    fogged = corrupt(digits, "fog").astype(float)

    # What a step from paper to full ink is worth beside it: x / (1 + 3).
    edges = np.diff(digits.astype(float), axis=2)
    steep = np.abs(edges) > 200
    assert (np.diff(fogged, axis=2)[steep] / edges[steep]).mean() == pytest.approx(0.25, abs=0.03)
    assert fogged[:, :, 0].std() > 5  # no even grey


def test_mud_is_a_quarter_as_bright_as_ink(digits):
    muddy = corrupt(digits, "spatter")

    paper = muddy[digits == 0]
    assert 50 <= paper.max() <= 63
    assert 0.03 < (paper > 40).mean() < 0.4


@pytest.mark.parametrize("name", ["dotted_line", "zigzag"])
def test_a_line_is_drawn_from_side_to_side_and_nothing_is_lost(digits, name):
    drawn = corrupt(digits, name)

    assert (drawn >= digits).all()
    columns = (corrupt(np.zeros_like(digits), name) > 0).any(axis=1)
    if name == "dotted_line":
        drawn_in = np.flatnonzero(columns.all(axis=0))
        assert drawn_in.tolist() == [place for place in range(27) if place // 2 % 2]
    else:
        assert columns[:, 4:24].mean() > 0.95


def test_outlines_are_thin_and_where_the_ink_ends(digits):
    edges = corrupt(digits, "canny_edges")

    assert set(np.unique(edges)) == {0, 255}
    steep = np.hypot(*np.gradient(digits.astype(float), axis=(1, 2)))
    assert steep[edges > 0].mean() > 4 * steep[edges == 0].mean()
