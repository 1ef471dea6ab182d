"""A scheduler and a worker on this machine, each a process that outlives the one that started it.

They are found again through their scheduler file, and end when they have been idle for a while.
Nothing here loads Dask, which takes most of a second: the processes are on their way before that.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
from filelock import FileLock, Timeout

from digitlib.errors import EngineError
from digitlib.runs.files import read_json
from digitlib.runs.folder import runs_folder
from digitlib.runs.limits import read_limits

PROJECT = Path(__file__).resolve().parents[2]
START_SECONDS = 30.0
CONNECT_SECONDS = 5.0

# Variables that Dask would set for its workers.
NOT_SET = (
    "MALLOC_TRIM_THRESHOLD_",
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
)


def engine_folder() -> Path:
    return runs_folder() / ".engine"


def scheduler_file() -> Path:
    return engine_folder() / "scheduler.json"


@contextmanager
def starting() -> Iterator[None]:
    """Hold the lock under which an engine or a worker is started: one process at a time.

    Raises:
        EngineError: the folder cannot be written, or another process keeps the lock too long.
    """
    folder = engine_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "lock", timeout=START_SECONDS):
            yield
    except Timeout as error:
        raise EngineError("Another process is starting the engine and does not finish.") from error
    except OSError as error:
        if error.errno is None:
            raise  # Dask's own, of a scheduler that has gone meanwhile
        raise EngineError(f"The engine cannot be started: {error.strerror} ({folder}).") from error


def ensure_engine() -> str:
    """Return the address of this machine's scheduler, after starting it and a worker if need be.

    Raises:
        EngineError: they cannot be started.
    """
    with starting():
        address = read_address()
        return address if address is not None and answers(address) else start_both()


def start_both() -> str:
    """Start a scheduler and a worker at the same time and return the scheduler's address.

    Raises:
        EngineError: the scheduler does not start.
        OSError: its folder cannot be written.
    """
    scheduler_file().unlink(missing_ok=True)
    scheduler = _start_process(
        "dask_scheduler", "--scheduler-file", str(scheduler_file()), "--no-dashboard",
        "--host", "127.0.0.1", "--port", "0",
        "--idle-timeout", f"{read_limits().idle_seconds} seconds",
        log=engine_folder() / "scheduler.log",
    )  # fmt: skip
    start_worker()
    return _wait_for_address(scheduler)


def start_worker() -> None:
    """Start a worker; it waits for the scheduler's file, and finds the scheduler by it.

    Raises:
        OSError: its folder cannot be written.
    """
    folder = engine_folder()
    # Behind whoever draws on this machine: a training may take its time, an answer may not.
    _start_process(
        "dask_worker", "--scheduler-file", str(scheduler_file()), "--no-dashboard",
        "--nworkers", "1", "--nthreads", "1", "--memory-limit", "0", "--death-timeout", "20",
        "--local-directory", str(folder), "--preload", "digitlib.runs.preload",
        log=folder / "worker.log", behind=True,
    )  # fmt: skip


def worker_lives() -> bool:
    """Whether a process that keeps a worker going runs for this folder, started by whomever."""
    for process in psutil.process_iter():
        with suppress(psutil.Error):  # gone meanwhile, or another user's
            words = process.cmdline()
            if "distributed.cli.dask_worker" in words and str(scheduler_file()) in words:
                return True
    return False


def read_address() -> str | None:
    """Return the address in the scheduler file, whether or not anybody answers there."""
    try:
        return read_json(scheduler_file())["address"]
    except (OSError, ValueError, KeyError):
        return None  # none was started, or it is writing the file just now


def answers(address: str) -> bool:
    """Whether a scheduler answers at an address such as ``tcp://127.0.0.1:40123``."""
    try:
        scheme, _, place = address.rpartition("://")
        host, _, port = place.rpartition(":")
        place = (host.strip("[]"), int(port))
        with socket.create_connection(place, timeout=CONNECT_SECONDS) as connection:
            # Dask speaks first. Another program that has the port by now, and waits to be spoken
            # to, would keep a client waiting for ever.
            return scheme == "tls" or connection.recv(1) != b""
    except (OSError, ValueError, AttributeError, OverflowError):  # nobody there, or no such address
        return False


def _start_process(
    module: str, *arguments: str, log: Path, behind: bool = False
) -> subprocess.Popen:
    """Start a command of Dask's that outlives this process and its terminal.

    Args:
        log: the file that its output goes to.
        behind: whether other processes are served first where there is not enough for all.
    """
    nice = ["nice", "-n", "5"] if behind and shutil.which("nice") else []
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")])),
        "TF_CPP_MIN_LOG_LEVEL": "2",
        # A run waits at the scheduler until a worker is free, not in line behind one that trains:
        # so the order of the queue holds to the last moment.
        "DASK_DISTRIBUTED__SCHEDULER__WORKER_SATURATION": "1.0",
        # The runs count for themselves how often they were picked up. Dask would blame every task
        # that a dying worker had been given.
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1000",
        # Dask has its workers use one thread and give back memory at once, of which TensorFlow
        # takes half as long again for a training.
        "DASK_DISTRIBUTED__NANNY__PRE_SPAWN_ENVIRON": str(dict.fromkeys(NOT_SET)),
    }
    if sys.platform == "linux":  # elsewhere a forked process is not safe to use
        # The worker need not load Dask again after the process that keeps it going: 2 s.
        environment["DASK_DISTRIBUTED__WORKER__MULTIPROCESSING_METHOD"] = "fork"
    with log.open("a") as output:
        return subprocess.Popen(
            [*nice, sys.executable, "-m", f"distributed.cli.{module}", *arguments],
            cwd=PROJECT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _wait_for_address(scheduler: subprocess.Popen) -> str:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and scheduler.poll() is None:
        address = read_address()
        if address is not None and answers(address):
            return address
        time.sleep(0.05)
    raise EngineError(
        f"The engine did not start; its last words are in {engine_folder() / 'scheduler.log'}."
    )
