"""The plane of digits: true to its neighbourhoods by scikit-learn's measure, always the same."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from digitlib.reading.embedding import embed


@pytest.fixture(scope="module")
def features(validation) -> np.ndarray:
    return validation.images[:400].reshape(400, -1) / np.float32(255)


@pytest.fixture(scope="module")
def places(features) -> np.ndarray:
    return embed(features, lambda share: None)


def test_neighbours_in_the_plane_are_neighbours_in_the_layer(features, places):
    assert trustworthiness(features, places, n_neighbors=10, metric="cosine") > 0.9


def test_it_fills_the_square_around_the_centre(places):
    assert places.shape == (400, 2)
    assert places.dtype == np.float32
    np.testing.assert_allclose(places.max(axis=0), -places.min(axis=0), atol=1e-6)
    assert np.abs(places).max() == pytest.approx(1)


def test_the_same_features_give_the_same_plane(features, places):
    np.testing.assert_array_equal(embed(features, lambda share: None), places)


def test_how_long_a_feature_is_does_not_matter(features, places):
    lengths = np.random.default_rng(0).choice([0.25, 1, 4], (400, 1)).astype(np.float32)

    stretched = embed(features * lengths, lambda share: None)

    assert trustworthiness(features, stretched, n_neighbors=10, metric="cosine") > 0.9


def test_it_tells_how_far_it_has_come_and_prints_nothing(features, capsys):
    shares = []

    embed(features[:100], shares.append)

    assert len(shares) >= 10
    assert shares == sorted(shares)
    assert 0 < shares[0] < shares[-1] <= 1
    assert capsys.readouterr().out == ""
