"""The life of a run in the process that trains it: queued, running, and one of four ends."""

import errno
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from digitlib.errors import DigitLabError, TrainingError
from digitlib.runs.folder import HEARTBEAT_SECONDS, Run, beat, change_state


def carry_out(
    run: Run,
    on_model: Callable[[Any], None] = lambda model: None,
    on_row: Callable[[dict], None] = lambda row: None,
) -> Run:
    """Train a queued run in this process and keep its state true all the while.

    A run that was told to stop ends as ``stopped``, with a model as good as it got. Whatever goes
    wrong, the folder says so in a sentence before the error is raised.

    Args:
        run: a run in the state ``queued``.
        on_model: called with the Keras model before it is trained.
        on_row: called with each row of batches.csv, a dict.

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
        # Imported here, when the run already shows as running: TensorFlow takes seconds to load.
        from digitlib.training.loop import train

        if train(run, on_model, on_row):
            return change_state(run, "done")
        return change_state(run, "stopped", "It was stopped; the model is as good as it got.")
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
    try:
        change_state(run, "failed", sentence)
    except OSError:
        # Nothing can be written any more: without a heartbeat the run reads as interrupted.
        return
