"""Cross-validation: for every digit an answer by a network that has not learnt from it.

The digits are divided into folds. For each fold a fresh network learns from all the others and then
reads it. After Stone, *Cross-Validatory Choice and Assessment of Statistical Predictions* (1974).
From the answers follows which labels look wrong, see ``digitlib.reading.suspects``.
"""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from digitlib.data import Digits, load_training_file
from digitlib.reading.evaluation import measure
from digitlib.reading.suspects import find_suspects
from digitlib.runs.catalogue import check_config, describe_networks
from digitlib.runs.config import TrainingConfig
from digitlib.runs.files import write_json
from digitlib.runs.folder import Run
from digitlib.runs.limits import read_limits
from digitlib.runs.out_of_sample import (
    MOST_SUSPECTS,
    drop_folds,
    read_fold,
    read_own_labels,
    write_fold,
    write_suspects,
    write_training_probabilities,
)
from digitlib.training.batch_norm import BatchNormSettler
from digitlib.training.digits import collect_digits
from digitlib.training.loop import (
    StopOnNonsense,
    build_model,
    count_batches,
    feed,
    feed_in_order,
    to_single_precision,
)
from digitlib.training.machine import describe_machine
from digitlib.training.progress import (
    AverageWeights,
    RateSetter,
    RowWriter,
    StopRequested,
    StopWatcher,
    answer_in_parts,
)
from digitlib.training.ready import take_model


def cross_validate(
    run: Run,
    on_model: Callable[[keras.Model], None] = lambda model: None,
    on_row: Callable[[dict], None] = lambda row: None,
    on_batch: Callable[[], None] = lambda: None,
    on_stopped: Callable[[str], None] = lambda reason: None,
) -> str:
    """Cross-validate the network of a run and write rows, answers, suspects and metrics.

    A run that has folds already goes on after them, and comes to the same answers as if nothing had
    happened. The epochs of all folds are counted through: those of the second begin where those of
    the first end.

    Args:
        run, on_model, on_row, on_batch: as in ``digitlib.training.loop.train``.
        on_stopped: called with the reason of an early end.

    Returns:
        Why it ended early, in a sentence, and then nothing is kept but the rows; empty if it came
        to its end.

    Raises:
        ConfigError: the run's config cannot be trained.
        TrainingError: the loss grew beyond all bounds.
        RunError: the labels that are kept with the run are damaged.
        OSError: the run folder cannot be written.
    """
    config = run.config
    check_config(config)
    digits = load_labelled(run)
    folds = divide(len(digits), config)
    answers = _read_whole_folds(run, folds)
    keras.backend.clear_session()
    on_model(build_model(config))  # those of the folds are all alike
    writer = RowWriter(run, len(answers) * config.epochs, on_row)
    watcher = StopWatcher(
        run,
        run.status.most_seconds or read_limits().training_seconds,
        writer.seconds_before,
        on_batch,
        kept="of a cross-validation that is not whole nothing is kept",
    )
    try:
        for number in range(len(answers), config.folds):
            answers.append(_answer_fold(number, folds[number], digits, config, writer, watcher))
            write_fold(run, number, answers[number])
    except StopRequested as stop:
        drop_folds(run)
        on_stopped(str(stop))
        return str(stop)
    probabilities = np.empty((len(digits), 10), np.float16)
    for places, part in zip(folds, answers, strict=True):
        probabilities[places] = part
    _write_results(run, probabilities, digits.labels)
    drop_folds(run)
    return ""


def load_labelled(run: Run) -> Digits:
    """Return the digits that a run cross-validates, in MNIST's order, with the labels it doubts.

    Raises:
        DataError: the file of digits is missing or damaged.
        RunError: the labels that are kept with the run are damaged.
    """
    digits = load_training_file().take(slice(run.config.cross_validated_digits))
    labels = read_own_labels(run)
    return digits if labels is None else Digits(digits.images, labels)


def divide(count: int, config: TrainingConfig) -> list[np.ndarray]:
    """Divide so many digits into folds of equal size, by chance; return the places of each."""
    order = np.random.default_rng(config.seed).permutation(count)
    return [np.sort(fold) for fold in np.array_split(order, config.folds)]


def _read_whole_folds(run: Run, folds: list[np.ndarray]) -> list[np.ndarray]:
    """Return the answers of the first folds, as many as are on disk."""
    answers = []
    for number, places in enumerate(folds):
        answer = read_fold(run, number, len(places))
        if answer is None:
            break
        answers.append(answer)
    return answers


def _answer_fold(
    number: int,
    places: np.ndarray,
    digits: Digits,
    config: TrainingConfig,
    writer: RowWriter,
    watcher: StopWatcher,
) -> np.ndarray:
    """Train a fresh network on all digits but those at some places; return what it reads there."""
    others = np.ones(len(digits), bool)
    others[places] = False
    config = dataclasses.replace(
        config, folds=0, training_digits=int(others.sum()), seed=config.seed + number
    )
    learnt, fold = collect_digits(config, mnist=digits.take(others)), digits.take(places)
    keras.utils.set_random_seed(config.seed)
    model = take_model(build_model(config), config)
    first_epoch = number * config.epochs
    averaging = [AverageWeights(in_use=False)] if config.weight_average else []
    settling = [BatchNormSettler(learnt)] if config.weight_average or config.augmentation else []
    model.fit(
        feed(learnt, config, config.seed),
        shuffle=False,
        initial_epoch=first_epoch,
        epochs=first_epoch + config.epochs,
        validation_data=feed_in_order(fold, config),
        callbacks=[
            *averaging,
            *settling,
            RateSetter(config, count_batches(config), first_epoch),
            writer,
            watcher,
            StopOnNonsense(),
        ],
        verbose=0,
    )
    answers = []
    for answer in answer_in_parts(to_single_precision(model, config), fold):
        answers.append(answer)
        watcher.look()
    return np.concatenate(answers).astype(np.float16)


def _write_results(run: Run, probabilities: np.ndarray, labels: np.ndarray) -> None:
    shares = probabilities.astype(np.float32)
    suspects = find_suspects(shares, labels, MOST_SUSPECTS)
    write_training_probabilities(run, probabilities)
    write_suspects(run, suspects)
    epochs = run.read_epochs()
    metrics = {
        "out_of_sample": measure(shares, labels).summary(),
        "suspects": len(suspects),
        "counted": int(suspects["counted"].sum()),
        "parameters": describe_networks()[run.config.network].parameters,
        "epochs": len(epochs),
        "folds": run.config.folds,
        "training_digits": len(labels),
        "training_seconds": float(epochs["seconds"].max()),
        "machine": describe_machine(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
    }
    write_json(run.folder / "metrics.json", metrics)
