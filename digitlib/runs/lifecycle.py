"""The life of a run in the process that trains it: queued, running, and one of four ends."""

import errno
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import Any

from filelock import FileLock, Timeout

from digitlib.errors import (
    DigitLabError,
    TrainingAbandoned,
    TrainingError,
    TrainingInterrupted,
)
from digitlib.runs.folder import (
    FULL_DISK,
    HEARTBEAT_SECONDS,
    Run,
    beat,
    change_state,
    read_run,
    read_status,
)
from digitlib.runs.status import ACTIVE_STATES

MOST_PICKUPS = 2
HOLD_SECONDS = 10.0  # a process that gives up a run needs some time to let go of it


def carry_out(
    run: Run,
    on_model: Callable[[Any], None] = lambda model: None,
    on_row: Callable[[dict], None] = lambda row: None,
    on_batch: Callable[[], None] = lambda: None,
) -> Run:
    """Train a run in this process and keep its state true all the while.

    A run that is queued is begun. One whose process has died is picked up from its last checkpoint,
    or measured if that was all that was left. Any other is left alone, and so is one that another
    process trains.

    A run that was told to stop ends as ``stopped``, with a model as good as it got, or with nothing
    if it is a cross-validation. Whatever goes wrong, the folder says so in a sentence before the
    error is raised.

    Args:
        run: the run.
        on_model: called with the Keras model before it is trained.
        on_row: called with each row of batches.csv, a dict.
        on_batch: called after every batch. It may raise TrainingInterrupted, and the run ends as
            ``interrupted``; or TrainingAbandoned, and it is left for another process to pick up.

    Returns:
        The run as it then stands.

    Raises:
        TrainingError: the run has ``failed``; its text is the sentence in the folder.
    """
    with _hold(run) as held:
        if not held:
            return read_run(run.folder)
        run = replace(run, status=read_status(run.folder))
        if run.unmeasured:
            return _measure(run)
        if run.status.state == "running":
            run = _pick_up(run)
        elif run.status.state != "queued":
            return run
        if run.stop_requested and not run.has_learnt:
            return change_state(run, "stopped", "Stopped before it began.")
        return _train(run, on_model, on_row, on_batch)


def _measure(run: Run) -> Run:
    """Do what the process that trained it has not come to: have its model read the test digits."""
    from digitlib.training.export import load_model, save_judged
    from digitlib.training.loop import measure_run

    save_judged(load_model(run), run)
    measure_run(run)
    return read_run(run.folder)


def _pick_up(run: Run) -> Run:
    """Take over a run whose process has died; give it up if that has happened too often."""
    pickups = run.status.pickups + 1
    if pickups > MOST_PICKUPS:
        sentence = (
            f"The process that trained it died {pickups} times. It may need more memory than there "
            "is: choose a smaller batch size or fewer training digits."
        )
        _write_failure(run, sentence)
        raise TrainingError(sentence)
    return replace(run, status=replace(run.status, pickups=pickups))


def _train(run: Run, on_model, on_row, on_batch) -> Run:
    heart = _Heart(run)
    try:
        run = change_state(run, "running")
        heart.start()
        # Imported here, when the run already shows as running: TensorFlow takes seconds to load.
        if run.config.folds:
            from digitlib.training.cross_validation import cross_validate as train
        else:
            from digitlib.training.loop import train

        def stop(reason: str) -> None:
            change_state(run, "stopped", reason)

        # Whoever stops a training need not wait until it has read the test digits.
        reason = train(run, on_model, on_row, on_batch, on_stopped=stop)
        return read_run(run.folder) if reason else change_state(run, "done")
    except TrainingInterrupted as error:
        return change_state(run, "interrupted", str(error))
    except TrainingAbandoned:
        return run
    except Exception as error:
        sentence = explain_failure(error)
        _write_failure(run, sentence)
        raise TrainingError(sentence) from error
    finally:
        heart.stop()


@contextmanager
def _hold(run: Run) -> Iterator[bool]:
    """Keep other processes from training the same run; give whether that could be had.

    The system lets go of the lock when a process dies, so that another can pick up the run.
    """
    lock = FileLock(run.folder / "lock", timeout=HOLD_SECONDS)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    except (OSError, NotImplementedError):
        # A full or read-only disk, of which the training speaks; or one that knows no locks.
        yield True
        return
    try:
        yield True
    finally:
        # Left where it is while the run goes on: another process may wait for this very file.
        with suppress(OSError, ValueError):
            if read_status(run.folder).state not in ACTIVE_STATES:
                (run.folder / "lock").unlink(missing_ok=True)
        lock.release()


def explain_failure(error: Exception) -> str:
    """Say in a sentence why a training failed and what to do."""
    if isinstance(error, DigitLabError):
        return str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FULL_DISK
    if isinstance(error, OSError):
        return f"The run folder cannot be written: {error.strerror or error}."
    # TensorFlow's own error, known by its name so that nothing here loads TensorFlow.
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":
        return "There was not enough memory. Choose a smaller batch size or fewer training digits."
    first_line = (str(error).strip().splitlines() or ["no reason given"])[0]
    return f"The training broke off with {type(error).__name__}: {first_line}"


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
        if self._thread.is_alive():
            self._thread.join()  # else a last beat could come after the end
        with suppress(OSError):
            (self._run.folder / "heartbeat").unlink()

    def _beat(self) -> None:
        while not self._stopped.wait(HEARTBEAT_SECONDS):
            try:
                beat(self._run)
            except OSError:
                # On a full disk the training itself meets the error and reports it.
                continue


def _write_failure(run: Run, sentence: str) -> None:
    # If nothing can be written any more, whoever reads the run finds out why: see read_run.
    with suppress(OSError):
        change_state(run, "failed", sentence)
