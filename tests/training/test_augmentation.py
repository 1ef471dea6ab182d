import numpy as np
import pytest

from digitlib.runs.config import TrainingConfig
from digitlib.training.augmentation import build_augmentation
from digitlib.training.loop import feed


@pytest.fixture(scope="module")
def digits(validation) -> np.ndarray:
    """float32 (200, 28, 28, 1) from 0 to 1."""
    return validation.images[:200, :, :, np.newaxis] / np.float32(255)


def augment(digits: np.ndarray, seed: int = 0) -> np.ndarray:
    return np.asarray(build_augmentation(seed)(digits, training=True))


def test_shape_and_range_stay(digits):
    augmented = augment(digits)

    assert augmented.shape == digits.shape
    assert augmented.dtype == np.float32
    assert augmented.min() >= 0
    assert augmented.max() <= 1 + 1e-5


def test_digits_are_changed_but_stay_what_they_are(digits, cnn, validation):
    augmented = augment(digits)

    moved = np.abs(augmented - digits).mean(axis=(1, 2, 3))
    assert (moved > 0).all()
    read = cnn.read((augmented[..., 0].clip(0, 1) * 255).round().astype(np.uint8)).argmax(axis=1)
    assert (read == validation.labels[:200]).mean() > 0.9


def test_digits_are_moved_by_some_pixels_each_way(digits):
    augmented = augment(digits)

    columns = np.arange(28)
    before, after = (
        (images.sum(axis=(1, 3)) * columns).sum(axis=1) / images.sum(axis=(1, 2, 3))
        for images in (digits, augmented)
    )
    shift = after - before
    assert shift.min() < -1
    assert shift.max() > 1
    assert np.abs(shift).max() < 5


def test_the_ground_stays_paper(digits):
    augmented = augment(digits)

    assert np.median(augmented) == 0
    assert augmented[:, [0, -1]].mean() < 0.01
    assert augmented[:, :, [0, -1]].mean() < 0.01


def test_each_digit_is_changed_on_its_own(digits):
    same = np.repeat(digits[:1], 20, axis=0)

    assert len({image.tobytes() for image in augment(same)}) == 20


def test_each_epoch_sees_the_digits_changed_anew(validation):
    config = TrainingConfig(batch_size=50, augmentation=True)
    batches = feed(validation.take(slice(100)), config, seed=0)

    # The mean over all digits does not depend on their order.
    means = [np.mean([images.numpy().mean(0) for images, _ in batches], axis=0) for _ in range(2)]

    assert np.abs(means[0] - means[1]).max() > 0.01


def test_the_seed_decides(digits):
    assert np.array_equal(augment(digits, seed=3), augment(digits, seed=3))
    assert not np.array_equal(augment(digits, seed=3), augment(digits, seed=4))


def test_nothing_changes_when_the_network_reads(digits):
    np.testing.assert_array_equal(np.asarray(build_augmentation(0)(digits, training=False)), digits)
