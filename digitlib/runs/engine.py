"""The processes that train, seen from those who want something trained.

With ``DASK_SCHEDULER_ADDRESS`` set, runs go to that Dask scheduler. With none set, a scheduler and
one worker start on this machine, see ``local_engine``. Either way, whoever wants to know how a run
stands reads its folder.
"""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import CancelledError
from contextlib import suppress

import dask.config
from dask._task_spec import Task
from distributed import Client, Future, fire_and_forget

from digitlib.errors import EngineError
from digitlib.runs.folder import Run, change_state, list_runs, read_run, read_status, request_stop
from digitlib.runs.local_engine import (
    CONNECT_SECONDS,
    answers,
    ensure_engine,
    read_address,
    scheduler_file,
    start_worker,
    starting,
    worker_lives,
)
from digitlib.runs.queue import order_queue
from digitlib.runs.worker import stamp_code, train_in_worker, warm_worker

LAST = -1_000_000  # a priority
WARM_NETWORKS = ("dense", "cnn")  # those that most begin with
# What Dask raises when a scheduler goes away in the middle of something; the AttributeError is of a
# client that has given it up.
LOST = (OSError, TimeoutError, asyncio.TimeoutError, CancelledError, AttributeError)
WORKER_SECONDS = 5.0  # a worker that has just been started, or is being started again by its nanny


def submit_run(run: Run) -> None:
    """Put a queued run in line to be trained; starts the engine where none runs.

    Returns as soon as the engine has taken the run. Runs are trained by turn, see
    ``digitlib.runs.queue``, and those of the same turn as they come.

    Raises:
        EngineError: no engine can be started or reached. The run is then marked ``failed``.
    """
    try:
        _use_engine(lambda client: _submit(client, [run]))
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
    """See to it that somebody trains what waits, whatever process went away.

    Raises:
        EngineError: no engine can be started or reached, or the scheduler has no worker.
    """
    runs = list_runs().runs
    # The process that was to read the test digits with a model may have died, too.
    waiting = order_queue(runs) + [run for run in runs if run.unmeasured]
    if waiting:
        _use_engine(lambda client: _submit_again(client, waiting))
    elif find_engine() and any(_is_silent(run) for run in runs):
        # The engine knows of the run and hands it to a new worker.
        _use_engine(lambda client: None)


def warm_engine() -> None:
    """Start the engine where none runs, and have its workers load what a training needs.

    Returns at once; the workers take some seconds more.

    Raises:
        EngineError: no engine can be started or reached.
    """
    _use_engine(_warm_workers)


def find_engine() -> str | None:
    """Return the address of the scheduler that answers, or None."""
    address = dask.config.get("scheduler-address", None)
    if address is None:
        address = read_address()
    return address if address is not None and answers(address) else None


def _use_engine(action: Callable[[Client], None]) -> None:
    """Have the engine do something.

    One on this machine may leave, idle for long enough, at the very moment that it is asked; then
    another is started, once.

    Raises:
        EngineError: no engine can be started or reached.
    """
    for last_attempt in (False, True):
        try:
            with _connect() as client:
                return action(client)
        except EngineError:
            if last_attempt or dask.config.get("scheduler-address", None) or find_engine():
                raise
        except ModuleNotFoundError as error:
            address = dask.config.get("scheduler-address", None)
            raise EngineError(
                f"The scheduler at {address} does not find this project: start it in the project's "
                "folder with `PYTHONPATH=. dask scheduler`, see README."
            ) from error
        except LOST as error:
            if last_attempt or dask.config.get("scheduler-address", None):
                raise EngineError("The scheduler went away just now. Try again.") from error


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
            f"DASK_SCHEDULER_ADDRESS to another, or delete {scheduler_file()}."
        ) from error


def _start_engine() -> str:
    """Start a scheduler and a worker unless another process just did; return the address."""
    address = ensure_engine()
    with _open_client(address) as client:
        _submit(client, order_queue(list_runs().runs))
    return address


def _ensure_worker(client: Client) -> None:
    """Start a worker on this machine if the last one went away and does not come back by itself."""
    if client.scheduler_info()["workers"]:
        return
    with starting():
        # The process that keeps a worker going may have just been started, or be starting it anew.
        deadline = time.monotonic() + WORKER_SECONDS
        while worker_lives() and not client.scheduler_info()["workers"]:
            if time.monotonic() > deadline:
                return  # it comes, or leaves by itself; whoever waits for a run asks again
            time.sleep(0.1)
        if not client.scheduler_info()["workers"]:
            start_worker()


def _warm_workers(client: Client) -> None:
    _submit(client, order_queue(list_runs().runs))
    code = stamp_code()
    with suppress(TimeoutError):
        client.wait_for_workers(1, timeout=WORKER_SECONDS)
    _submit(client, order_queue(list_runs().runs))  # whoever came meanwhile goes first
    workers = client.scheduler_info(n_workers=-1)["workers"]
    # A task for each network, so that a run need wait for one of them at most.
    futures = [
        client.submit(
            warm_worker,
            network,
            code,
            key=f"warm {network} {worker}",
            workers=[worker],
            priority=LAST - place,
            pure=False,
        )
        for worker in workers
        for place, network in enumerate(WARM_NETWORKS)
    ]
    _leave_behind(client, futures)


def _submit(client: Client, runs: list[Run]) -> None:
    """Put runs in line; those that are in line already stay where they are."""
    known, code = client.run_on_scheduler(_list_tasks), stamp_code()
    futures = []
    for run in runs:
        if run.id not in known:
            # As a producer of data a task waits at the scheduler until a worker is free. Dask would
            # send any other to some worker at once, where it waits in that worker's own line.
            task = Task(run.id, train_in_worker, str(run.folder), code, _data_producer=True)
            futures.append(
                client.get({run.id: task}, run.id, sync=False, priority=-run.status.turn)
            )
    _leave_behind(client, futures)


def _submit_again(client: Client, runs: list[Run]) -> None:
    _submit(client, runs)
    configured = dask.config.get("scheduler-address", None)
    if configured and not client.scheduler_info()["workers"]:
        raise EngineError(
            f"The scheduler at {configured} has no worker, so nothing is trained: start one in the "
            f"project's folder with `PYTHONPATH=. dask worker {configured}`, see README."
        )


def _leave_behind(client: Client, futures: list[Future]) -> None:
    """Have tasks carried out though the client goes away, once the scheduler knows them."""
    fire_and_forget(futures)
    # Closing the client drops what it has not sent yet.
    deadline = time.monotonic() + CONNECT_SECONDS
    while waiting := [future for future in futures if not future.done()]:
        known = client.run_on_scheduler(_list_tasks)
        if all(future.key in known for future in waiting):
            return
        if time.monotonic() > deadline:
            raise EngineError("The scheduler did not take the run. Try again.")
        time.sleep(0.02)


def _list_tasks(dask_scheduler) -> set[str]:
    return set(dask_scheduler.tasks)


def _is_silent(run: Run) -> bool:
    """Whether a run counts as lost only because nothing is heard of it."""
    return not run.active and read_status(run.folder).state == "running"
