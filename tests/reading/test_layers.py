"""What LiteRT says of a network's layers, against Keras and against itself."""

import zipfile

import h5py
import numpy as np
import pytest

from digitlib.errors import ModelError
from digitlib.reading.layers import LayerReader
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.folder import MODELS_FOLDER, list_shipped

SHIPPED = [run.id for run in list_shipped().runs]


@pytest.mark.parametrize("name", SHIPPED)
def test_the_answers_are_those_of_the_recogniser(name, validation):
    model_file = MODELS_FOLDER / name / "model.tflite"
    digits = validation.images[:120]

    reading = LayerReader(model_file).read(digits)

    expected = Recogniser(model_file).read(digits)
    np.testing.assert_allclose(reading.probabilities, expected, atol=1e-5)
    assert reading.features.shape[0] == 120
    shares = np.exp(reading.logits) / np.exp(reading.logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, expected, atol=1e-5)


def test_one_digit_reads_as_many_do(validation):
    reader = LayerReader(MODELS_FOLDER / "cnn" / "model.tflite")
    many = reader.read(validation.images[:51])

    for place in (0, 49, 50):
        one = reader.read(validation.images[place : place + 1])
        np.testing.assert_allclose(one.features[0], many.features[place], atol=1e-4)
        for map_of_one, map_of_many in zip(one.maps, many.maps, strict=True):
            np.testing.assert_allclose(map_of_one[0], map_of_many[place], atol=1e-4)


def test_a_map_is_what_the_convolution_finds_by_hand(validation):
    """The first convolution of cnn by NumPy, from the weights as Keras keeps them."""
    folder = MODELS_FOLDER / "cnn"
    with (
        zipfile.ZipFile(folder / "model.keras") as archive,
        archive.open("model.weights.h5") as stream,
        h5py.File(stream) as weights,
    ):
        first = weights["layers/conv2d/vars"]
        kernel, bias = np.array(first["0"]), np.array(first["1"])
    digit = validation.images[:1]
    pixels = digit[0] / 255
    patches = np.lib.stride_tricks.sliding_window_view(pixels, (3, 3))
    found = np.maximum(np.einsum("rcij,ijf->rcf", patches, kernel[:, :, 0]) + bias, 0)
    pooled = found.reshape(13, 2, 13, 2, -1).max(axis=(1, 3))

    maps = LayerReader(folder / "model.tflite").read(digit).maps

    assert len(maps) == 2
    np.testing.assert_allclose(maps[0][0], pooled, atol=1e-4)


def test_a_network_without_convolutions_has_no_maps(validation):
    reading = LayerReader(MODELS_FOLDER / "dense" / "model.tflite").read(validation.images[:3])

    assert reading.maps == []
    assert reading.features.shape == (3, 128)


def test_a_damaged_file_is_refused_in_a_sentence(tmp_path):
    damaged = tmp_path / "model.tflite"
    damaged.write_bytes(b"no model")

    with pytest.raises(ModelError, match="damaged"):
        LayerReader(damaged)
