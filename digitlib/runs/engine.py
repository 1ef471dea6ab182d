"""The processes that train: a Dask scheduler and a worker, on this machine or on a cluster.

With ``DASK_SCHEDULER_ADDRESS`` set, runs go to that scheduler. With none set, a scheduler and one
worker start on this machine as processes of their own at the first training. They outlive the
process that started them, are found again through their scheduler file, and end when they have
been idle for a while.

Only the run's folder is sent to the worker, and nothing is sent back: whoever wants to know how a
run stands reads its folder.
"""

import hashlib
import os
import socket
import subprocess
import sys
import time
import traceback
from contextlib import suppress
from pathlib import Path

import dask.config
from distributed import Client, Future, fire_and_forget
from distributed.comm import get_address_host_port, parse_address
from filelock import FileLock, Timeout

from digitlib.errors import EngineError
from digitlib.runs.files import read_json
from digitlib.runs.folder import (
    Run,
    change_state,
    list_runs,
    read_run,
    request_stop,
    runs_folder,
)

PROJECT = Path(__file__).resolve().parents[2]
IDLE_TIMEOUT = "10 minutes"
START_SECONDS = 30.0
CONNECT_SECONDS = 5.0
WORKER_SECONDS = 5.0  # a worker that has just been started, or is being started again by its nanny


def submit_run(run: Run) -> None:
    """Put a queued run in line to be trained; starts the engine where none runs.

    Returns as soon as the engine has taken the run.

    Raises:
        EngineError: no engine can be started or reached. The run is then marked ``failed``.
    """
    try:
        with _connect() as client:
            _submit(client, run)
    except EngineError as error:
        change_state(run, "failed", str(error))
        raise


def stop_run(run: Run) -> None:
    """Stop a run: at once in the queue, at the next batch while it trains.

    Raises:
        RunError: the run folder cannot be written.
    """
    request_stop(run)
    if read_run(run.folder).status.state != "queued":
        return
    # The request above is enough: a worker that takes the run up finds it and lets go. What
    # follows only spares the queue the wait, so an engine out of reach is no failure.
    change_state(run, "stopped", "Stopped before it began.")
    address = find_engine()
    with suppress(EngineError):
        if address:
            with _open_client(address) as client:
                client.cancel([Future(run.id, client=client)], force=True)


def recover_queue() -> None:
    """See to it that somebody trains the runs that are queued, whatever process went away.

    Raises:
        EngineError: no engine can be started or reached.
    """
    if any(run.status.state == "queued" for run in list_runs().runs):
        with _connect():
            pass  # an engine that starts takes up the queue, and so does a new worker


def find_engine() -> str | None:
    """Return the address of the scheduler that answers, or None."""
    address = dask.config.get("scheduler-address", None)
    if address is None:
        address = _read_address()
    return address if address is not None and _answers(address) else None


def train_in_worker(folder: str, code: str) -> None:
    """Train the run in this folder; what a worker process is asked to do.

    A task may be run twice, after a worker was lost: a run that is no longer queued is left alone.

    Args:
        folder: of the run.
        code: ``stamp_code()`` where the run was submitted. A worker that has loaded other code
            loads this project anew first, so that it trains the network that the page shows.
    """
    if code != CODE:
        for name in [name for name in sys.modules if name.partition(".")[0] == "digitlib"]:
            del sys.modules[name]
    from digitlib.runs.lifecycle import carry_out

    run = read_run(Path(folder))
    if run.status.state != "queued":
        return
    try:
        carry_out(run)
    except Exception as error:
        # The run folder holds the reason; the worker's log keeps where it came from.
        traceback.print_exception(error)
        sys.stderr.flush()


def stamp_code() -> str:
    """Return a sum over the sources of digitlib as they are on disk now."""
    stamp = hashlib.sha256()
    for path in sorted(Path(__file__).parents[1].rglob("*.py")):
        stamp.update(path.read_bytes())
    return stamp.hexdigest()


CODE = stamp_code()  # of what this process has loaded


def _connect() -> Client:
    """Open a client, starting an engine on this machine if none is to be had."""
    address = find_engine()
    configured = dask.config.get("scheduler-address", None)
    if address is None and configured:
        raise EngineError(
            f"The scheduler at {configured} does not answer. Start it, or unset "
            "DASK_SCHEDULER_ADDRESS to train on this machine."
        )
    if configured:
        return _open_client(address)
    if address is None:
        return _open_client(_start_engine())
    client = _open_client(address)
    _ensure_worker(client)
    return client


def _open_client(address: str) -> Client:
    try:
        return Client(address, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, TimeoutError, TypeError) as error:  # TypeError: tls:// without certificates
        raise EngineError(
            f"Something listens at {address}, but it is no scheduler that can be used. Set "
            f"DASK_SCHEDULER_ADDRESS to another, or delete {_scheduler_file()}."
        ) from error


def _submit(client: Client, run: Run) -> None:
    future = client.submit(train_in_worker, str(run.folder), stamp_code(), key=run.id, pure=False)
    fire_and_forget(future)
    # Closing the client drops what it has not sent yet: wait until the scheduler knows the task.
    deadline = time.monotonic() + CONNECT_SECONDS
    while not client.run_on_scheduler(_knows_task, key=run.id):
        if time.monotonic() > deadline:
            raise EngineError("The scheduler did not take the run. Try again.")
        time.sleep(0.02)


def _knows_task(key: str, dask_scheduler) -> bool:
    return key in dask_scheduler.tasks


def _engine_folder() -> Path:
    return runs_folder() / ".engine"


def _scheduler_file() -> Path:
    return _engine_folder() / "scheduler.json"


def _read_address() -> str | None:
    try:
        return read_json(_scheduler_file())["address"]
    except (OSError, ValueError, KeyError):
        return None  # none was started, or it is writing the file just now


def _answers(address: str) -> bool:
    """Whether a scheduler answers at an address such as ``tcp://127.0.0.1:40123``."""
    try:
        scheme, _ = parse_address(address)
        place = get_address_host_port(address, strict=True)
        with socket.create_connection(place, timeout=CONNECT_SECONDS) as connection:
            # Dask speaks first. Another program that has the port by now, and waits to be spoken
            # to, would keep a client waiting for ever.
            return scheme != "tcp" or connection.recv(1) != b""
    except (OSError, ValueError, TypeError, OverflowError):  # nobody there, or no such address
        return False


def _start_engine() -> str:
    """Start a scheduler and a worker unless another process just did; return the address."""
    folder = _engine_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with FileLock(folder / "lock", timeout=START_SECONDS):
            address = _read_address()
            if address is not None and _answers(address):
                return address
            _scheduler_file().unlink(missing_ok=True)
            return _launch(folder)
    except Timeout as error:
        raise EngineError("Another process is starting the engine and does not finish.") from error
    except OSError as error:
        raise EngineError(f"The engine cannot be started: {error.strerror} ({folder}).") from error


def _launch(folder: Path) -> str:
    scheduler = _start_process(
        "dask_scheduler", "--scheduler-file", str(_scheduler_file()), "--no-dashboard",
        "--host", "127.0.0.1", "--port", "0", "--idle-timeout", IDLE_TIMEOUT,
        log=folder / "scheduler.log",
    )  # fmt: skip
    address = _wait_for_address(scheduler)
    _start_worker(folder)
    with _open_client(address) as client:
        _submit_queue(client)
    return address


def _start_worker(folder: Path) -> None:
    _start_process(
        "dask_worker", "--scheduler-file", str(_scheduler_file()), "--no-dashboard",
        "--nworkers", "1", "--nthreads", "1", "--memory-limit", "0", "--death-timeout", "30",
        "--local-directory", str(folder), log=folder / "worker.log",
    )  # fmt: skip


def _ensure_worker(client: Client) -> None:
    """Start a worker on this machine if the last one went away and does not come back by itself."""
    folder = _engine_folder()
    try:
        with FileLock(folder / "lock", timeout=START_SECONDS):
            try:
                client.wait_for_workers(1, timeout=WORKER_SECONDS)
            except TimeoutError:
                _start_worker(folder)
                _submit_queue(client)
    except Timeout as error:
        raise EngineError("Another process is starting the engine and does not finish.") from error
    except OSError as error:
        raise EngineError(f"The engine cannot be started: {error.strerror} ({folder}).") from error


def _submit_queue(client: Client) -> None:
    """Put every queued run in line, oldest first; those that are in line already stay there."""
    for run in reversed(list_runs().runs):
        if run.status.state == "queued":
            _submit(client, run)


def _start_process(module: str, *arguments: str, log: Path) -> subprocess.Popen:
    """Start a command of Dask's that outlives this process and its terminal."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(filter(None, [str(PROJECT), os.environ.get("PYTHONPATH")])),
        "TF_CPP_MIN_LOG_LEVEL": "2",
    }
    with log.open("a") as output:
        return subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.{module}", *arguments],
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
        address = _read_address()
        if address is not None and _answers(address):
            return address
        time.sleep(0.05)
    raise EngineError(
        f"The engine did not start; its last words are in {_engine_folder() / 'scheduler.log'}."
    )
