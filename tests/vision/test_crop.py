"""What is looked for only where there is something."""

import numpy as np

from digitlib.vision.crop import find_filled


def mark(*pixels: tuple[int, int]) -> np.ndarray:
    mask = np.zeros((6, 9), np.uint8)
    mask[tuple(zip(*pixels, strict=True))] = 1
    return mask


def test_a_pixel_of_ground_is_left_around():
    mask = mark((2, 3), (3, 5))
    rows, columns = find_filled(mask)
    assert (rows.start, columns.start) == (1, 2)
    assert mask[rows, columns].tolist() == [
        [0, 0, 0, 0, 0],
        [0, 1, 0, 0, 0],
        [0, 0, 0, 1, 0],
        [0, 0, 0, 0, 0],
    ]


def test_nothing_lies_beyond_the_edge_of_the_picture():
    mask = mark((0, 0), (5, 8))
    assert np.array_equal(mask[find_filled(mask)], mask)


def test_an_empty_mask_stays_empty():
    mask = np.zeros((6, 9), np.uint8)
    assert not mask[find_filled(mask)].any()
