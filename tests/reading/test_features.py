"""What the last layer weighs, read quickly, against what LayerReader and scikit-learn say."""

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD

from digitlib.errors import ModelError
from digitlib.reading.features import FeatureReader, find_axes
from digitlib.reading.layers import LayerReader
from digitlib.runs.folder import MODELS_FOLDER, list_shipped

SHIPPED = [run.id for run in list_shipped().runs]


@pytest.mark.parametrize("name", SHIPPED)
def test_answers_and_features_are_those_of_the_layer_reader(name, validation):
    model_file = MODELS_FOLDER / name / "model.tflite"
    digits = validation.images[:70]

    answers, features = FeatureReader(model_file.read_bytes(), name).read(digits)

    expected = LayerReader(model_file).read(digits)
    np.testing.assert_allclose(answers, expected.probabilities, atol=1e-5)
    np.testing.assert_allclose(features, expected.features, atol=1e-4)
    assert answers.dtype == features.dtype == np.float32


@pytest.mark.parametrize("content", [b"", b"no model", b"\x00" * 5_000])
def test_a_damaged_model_is_refused_in_a_sentence(content):
    with pytest.raises(ModelError, match="model file of it is damaged"):
        FeatureReader(content, "it")


def test_a_model_cut_short_is_refused_in_a_sentence():
    content = (MODELS_FOLDER / "dense" / "model.tflite").read_bytes()

    with pytest.raises(ModelError, match="damaged"):
        FeatureReader(content[: len(content) // 2], "it")


def test_the_axes_are_those_of_a_truncated_singular_value_decomposition():
    features = np.random.default_rng(0).gamma(0.5, size=(500, 30)).astype(np.float32)
    features *= np.linspace(1, 3, 30, dtype=np.float32)  # else all axes are alike

    axes = find_axes(features, 5)

    expected = TruncatedSVD(5, algorithm="arpack").fit(features).components_
    expected = expected[np.argsort(-np.linalg.norm(features @ expected.T, axis=0))]
    np.testing.assert_allclose(np.abs(np.sum(axes.T * expected, axis=1)), 1, atol=1e-4)
    np.testing.assert_allclose(axes.T @ axes, np.eye(5), atol=1e-5)


def test_angles_outlast_a_projection_to_half_of_the_pixels(validation):
    """The network softmax weighs the 784 pixels themselves."""
    pixels = validation.images[:1_000].reshape(-1, 784) / np.float32(255)

    projected = pixels @ find_axes(pixels, 128)

    np.testing.assert_allclose(find_cosines(projected), find_cosines(pixels), atol=0.1)


def find_cosines(features):
    unit = features / np.linalg.norm(features, axis=1, keepdims=True)
    return unit @ unit.T
