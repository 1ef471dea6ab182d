import numpy as np
import pytest

from digitlib.reading.occlusion import map_occlusion


def read_by_square(rows: slice, columns: slice):
    """Return a reader that is sure of a 7 by the ink of one place only."""

    def read(digits: np.ndarray) -> np.ndarray:
        ink = digits[:, rows, columns].mean(axis=(1, 2)) / 255
        sure = 0.05 + 0.9 * ink
        probabilities = np.repeat(((1 - sure) / 9)[:, np.newaxis], 10, axis=1)
        probabilities[:, 7] = sure
        return probabilities.astype(np.float32)

    return read


def test_the_map_is_highest_where_the_reader_looks_and_0_far_from_it():
    digit = np.full((28, 28), 255, np.uint8)

    found = map_occlusion(digit, 7, read_by_square(slice(4, 8), slice(18, 22)))

    assert found.map.shape == (28, 28)
    assert found.map.dtype == np.float32
    row, column = np.unravel_index(found.map.argmax(), found.map.shape)
    assert 3 <= row <= 8
    assert 17 <= column <= 22
    assert found.map.max() == pytest.approx(1)
    assert (found.map[16:] == 0).all()
    assert (found.map[:, :8] == 0).all()


def test_what_speaks_against_an_answer_is_below_0():
    digit = np.full((28, 28), 255, np.uint8)

    found = map_occlusion(digit, 3, read_by_square(slice(4, 8), slice(18, 22)))

    assert found.map.min() == pytest.approx(-1)
    assert found.map.max() <= 0


def test_the_weakest_is_read_as_it_says(cnn, validation):
    digit = validation.images[0]
    answer = int(cnn.read(digit[np.newaxis]).argmax())

    found = map_occlusion(digit, answer, cnn.read)

    np.testing.assert_allclose(
        found.probabilities, cnn.read(found.weakest[np.newaxis])[0], atol=1e-5
    )
    assert (found.weakest <= digit).all()
    assert found.probabilities[answer] < cnn.read(digit[np.newaxis])[0, answer]


def test_a_blank_digit_has_a_map_of_0(cnn):
    found = map_occlusion(np.zeros((28, 28), np.uint8), 1, cnn.read)

    assert (found.map == 0).all()


def test_the_map_is_that_of_covering_by_hand(cnn, validation):
    """Pixel by pixel with plain loops."""
    digit = validation.images[3]
    answer = int(cnn.read(digit[np.newaxis]).argmax())

    def odds(image: np.ndarray) -> float:
        likely = np.clip(float(cnn.read(image[np.newaxis])[0, answer]), 1e-6, 1 - 1e-6)
        return float(np.log(likely / (1 - likely)))

    total, count = np.zeros((28, 28)), np.zeros((28, 28))
    for top in range(-5, 28, 2):
        for left in range(-5, 28, 2):
            place = slice(max(0, top), top + 7), slice(max(0, left), left + 7)
            covered = digit.copy()
            covered[place] = 0
            total[place] += odds(digit) - odds(covered)
            count[place] += 1
    expected = total / count

    found = map_occlusion(digit, answer, cnn.read).map

    np.testing.assert_allclose(found, expected / np.abs(expected).max(), atol=2e-3)
