"""What is no digit: drawn as it is said to be, and never the same."""

import cv2
import numpy as np
import pytest

from digitlib.data import pen
from digitlib.data.others import LETTERS_AND_SIGNS, write_other
from digitlib.data.outsiders import load_outsiders
from digitlib.data.pen import DIGIT_SIDE, PAGE
from digitlib.data.solids import OUTLINES, TEXTURES, cut_silhouette, make_solid, weave_texture
from digitlib.errors import DataError


def test_what_is_written_is_as_large_as_a_digit():
    for seed in range(60):
        page = write_other(np.random.default_rng(seed))

        assert (page.shape, page.dtype) == ((PAGE, PAGE), np.uint8)
        rows, columns = np.nonzero(page > 127)
        sides = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert max(sides) == pytest.approx(DIGIT_SIDE, abs=4)


@pytest.mark.parametrize("make", [write_other, make_solid])
def test_the_same_seed_makes_the_same_and_another_another(make):
    one, same, other = (make(np.random.default_rng(seed)) for seed in (1, 1, 2))

    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


@pytest.mark.parametrize("shapes", [LETTERS_AND_SIGNS, OUTLINES])
def test_every_shape_is_another_and_its_pen_moves(shapes):
    assert len({shape for _, shape in shapes}) == len(shapes)
    for width, shape in shapes:
        assert 0.2 < width < 3
        parts = [part for stroke in pen._read_shape(shape) for part in stroke]
        assert all(len(part) >= 2 for part in parts), shape


def test_no_letter_is_written_as_a_digit_is():
    digits = {shape for shapes in pen.SHAPES for _, shape in shapes}

    assert digits.isdisjoint(shape for _, shape in LETTERS_AND_SIGNS)


def test_only_the_shapes_named_are_written():
    bar = ((0.5, "0,0 100,100"),)
    pages = [write_other(np.random.default_rng(seed), bar) for seed in range(40)]

    # Scribbles apart, the ink of a bar or of two is little.
    assert np.median([(page > 127).mean() for page in pages]) < 0.12


def test_a_silhouette_is_one_piece_that_fills_much_of_the_page():
    for seed in range(40):
        mask = cut_silhouette(np.random.default_rng(seed))

        assert (mask.shape, mask.dtype) == ((PAGE, PAGE), np.float32)
        assert 0 <= mask.min() <= mask.max() == 1
        assert 0.03 < mask.mean() < 0.9


def test_every_texture_covers_the_field_and_is_uneven():
    for make in TEXTURES:
        for seed in range(20):
            texture = make(np.random.default_rng(seed))

            assert texture.shape == (28, 28)
            assert 0 <= texture.min() <= texture.max() <= 1
            assert texture.std() > 0.01
    assert weave_texture(np.random.default_rng(0)).dtype == np.float32


def test_a_damaged_or_missing_file_gets_a_sentence(tmp_path):
    damaged, others = tmp_path / "damaged.npz", tmp_path / "others.npz"
    damaged.write_bytes(b"PK")
    np.savez(others, digits=np.zeros((3, 28, 28), np.uint8), others=np.zeros((3, 28)))

    for path, words in [
        (tmp_path / "none.npz", "There is no file"),
        (damaged, "damaged"),
        (others, "holds no images"),
    ]:
        with pytest.raises(DataError, match=words) as caught:
            load_outsiders(path)
        assert "git checkout" in str(caught.value)


def test_some_silhouettes_are_round():
    """A filled disc is no digit, and the judge has to have seen some."""

    def is_round(seed: int) -> bool:
        mask = (cut_silhouette(np.random.default_rng(seed)) > 0.5).astype(np.uint8)
        (outline, *_), _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
        ellipse = cv2.ellipse(np.zeros_like(mask), cv2.fitEllipse(outline), 1, -1)
        return (mask != ellipse).sum() < 0.1 * mask.sum()

    assert np.mean([is_round(seed) for seed in range(300)]) > 0.05
