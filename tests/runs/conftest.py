"""Real engines, and processes that use them, are killed and watched."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest

from digitlib.data import load_mnist
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.config import TrainingConfig
from digitlib.runs.engine import submit_run
from digitlib.runs.folder import Run, create_run, load_run, read_status
from digitlib.runs.status import ACTIVE_STATES

BRIEF = TrainingConfig("softmax", epochs=1, training_digits=500)
LONG = TrainingConfig("softmax", epochs=100, batch_size=8)
# As long, but its epochs are over in less than a second.
MANY_EPOCHS = TrainingConfig("softmax", epochs=100, batch_size=16, training_digits=10_000)
PATIENCE = 120  # seconds; only a test that fails waits so long


@pytest.fixture(scope="module")
def engine_runs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The runs folder that all tests of a module share, and with it the engine."""
    runs = tmp_path_factory.mktemp("engine") / "runs"
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DIGITLIB_RUNS", str(runs))
        patch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
        try:
            yield runs
        finally:
            kill_engine(runs)


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen]]:
    """Start a process to talk to; none outlives the test."""
    started = []

    def start(*command: str, **environment: str) -> subprocess.Popen:
        process = subprocess.Popen(
            command, env=os.environ | environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


@pytest.fixture
def start_python(start) -> Callable[..., subprocess.Popen]:
    return lambda code, **environment: start(sys.executable, "-c", code, **environment)


def find_processes(runs: Path) -> list[psutil.Process]:
    """Return the schedulers and workers of one runs folder, and their children, orphans too."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.environ().get("DIGITLIB_RUNS") == str(runs) and any(
                word.startswith("distributed.cli.") or "multiprocessing" in word
                for word in process.cmdline()
            ):
                found.append(process)
    return found


def find_commands(runs: Path, module: str) -> list[psutil.Process]:
    """Return the processes that run ``dask_scheduler`` or ``dask_worker`` for a runs folder.

    A worker that such a process has forked has the same words in its command, and is not counted.
    """
    scheduler_file = str(runs / ".engine" / "scheduler.json")
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = process.cmdline()
            if scheduler_file in words and f"distributed.cli.{module}" in words:
                found.append(process)
    started = {process.pid for process in found}
    return [process for process in found if process.ppid() not in started]


def find_trainer(run: Run) -> psutil.Process:
    """Return the process that trains a run: it keeps the run's lock open."""
    lock = str(run.folder / "lock")
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if any(file.path == lock for file in process.open_files()):
                return process
    raise AssertionError(f"nobody trains {run.id}")


def kill(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(processes, timeout=PATIENCE)


def kill_engine(runs: Path) -> None:
    # Once more for a worker that its nanny had just started anew.
    while processes := find_processes(runs):
        kill(processes)


def wait_until(condition: Callable[[], object], seconds: float = PATIENCE) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


def wait_for_end(run: Run) -> Run:
    def has_ended() -> bool:
        found = load_run(run.id)
        return not (found.active or found.unmeasured)

    wait_until(has_ended)
    return load_run(run.id)


def wait_for_last_word(run: Run) -> Run:
    """Wait for the end of a run whose process is killed.

    It may wait a while for another to pick it up, and meanwhile reads as ``interrupted``.
    """
    wait_until(lambda: read_status(run.folder).state not in ACTIVE_STATES)
    return load_run(run.id)


def wait_for_epoch(run: Run, epoch: int = 1) -> None:
    """Wait until a run has kept a checkpoint of this epoch or a later one."""
    wait_until(lambda: len(run.read_epochs()) >= epoch and run.checkpoint_file.exists())


def submit(config: TrainingConfig) -> Run:
    run = create_run(config)
    submit_run(run)
    return run


def submit_code(config: TrainingConfig) -> str:
    """Return Python that says "ready", waits for a line, submits a run and says which."""
    return (
        "from digitlib.runs.config import TrainingConfig;"
        "from digitlib.runs.engine import submit_run;"
        "from digitlib.runs.folder import create_run;"
        "print('ready', flush=True); input();"
        f"run = create_run(TrainingConfig(**{config.to_dict()}));"
        "submit_run(run); print(run.id, flush=True); input()"
    )


def run_python(code: str, **environment: str) -> str:
    process = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | environment, capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    return process.stdout.strip()


def check_rows(run: Run) -> None:
    """Check that a finished run has the rows of one training: each once and in order."""
    epochs, batches = run.read_epochs(), run.read_batches()
    assert list(epochs["epoch"]) == list(range(1, len(epochs) + 1))
    assert not batches.duplicated(["epoch", "batch"]).any()
    for rows in (epochs, batches):
        assert rows["seconds"].is_monotonic_increasing
    assert batches[["epoch", "batch"]].apply(tuple, axis=1).is_monotonic_increasing


def check_answers(run: Run) -> None:
    """Check that a run's answers for the test digits are those of its model file."""
    answers = Recogniser(run.model_file).read(load_mnist("test").images)
    np.testing.assert_array_equal(run.read_test_probabilities(), answers)
