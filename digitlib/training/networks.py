"""The networks that can be trained, one function each.

Every network reads digits as float32 (n, 28, 28, 1), 0 is paper and 1 is ink, and answers with ten
probabilities. To add one, write a function here: the pages and the command line find it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import layers

from digitlib.runs.config import TrainingConfig

INPUT_SHAPE = (28, 28, 1)


@dataclass(frozen=True)
class Network:
    """A network of the registry: how to build it and the settings that suit it."""

    build: Callable[[TrainingConfig], keras.Model]
    defaults: TrainingConfig

    @property
    def summary(self) -> str:
        return self.build.__doc__.strip().splitlines()[0]


NETWORKS: dict[str, Network] = {}


def network(**defaults):
    """Register the decorated builder under its name, with its own default settings."""

    def register(build: Callable[[TrainingConfig], keras.Model]):
        name = build.__name__
        NETWORKS[name] = Network(build, TrainingConfig(network=name, **defaults))
        return build

    return register


@network(epochs=5, batch_size=32, learning_rate=1e-3, dropout=0.0)
def softmax(config: TrainingConfig) -> keras.Model:
    """Every pixel votes for every digit: the simplest network there is."""
    return keras.Sequential(
        [
            layers.Input(INPUT_SHAPE),
            layers.Flatten(),
            layers.Dense(10, activation="softmax"),
        ]
    )


@network(epochs=5, batch_size=32, learning_rate=1e-3, dropout=0.2)
def dense(config: TrainingConfig) -> keras.Model:
    """One hidden layer of 128 units: the network of most first tutorials."""
    return keras.Sequential(
        [
            layers.Input(INPUT_SHAPE),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(config.dropout),
            layers.Dense(10, activation="softmax"),
        ]
    )


@network(epochs=10, batch_size=64, learning_rate=1e-3, dropout=0.5)
def cnn(config: TrainingConfig) -> keras.Model:
    """Two convolutions look for strokes, wherever they are, before a hidden layer decides."""
    return keras.Sequential(
        [
            layers.Input(INPUT_SHAPE),
            layers.Conv2D(32, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(64, 3, activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dense(128, activation="relu"),
            layers.Dropout(config.dropout),
            layers.Dense(10, activation="softmax"),
        ]
    )
