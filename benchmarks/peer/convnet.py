"""Keras's own example *Simple MNIST convnet*, until it first reads 99.0% of the test digits.

https://keras.io/examples/vision/mnist_convnet: batches of 128, Adam at 1e-3, a tenth of the
training digits to validate on. Prints as JSON the seconds of building and training it, without the
readings of the test digits in between and without imports, and how many epochs it took.
"""

import json
import os
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np
from keras import layers

from digitlib.data import MNIST_FILE

GOAL, MOST_EPOCHS = 0.99, 30


def main() -> None:
    """Train and print."""
    digits = np.load(MNIST_FILE)
    seconds = -time.monotonic()
    images = digits["x_train"][..., np.newaxis].astype("float32") / 255
    labels = keras.utils.to_categorical(digits["y_train"], 10)
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.5),
            layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    seconds += time.monotonic()
    test = digits["x_test"][..., np.newaxis].astype("float32") / 255
    for epoch in range(1, MOST_EPOCHS + 1):
        began = time.monotonic()
        model.fit(images, labels, batch_size=128, epochs=1, validation_split=0.1, verbose=0)
        seconds += time.monotonic() - began
        answers = model.predict(test, batch_size=500, verbose=0).argmax(axis=1)
        if (answers == digits["y_test"]).mean() >= GOAL:
            print(json.dumps({"seconds": seconds, "epochs": epoch}))
            return
    raise SystemExit(f"not {GOAL:.0%} after {MOST_EPOCHS} epochs")


if __name__ == "__main__":
    main()
