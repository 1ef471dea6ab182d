"""Where a run stands, as its status.json says."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

STATES = ("queued", "running", "done", "stopped", "failed", "interrupted")
ACTIVE_STATES = ("queued", "running")


@dataclass(frozen=True)
class Status:
    """Where a run stands.

    Attributes:
        state: one of ``STATES``.
        message: a sentence for people, such as why the run failed; may be empty.
        created, started, finished: times in UTC, ISO 8601; None where not yet.
        visitor: a word that is the same for all runs of one visitor; may be empty.
        turn: how many runs of that visitor came before it in the queue.
        pickups: how often it was picked up after the process that trained it had died.
        most_seconds: that it may be trained, by the limits of the server it was started on; None
            for those of the process that trains it.
    """

    state: str
    message: str = ""
    created: str | None = None
    started: str | None = None
    finished: str | None = None
    visitor: str = ""
    turn: int = 0
    pickups: int = 0
    most_seconds: int | None = None


def parse_status(content: dict[str, Any]) -> Status:
    """Make a status of what status.json holds.

    Raises:
        ValueError: it holds something else than a status.
    """
    try:
        status = Status(**content)
        for moment in (status.created, status.started, status.finished):
            datetime.fromisoformat(moment or status.created)
    except (TypeError, ValueError) as error:
        raise ValueError("status.json holds something else") from error
    if status.state not in STATES or not isinstance(status.message, str):
        raise ValueError(f"status.json holds an unknown state {status.state!r}")
    if not isinstance(status.visitor, str) or not isinstance(status.turn, int):
        raise ValueError("status.json holds no place in the queue")
    if not isinstance(status.pickups, int):
        raise ValueError("status.json does not say how often it was picked up")
    if not isinstance(status.most_seconds, int | None):
        raise ValueError("status.json does not say how long it may be trained")
    return status
