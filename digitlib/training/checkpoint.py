"""Checkpoints: all that a training needs to go on from the end of an epoch."""

import io
import zipfile
from dataclasses import dataclass

import keras
import numpy as np

from digitlib.errors import TrainingError
from digitlib.runs.files import replacing
from digitlib.runs.folder import Run


@dataclass(frozen=True, eq=False)
class Best:
    """The weights of the epoch that read most validation digits right.

    Attributes:
        epoch: counted from 1.
        accuracy: on the validation digits, 0 to 1.
        weights: as ``keras.Model.get_weights`` gives them.
    """

    epoch: int
    accuracy: float
    weights: list[np.ndarray]


def write_checkpoint(model: keras.Model, run: Run, epoch: int, best: Best) -> None:
    """Keep the weights and the optimiser's memory after so many epochs, in one piece."""
    content = {
        "epoch": epoch,
        "best_epoch": best.epoch,
        "best_accuracy": best.accuracy,
        **_number("weights", model.get_weights()),
        **_number("optimiser", model.optimizer.variables),
        **_number("best", best.weights),
    }
    with replacing(run.checkpoint_file) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **content)


def restore_checkpoint(model: keras.Model, run: Run) -> tuple[int, Best] | None:
    """Put a compiled model where the run's checkpoint was made.

    Returns:
        After how many epochs that is, and the best weights until then; None where there is no
        checkpoint, and the model is as it was.

    Raises:
        TrainingError: the checkpoint is damaged or of another network.
    """
    if not run.checkpoint_file.exists():
        return None
    try:
        with np.load(io.BytesIO(run.checkpoint_file.read_bytes()), allow_pickle=False) as archive:
            content = dict(archive)
        epoch = int(content["epoch"])
        best = Best(
            int(content["best_epoch"]), float(content["best_accuracy"]), _listed("best", content)
        )
        weights, memory = _listed("weights", content), _listed("optimiser", content)
    except Exception as error:  # a damaged archive can fail in any way
        raise TrainingError(f"The checkpoint of {run.id} is damaged: train a new run.") from error
    _assign(model, weights, memory, run)
    return epoch, best


def restore_parent(model: keras.Model, parent: Run) -> None:
    """Put a compiled model where another run ended, or where its last checkpoint was made.

    The learning rate stays the model's own.

    Raises:
        TrainingError: the other run has no weights, or those of another network.
    """
    learning_rate = float(model.optimizer.learning_rate)
    if parent.keras_file.exists():
        try:
            trained = keras.saving.load_model(parent.keras_file)
        except (ValueError, OSError, TypeError, KeyError, zipfile.BadZipFile) as error:
            raise TrainingError(f"{parent.keras_file} is damaged: train a new run.") from error
        memory = [np.asarray(variable) for variable in trained.optimizer.variables]
        _assign(model, trained.get_weights(), memory, parent)
    elif restore_checkpoint(model, parent) is None:
        raise TrainingError(f"{parent.id} has kept no weights to go on from: train a new run.")
    model.optimizer.learning_rate = learning_rate


def _number(name: str, arrays: list) -> dict[str, np.ndarray]:
    return {f"{name}_{place}": np.asarray(array) for place, array in enumerate(arrays)}


def _listed(name: str, content: dict[str, np.ndarray]) -> list[np.ndarray]:
    count = sum(key.rpartition("_")[0] == name and key[-1].isdigit() for key in content)
    return [content[f"{name}_{place}"] for place in range(count)]


def _assign(
    model: keras.Model, weights: list[np.ndarray], memory: list[np.ndarray], run: Run
) -> None:
    if [array.shape for array in weights] != [array.shape for array in model.get_weights()]:
        raise TrainingError(
            f"The weights of {run.id} are those of another network: train a new run."
        )
    model.set_weights(weights)
    model.optimizer.build(model.trainable_variables)
    variables = model.optimizer.variables
    # Another optimiser has another memory: then it begins without one.
    if [array.shape for array in memory] == [tuple(variable.shape) for variable in variables]:
        for variable, array in zip(variables, memory, strict=True):
            variable.assign(array)
