"""Read digits with a model file, by LiteRT: 60 milliseconds to load, less than one per digit."""

import os
import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from digitlib.errors import ModelError

BATCH = 50
FEW = 20  # as many as these are read one by one
LEAST_SURE = np.float32(0.35)  # the largest probability of what is taken for a digit, unjudged
CURE = "Choose another model, or train this one again."


@dataclass(frozen=True, eq=False)
class Answer:
    """What a model reads in one digit.

    Attributes:
        probabilities: float32 (10,), they add up to 1.
        score: the higher the more it looks like a digit at all; see ``Recogniser.read_scored``.
    """

    probabilities: np.ndarray
    score: float = 0.0

    @property
    def digit(self) -> int:
        return int(self.probabilities.argmax())

    @property
    def confidence(self) -> float:
        """The probability of the answer, 0.1 to 1."""
        return float(self.probabilities.max())

    @property
    def second(self) -> int:
        """The digit it would have said otherwise."""
        return int(np.argsort(self.probabilities)[-2])

    @property
    def accepted(self) -> bool:
        """Whether it is taken for a digit."""
        return self.score >= 0


def format_share(share: float) -> str:
    """Return a probability in percent, never rounded up to certain: 0.99997 is ``>99.9%``."""
    if share > 0.999:
        return ">99.9%"
    if share < 0.0005:
        return "0%" if share == 0 else "<0.1%"
    return f"{share:.1%}"


class Recogniser:
    """Gives ten probabilities for each 28x28 digit, and a score. Many threads may share one.

    Args:
        model_file: a ``model.tflite`` of a run; it takes float32 (n, 28, 28, 1) from 0 to 1 and
            gives float32 (n, 10), and beside it (n, 1) where the model has been judged.

    Raises:
        ModelError: the file is missing, damaged, or no reader of digits.
    """

    def __init__(self, model_file: Path):
        # An interpreter serves one thread at a time and one size of batch until it is told
        # otherwise: hence a lock, and one for single digits beside one for many. The second takes
        # up to 10 MB, and many a model never reads many.
        self._lock = threading.Lock()
        self._model_file, self._content = model_file, read_model_file(model_file)
        self._single = _load_interpreter(model_file, self._content, 1)
        self._many: _LoadedInterpreter | None = None

    def answer(self, digit: np.ndarray) -> Answer:
        """Read one digit, uint8 (28, 28) in MNIST form."""
        probabilities, scores = self.read_scored(digit[np.newaxis])
        return Answer(probabilities[0], float(scores[0]))

    def read(self, digits: np.ndarray) -> np.ndarray:
        """Return the probability of each of the ten digits.

        Args:
            digits: uint8 (n, 28, 28) in MNIST form, 0 is paper and 255 is ink.

        Returns:
            float32 (n, 10), each row adds up to 1.

        Raises:
            ValueError: another shape or dtype.
        """
        return self.read_scored(digits)[0]

    def read_scored(self, digits: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the probability of each of the ten digits, and how much each is a digit at all.

        The score is a logarithm of odds, 0 where 95 of 100 real digits have more: see
        ``digitlib.reading.judgement``. A model that was made without a judgement scores by its
        largest probability.

        Args:
            digits: as for ``read``.

        Returns:
            float32 (n, 10), each row adds up to 1; float32 (n,), from 0 on it is taken for a digit.

        Raises:
            ValueError: another shape or dtype.
        """
        if digits.dtype != np.uint8 or digits.shape[1:] != (28, 28):
            raise ValueError(f"expected uint8 (n, 28, 28), got {digits.dtype} {digits.shape}")
        pixels = digits[..., np.newaxis] / np.float32(255)
        probabilities = np.empty((len(digits), 10), np.float32)
        scores = np.empty(len(digits), np.float32)
        start = 0
        while start < len(digits):
            # A batch that is mostly empty takes as long as a full one.
            few = len(digits) - start <= FEW
            stretch = slice(start, start + (1 if few else BATCH))
            part = pixels[stretch]
            found = self._read_single(part) if few else self._read_batch(part)
            probabilities[stretch], scores[stretch] = found
            start = stretch.stop
        return probabilities, scores

    def _read_single(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        with self._lock:
            return self._single(pixels)

    def _read_batch(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        filled = np.zeros((BATCH, 28, 28, 1), np.float32)
        filled[: len(pixels)] = pixels
        with self._lock:
            if self._many is None:
                self._many = _load_interpreter(self._model_file, self._content, BATCH)
            probabilities, scores = self._many(filled)
        return probabilities[: len(pixels)], scores[: len(pixels)]


class _LoadedInterpreter:
    """An interpreter with its memory laid out for one size of batch."""

    def __init__(self, content: bytes, batch: int):
        self._interpreter = Interpreter(
            model_content=content, num_threads=min(2, os.cpu_count() or 1)
        )
        self._input = self._interpreter.get_input_details()[0]["index"]
        self._outputs = [each["index"] for each in self._interpreter.get_output_details()]
        self._interpreter.resize_tensor_input(self._input, (batch, 28, 28, 1))
        self._interpreter.allocate_tensors()

    def __call__(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self._interpreter.set_tensor(self._input, pixels)
        self._interpreter.invoke()
        probabilities, *scores = map(self._interpreter.get_tensor, self._outputs)
        return probabilities, scores[0][:, 0] if scores else score_unjudged(probabilities)


def score_unjudged(probabilities: np.ndarray) -> np.ndarray:
    """Score the answers of a model that was made without a judgement, float32 (n,).

    By the logarithm of the largest probability, after Hendrycks and Gimpel, *A Baseline for
    Detecting Misclassified and Out-of-Distribution Examples in Neural Networks* (2017).

    Args:
        probabilities: float32 (n, 10), each row adds up to 1.
    """
    return np.log(np.maximum(probabilities.max(axis=1), np.float32(0.1)) / LEAST_SURE)


def read_model_file(model_file: Path) -> bytes:
    """Return the content of a model file.

    Raises:
        ModelError: the file is missing or cannot be read.
    """
    # Read, not mapped into memory as LiteRT does with a path: were a mapped file cut off or
    # overwritten while it serves, the system would end the whole process.
    try:
        return model_file.read_bytes()
    except FileNotFoundError as error:
        raise ModelError(f"The model file {model_file} is missing. {CURE}") from error
    except OSError as error:
        raise ModelError(
            f"The model file {model_file} cannot be read ({error.strerror}). {CURE}"
        ) from error


def _load_interpreter(model_file: Path, content: bytes, batch: int) -> _LoadedInterpreter:
    try:
        interpreter = _LoadedInterpreter(content, batch)
        found, scores = interpreter(np.zeros((batch, 28, 28, 1), np.float32))
    except (ValueError, RuntimeError, IndexError) as error:  # LiteRT cannot use the file
        raise ModelError(f"The model file {model_file} is damaged. {CURE}") from error
    if found.shape != (batch, 10) or scores.shape != (batch,):
        raise ModelError(f"The model file {model_file} does not read digits. {CURE}")
    return interpreter
