"""The queue: who is next, how long that will be, and whether there is room for one more."""

import heapq
import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from digitlib.data import Digits
from digitlib.errors import ConfigError, QueueFullError, RunError
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import Run, create_run, explain_unwritable, list_runs, runs_folder
from digitlib.runs.limits import Limits, read_limits
from digitlib.runs.progress import expect_seconds, read_progress

LOCK_SECONDS = 10.0


@dataclass(frozen=True)
class Place:
    """Where a run stands in the queue.

    Attributes:
        number: 1 for the next one.
        waiting: how many wait, this one among them.
        seconds: until its turn, as far as can be told; None if that cannot be known yet.
    """

    number: int
    waiting: int
    seconds: float | None


def admit_run(
    config: TrainingConfig,
    visitor: str,
    drawings: Digits | None = None,
    labels: np.ndarray | None = None,
) -> Run:
    """Make a run in the queue, if there is room for one more of this visitor.

    Args:
        config: that has been checked.
        visitor: whose run it is.
        drawings, labels: as in ``create_run``.

    Raises:
        QueueFullError: there is none.
        ConfigError: the training would be longer than this server allows, or lacks drawings, or its
            labels do not fit.
        RunError: the folder for runs cannot be written.
    """
    limits = read_limits()
    check_length(config, limits)
    folder = runs_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # Or thirty who start at the same moment would all find the last place free.
        with FileLock(folder / ".queue", timeout=LOCK_SECONDS):
            runs = list_runs().runs
            check_room(visitor, runs, measure_space(), limits)
            turn = choose_turn(visitor, runs)
            most = limits.training_seconds
            return create_run(
                config,
                visitor=visitor,
                turn=turn,
                most_seconds=most,
                drawings=drawings,
                labels=labels,
            )
    except Timeout as error:
        raise QueueFullError("Too many want to start at once. Try again.") from error
    except OSError as error:
        raise RunError(explain_unwritable(folder, error)) from error


def find_refusal(visitor: str) -> str:
    """Return why one more run of this visitor has no room just now; empty if it has."""
    try:
        check_room(visitor, list_runs().runs, measure_space(), read_limits())
    except QueueFullError as error:
        return str(error)
    return ""


def find_place(run: Run, runs: Sequence[Run], measured: Sequence[Run]) -> Place:
    """Find where a queued run stands among all runs.

    Args:
        run: the one that waits.
        runs: all there are.
        measured: finished ones, the newest first, that tell how long trainings take here.
    """
    queue = order_queue(runs)
    ids = [waiting.id for waiting in queue]
    number = ids.index(run.id) + 1 if run.id in ids else 1
    ahead = [expect_seconds(before.config, measured) for before in queue[: number - 1]]
    training = []
    for other in runs:
        if other.status.state == "running":
            left = read_progress(other).seconds_left
            training.append(expect_seconds(other.config, measured) if left is None else left)
    return Place(number, len(queue), estimate_wait(ahead, training))


def choose_turn(visitor: str, runs: Iterable[Run]) -> int:
    """Return the turn of a visitor's next run: how many of theirs wait or train already.

    A lower turn goes first, so that nobody's second run is trained before anybody's first. Of one
    visitor's runs none overtakes another.
    """
    own = [run for run in runs if run.active and run.status.visitor == visitor]
    return max([len(own), *(run.status.turn for run in own)])


def order_queue(runs: Iterable[Run]) -> list[Run]:
    """Return the runs that wait, the next one first: by turn, then by age.

    Example: Ada queues a1 and a2, then Ben b1: a1, b1, a2.
    """
    waiting = [run for run in runs if run.status.state == "queued"]
    return sorted(waiting, key=lambda run: (run.status.turn, run.status.created))


def check_room(visitor: str, runs: Sequence[Run], megabytes: float, limits: Limits) -> None:
    """Raise QueueFullError, with a sentence, unless one more run of this visitor has room.

    Args:
        visitor: whose run it would be.
        runs: all there are.
        megabytes: that the folder for runs takes.
        limits: of this server.
    """
    own = sum(run.active and run.status.visitor == visitor for run in runs)
    waiting = len(order_queue(runs))
    if waiting >= limits.queued:
        raise QueueFullError(
            f"The queue is full: {waiting} {_runs(waiting)} already. Try again in a minute."
        )
    if own >= limits.queued_per_visitor:
        raise QueueFullError(
            f"You have {own} {'run' if own == 1 else 'runs'} in the queue, which is as many as one "
            "visitor may have here. Wait for one to end, or stop one."
        )
    if megabytes >= limits.runs_megabytes:
        raise QueueFullError(
            f"The runs take {megabytes:,.0f} MB, and this server keeps no more than "
            f"{limits.runs_megabytes:,} MB. Delete some: python -m digitlib delete RUN."
        )


def check_length(config: TrainingConfig, limits: Limits) -> None:
    """Raise ConfigError, with a sentence, if a training has more epochs than a server allows."""
    if config.all_epochs > limits.epochs:
        raise ConfigError(
            [f"A training may have up to {limits.epochs} epochs here, not {config.all_epochs}."]
        )


def measure_space() -> float:
    """Return how many megabytes the folder for runs takes."""
    total = 0
    for folder, _, names in os.walk(runs_folder()):
        for name in names:
            with suppress(OSError):  # gone meanwhile
                total += Path(folder, name).stat().st_size
    return total / 1e6


def estimate_wait(ahead: Sequence[float | None], training: Sequence[float | None]) -> float | None:
    """Return in how many seconds a run's turn will come; None if nobody can know yet.

    Args:
        ahead: how long each run before it in the queue will train, the next one first.
        training: how long each run that is trained just now will still take; as many are trained
            at a time.

    Example: behind one of 20 s, while two train that take 5 s and 60 s more: 25 s.
    """
    if None in ahead or None in training:
        return None
    if not training:
        training = [0.0]  # the engine is about to start
    free_at = list(training)
    heapq.heapify(free_at)
    for seconds in ahead:
        heapq.heapreplace(free_at, free_at[0] + seconds)
    return free_at[0]


def _runs(count: int) -> str:
    return "run waits" if count == 1 else "runs wait"
