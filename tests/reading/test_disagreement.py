import numpy as np
import pytest
from scipy.spatial.distance import jensenshannon

from digitlib.reading.disagreement import measure_disagreement


def test_of_two_models_it_is_the_jensen_shannon_divergence():
    random = np.random.default_rng(1)
    first, second = random.dirichlet(np.ones(10), (2, 200)).astype(np.float32)
    expected = jensenshannon(first.astype(float), second.astype(float), axis=1) ** 2
    np.testing.assert_allclose(measure_disagreement([first, second]), expected, atol=1e-6)


def test_models_that_are_in_doubt_alike_agree():
    doubt = np.full((3, 10), 0.1, np.float32)
    np.testing.assert_array_equal(measure_disagreement([doubt, doubt, doubt]), 0)


def test_two_that_are_sure_of_different_digits_disagree_by_the_logarithm_of_2():
    sure = np.eye(10, dtype=np.float32)
    np.testing.assert_allclose(
        measure_disagreement(iter([sure[[4]], sure[[9]]])), np.log(2), rtol=1e-6
    )


def test_nobody_cannot_disagree():
    with pytest.raises(ValueError, match="no model"):
        measure_disagreement([])
