"""The peers of the recogniser: prints, as one line of JSON, what was measured of them.

``predict_one`` and ``function_one`` in microseconds, ``predict_all`` in seconds, several values
each; ``accuracy`` in percent.
"""

import json
import time

import keras
import numpy as np
import tensorflow as tf

from benchmarks.recogniser import MODEL, time_calls
from digitlib.data import load_mnist
from digitlib.runs.folder import load_run

ROUNDS = 3


def main() -> None:
    digits = load_mnist("test")
    model = keras.models.load_model(load_run(MODEL).keras_file)
    compiled = tf.function(model, reduce_retracing=True)

    def to_pixels(images: np.ndarray) -> np.ndarray:
        return images[..., np.newaxis] / np.float32(255)

    def predict(images: np.ndarray) -> np.ndarray:
        return model.predict(to_pixels(images), verbose=0)

    def call_compiled(images: np.ndarray) -> np.ndarray:
        return compiled(to_pixels(images), training=False).numpy()

    # The first call of each traces the network; a visitor pays for it once.
    predict(digits.images[:1])
    call_compiled(digits.images[:1])
    measured = {"predict_one": [], "function_one": [], "predict_all": []}
    for _ in range(ROUNDS):
        measured["predict_one"].append(time_calls(predict, digits.images, 50))
        measured["function_one"].append(time_calls(call_compiled, digits.images))
        start = time.perf_counter()
        probabilities = predict(digits.images)
        measured["predict_all"].append(time.perf_counter() - start)
    accuracy = 100 * (probabilities.argmax(axis=1) == digits.labels).mean()
    print(json.dumps(measured | {"accuracy": float(accuracy)}))


if __name__ == "__main__":
    main()
