"""A Keras model as the file that LiteRT reads digits with."""

import zipfile

import keras
import tensorflow as tf

from digitlib.errors import ModelError
from digitlib.reading.judgement import Judgement
from digitlib.runs.files import replacing, write_json
from digitlib.runs.folder import Run
from digitlib.training.judging import judge_network, open_network


def save_model(model: keras.Model, run: Run) -> None:
    """Write ``model.keras``, to go on training with, and ``model.tflite``, to read digits with."""
    with replacing(run.keras_file) as temporary:
        model.save(temporary)
    with replacing(run.model_file) as temporary:
        temporary.write_bytes(to_litert(model))


def save_judged(model: keras.Model, run: Run) -> None:
    """Judge a trained network and write the ``model.tflite`` whose answers are as sure as true.

    ``model.keras`` stays as it was trained, to go on from there.
    """
    judgement = judge_network(model)
    with replacing(run.model_file) as temporary:
        temporary.write_bytes(to_litert(model, judgement))
    write_json(run.judgement_file, judgement.to_dict())


def load_model(run: Run) -> keras.Model:
    """Load the network of a run as it was trained, to read with.

    Raises:
        ModelError: it has no model.keras, as an ensemble has none, or a damaged one.
    """
    try:
        return keras.saving.load_model(run.keras_file, compile=False)
    except (ValueError, OSError, TypeError, KeyError, zipfile.BadZipFile) as error:
        raise ModelError(f"{run.id} has no model.keras that can be loaded.") from error


def to_litert(model: keras.Model, judgement: Judgement | None = None) -> bytes:
    """Convert a network to LiteRT's format.

    With a judgement it gives its calibrated probabilities, and beside them the score, float32
    (n, 1); without one its probabilities as they are.

    ``model.export(format="litert")`` gives the same, by way of a SavedModel on disk; freezing the
    weights in memory takes 0.1 to 0.2 s instead of 0.5 to 1.3, which is what a person who stops a
    training waits for.
    """
    serve = _judge_answers(model, judgement) if judgement else _answer(model)
    signature = [tf.TensorSpec((None, *model.input_shape[1:]), tf.float32)]
    traced = tf.function(serve, input_signature=signature, autograph=False)
    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [traced.get_concrete_function()], model
    )
    converter.experimental_lower_to_saved_model = False
    return converter.convert()


def _answer(model: keras.Model):
    return lambda digits: model(digits, training=False)


def _judge_answers(model: keras.Model, judgement: Judgement):
    look = open_network(model)
    width = len(judgement.weights) - 10
    of_features = judgement.weights[:width, None]
    of_logits = judgement.weights[: width - 1 : -1, None]  # from the largest on, as top_k sorts

    def serve(digits: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        features, logits = look(digits)
        ranked = tf.math.top_k(logits, 10).values
        score = tf.matmul(features, of_features) + tf.matmul(ranked, of_logits) + judgement.bias
        return tf.nn.softmax(logits / judgement.temperature), score

    return serve
