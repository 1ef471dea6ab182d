import numpy as np

from digitlib.reading.recogniser import Recogniser
from digitlib.runs.folder import MODELS_FOLDER
from digitlib.vision.written import write_digits, write_others


def test_the_ten_take_turns_in_the_form_of_mnist():
    digits = write_digits(25, seed=3)

    assert (digits.images.shape, digits.images.dtype) == ((25, 28, 28), np.uint8)
    assert digits.labels.dtype == np.uint8
    assert digits.labels.tolist() == [*range(10), *range(10), *range(5)]
    for image in digits.images:
        rows, columns = np.nonzero(image)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20


def test_the_same_seed_writes_the_same():
    one, same, other = (write_digits(10, seed=seed).images for seed in (1, 1, 2))

    np.testing.assert_array_equal(one, same)
    assert (one != other).any(axis=(1, 2)).all()


def test_a_network_that_knows_mnist_alone_reads_most_of_them():
    digits = write_digits(500, seed=0)

    answers = Recogniser(MODELS_FOLDER / "cnn" / "model.tflite").read(digits.images).argmax(axis=1)

    right = answers == digits.labels
    assert right.mean() > 0.8
    assert all(right[digits.labels == label].mean() > 0.5 for label in range(10))


def test_what_is_no_digit_comes_in_the_form_of_mnist_or_fills_the_field():
    others = write_others(20, seed=3)

    assert (others.shape, others.dtype) == ((20, 28, 28), np.uint8)
    assert others.max(axis=(1, 2)).min() > 40
    for image in others[:8]:
        rows, columns = np.nonzero(image)
        assert max(np.ptp(rows), np.ptp(columns)) + 1 == 20
    np.testing.assert_array_equal(write_others(10, seed=3), others[:10])
