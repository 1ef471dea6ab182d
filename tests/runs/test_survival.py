"""Processes are killed and disks fill up while networks are trained; no run is lost by it.

Most tests share one engine, for a worker needs seconds to load TensorFlow.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from digitlib.runs import engine, folder
from digitlib.runs.config import TrainingConfig
from digitlib.runs.engine import find_engine, recover_queue, stop_run
from digitlib.runs.folder import Run, continue_config, load_run, read_status
from digitlib.runs.out_of_sample import read_suspects
from digitlib.runs.snapshots import list_snapshots, read_snapshot
from tests.runs.conftest import (
    BRIEF,
    MANY_EPOCHS,
    check_answers,
    check_rows,
    find_commands,
    find_processes,
    find_trainer,
    kill,
    kill_engine,
    submit,
    submit_code,
    wait_for_end,
    wait_for_epoch,
    wait_for_last_word,
    wait_until,
)

# Each epoch takes about a second: time to do something in the middle of it.
SOME_EPOCHS = TrainingConfig("softmax", epochs=4, training_digits=20_000)
LOST_SECONDS = 15  # until a run whose process is gone says so
LEAVE_SECONDS = 60  # until processes without a purpose are gone


def continue_briefly(run: Run) -> Run:
    return submit(replace(continue_config(run), epochs=1, training_digits=BRIEF.training_digits))


def is_in_mid_epoch(run: Run) -> bool:
    """Whether a run is well after its first epoch and well before its last."""
    batches = run.read_batches()
    if batches.empty or not run.checkpoint_file.exists():
        return False
    last = batches.iloc[-1]
    return 1 < last["epoch"] < run.config.epochs and 0.1 < last["batch"] / last["batches"] < 0.7


def test_a_run_outlives_the_process_that_submitted_it(engine_runs, start_python):
    web = start_python(submit_code(replace(SOME_EPOCHS, epochs=2)))
    assert web.stdout.readline() == "ready\n"
    web.stdin.write("\n")
    web.stdin.flush()
    run = load_run(web.stdout.readline().strip())
    wait_until(lambda: not run.read_batches().empty)

    os.killpg(web.pid, signal.SIGKILL)  # and all that share its terminal

    assert web.wait() == -signal.SIGKILL
    assert load_run(run.id).status.state == "running"
    run = wait_for_end(run)
    assert (run.status.state, run.status.pickups) == ("done", 0)
    check_rows(run)


def test_a_run_goes_on_from_its_last_epoch_when_its_worker_is_killed(engine_runs):
    run = submit(SOME_EPOCHS)
    wait_until(lambda: is_in_mid_epoch(run))
    worker = find_trainer(run)
    assert worker not in find_commands(engine_runs, "dask_worker")  # or it is the nanny
    worker.suspend()
    epochs, batches = run.read_epochs(), run.read_batches()
    snapshots = {path.name: path.read_bytes() for path in list_snapshots(run)}

    kill([worker])

    run = wait_for_last_word(run)
    assert (run.status.state, run.status.message) == ("done", "")
    assert run.status.pickups == 1
    check_rows(run)
    assert len(run.read_epochs()) == SOME_EPOCHS.epochs
    assert run.metrics["epochs"] == SOME_EPOCHS.epochs
    # What was learnt before is as it was.
    whole = batches[batches["epoch"] <= len(epochs)]
    assert run.read_epochs()[: len(epochs)].equals(epochs)
    assert run.read_batches()[: len(whole)].equals(whole)
    after = {path.name: path.read_bytes() for path in list_snapshots(run)}
    assert after.items() >= snapshots.items()
    taken = [read_snapshot(path).epoch for path in list_snapshots(run)]
    assert taken == sorted(set(taken))
    assert {0.0, 1.0, 2.0, 3.0, 4.0} < set(taken)
    check_answers(run)


def test_a_cross_validation_goes_on_from_its_last_fold_when_its_worker_is_killed(engine_runs):
    run = submit(replace(SOME_EPOCHS, epochs=1, folds=3))
    wait_until(lambda: run.folds_folder.exists() and any(run.folds_folder.glob("[0-9]*.npz")))
    kill([find_trainer(run)])

    run = wait_for_last_word(run)

    assert (run.status.state, run.status.message, run.status.pickups) == ("done", "", 1)
    check_rows(run)
    assert len(run.read_epochs()) == 3
    assert len(read_suspects(run)) == run.metrics["suspects"]
    assert not run.folds_folder.exists()


def test_a_run_that_kills_every_worker_is_given_up_and_the_next_is_trained(engine_runs):
    deadly, innocent = submit(MANY_EPOCHS), submit(BRIEF)

    for pickups in range(3):
        wait_until(lambda: read_status(deadly.folder).state == "running")
        wait_until(lambda times=pickups: read_status(deadly.folder).pickups == times)
        kill([find_trainer(deadly)])

    deadly, innocent = wait_for_last_word(deadly), wait_for_end(innocent)
    assert deadly.status.state == "failed"
    assert deadly.status.message.startswith("The process that trained it died 3 times.")
    assert (innocent.status.state, innocent.status.pickups) == ("done", 0)


def test_a_stopped_run_keeps_all_it_has_learnt_and_another_goes_on_from_there(engine_runs):
    run, fresh = submit(MANY_EPOCHS), submit(BRIEF)
    wait_for_epoch(run)

    stop_run(load_run(run.id))

    run = wait_for_end(run)
    assert run.status.state == "stopped"
    assert run.status.message == "It was stopped; the model is as good as it got."
    assert run.keras_file.exists()
    assert run.best_file.exists()
    assert run.metrics["epochs"] == len(run.read_epochs()) >= 1
    assert run.metrics["best_epoch"] >= 1
    assert not run.checkpoint_file.exists()
    check_answers(run)

    child, fresh = wait_for_end(continue_briefly(run)), wait_for_end(fresh)
    assert child.status.state == "done"
    assert child.config.parent == run.id
    assert read_first_accuracy(child) > read_first_accuracy(fresh) + 0.2


def read_first_accuracy(run: Run) -> float:
    return run.read_epochs()["validation_accuracy"].iloc[0]


def test_a_new_worker_picks_up_the_run_of_one_that_is_gone_for_good(engine_runs, monkeypatch):
    monkeypatch.setattr(folder, "LOST_AFTER_SECONDS", 3 * folder.HEARTBEAT_SECONDS)
    run = submit(SOME_EPOCHS)
    wait_for_epoch(run)
    worker, nannies = find_trainer(run), find_commands(engine_runs, "dask_worker")
    assert len(nannies) == 1

    kill([*nannies, worker])

    # A page that shows the run asks again and again.
    wait_until(lambda: recover_queue() or load_run(run.id).status.pickups == 1)
    run = wait_for_last_word(run)
    assert run.status.state == "done"
    check_rows(run)
    assert len(find_commands(engine_runs, "dask_worker")) == 1


def test_no_run_is_lost_with_the_scheduler_and_no_process_stays(engine_runs, monkeypatch):
    training, waiting = submit(MANY_EPOCHS), submit(BRIEF)
    wait_for_epoch(training)
    left_over = set(find_processes(engine_runs))

    killed = time.monotonic()
    kill(find_commands(engine_runs, "dask_scheduler"))

    wait_until(lambda: not load_run(training.id).active)
    assert time.monotonic() - killed < LOST_SECONDS
    training = load_run(training.id)
    assert training.status.state == "interrupted"
    assert training.can_go_on
    assert load_run(waiting.id).status.state == "queued"

    monkeypatch.setenv("DIGITLIB_MAX_IDLE_SECONDS", "3")
    recover_queue()
    assert wait_for_end(waiting).status.state == "done"
    child = wait_for_end(continue_briefly(training))
    assert child.status.state == "done"
    assert read_first_accuracy(child) > read_first_accuracy(waiting) + 0.2

    # There is nothing more to do: the new engine leaves too.
    ended = time.monotonic()
    wait_until(lambda: not left_over & set(find_processes(engine_runs)))
    assert time.monotonic() - killed < LEAVE_SECONDS
    wait_until(lambda: not find_processes(engine_runs))
    assert time.monotonic() - ended < LEAVE_SECONDS


def test_a_run_goes_to_a_new_engine_when_the_old_one_leaves_as_it_is_asked(runs, monkeypatch):
    monkeypatch.setattr(engine, "CONNECT_SECONDS", 1.0)
    put_in_line = engine._submit

    def leave_first(*arguments):
        monkeypatch.setattr(engine, "_submit", put_in_line)
        kill_engine(runs)
        put_in_line(*arguments)

    try:
        submit(BRIEF)
        monkeypatch.setattr(engine, "_submit", leave_first)
        run = submit(BRIEF)
        assert find_engine() is not None
        assert load_run(run.id).active
    finally:
        kill_engine(runs)


# A disk of its own, which can be filled up


@dataclass(frozen=True)
class Disk:
    """A small disk with the runs folder on it.

    Attributes:
        runs: the folder.
        read_only: the same folder again; nothing can be written there.
    """

    runs: Path
    read_only: Path

    @property
    def filler(self) -> Path:
        return self.runs / ".filler"

    def fill(self) -> None:
        with self.filler.open("wb", buffering=0) as file, suppress(OSError):
            while True:
                file.write(bytes(4096))

    def make_read_only(self) -> None:
        # A disk cannot be mounted anew as read-only while somebody has files open to write, such as
        # logs; so another view of it is put on top.
        mount("--bind", self.read_only, self.runs)

    def make_writable(self) -> None:
        unmount(self.runs)


def mount(*arguments: str | Path) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True)


def unmount(place: Path) -> bool:
    return subprocess.run(["umount", "-l", place], capture_output=True).returncode == 0


@pytest.fixture(scope="module")
def mounted_disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Disk]:
    runs, read_only = tmp_path_factory.mktemp("disk") / "runs", tmp_path_factory.mktemp("view")
    runs.mkdir()
    try:
        mount("-t", "tmpfs", "-o", "size=16m", "tmpfs", runs)
        mount("--bind", runs, read_only)
        mount("-o", "remount,bind,ro", read_only)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("DIGITLIB_RUNS", str(runs))
            patch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
            yield Disk(runs, read_only)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a disk can be mounted by root only, and not in every container ({error})")
    finally:
        kill_engine(runs)
        for place in (read_only, runs):
            while unmount(place):
                pass


@pytest.fixture
def disk(mounted_disk) -> Iterator[Disk]:
    yield mounted_disk
    mounted_disk.filler.unlink(missing_ok=True)


def test_a_full_disk_fails_the_run_and_room_lets_the_next_one_be_trained(disk):
    run = submit(MANY_EPOCHS)
    wait_for_epoch(run)

    disk.fill()

    run = wait_for_end(run)
    assert run.status.state == "failed"
    assert "disk is full" in run.status.message
    disk.filler.unlink()
    assert wait_for_end(submit(BRIEF)).status.state == "done"


def test_a_read_only_disk_fails_the_run_and_a_writable_one_lets_the_next_be_trained(disk):
    run = submit(MANY_EPOCHS)
    wait_for_epoch(run)

    began = time.monotonic()
    disk.make_read_only()
    try:
        run = wait_for_end(run)
        assert time.monotonic() - began < LOST_SECONDS
        assert run.status.state == "failed"
        assert "cannot be written" in run.status.message
    finally:
        disk.make_writable()

    assert wait_for_end(submit(BRIEF)).status.state == "done"
