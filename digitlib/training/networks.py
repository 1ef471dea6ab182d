"""The networks that can be trained, one function each.

Every network reads digits as float32 (n, 28, 28, 1), 0 is paper and 1 is ink, and answers with ten
probabilities. To add one, write a function here: the pages and the command line find it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import keras
from keras import layers

from digitlib.data.augmentation import SLIGHT, STRONG
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


@network(
    epochs=2, batch_size=224, learning_rate=2e-2, dropout=0.0, schedule="one-cycle",
    label_smoothing=0.05,
)  # fmt: skip
def fast(config: TrainingConfig) -> keras.Model:
    """Three convolutions in large steps, few filters: reads 99% before the class looks away."""
    digit = layers.Input(INPUT_SHAPE)
    # Twice as fast as with its outputs kept at one scale, and it learns as well.
    x = layers.Conv2D(16, 5, 2, activation="relu")(digit)
    x = _convolve(x, 32, strides=2, padding="valid")
    x = _convolve(x, 64, strides=2, padding="valid")
    return _decide(digit, layers.Flatten()(x), config)


@network(
    epochs=45, batch_size=128, learning_rate=1.4e-2, dropout=0.0, schedule="one-cycle",
    weight_average=0.998, augmentation=SLIGHT, plain_epochs=9,
)  # fmt: skip
def tiny(config: TrainingConfig) -> keras.Model:
    """The same filters look four times, from ever farther away: small can do it."""
    digit = layers.Input(INPUT_SHAPE)
    x = layers.Conv2D(20, 5, padding="same")(digit)
    x = layers.ReLU()(layers.MaxPooling2D()(x))
    # First each of the 20 pictures by itself, then all of them point by point: 900 weights, not
    # the 10,000 of a full convolution.
    look = layers.SeparableConv2D(20, 5, padding="same", use_bias=False)
    for distance, looks in enumerate((2, 1, 1)):
        if distance:
            x = layers.MaxPooling2D()(x)
        for _ in range(looks):
            x = layers.ReLU()(_normalise(look(x), scale=False))
    x = layers.GlobalAveragePooling2D()(x)
    return _decide(digit, x, config)


@network(
    epochs=5, batch_size=128, learning_rate=5e-3, dropout=0.3, schedule="one-cycle",
)  # fmt: skip
def vgg(config: TrainingConfig) -> keras.Model:
    """Pairs of small convolutions, then a pause, again and again: the family of VGG (2014)."""
    digit = layers.Input(INPUT_SHAPE)
    x = digit
    for filters in (16, 32, 64):
        x = _convolve(_convolve(x, filters), filters, pool=True)
    x = layers.Flatten()(x)
    x = layers.Dense(128, activation="relu")(x)
    return _decide(digit, x, config)


@network(
    epochs=5, batch_size=128, learning_rate=5e-3, dropout=0.0, schedule="one-cycle",
)  # fmt: skip
def resnet(config: TrainingConfig) -> keras.Model:
    """Each block adds to what it was given instead of replacing it: the family of ResNet (2015)."""
    digit = layers.Input(INPUT_SHAPE)
    x = _convolve(digit, 16, size=5, strides=2)
    for filters, strides in ((16, 1), (32, 2), (64, 2)):
        x = _add_block(x, filters, strides)
        x = _add_block(x, filters)
    x = layers.GlobalAveragePooling2D()(x)
    return _decide(digit, x, config)


@network(
    epochs=24, batch_size=128, learning_rate=4e-3, schedule="one-cycle", optimiser="adamw",
    weight_decay=0.01, dropout=0.2, weight_average=0.999, augmentation=STRONG,
    written_digits=2_750, plain_epochs=6, mixed_precision=True,
)  # fmt: skip
def champion(config: TrainingConfig) -> keras.Model:
    """The best reader: six convolutions that have seen every digit in a thousand shapes."""
    digit = layers.Input(INPUT_SHAPE)
    x = _convolve(digit, 32, size=5, pool=True)
    x = _convolve(_convolve(x, 64), 64, pool=True)
    x = _convolve(x, 128)
    # Without padding the deepest two cost a third, and all they lose is paper.
    x = _convolve(_convolve(x, 128, padding="valid"), 128, padding="valid")
    x = layers.GlobalAveragePooling2D()(x)
    return _decide(digit, x, config)


def _convolve(
    x, filters: int, size: int = 3, strides: int = 1, padding: str = "same", pool: bool = False
):
    """A convolution whose outputs are kept at one scale before they are cut off at 0."""
    x = layers.Conv2D(filters, size, strides, padding=padding, use_bias=False)(x)
    if pool:  # first, for then there is a quarter left to do
        x = layers.MaxPooling2D()(x)
    return layers.ReLU()(_normalise(x))


def _normalise(x, scale: bool = True):
    # Keras's own 0.99 is still half of the first guess after 70 batches.
    return layers.BatchNormalization(momentum=0.9, scale=scale)(x)


def _add_block(x, filters: int, strides: int = 1):
    change = _convolve(x, filters, strides=strides)
    change = layers.Conv2D(filters, 3, padding="same", use_bias=False)(change)
    change = _normalise(change)
    if strides > 1:
        x = layers.Conv2D(filters, 1, strides, use_bias=False)(x)
        x = _normalise(x)
    return layers.ReLU()(layers.Add()([x, change]))


def _decide(digit, x, config: TrainingConfig) -> keras.Model:
    """Weigh what was found in a digit and give a probability to each of the ten answers."""
    if config.dropout:
        x = layers.Dropout(config.dropout)(x)
    # Probabilities near 0 and 1 need all digits of a float32, also in mixed precision.
    return keras.Model(digit, layers.Dense(10, activation="softmax", dtype="float32")(x))
