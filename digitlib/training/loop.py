"""The training of one network, from its config to its metrics."""

import dataclasses
import itertools
import math
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from digitlib.data import Digits
from digitlib.data.augmentation import augment
from digitlib.errors import TrainingError, TrainingInterrupted
from digitlib.reading.evaluation import measure
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.catalogue import check_config, describe_networks
from digitlib.runs.config import TrainingConfig
from digitlib.runs.files import replacing, write_json
from digitlib.runs.folder import Run, load_parent, write_probabilities
from digitlib.runs.limits import read_limits
from digitlib.training.batch_norm import BatchNormSettler
from digitlib.training.checkpoint import Best, restore_checkpoint, restore_parent
from digitlib.training.digits import collect_digits, load_digits, to_input, to_truth
from digitlib.training.export import load_model, save_judged, save_model
from digitlib.training.machine import describe_machine
from digitlib.training.networks import NETWORKS
from digitlib.training.precision import is_mixed, use_precision
from digitlib.training.progress import (
    AnswerWriter,
    AverageWeights,
    RateSetter,
    RunFolderWriter,
    SnapshotWriter,
    StopRequested,
    StopWatcher,
    rows_every,
)
from digitlib.training.ready import copy_state, take_model

# Batches that are taken at once, between two looks at the stop file: Python costs less, the fewer
# looks there are, but a person who stops a training should not wait, nor its chart have few points.
MOST_STEPS = 8
MOST_WORK = 2e9  # multiplications


def train(
    run: Run,
    on_model: Callable[[keras.Model], None] = lambda model: None,
    on_row: Callable[[dict], None] = lambda row: None,
    on_batch: Callable[[], None] = lambda: None,
    on_stopped: Callable[[str], None] = lambda reason: None,
) -> str:
    """Train the network of a run and write rows, models, answers and metrics into its folder.

    A run that has a checkpoint goes on from there. The state of the run is not touched: see
    ``digitlib.runs.lifecycle``.

    Args:
        run: the run to train.
        on_model: called with the model before it is trained.
        on_row: called with each row of batches.csv.
        on_batch: called after every batch; what it raises ends the training.
        on_stopped: called with the reason of an early end as soon as the model is written, before
            it reads the test digits.

    Returns:
        Why it ended early, in a sentence; empty if it came to its end. Everything is written just
        as well.

    Raises:
        ConfigError: the run's config cannot be trained.
        TrainingError: the loss grew beyond all bounds, or the weights to go on from are of no use.
        OSError: the run folder cannot be written.
    """
    config = run.config
    check_config(config)
    keras.backend.clear_session()
    keras.utils.set_random_seed(config.seed)
    model = build_model(config)
    on_model(model)
    model = take_model(model, config)
    first_epoch, best = restore_checkpoint(model, run) or (0, None)
    if config.parent and not first_epoch:
        restore_parent(model, load_parent(run))
    # Each stretch of a training has an order of its own, or it would begin with that of the first.
    seed = config.seed + first_epoch + zlib.crc32(config.parent.encode())
    digits = collect_digits(config, run.read_drawings())
    averaging = [AverageWeights(in_use=first_epoch > 0)] if config.weight_average else []
    settling = [BatchNormSettler(digits)] if config.weight_average or config.augmentation else []
    writer = RunFolderWriter(run, first_epoch, best, on_row)
    most_seconds = run.status.most_seconds or read_limits().training_seconds
    watcher = StopWatcher(run, most_seconds, writer.seconds_before, on_batch)
    validation = load_digits("validation")
    reason = ""
    try:
        model.fit(
            feed(digits, config, seed, first_epoch),
            shuffle=False,  # they are already, and Keras would only warn
            initial_epoch=first_epoch,
            epochs=config.epochs,
            validation_data=feed_in_order(validation, config),
            callbacks=[
                *averaging,  # first: the others shall meet the averaged weights at an epoch's end
                *settling,
                RateSetter(config, count_batches(config)),
                writer,
                SnapshotWriter(run, first_epoch),
                AnswerWriter(run, first_epoch),
                watcher,
                StopOnNonsense(),
            ],
            verbose=0,
        )
    except StopRequested as stop:
        reason = str(stop)
        for each in averaging:
            each.use()
        for each in settling:
            each.settle()
    except TrainingInterrupted:
        if not run.checkpoint_file.exists():  # no epoch is whole yet, and nothing shall be lost
            with replacing(run.keras_file) as temporary:
                to_single_precision(model, config).save(temporary)
        raise
    model = to_single_precision(model, config)
    save_model(model, run)
    _save_best(model, writer.best, run)
    if reason:
        on_stopped(reason)
    save_judged(model, run)
    measure_run(run)
    return reason


def build_model(config: TrainingConfig) -> keras.Model:
    """Build and compile the network of a config, with fresh weights."""
    with use_precision(config):
        model = NETWORKS[config.network].build(config)
    averaging = {"use_ema": True, "ema_momentum": config.weight_average}
    optimiser = OPTIMISERS[config.optimiser](
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        **averaging if config.weight_average else {},
    )
    loss = "sparse_categorical_crossentropy"
    if config.label_smoothing:
        loss = keras.losses.CategoricalCrossentropy(label_smoothing=config.label_smoothing)
    model.compile(
        optimizer=optimiser,
        loss=loss,
        metrics=["accuracy"],
        steps_per_execution=_choose_steps(model, config),
    )
    return model


def to_single_precision(model: keras.Model, config: TrainingConfig) -> keras.Model:
    """Return a trained model, with its optimiser's memory, that computes in float32 throughout."""
    if not is_mixed(config):
        return model
    single = build_model(dataclasses.replace(config, mixed_precision=False))
    copy_state(model, single)
    return single


def _choose_steps(model: keras.Model, config: TrainingConfig) -> int:
    work = config.batch_size * count_multiplications(model)
    steps = min(MOST_STEPS, rows_every(count_batches(config)), MOST_WORK // work)
    return max(1, int(steps))


def count_multiplications(model: keras.Model) -> int:
    """Return how many numbers a network multiplies to read one digit."""
    total = 0
    for layer in model.layers:
        kernels = [weight for weight in layer.trainable_weights if weight.name.endswith("kernel")]
        size = sum(math.prod(kernel.shape) for kernel in kernels)  # a separable one has two
        for node in layer._inbound_nodes if kernels else ():
            places = node.outputs[0].shape[1:-1]  # where a convolution is put; none if dense
            total += size * math.prod(places)
    return total


def count_batches(config: TrainingConfig) -> int:
    """Return how many batches an epoch has."""
    return -(-config.digits_per_epoch // config.batch_size)


OPTIMISERS = {
    "adam": keras.optimizers.Adam,
    "adamw": keras.optimizers.AdamW,
    "momentum": partial(keras.optimizers.SGD, momentum=0.9, nesterov=True),
    "rmsprop": keras.optimizers.RMSprop,
    "sgd": keras.optimizers.SGD,
}


def feed(
    digits: Digits, config: TrainingConfig, seed: int, first_epoch: int = 0
) -> tf.data.Dataset:
    """Return the batches of an epoch, in another order each time they are gone through.

    The first time is epoch ``first_epoch``, counted from 0.

    The pixels are kept as bytes and made floats a batch at a time: handed to Keras as one array of
    floats, 55,000 digits are copied for a second before the first batch.
    """
    images, labels = tf.constant(digits.images), tf.constant(to_truth(digits, config))
    batches = tf.data.Dataset.range(len(digits)).shuffle(len(digits), seed).batch(config.batch_size)

    def fetch(places: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.gather(images, places), tf.gather(labels, places)

    def scale(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.cast(images, tf.float32)[..., tf.newaxis] / 255, labels

    chance = np.random.default_rng(seed)
    batch = itertools.count(first_epoch * count_batches(config))
    first_plain = (config.epochs - config.plain_epochs) * count_batches(config)

    plain = config.augmentation.make_plain()

    def change_batch(images: np.ndarray) -> np.ndarray:
        settings = config.augmentation if next(batch) < first_plain else plain
        return augment(images, settings, chance)

    def change(images: tf.Tensor, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        changed = tf.numpy_function(change_batch, [images], tf.float32)
        return tf.ensure_shape(changed, (None, 28, 28))[..., tf.newaxis], labels

    batches = batches.map(fetch)
    # One batch after the other: in parallel, which batch gets which random numbers is chance.
    batches = batches.map(change if config.augmentation else scale)
    return batches.prefetch(4).with_options(_untuned())


def feed_in_order(digits: Digits, config: TrainingConfig) -> tf.data.Dataset:
    """Return digits in batches of 500, as they are, to measure a network on."""
    batches = tf.data.Dataset.from_tensor_slices(
        (to_input(digits)[0], to_truth(digits, config))
    ).batch(500)
    return batches.with_options(_untuned())


def _untuned() -> tf.data.Options:
    # The thread that tunes the number of parallel calls sleeps 10 ms, then twice as long each time,
    # and does not always hear that its work is over: an epoch of 7 s then ends after 10.24 s.
    options = tf.data.Options()
    options.autotune.enabled = False
    return options


def _save_best(model: keras.Model, best: Best | None, run: Run) -> None:
    """Write ``best.keras``, the model as it was after its best epoch, if an epoch was finished."""
    if best is None:
        return
    last = model.get_weights()
    model.set_weights(best.weights)
    with replacing(run.best_file) as temporary:
        model.save(temporary)
    model.set_weights(last)


def measure_run(run: Run, parameters: int | None = None) -> None:
    """Read the test digits with the exported model of a run and write down how well it does.

    All that is written is taken from the run folder, so that another process can do it where the
    one that trained the run has died in between.

    Args:
        run: the run.
        parameters: how many numbers its model holds; those of its network if left out.
    """
    parameters = parameters or describe_networks()[run.config.network].parameters
    answers, batches, epochs = measure_answers(run), run.read_batches(), run.read_epochs()
    best = epochs["epoch"][epochs["validation_accuracy"].idxmax()] if len(epochs) else None
    metrics = {
        **answers,
        "parameters": parameters,
        "epochs": len(epochs),
        "best_epoch": best and int(best),
        "training_digits": run.config.training_digits,
        "training_seconds": float(max([0.0, *batches["seconds"], *epochs["seconds"]])),
        "machine": describe_machine(),
        "mixed_precision": is_mixed(run.config),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
    write_json(run.folder / "metrics.json", metrics)
    run.checkpoint_file.unlink(missing_ok=True)  # the model has all of it


def measure_answers(run: Run) -> dict[str, Any]:
    """Read the test digits with the exported model of a run, keep its answers and measure them."""
    test = load_digits("test")
    probabilities = Recogniser(run.model_file).read(test.images)
    write_probabilities(run, probabilities)
    return {
        "test": measure(probabilities, test.labels).summary(),
        "model_bytes": run.model_file.stat().st_size,
    }


def judge_again(run: Run) -> None:
    """Judge a finished run anew, from its ``model.keras``, and measure what comes of it.

    Raises:
        ModelError: it has no model.keras, as an ensemble has none, or a damaged one.
        OSError: the run folder cannot be written.
    """
    save_judged(load_model(run), run)
    write_json(run.folder / "metrics.json", run.metrics | measure_answers(run))


class StopOnNonsense(keras.callbacks.Callback):
    """Ends a training whose loss is no longer a number: nothing can be learnt from there."""

    def on_train_batch_end(self, batch, logs=None):
        if not math.isfinite(logs["loss"]):
            raise TrainingError(
                "The loss grew beyond all bounds. Choose a smaller learning rate and start again."
            )
