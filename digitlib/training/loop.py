"""The training of one network, from its config to its metrics."""

import math
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from digitlib.data import Digits, load_mnist
from digitlib.errors import TrainingError
from digitlib.reading.evaluation import measure
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.catalogue import check_config
from digitlib.runs.config import TrainingConfig
from digitlib.runs.files import write_json
from digitlib.runs.folder import Run, write_probabilities
from digitlib.training.augmentation import build_augmentation
from digitlib.training.networks import NETWORKS
from digitlib.training.progress import RunFolderWriter, StopRequested


def train(
    run: Run,
    on_model: Callable[[keras.Model], None] = lambda model: None,
    on_row: Callable[[dict], None] = lambda row: None,
) -> bool:
    """Train the network of a run and write rows, models, answers and metrics into its folder.

    The state of the run is not touched: see ``digitlib.runs.lifecycle``.

    Args:
        run: the run to train.
        on_model: called with the model before it is trained.
        on_row: called with each row of batches.csv.

    Returns:
        Whether it came to its end: False if it was told to stop, which leaves everything written
        just as well.

    Raises:
        ConfigError: the run's config cannot be trained.
        TrainingError: the loss grew beyond all bounds.
        OSError: the run folder cannot be written.
    """
    config = run.config
    check_config(config)
    keras.backend.clear_session()
    keras.utils.set_random_seed(config.seed)
    model = build_model(config)
    on_model(model)
    training = load_mnist("training").take(slice(config.training_digits))
    validation = to_input(load_mnist("validation"))
    began = time.monotonic()
    finished = True
    try:
        model.fit(
            **_feed(training, config),
            epochs=config.epochs,
            validation_data=validation,
            validation_batch_size=500,
            callbacks=[RunFolderWriter(run, on_row), StopOnNonsense()],
            verbose=0,
        )
    except StopRequested:
        finished = False
    seconds = time.monotonic() - began
    save_model(model, run)
    _write_results(run, model, seconds)
    return finished


def build_model(config: TrainingConfig) -> keras.Model:
    """Build and compile the network of a config, with fresh weights."""
    model = NETWORKS[config.network].build(config)
    optimisers = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": keras.optimizers.SGD,
    }
    model.compile(
        optimizer=optimisers[config.optimiser](config.learning_rate),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def save_model(model: keras.Model, run: Run) -> None:
    """Write ``model.keras``, to go on training with, and ``model.tflite``, to read digits with."""
    model.save(run.keras_file)
    model.export(run.model_file, format="litert", verbose=False)


def to_input(digits: Digits) -> tuple[np.ndarray, np.ndarray]:
    """Return digits as a network takes them: float32 (n, 28, 28, 1) from 0 to 1, labels (n,)."""
    pixels = np.divide(digits.images[..., np.newaxis], 255, dtype=np.float32)
    return pixels, digits.labels


def _feed(digits: Digits, config: TrainingConfig) -> dict:
    """Return what to feed ``model.fit``: plain arrays, or batches augmented on the way."""
    images, labels = to_input(digits)
    if not config.augmentation:
        return {"x": images, "y": labels, "batch_size": config.batch_size}
    augment = build_augmentation(config.seed)
    batches = tf.data.Dataset.from_tensor_slices((images, labels))
    batches = batches.shuffle(len(digits), seed=config.seed).batch(config.batch_size)
    # One batch after the other: in parallel, which batch gets which random numbers is chance.
    batches = batches.map(lambda images, labels: (augment(images, training=True), labels))
    # The batches are shuffled already; told to shuffle them, Keras would only warn.
    return {"x": batches.prefetch(tf.data.AUTOTUNE), "shuffle": False}


def _write_results(run: Run, model: keras.Model, seconds: float) -> None:
    """Read the test digits with the exported model and write down how well it does."""
    test = load_mnist("test")
    probabilities = Recogniser(run.model_file).read(test.images)
    write_probabilities(run, probabilities)
    metrics = {
        "test": measure(probabilities, test.labels).summary(),
        "parameters": model.count_params(),
        "epochs": len(run.read_epochs()),
        "training_digits": run.config.training_digits,
        "training_seconds": round(seconds, 2),
        "model_bytes": run.model_file.stat().st_size,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
    write_json(run.folder / "metrics.json", metrics)


class StopOnNonsense(keras.callbacks.Callback):
    """Ends a training whose loss is no longer a number: nothing can be learnt from there."""

    def on_train_batch_end(self, batch, logs=None):
        if not math.isfinite(logs["loss"]):
            raise TrainingError(
                "The loss grew beyond all bounds. Choose a smaller learning rate and start again."
            )
