"""The study of a model: what is computed once for it, by a process of its own, and kept.

``digitlib.study`` computes it, ``digitlib.runs.study_files`` says what there is of it. Here it is
started, and here one learns how it stands.
"""

import errno
import os
import shutil
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psutil
from filelock import FileLock, Timeout

from digitlib.errors import DigitLabError, QueueFullError, RunError
from digitlib.runs.files import read_json, seconds_since_change, write_json
from digitlib.runs.folder import SMALLEST_SPACE, Run
from digitlib.runs.study_files import (
    PARTS,
    fingerprint,
    has_part,
    read_answers,
    read_features,
    read_map,
    study_folder,
)

__all__ = [
    "StudyState",
    "find_study_state",
    "read_answers",
    "read_features",
    "read_map",
    "start_study",
]

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = ("-m", "digitlib", "study")
STARTING = "Starting"
START_SECONDS = 20.0  # that a process may need until it holds the lock
MOST_PROCESSES = 6  # that make a study, or wait for their turn, on this machine

LOST = "The process that computed it went away before the end. Start it again."
FULL_DISK = "The disk is full. Make room, then start it again."


@dataclass(frozen=True)
class StudyState:
    """How the study of a model stands.

    Attributes:
        state: ``done`` if every part is there.
        step: what is done just now, such as ``Reading the training digits``.
        share: of this step, 0 to 1.
        message: why it failed, in one or two sentences.
    """

    state: Literal["none", "running", "failed", "done"]
    step: str = ""
    share: float = 0.0
    message: str = ""


def start_study(run: Run) -> None:
    """Have a process of its own compute what is missing of a model's study.

    However often and by however many this is asked, it is computed once. The process outlives this
    one, lets others go first, and ends by itself.

    Raises:
        RunError: there is no model yet, or the run folder cannot be written.
        QueueFullError: many studies are made on this machine already.
    """
    if find_study_state(run).state == "running":
        return
    if not run.model_file.exists():
        raise RunError(f"{run.id} has no model yet: wait for the end of its training.")
    if _count_processes() >= MOST_PROCESSES:
        raise QueueFullError(
            f"This is computed for {MOST_PROCESSES} other models just now. Try again in a minute."
        )
    try:
        study_folder(run).mkdir(exist_ok=True)
        write_state(run, StudyState("running", STARTING))
    except OSError as error:
        raise RunError(explain_failure(error)) from error
    last_served = ["nice", "-n", "10"] if shutil.which("nice") else []
    path = os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")]))
    subprocess.Popen(
        [*last_served, sys.executable, *COMMAND, run.id],
        cwd=PROJECT,
        env=os.environ | {"PYTHONPATH": path},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def find_study_state(run: Run) -> StudyState:
    """Return how the study of a run's model stands; quick enough to be asked every second."""
    kept = _read_state(run)
    if _is_locked(run):
        return kept if kept.state == "running" else StudyState("running", STARTING)
    begun = kept.state == "running" and kept.step == STARTING
    if begun and seconds_since_change(_state_file(run)) < START_SECONDS:
        return kept
    if all(has_part(run, part) for part in PARTS):
        return StudyState("done")
    if kept.state == "running":  # and nobody is at it
        return StudyState("failed", message=_explain_loss(run))
    return kept if kept.state == "failed" else StudyState("none")


def write_state(run: Run, state: StudyState) -> None:
    """Write down how a study stands.

    Raises:
        OSError: the run folder cannot be written.
    """
    write_json(_state_file(run), vars(state) | {"model": fingerprint(run)})


def study_lock(run: Run, timeout: float) -> FileLock:
    """Return the lock of whoever makes a study; the system frees it when the process dies."""
    return FileLock(study_folder(run) / "lock", timeout=timeout)


def explain_failure(error: Exception) -> str:
    """Say in a sentence why a study failed and what to do."""
    if isinstance(error, DigitLabError):
        return str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return FULL_DISK
    if isinstance(error, OSError):
        return (
            f"The run folder cannot be written ({error.strerror or error}): make it writable, "
            "then start it again."
        )
    if isinstance(error, MemoryError):
        return "There was not enough memory. Start it again when nothing is trained here."
    first_line = (str(error).strip().splitlines() or ["no reason given"])[0]
    return f"It broke off with {type(error).__name__}: {first_line}"


def _state_file(run: Run) -> Path:
    return study_folder(run) / "state.json"


def _read_state(run: Run) -> StudyState:
    """Return what state.json says of this very model; ``none`` where it is missing or damaged."""
    with suppress(OSError, ValueError, KeyError, TypeError):
        found = read_json(_state_file(run))
        state, share = found["state"], float(found["share"])
        if found["model"] == fingerprint(run) and state in ("running", "failed", "done"):
            step, message = str(found["step"]), str(found["message"])
            return StudyState(state, step, min(max(share, 0.0), 1.0), message)
    return StudyState("none")


def _is_locked(run: Run) -> bool:
    if not (study_folder(run) / "lock").exists():
        return False
    try:
        with study_lock(run, timeout=0):
            return False
    except Timeout:
        return True
    except (OSError, NotImplementedError):  # a folder that cannot be written has nobody writing it
        return False


def _count_processes() -> int:
    count = 0
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # gone meanwhile, or another user's
            words = process.cmdline()
            count += any(
                tuple(words[at : at + len(COMMAND)]) == COMMAND for at in range(len(words))
            )
    return count


def _explain_loss(run: Run) -> str:
    folder = study_folder(run)
    if not os.access(folder, os.W_OK):
        return "The run folder cannot be written any more. Make it writable, then start it again."
    if shutil.disk_usage(folder).free < SMALLEST_SPACE:
        return FULL_DISK
    return LOST
