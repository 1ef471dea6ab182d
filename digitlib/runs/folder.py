"""Run folders: where the app, the command line and the worker meet.

A run is a folder with plain files, so that whoever can see the folder can see the run::

    config.json              what was asked
    status.json              the state, replaced in one piece
    batches.csv epochs.csv   grow while the network learns; a reader may find a torn last row
    checkpoint.npz           of the last whole epoch, while it trains
    snapshots/               what it answers and looks for, as it learns
    answers/                 what it reads in the test digits after each epoch
    drawings.npz             the class's drawings that it learns from, if it does
    model.keras model.tflite the last weights
    best.keras               the weights of the best epoch, by the validation digits
    judgement.json           how sure its answers are in truth, and what it refuses
    test_probabilities.npy   float32 (10000, 10), made by model.tflite
    metrics.json
    robustness.json card.md  of a model that was measured elsewhere too, and its card

A run that is cross-validated makes no model. Beside its rows and metrics.json it has::

    labels.npy               labels to doubt instead of MNIST's, if it was given some
    folds/                   its answers for the folds that are whole, while it lasts
    training_probabilities.npz   in the end its answers for all digits, float16 (n, 10), each by a
                             network that has not learnt from the digit
    suspects.csv             the labels that are least likely to be right

Until its end there are a ``reserve`` of room on the disk and, while it trains, a ``lock`` and a
``heartbeat`` that is touched every few seconds; a file ``stop`` asks it to stop.
"""

import os
import re
import secrets
import shutil
import time
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from digitlib.data import Digits
from digitlib.data.archives import encode_npz, read_digits
from digitlib.data.labels import write_labels
from digitlib.errors import (
    ConfigError,
    DataError,
    DigitLabError,
    MissingRunError,
    ModelError,
    RunError,
)
from digitlib.runs.config import TrainingConfig
from digitlib.runs.files import read_json, read_rows, replacing, seconds_since_change, write_json
from digitlib.runs.status import ACTIVE_STATES, Status, parse_status

MODELS_FOLDER = Path(__file__).resolve().parents[2] / "models"
DEFAULT_MODEL = "champion"
DEFAULT_RUNS_FOLDER = MODELS_FOLDER.parent / "runs"

HEARTBEAT_SECONDS = 2.0
LOST_AFTER_SECONDS = 12.0
RESERVE = 65_536  # bytes
SMALLEST_SPACE = 100_000  # bytes; less is a full disk
FULL_DISK = "The disk is full. Make room, then train again."

BATCH_COLUMNS = ("epoch", "batch", "batches", "seconds", "loss", "accuracy")
EPOCH_COLUMNS = (
    "epoch",
    "seconds",
    "loss",
    "accuracy",
    "validation_loss",
    "validation_accuracy",
)

# An id is also a part of an address and of a path: nothing that could leave the folder.
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def runs_folder() -> Path:
    """Return the folder that new runs go to: ``DIGITLIB_RUNS``, else the project's ``runs/``."""
    return Path(os.environ.get("DIGITLIB_RUNS") or DEFAULT_RUNS_FOLDER).resolve()


def collection_folder() -> Path:
    """Return the folder of the class's drawings: ``DIGITLIB_COLLECTION``, else beside the runs."""
    runs = runs_folder()
    return Path(os.environ.get("DIGITLIB_COLLECTION") or f"{runs}-drawings").resolve()


@dataclass(frozen=True)
class Run:
    """One training: its folder, what was asked of it and where it stood when this was read."""

    folder: Path
    config: TrainingConfig
    status: Status

    @property
    def id(self) -> str:
        return self.folder.name

    @property
    def active(self) -> bool:
        return self.status.state in ACTIVE_STATES

    @property
    def readable(self) -> bool:
        """Whether there is a model that reads digits, and its answers for the test digits."""
        return self.model_file.exists() and self.probabilities_file.exists()

    @property
    def unmeasured(self) -> bool:
        """Whether it was stopped and its model has still to read the test digits."""
        stopped = self.status.state == "stopped"
        return stopped and self.model_file.exists() and not self.metrics

    @property
    def model_file(self) -> Path:
        return self.folder / "model.tflite"

    @property
    def keras_file(self) -> Path:
        return self.folder / "model.keras"

    @property
    def best_file(self) -> Path:
        return self.folder / "best.keras"

    @property
    def checkpoint_file(self) -> Path:
        return self.folder / "checkpoint.npz"

    @property
    def judgement_file(self) -> Path:
        return self.folder / "judgement.json"

    @property
    def probabilities_file(self) -> Path:
        return self.folder / "test_probabilities.npy"

    @property
    def drawings_file(self) -> Path:
        return self.folder / "drawings.npz"

    @property
    def labels_file(self) -> Path:
        return self.folder / "labels.npy"

    @property
    def folds_folder(self) -> Path:
        return self.folder / "folds"

    @property
    def training_probabilities_file(self) -> Path:
        return self.folder / "training_probabilities.npz"

    @property
    def suspects_file(self) -> Path:
        return self.folder / "suspects.csv"

    @property
    def has_learnt(self) -> bool:
        """Whether there is something that another process could go on from."""
        return self.checkpoint_file.exists() or self.folds_folder.exists()

    @property
    def can_go_on(self) -> bool:
        """Whether another run can go on from its weights."""
        return not self.active and (self.keras_file.exists() or self.checkpoint_file.exists())

    @property
    def stop_file(self) -> Path:
        return self.folder / "stop"

    @property
    def stop_requested(self) -> bool:
        return self.stop_file.exists()

    @cached_property
    def metrics(self) -> dict[str, Any]:
        """What was measured, on the test digits or out of sample; empty before the run's end.

        Raises:
            ValueError: the file is damaged; ``read_run`` has looked, so that no page need to.
        """
        path = self.folder / "metrics.json"
        return read_json(path) if path.exists() else {}

    @cached_property
    def robustness(self) -> dict[str, Any]:
        """What was measured elsewhere than on the test digits as they are; empty if nothing was.

        ``corruptions``: by name, the share read right. ``handwriting``: by kind, ``count`` and
        ``accuracy``. ``others``: by kind of what is no digit, ``count``, ``auroc`` (the area under
        the ROC curve against the test digits) and ``refused`` (its share).

        Raises:
            RunError: the file is damaged.
        """
        path = self.folder / "robustness.json"
        try:
            return read_json(path) if path.exists() else {}
        except (OSError, ValueError) as error:
            raise RunError(f"{path} is damaged ({error}): delete it.") from error

    @cached_property
    def judgement(self) -> dict[str, Any]:
        """How its answers were judged, as ``digitlib.reading.judgement.Judgement.to_dict`` has it.

        ``model_file`` has all of it in itself: this is to look at. Empty for a run that was made
        before there was such a thing.

        Raises:
            RunError: the file is damaged.
        """
        try:
            return read_json(self.judgement_file) if self.judgement_file.exists() else {}
        except (OSError, ValueError) as error:
            raise RunError(
                f"{self.judgement_file} is damaged ({error}): `python -m digitlib judge {self.id}` "
                "makes it anew."
            ) from error

    def read_batches(self) -> pd.DataFrame:
        """Return a row per few batches, with ``BATCH_COLUMNS``; loss and accuracy are means over
        the batches since the row before, ``seconds`` counts from the start of the first epoch."""
        return read_rows(self.folder / "batches.csv", BATCH_COLUMNS)

    def read_epochs(self) -> pd.DataFrame:
        """Return a row per finished epoch, with ``EPOCH_COLUMNS``."""
        return read_rows(self.folder / "epochs.csv", EPOCH_COLUMNS)

    def read_drawings(self) -> Digits | None:
        """Return the class's drawings that are kept with the run; None if there are none.

        Raises:
            RunError: their file is damaged.
        """
        if not self.drawings_file.exists():
            return None
        try:
            return read_digits(self.drawings_file)
        except DataError as error:
            raise RunError(f"The drawings of {self.id} cannot be read. {error}") from error

    def read_test_probabilities(self) -> np.ndarray:
        """Return the model's answers for the test digits, float32 (10000, 10).

        Raises:
            ModelError: the file is missing or damaged.
        """
        cure = f"Train it again, or delete {self.folder}."
        try:
            with self.probabilities_file.open("rb") as stream:
                probabilities = np.lib.format.read_array(stream, allow_pickle=False)
        except FileNotFoundError as error:
            raise ModelError(f"{self.id} has no answers for the test digits. {cure}") from error
        except Exception as error:  # a damaged header can fail in any way
            raise ModelError(f"{self.id} has a damaged file of answers. {cure}") from error
        shape, dtype = probabilities.shape, probabilities.dtype
        if shape != (10_000, 10) or dtype != np.float32 or not np.isfinite(probabilities).all():
            raise ModelError(f"{self.id} has a damaged file of answers. {cure}")
        return probabilities


@dataclass(frozen=True)
class RunList:
    """The runs of a folder.

    Attributes:
        runs: newest first.
        problems: one sentence for each folder that cannot be read.
    """

    runs: list[Run]
    problems: list[str]


def create_run(
    config: TrainingConfig,
    name: str | None = None,
    folder: Path | None = None,
    visitor: str = "",
    turn: int = 0,
    most_seconds: int | None = None,
    drawings: Digits | None = None,
    labels: np.ndarray | None = None,
) -> Run:
    """Make the folder of a new run, in the state ``queued``.

    Args:
        config: a config that has been checked.
        name: the run's id; made from the network, the time and a few random letters if left out.
        folder: where the run folder is made, ``runs_folder()`` if left out.
        visitor: whose run it is,
        turn: where it stands in the queue, and
        most_seconds: that it may be trained, all three as in Status.
        drawings: to learn from; those of the run it goes on from if left out. They are copied, so
            that the training can be repeated whatever becomes of the collection.
        labels: whole numbers (n,), 0 to 9, for a cross-validation to doubt instead of MNIST's, in
            the order of MNIST's training file.

    Raises:
        RunError: the name is taken or no fit name, or the folder cannot be written.
        ConfigError: it is to learn from drawings, and there are none; or there are labels, and not
            as many as digits that are cross-validated.
    """
    now = datetime.now(timezone.utc)
    run_id = name or f"{config.network.lower()}-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    check_run_id(run_id)
    parent = folder or runs_folder()
    path = parent / run_id
    taken = f"There is a run {run_id} already: choose another name."
    if folder is None and (MODELS_FOLDER / run_id).exists():
        raise RunError(taken)  # the shipped run could not be told from it
    try:
        path.mkdir(parents=True)
    except FileExistsError as error:
        raise RunError(taken) from error
    except OSError as error:
        raise RunError(explain_unwritable(parent, error)) from error
    status = Status(
        "queued", created=_utc_now(), visitor=visitor, turn=turn, most_seconds=most_seconds
    )
    run = Run(path, config, status)
    try:
        _keep_drawings(run, drawings)
        _keep_labels(run, labels)
        write_json(path / "config.json", config.to_dict())
        write_status(path, status)
        # A little room on the disk, given back when there is no other to say so in.
        (path / "reserve").write_bytes(bytes(RESERVE))
    except OSError as error:
        shutil.rmtree(path, ignore_errors=True)
        raise RunError(explain_unwritable(parent, error)) from error
    except DigitLabError:
        shutil.rmtree(path, ignore_errors=True)
        raise
    return run


def _keep_drawings(run: Run, drawings: Digits | None) -> None:
    if not run.config.drawn_digits:
        return
    if drawings is None and run.config.parent:
        drawings = load_parent(run).read_drawings()
    if drawings is None or not len(drawings):
        raise ConfigError(["There are no drawings to learn from: draw and label some first."])
    run.drawings_file.write_bytes(encode_npz(drawings))


def _keep_labels(run: Run, labels: np.ndarray | None) -> None:
    if labels is None:
        return
    if not run.config.folds:
        raise ConfigError(["Labels of one's own are for a cross-validation: say how many folds."])
    digits = run.config.cross_validated_digits
    if len(labels) != digits:
        raise ConfigError([f"There are {digits:,} digits, and {len(labels):,} labels for them."])
    write_labels(run.labels_file, labels)


def check_run_id(run_id: str) -> None:
    """Raise RunError, with a sentence, unless a run can have this id."""
    if not _ID.fullmatch(run_id):
        raise RunError(
            f"{run_id!r} is no name for a run: use up to 64 small letters, digits, '-' and '_'."
        )


def load_run(run_id: str) -> Run:
    """Load a run, made here or shipped.

    Raises:
        MissingRunError: there is none of that id.
        RunError: its folder is damaged.
    """
    if _ID.fullmatch(run_id):
        for parent in (runs_folder(), MODELS_FOLDER):
            if (parent / run_id / "config.json").exists():
                return read_run(parent / run_id)
    raise MissingRunError(f"There is no run {run_id!r} here; it may have been deleted.")


def load_parent(run: Run) -> Run:
    """Load the run that this one goes on from: beside it, or shipped.

    Raises:
        MissingRunError: it has been deleted.
        RunError: its folder is damaged.
    """
    for parent in (run.folder.parent, MODELS_FOLDER):
        if (parent / run.config.parent / "config.json").exists():
            return read_run(parent / run.config.parent)
    raise MissingRunError(
        f"The run it was to go on from, {run.config.parent}, has been deleted: train a new one."
    )


def list_runs() -> RunList:
    """List the runs made here, newest first. A damaged one does not hide the others."""
    return _list_folder(runs_folder())


def list_models() -> RunList:
    """List every run that can read digits.

    ``DEFAULT_MODEL`` comes first, then the other shipped ones, then those made here, newest first.
    """
    shipped, made = list_shipped(), RunList([], [])
    if runs_folder() != MODELS_FOLDER:
        made = list_runs()
    runs = [run for run in shipped.runs + made.runs if run.readable]
    return RunList(runs, shipped.problems + made.problems)


def list_shipped() -> RunList:
    """List the models that ship with the project, ``DEFAULT_MODEL`` first."""
    shipped = _list_folder(MODELS_FOLDER)
    models = [run for run in shipped.runs if not run.config.folds]
    models.sort(key=lambda run: (run.id != DEFAULT_MODEL, run.id))
    return RunList(models, shipped.problems)


def list_shipped_checks() -> RunList:
    """List the cross-validations that ship with the project, newest first."""
    shipped = _list_folder(MODELS_FOLDER)
    return RunList([run for run in shipped.runs if run.config.folds], shipped.problems)


def read_run(path: Path) -> Run:
    """Read a run folder. A run that stopped giving a sign of life reads as ``interrupted``.

    Raises:
        RunError: config.json or status.json is missing or damaged, or metrics.json is damaged.
    """
    try:
        config = TrainingConfig.from_dict(read_json(path / "config.json"))
        config.check([str(config.network)])  # its network may be gone by now
        status = _find_lost(path, read_status(path))
        run = Run(path, config, status)
        if run.metrics:
            _check_metrics(run.metrics)
    except (OSError, ValueError, ConfigError) as error:
        raise RunError(f"The run folder {path} is damaged ({error}): delete it.") from error
    return run


def continue_config(run: Run) -> TrainingConfig:
    """Return what to ask for to train a run further: as it was, from its weights on.

    Raises:
        RunError: it is still trained, or has kept no weights.
    """
    if run.active:
        raise RunError(f"{run.id} is {run.status.state}: wait for its end, or stop it first.")
    if not run.can_go_on:
        raise RunError(f"{run.id} has kept no weights to go on from: train a new run.")
    return replace(run.config, parent=run.id)


def delete_run(run: Run) -> None:
    """Delete the folder of a run that was made here.

    Raises:
        RunError: it is a shipped one, or still trained, or cannot be deleted.
    """
    if run.folder.parent == MODELS_FOLDER:
        raise RunError(f"{run.id} ships with the project and stays.")
    if run.active:
        raise RunError(f"{run.id} is {run.status.state}: wait for its end, or stop it first.")
    try:
        shutil.rmtree(run.folder)
    except OSError as error:
        raise RunError(f"{run.id} cannot be deleted: {error.strerror}.") from error


def read_status(path: Path) -> Status:
    """Read what status.json says, even of a run whose process is gone.

    Raises:
        ValueError: it is missing or damaged.
    """
    return parse_status(read_json(path / "status.json"))


def request_stop(run: Run) -> None:
    """Ask a run to stop; a training looks for this at every batch.

    Raises:
        RunError: the run folder cannot be written.
    """
    try:
        run.stop_file.touch()
    except OSError as error:
        raise RunError(f"{run.id} cannot be stopped: {error.strerror}.") from error


def change_state(run: Run, state: str, message: str = "") -> Run:
    """Write a new state of a run and return the run as it now stands."""
    now = _utc_now()
    status = replace(run.status, state=state, message=message)
    if state == "running":
        status = replace(status, started=status.started or now)
    elif state not in ACTIVE_STATES:
        status = replace(status, finished=now)
        _drop_reserve(run.folder)  # beforehand: on a full disk its room is what this is written in
    write_status(run.folder, status)
    return Run(run.folder, run.config, status)


def beat(run: Run) -> None:
    """Give a sign of life."""
    (run.folder / "heartbeat").touch()


def write_status(folder: Path, status: Status) -> None:
    write_json(folder / "status.json", vars(status))


def write_probabilities(run: Run, probabilities: np.ndarray) -> None:
    """Write a model's answers for the test digits, float32 (10000, 10), in one piece."""
    with replacing(run.probabilities_file) as temporary, temporary.open("wb") as stream:
        np.save(stream, probabilities)


def _list_folder(folder: Path) -> RunList:
    runs, problems = [], []
    try:
        paths = [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    except FileNotFoundError:
        return RunList([], [])
    except OSError as error:
        problem = f"The folder for runs, {folder}, cannot be read ({error.strerror})."
        return RunList([], [problem])
    for path in paths:
        try:
            runs.append(read_run(path))
        except RunError as error:
            # A folder that was made a moment ago may not have its files yet.
            if seconds_since_change(path) > 2:
                problems.append(str(error))
    runs.sort(key=lambda run: run.status.created, reverse=True)
    return RunList(runs, problems)


def _find_lost(path: Path, status: Status) -> Status:
    """Return the status of a run, in other words if nothing is heard of it any more.

    The process that trained it could say nothing itself, because it was killed or because nothing
    can be written there.
    """
    if status.state != "running" or _seconds_since_heartbeat(path) <= LOST_AFTER_SECONDS:
        return status
    if not os.access(path, os.W_OK):
        why = "The run folder cannot be written any more. Make it writable, then train again."
        return replace(status, state="failed", message=why)
    if shutil.disk_usage(path).free < SMALLEST_SPACE:
        return replace(status, state="failed", message=FULL_DISK)
    why = "The process that trained it went away before the end."
    return replace(status, state="interrupted", message=why)


def _drop_reserve(folder: Path) -> None:
    with suppress(OSError):
        (folder / "reserve").unlink(missing_ok=True)


def explain_unwritable(folder: Path, error: OSError) -> str:
    """Say in two sentences that runs cannot be made in a folder, and what to do."""
    return (
        f"The folder for runs, {folder}, cannot be written ({error.strerror}). "
        "Make room or make it writable, or set DIGITLIB_RUNS to a folder that is."
    )


def _check_metrics(metrics: dict[str, Any]) -> None:
    """Raise ValueError unless the numbers are there that every reader counts on."""
    try:
        test = metrics["out_of_sample" if "out_of_sample" in metrics else "test"]
        numbers = [test["accuracy"], test["loss"], test["mistakes"], test["count"]]
        numbers += [metrics["parameters"], metrics["training_seconds"]]
        if "out_of_sample" in metrics:
            numbers += [metrics["suspects"], metrics["counted"]]
    except (KeyError, TypeError) as error:
        raise ValueError("metrics.json lacks a number") from error
    if not all(isinstance(number, (int, float)) for number in numbers):
        raise ValueError("metrics.json holds something else than numbers")
    if not 0 <= test["mistakes"] <= test["count"]:
        raise ValueError("metrics.json counts more mistakes than digits")


def _seconds_since_heartbeat(path: Path) -> float:
    try:
        return time.time() - (path / "heartbeat").stat().st_mtime
    except OSError:
        return seconds_since_change(path / "status.json")


def _utc_now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds")
