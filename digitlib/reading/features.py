"""What a network's last layer weighs of many digits, at the speed of plain reading."""

import os

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType
from ai_edge_litert.tools import flatbuffer_utils

from digitlib.errors import ModelError
from digitlib.reading.layers import find_features
from digitlib.reading.recogniser import CURE

BATCH = 50


class FeatureReader:
    """Reads digits and keeps what the last layer weighs of each, beside the answers.

    ``LayerReader`` keeps every layer, and for that does without LiteRT's fast kernels. Here the
    features become one more output of a copy of the model, which is four times as fast. It serves
    one thread at a time.

    Args:
        content: of the ``model.tflite`` of a run.
        name: of the run, for what is said if its model is damaged.

    Raises:
        ModelError: the model is damaged, or no reader of digits.
    """

    def __init__(self, content: bytes, name: str):
        try:
            self._features = _find_features(content)
            self._interpreter = Interpreter(
                model_content=_add_outputs(content, self._features),
                num_threads=min(2, os.cpu_count() or 1),
            )
            self._input = self._interpreter.get_input_details()[0]["index"]
            self._answers = self._interpreter.get_output_details()[0]["index"]
            self._interpreter.resize_tensor_input(self._input, (BATCH, 28, 28, 1))
            self._interpreter.allocate_tensors()
        except Exception as error:  # a damaged file can fail in any way
            raise ModelError(f"The model file of {name} is damaged. {CURE}") from error

    def read(self, digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Read digits, uint8 (n, 28, 28) in MNIST form.

        Returns:
            Probabilities, float32 (n, 10), and features, float32 (n, w); of an ensemble, those of
            all its networks side by side.
        """
        starts = range(0, len(digits), BATCH)
        parts = [self._read_batch(digits[start : start + BATCH]) for start in starts]
        answers, features = (np.concatenate(each) for each in zip(*parts, strict=True))
        return answers, features

    def _read_batch(self, digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        pixels = np.zeros((BATCH, 28, 28, 1), np.float32)
        np.divide(digits[..., np.newaxis], np.float32(255), out=pixels[: len(digits)])
        self._interpreter.set_tensor(self._input, pixels)
        self._interpreter.invoke()
        found = [self._interpreter.get_tensor(index) for index in self._features]
        features = np.hstack([each.reshape(BATCH, -1) for each in found])
        return self._interpreter.get_tensor(self._answers)[: len(digits)], features[: len(digits)]


def find_axes(features: np.ndarray, count: int) -> np.ndarray:
    """Return the axes to project features on that keep the angles among digits best.

    They are the principal ones through 0, not through the mean as for PCA, since angles are asked
    for. As many at random would keep angles far worse.

    Args:
        features: float32 (n, w).
        count: of axes, at most w.

    Returns:
        float32 (w, count), orthonormal.
    """
    wide = features.astype(np.float64)
    _, axes = np.linalg.eigh(wide.T @ wide)  # the last ones matter most
    return axes[:, : -count - 1 : -1].astype(np.float32)


def _find_features(content: bytes) -> list[int]:
    # Without a delegate, which would hide its operations.
    interpreter = Interpreter(
        model_content=content,
        experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
    )
    # LiteRT tells of its operations in no other way.
    return find_features(interpreter._get_ops_details())


def _add_outputs(content: bytes, tensors: list[int]) -> bytes:
    """Return a model that gives these tensors, too."""
    model = flatbuffer_utils.read_model_from_bytearray(bytearray(content))
    graph = model.subgraphs[0]
    graph.outputs = [*graph.outputs, *(each for each in tensors if each not in graph.outputs)]
    return bytes(flatbuffer_utils.convert_object_to_bytearray(model))
