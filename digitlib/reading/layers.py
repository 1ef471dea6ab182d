"""Look into a network while it reads: what each layer makes of a digit, by LiteRT alone."""

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from digitlib.errors import ModelError
from digitlib.reading.recogniser import CURE, read_model_file

BATCH = 50
LEAST = 1e-30  # the smallest probability that a logit is made of


@dataclass(frozen=True, eq=False)
class Reading:
    """What a network makes of digits, from its first layer to its answer.

    Attributes:
        maps: what each convolution finds where, in their order, float32 (n, height, width,
            filters); those as deep in a network, or in the networks of an ensemble, and of one size
            are joined. None for a network without convolutions.
        features: float32 (n, d), what the last layer weighs; of an ensemble, all its networks'.
        logits: float32 (n, 10), what it gives to each of the ten answers.
        probabilities: float32 (n, 10), softmax of the logits.
    """

    maps: list[np.ndarray]
    features: np.ndarray
    logits: np.ndarray
    probabilities: np.ndarray


class LayerReader:
    """Reads digits and keeps what lies between the pixels and the answer.

    Many threads may share one. ``Recogniser`` is faster: it leaves nothing of the layers behind.

    Args:
        model_file: a ``model.tflite`` of a run, as for ``Recogniser``.

    Raises:
        ModelError: the file is missing, damaged, or no reader of digits.
    """

    def __init__(self, model_file: Path):
        self._lock = threading.Lock()
        self._model_file, self._content = model_file, read_model_file(model_file)
        self._single = self._open(1)
        # Every layer of a batch takes up to 100 MB, and whoever looks into one digit needs none.
        self._many: _OpenInterpreter | None = None

    def read(self, digits: np.ndarray) -> Reading:
        """Read digits, uint8 (n, 28, 28) in MNIST form."""
        pixels = digits[..., np.newaxis] / np.float32(255)
        if len(digits) == 1:
            with self._lock:
                parts = [self._single(pixels)]
        else:
            parts = [self._read_many(part) for part in _cut(pixels)]
        *maps, features, logits, probabilities = (
            np.concatenate(each) for each in zip(*parts, strict=True)
        )
        return Reading(maps, features, logits, probabilities)

    def _read_many(self, pixels: np.ndarray) -> list[np.ndarray]:
        filled = np.zeros((BATCH, 28, 28, 1), np.float32)
        filled[: len(pixels)] = pixels
        with self._lock:
            if self._many is None:
                self._many = self._open(BATCH)
            return [each[: len(pixels)] for each in self._many(filled)]

    def _open(self, batch: int) -> "_OpenInterpreter":
        try:
            return _OpenInterpreter(self._content, batch)
        except (ValueError, RuntimeError, IndexError) as error:  # LiteRT cannot use the file
            raise ModelError(f"The model file {self._model_file} is damaged. {CURE}") from error


class _OpenInterpreter:
    """An interpreter whose layers can be read after it ran, for one size of batch."""

    def __init__(self, content: bytes, batch: int):
        # Every tensor is kept, and no delegate that would join layers into one.
        self._interpreter = Interpreter(
            model_content=content,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            experimental_preserve_all_tensors=True,
        )
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._interpreter.resize_tensor_input(self._input, (batch, 28, 28, 1))
        self._interpreter.allocate_tensors()
        # LiteRT tells of its operations in no other way.
        operations = self._interpreter._get_ops_details()
        self._maps = _find_maps(operations, self._interpreter)
        makers = _find_makers(operations)
        self._answer = self._interpreter.get_output_details()[0]["index"]
        self._features = find_features(operations)
        # An ensemble without a judgement ends in a mean of probabilities, not in a softmax.
        last = makers[self._answer]
        self._logits = last["inputs"][0] if last["op_name"] == "SOFTMAX" else None

    def __call__(self, pixels: np.ndarray) -> list[np.ndarray]:
        self._interpreter.set_tensor(self._input, pixels)
        self._interpreter.invoke()
        probabilities = self._interpreter.get_tensor(self._answer)
        if self._logits is None:
            logits = np.log(np.maximum(probabilities, LEAST))
        else:
            logits = self._interpreter.get_tensor(self._logits)
        maps = [
            np.concatenate([self._interpreter.get_tensor(index) for index in side_by_side], axis=-1)
            for side_by_side in self._maps
        ]
        features = np.hstack([self._interpreter.get_tensor(index) for index in self._features])
        return [*maps, features, logits, probabilities]


def find_features(operations: list[dict]) -> list[int]:
    """Return what is weighed for the logits: one tensor, or one of each network of an ensemble.

    Where no dense layer weighs anything, it is the logits themselves.

    Args:
        operations: of a model, as LiteRT describes them.
    """
    makers = _find_makers(operations)
    features, logits = [], []
    for operation in operations:
        if operation["op_name"] == "SOFTMAX":
            logits = [operation["inputs"][0]]
            maker = makers[operation["inputs"][0]]
            if maker["op_name"] in ("MUL", "DIV"):  # by the temperature
                maker = makers[maker["inputs"][0]]
            if maker["op_name"] == "FULLY_CONNECTED":
                features.append(maker["inputs"][0])
    return features or logits


def _find_makers(operations: list[dict]) -> dict[int, dict]:
    """Return by which operation each tensor is made."""
    return {output: each for each in operations for output in each["outputs"]}


def _find_maps(operations: list[dict], interpreter: Interpreter) -> list[list[int]]:
    """Return the last tensors with places after each convolution, before the next and the end.

    There are several where convolutions stand side by side, each as deep in the network as the
    others, and have as many places. A separable convolution is two to LiteRT, the second right
    after the first.
    """
    shapes = {each["index"]: tuple(each["shape"]) for each in interpreter.get_tensor_details()}
    makers = _find_makers(operations)
    depths, latest = {}, {}
    for operation in operations:
        sources = [each for each in operation["inputs"] if each in depths]
        depth = max((depths[each] for each in sources), default=0)
        if operation["op_name"] == "DEPTHWISE_CONV_2D" or (
            operation["op_name"] == "CONV_2D"
            and not any(makers[each]["op_name"] == "DEPTHWISE_CONV_2D" for each in sources)
        ):
            depth += 1
        for output in operation["outputs"]:
            depths[output] = depth
            if depth and len(shapes[output]) == 4:
                at_depth = latest.setdefault(depth, [])
                at_depth[:] = [each for each in at_depth if each not in sources] + [output]
    maps = {}
    for depth in sorted(latest):
        for tensor in latest[depth]:
            maps.setdefault((depth, shapes[tensor][1:3]), []).append(tensor)
    return list(maps.values())


def _cut(pixels: np.ndarray) -> list[np.ndarray]:
    return [pixels[start : start + BATCH] for start in range(0, len(pixels), BATCH)]
