"""Judge a trained network: how sure its answers are, in truth, and what it is to refuse."""

import math
from collections.abc import Callable
from functools import cache

import keras
import numpy as np
import tensorflow as tf

from digitlib.data.outsiders import load_outsiders
from digitlib.reading.judgement import Evidence, Judgement, fit_judgement
from digitlib.training.digits import load_digits

MOST_FEATURES = 1_024  # more than these are thinned
TRAINING_DIGITS = 2_000  # beside twice as many that a simulated pen writes
BATCH_SIZE = 500
LEAST = 1e-30  # the smallest probability that a logit is made of

# Of digits, float32 (n, 28, 28, 1): features (n, d) and logits (n, 10), as in Evidence.
Look = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def judge_network(model: keras.Model, others: np.ndarray | None = None) -> Judgement:
    """Learn how to judge the answers of a trained network: a second for small ones, ten for large.

    The digits are MNIST's and those of a simulated pen, so that no hand is refused for being
    another than MNIST's.

    Args:
        model: ends in a softmax of ten.
        others: what is no digit, uint8 (n, 28, 28); of ``load_outsiders`` if left out.

    Raises:
        DataError: a file of digits is missing or damaged.
    """
    look = tf.function(open_network(model), input_signature=[_DIGITS], autograph=False)
    validation = load_digits("validation")
    written, usual = _load_outsiders()
    training = load_digits("training").images[:TRAINING_DIGITS]
    return fit_judgement(
        _look_at(validation.images, look),
        validation.labels,
        _look_at(np.concatenate([training, written]), look),
        _look_at(usual if others is None else others, look),
    )


def open_network(model: keras.Model) -> Look:
    """Return a function that gives what the last layer of a network weighs, and its logits.

    Of networks whose mean is taken, the features are those of all of them, and the logits those of
    the mean. A network that ends in no dense softmax shows its answers alone.
    """
    last = model.layers[-1]
    if isinstance(last, keras.layers.Average):
        return _open_members([each for each in model.layers if isinstance(each, keras.Model)])
    if not isinstance(last, keras.layers.Dense) or last.activation is not keras.activations.softmax:
        return lambda digits: (_to_logits(model(digits, training=False)),) * 2
    trunk = keras.Model(model.inputs[0], last.input)
    step = math.ceil(last.input.shape[-1] / MOST_FEATURES)

    def look(digits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        features = trunk(digits, training=False)
        logits = tf.matmul(features, last.kernel) + last.bias
        return features if step == 1 else features[:, ::step], logits

    return look


def _open_members(members: list[keras.Model]) -> Look:
    looks = [open_network(member) for member in members]

    def look(digits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        features, logits = zip(*(each(digits) for each in looks), strict=True)
        mean = tf.add_n([tf.nn.softmax(each) for each in logits]) / len(looks)
        return tf.concat(features, axis=1), _to_logits(mean)

    return look


def _to_logits(probabilities: tf.Tensor) -> tf.Tensor:
    return tf.math.log(tf.maximum(probabilities, LEAST))


def _look_at(images: np.ndarray, look: Look) -> Evidence:
    starts = range(0, len(images), BATCH_SIZE)
    parts = [look(_to_pixels(images[start : start + BATCH_SIZE])) for start in starts]
    features, logits = (np.concatenate(each) for each in zip(*parts, strict=True))
    return Evidence(features, logits)


def _to_pixels(images: np.ndarray) -> tf.Tensor:
    return tf.constant(np.divide(images[..., np.newaxis], 255, dtype=np.float32))


_DIGITS = tf.TensorSpec((None, 28, 28, 1), tf.float32)
_load_outsiders = cache(load_outsiders)
