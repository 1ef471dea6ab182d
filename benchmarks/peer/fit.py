"""The peer: a script that trains with ``model.fit``, as Keras's own examples do.

Prints one JSON object: how long it took to start, to see its first batch and to train, in seconds.
"""

import json
import sys
import time

started = time.monotonic()

import keras  # noqa: E402
import numpy as np  # noqa: E402

from digitlib.training.networks import NETWORKS  # noqa: E402


class FirstBatch(keras.callbacks.Callback):
    """Notes when the first batch is done."""

    seen = None

    def on_train_batch_end(self, batch, logs=None):
        self.seen = self.seen or time.monotonic()


def main(network: str, epochs: int, digits: int, runs: int) -> None:
    archive = np.load("digitlib/data/mnist.npz")
    pixels = archive["x_train"][..., np.newaxis].astype("float32") / 255
    labels = archive["y_train"]
    results = []
    for _ in range(runs):
        began = time.monotonic()
        config = NETWORKS[network].defaults
        model = NETWORKS[network].build(config)
        model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
        first = FirstBatch()
        model.fit(
            pixels[:digits],
            labels[:digits],
            batch_size=config.batch_size,
            epochs=epochs,
            validation_data=(pixels[55_000:], labels[55_000:]),
            callbacks=[first],
            verbose=0,
        )
        results.append({
            "cold": first.seen - started,
            "warm": first.seen - began,
            "seconds": time.monotonic() - began,
        })  # fmt: skip
    print(json.dumps(results))


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:]))
