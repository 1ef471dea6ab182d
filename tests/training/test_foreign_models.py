"""Models in LiteRT's format that do something else than read digits."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from digitlib.errors import ModelError
from digitlib.reading.recogniser import Recogniser


def sequential(*parts) -> keras.Model:
    return keras.Sequential(list(parts))


@pytest.mark.parametrize(
    "model",
    [
        sequential(layers.Input((28, 28, 1)), layers.Flatten(), layers.Dense(5)),
        sequential(layers.Input((28, 28, 1)), layers.Conv2D(10, 28)),
        sequential(layers.Input((28, 28, 3)), layers.Flatten(), layers.Dense(10)),
        sequential(layers.Input((32, 32, 1)), layers.Flatten(), layers.Dense(10)),
    ],
    ids=["five classes", "an image", "in colour", "larger"],
)
def test_another_kind_of_network_gets_a_sentence(model, tmp_path):
    path = tmp_path / "model.tflite"
    model.export(path, format="litert", verbose=False)

    with pytest.raises(ModelError, match=r"model\.tflite (is damaged|does not read digits)\."):
        Recogniser(path)


def test_a_network_of_whole_numbers_gets_a_sentence(tmp_path):
    @tf.function(input_signature=[tf.TensorSpec((None, 28, 28, 1), tf.int32)])
    def count(images):
        return tf.reshape(images, (-1, 784))[:, :10]

    converter = tf.lite.TFLiteConverter.from_concrete_functions([count.get_concrete_function()])
    path = tmp_path / "model.tflite"
    path.write_bytes(converter.convert())

    with pytest.raises(ModelError, match=r"model\.tflite is damaged"):
        Recogniser(path)


def test_a_network_without_an_input_gets_a_sentence(tmp_path):
    @tf.function(input_signature=[])
    def constant():
        return tf.constant(np.zeros((1, 10), np.float32)) + tf.random.uniform((1, 10))

    converter = tf.lite.TFLiteConverter.from_concrete_functions([constant.get_concrete_function()])
    path = tmp_path / "model.tflite"
    path.write_bytes(converter.convert())

    with pytest.raises(ModelError, match=r"model\.tflite is damaged"):
        Recogniser(path)
