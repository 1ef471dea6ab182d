"""The queue: who is next, how long that will be, and whether there is room for one more."""

import heapq
from collections.abc import Iterable, Sequence

from digitlib.errors import QueueFullError
from digitlib.runs.folder import Run
from digitlib.runs.limits import Limits


def choose_turn(visitor: str, runs: Iterable[Run]) -> int:
    """Return the turn of a visitor's next run: how many of theirs wait or train already.

    A lower turn goes first, so that nobody's second run is trained before anybody's first.
    """
    return sum(run.active and run.status.visitor == visitor for run in runs)


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
    own = choose_turn(visitor, runs)
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
