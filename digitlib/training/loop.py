"""The training of one run, from its config to its metrics."""

import errno
import math
import threading
import time
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from digitlib.data import Digits, load_mnist
from digitlib.errors import DigitLabError
from digitlib.reading.evaluation import measure
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.catalogue import check_config
from digitlib.runs.config import TrainingConfig
from digitlib.runs.files import write_json
from digitlib.runs.folder import (
    HEARTBEAT_SECONDS,
    Run,
    beat,
    change_state,
    write_probabilities,
)
from digitlib.training.augmentation import build_augmentation
from digitlib.training.networks import NETWORKS
from digitlib.training.progress import RunFolderWriter


class TrainingError(DigitLabError):
    """A training ended without a model."""


def train_run(
    run: Run,
    on_model: Callable[[keras.Model], None] = lambda model: None,
    on_row: Callable[[dict], None] = lambda row: None,
) -> Run:
    """Train the network of a run and write everything into its folder.

    A run that was told to stop ends as ``stopped``, with a model as good as it got. Whatever goes
    wrong, the folder says so in a sentence before the error is raised.

    Args:
        run: a run in the state ``queued``.
        on_model: called with the model before it is trained.
        on_row: called with each row of batches.csv.

    Returns:
        The run, ``done`` or ``stopped``.

    Raises:
        TrainingError: the run has ``failed``; its text is the sentence in the folder.
    """
    if run.stop_requested:
        return change_state(run, "stopped", "Stopped before it began.")
    heart = _Heart(run)
    try:
        run = change_state(run, "running")
        heart.start()
        return _train(run, on_model, on_row)
    except Exception as error:
        sentence = explain_failure(error)
        _write_failure(run, sentence)
        raise TrainingError(sentence) from error
    finally:
        heart.stop()


def explain_failure(error: Exception) -> str:
    """Say in a sentence why a training failed and what to do."""
    if isinstance(error, DigitLabError):
        return str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full. Make room, then train again."
    if isinstance(error, OSError):
        return f"The run folder cannot be written: {error.strerror or error}."
    if isinstance(error, (MemoryError, tf.errors.ResourceExhaustedError)):
        return "There was not enough memory. Choose a smaller batch size or fewer training digits."
    first_line = (str(error).strip().splitlines() or ["no reason given"])[0]
    return f"The training broke off with {type(error).__name__}: {first_line}"


def _train(run: Run, on_model, on_row) -> Run:
    config = run.config
    check_config(config)
    keras.backend.clear_session()
    keras.utils.set_random_seed(config.seed)
    model = build_model(config)
    on_model(model)
    writer = RunFolderWriter(run, on_row)
    training = load_mnist("training").take(slice(config.training_digits))
    validation = to_input(load_mnist("validation"))
    began = time.monotonic()
    history = model.fit(
        _make_dataset(training, config),
        epochs=config.epochs,
        validation_data=validation,
        validation_batch_size=500,
        shuffle=False,  # the dataset shuffles itself
        callbacks=[writer, StopOnNonsense()],
        verbose=0,
    )
    seconds = time.monotonic() - began
    save_model(model, run)
    test = load_mnist("test")
    probabilities = Recogniser(run.model_file).read(test.images)
    write_probabilities(run, probabilities)
    metrics = {
        "test": measure(probabilities, test.labels).summary(),
        "parameters": model.count_params(),
        "epochs": len(history.epoch),
        "training_digits": config.training_digits,
        "training_seconds": round(seconds, 2),
        "model_bytes": run.model_file.stat().st_size,
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
    write_json(run.folder / "metrics.json", metrics)
    if writer.stopped:
        return change_state(run, "stopped", "Stopped; the model is as good as it got by then.")
    return change_state(run, "done")


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
    return digits.images[..., np.newaxis].astype(np.float32) / 255, digits.labels


def _make_dataset(digits: Digits, config: TrainingConfig) -> tf.data.Dataset:
    dataset = tf.data.Dataset.from_tensor_slices(to_input(digits))
    dataset = dataset.shuffle(len(digits), seed=config.seed).batch(config.batch_size)
    if config.augmentation:
        augment = build_augmentation(config.seed)
        dataset = dataset.map(
            lambda images, labels: (augment(images, training=True), labels),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
    return dataset.prefetch(tf.data.AUTOTUNE)


class StopOnNonsense(keras.callbacks.Callback):
    """Ends a training whose loss is no longer a number: nothing can be learnt from there."""

    def on_train_batch_end(self, batch, logs=None):
        if not math.isfinite(logs["loss"]):
            raise TrainingError(
                "The loss grew beyond all bounds. Choose a smaller learning rate and start again."
            )


class _Heart:
    """Touches the run's heartbeat from a thread of its own while it is trained."""

    def __init__(self, run: Run):
        self._run = run
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def start(self) -> None:
        beat(self._run)
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        (self._run.folder / "heartbeat").unlink(missing_ok=True)

    def _beat(self) -> None:
        while not self._stopped.wait(HEARTBEAT_SECONDS):
            try:
                beat(self._run)
            except OSError:
                # On a full disk the training itself meets the error and reports it.
                continue


def _write_failure(run: Run, sentence: str) -> None:
    try:
        change_state(run, "failed", sentence)
    except OSError:
        # Nothing can be written any more: without a heartbeat the run reads as interrupted.
        return
