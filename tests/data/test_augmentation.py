import dataclasses

import cv2
import numpy as np
import pytest

from digitlib.data import load_mnist
from digitlib.data.augmentation import (
    AUGMENTATION_LIMITS,
    GENTLE,
    PRESETS,
    STRONG,
    UNCHANGED,
    Augmentation,
    augment,
)


@pytest.fixture(scope="module")
def digits() -> np.ndarray:
    """uint8 (200, 28, 28)."""
    return load_mnist("validation").images[:200]


def change(digits: np.ndarray, seed: int = 0, **settings: float) -> np.ndarray:
    return augment(digits, Augmentation(**settings), np.random.default_rng(seed))


def draw_bar() -> np.ndarray:
    """An upright bar, two pixels wide, in the middle."""
    bar = np.zeros((28, 28), np.uint8)
    bar[5:23, 13:15] = 255
    return bar


def find_angle(image: np.ndarray) -> float:
    """Return how far the long axis of what is drawn leans from upright, in degrees."""
    moments = cv2.moments(image)
    lean = 0.5 * np.arctan2(2 * moments["mu11"], moments["mu20"] - moments["mu02"])
    angle = np.degrees(lean)
    return (angle + 180) % 180 - 90


def find_middle(images: np.ndarray) -> np.ndarray:
    """Return column and row of the centre of mass of each image, (n, 2)."""
    mass = images.sum(axis=(1, 2))
    places = np.arange(28)
    columns = (images.sum(axis=1) * places).sum(axis=1) / mass
    rows = (images.sum(axis=2) * places).sum(axis=1) / mass
    return np.stack([columns, rows], axis=1)


def test_without_settings_digits_stay_as_they_are(digits):
    np.testing.assert_array_equal(change(digits), digits.astype(np.float32) / 255)
    assert not UNCHANGED
    assert Augmentation(shear=0.1)


@pytest.mark.parametrize("settings", [GENTLE, STRONG], ids=["gentle", "strong"])
def test_shape_type_and_range_stay(digits, settings):
    changed = augment(digits, settings, np.random.default_rng(0))

    assert (changed.shape, changed.dtype) == (digits.shape, np.float32)
    assert changed.min() >= 0
    assert changed.max() <= 1


@pytest.mark.parametrize("name", AUGMENTATION_LIMITS)
def test_every_setting_changes_something_and_stays_in_range_at_its_limit(digits, name):
    changed = change(digits, **{name: AUGMENTATION_LIMITS[name][1]})

    assert (np.abs(changed - digits / 255).max(axis=(1, 2)) > 0.05).mean() > 0.5
    assert changed.min() >= 0
    assert changed.max() <= 1 + 1e-6


def test_every_setting_has_its_limits():
    assert list(AUGMENTATION_LIMITS) == [each.name for each in dataclasses.fields(Augmentation)]
    for preset in PRESETS.values():
        for name, (low, high) in AUGMENTATION_LIMITS.items():
            assert low <= getattr(preset, name) <= high


def test_a_turn_goes_to_both_sides_and_no_farther():
    turned = change(np.stack([draw_bar()] * 200), rotation=30)

    angles = np.array([find_angle(image) for image in turned])
    assert angles.min() < -25
    assert angles.max() > 25
    assert np.abs(angles).max() < 31
    assert abs(angles.mean()) < 5


def test_a_shift_moves_the_centre_of_mass_by_as_much(digits):
    moved = find_middle(change(digits, shift=2)) - find_middle(digits / 255)

    assert np.abs(moved).max() < 2.01
    assert (moved.min(axis=0) < -1.8).all()
    assert (moved.max(axis=0) > 1.8).all()


def test_a_zoom_changes_the_area_of_what_is_drawn():
    square = np.zeros((28, 28), np.uint8)
    square[9:19, 9:19] = 255

    areas = change(np.stack([square] * 200), zoom=0.2).sum(axis=(1, 2)) / 100

    # Width and height by a fifth, and a fifteenth more or less each on its own.
    assert 0.55 < areas.min() < 0.75
    assert 1.3 < areas.max() < 1.6
    np.testing.assert_allclose(
        find_middle(change(np.stack([square] * 9), zoom=0.2)), 13.5, atol=0.1
    )


def test_a_shear_leans_but_keeps_the_height():
    leaning = change(np.stack([draw_bar()] * 100), shear=0.4)

    rows = (leaning.sum(axis=2) > 0.1).sum(axis=1)
    assert np.abs(rows - 18).max() <= 1
    angles = np.array([find_angle(image) for image in leaning])
    assert angles.max() > 15
    assert np.abs(angles).max() < np.degrees(np.arctan(0.4)) + 1


def test_bending_keeps_what_the_digits_are(
    digits,
):
    bent = change(digits, elastic=0.6)

    moved = np.linalg.norm(find_middle(bent) - find_middle(digits / 255), axis=1)
    assert 0.02 < np.median(moved) < 0.7


def test_the_pen_gets_thicker_and_thinner(digits):
    ink = change(np.stack([digits[0]] * 200), thickness=1).sum(axis=(1, 2)) / (
        digits[0].sum() / 255
    )

    assert ink.min() < 0.85
    assert ink.max() > 1.5


def test_as_many_digits_are_erased_in_part_as_asked(digits):
    erased = change(digits, erasing=0.3)

    changed = (erased != digits / np.float32(255)).any(axis=(1, 2))
    assert 0.1 < changed.mean() < 0.35  # some lose a piece of paper
    assert (erased <= digits / np.float32(255)).all()


def test_as_many_digits_are_disguised_as_asked(digits):
    disguised = change(digits, disguise=0.5)

    changed = (disguised != digits / np.float32(255)).any(axis=(1, 2))
    assert 0.35 < changed.mean() < 0.6


def test_each_digit_is_changed_on_its_own(digits):
    same = np.repeat(digits[:1], 20, axis=0)

    changed = augment(same, GENTLE, np.random.default_rng(0))

    assert len({image.tobytes() for image in changed}) == 20


def test_the_same_chance_gives_the_same_digits(digits):
    one, same, other = (augment(digits, STRONG, np.random.default_rng(seed)) for seed in (3, 3, 4))

    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_the_digits_given_stay_as_they_were(digits):
    before = digits.copy()

    augment(digits, STRONG, np.random.default_rng(0))

    assert np.array_equal(digits, before)


def test_the_plain_form_only_places_digits_and_half_as_far():
    plain = STRONG.make_plain()

    for name, value in dataclasses.asdict(STRONG).items():
        kept = name in ("rotation", "shift", "zoom", "shear")
        assert getattr(plain, name) == (value / 2 if kept else 0.0)
    assert UNCHANGED.make_plain() == UNCHANGED
