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
    """

    state: str
    message: str = ""
    created: str | None = None
    started: str | None = None
    finished: str | None = None


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
    return status
