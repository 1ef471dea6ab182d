"""The engine as it is: a scheduler and a worker in processes of their own.

They are started once for this module, for a worker needs seconds to load TensorFlow.
"""

import socket
from collections.abc import Iterator
from pathlib import Path

import dask.config
import pytest

from digitlib.errors import EngineError
from digitlib.runs import folder, local_engine
from digitlib.runs.config import TrainingConfig
from digitlib.runs.engine import find_engine, recover_queue, stop_run, submit_run
from digitlib.runs.folder import change_state, create_run, load_run
from tests.runs.conftest import (
    BRIEF,
    LONG,
    find_processes,
    kill,
    kill_engine,
    run_python,
    submit,
    wait_for_end,
    wait_until,
)


def test_nothing_runs_before_the_first_training(engine_runs):
    assert find_engine() is None
    recover_queue()
    assert find_engine() is None
    assert not engine_runs.exists()


def test_two_runs_are_trained_one_after_another(engine_runs):
    first, second = submit(BRIEF), submit(BRIEF)

    first, second = wait_for_end(first), wait_for_end(second)

    for run in (first, second):
        assert (run.status.state, run.status.message) == ("done", "")
        assert run.readable
        assert run.metrics["test"]["count"] == 10_000
    assert second.status.started >= first.status.finished


def test_another_process_finds_the_engine_and_uses_it(engine_runs):
    address, before = find_engine(), len(find_processes(engine_runs))

    code = (
        "from digitlib.runs.config import TrainingConfig;"
        "from digitlib.runs.engine import find_engine, submit_run;"
        "from digitlib.runs.folder import create_run;"
        f"run = create_run(TrainingConfig(**{BRIEF.to_dict()}));"
        "submit_run(run); print(find_engine(), run.id)"
    )
    found, run_id = run_python(code).split()

    assert found == address
    # The process is gone; the engine trains on.
    assert wait_for_end(load_run(run_id)).status.state == "done"
    assert len(find_processes(engine_runs)) == before


def test_a_run_that_fails_says_why_and_the_engine_goes_on(engine_runs):
    failed = wait_for_end(submit(TrainingConfig("lenet")))

    assert failed.status.state == "failed"
    assert failed.status.message.startswith("There is no network 'lenet'")
    run = submit(BRIEF)
    # The scheduler may not have noticed yet; a page that shows the run looks again and again.
    wait_until(lambda: recover_queue() or not load_run(run.id).active)
    assert load_run(run.id).status.state == "done"


def test_a_run_is_stopped_at_once_in_the_queue_and_soon_while_it_trains(engine_runs):
    training, waiting = submit(LONG), submit(LONG)
    wait_until(lambda: not training.read_batches().empty)

    stop_run(waiting)
    assert load_run(waiting.id).status.state == "stopped"
    assert load_run(training.id).status.state == "running"

    stop_run(load_run(training.id))
    stopped = wait_for_end(training)
    assert stopped.status.state == "stopped"
    assert stopped.readable
    assert stopped.metrics["epochs"] < LONG.epochs
    # The one in the queue is not taken up after all.
    assert wait_for_end(submit(BRIEF)).status.state == "done"
    assert load_run(waiting.id).status.started is None


def test_a_run_is_trained_once_however_often_it_is_submitted(engine_runs):
    run = submit(BRIEF)
    submit_run(run)
    done = wait_for_end(run)
    submit_run(run)

    wait_for_end(submit(BRIEF))

    assert load_run(run.id).status == done.status


def test_an_address_from_outside_is_used_and_no_engine_started(engine_runs, tmp_path):
    code = (
        "from digitlib.runs.config import TrainingConfig;"
        "from digitlib.runs.engine import submit_run;"
        "from digitlib.runs.folder import create_run;"
        f"run = create_run(TrainingConfig(**{BRIEF.to_dict()}));"
        "submit_run(run); print(run.folder)"
    )
    elsewhere = tmp_path / "runs"
    place = run_python(code, DIGITLIB_RUNS=str(elsewhere), DASK_SCHEDULER_ADDRESS=find_engine())

    wait_until(lambda: '"done"' in Path(place, "status.json").read_text())
    assert not (elsewhere / ".engine").exists()


def test_a_worker_that_went_away_is_replaced(engine_runs):
    address, processes = find_engine(), find_processes(engine_runs)
    kill([each for each in processes if "distributed.cli.dask_scheduler" not in each.cmdline()])

    run = submit(BRIEF)

    # The scheduler may learn of its loss only after it took the run: hence the app looks again
    # while a run waits.
    wait_until(lambda: recover_queue() or not load_run(run.id).active)
    assert load_run(run.id).status.state == "done"
    assert find_engine() == address


def test_a_worker_with_code_of_yesterday_loads_that_of_today(engine_runs):
    run = create_run(BRIEF)
    code = (
        "import sys; from digitlib.runs import lifecycle, worker;"
        f"worker.train_in_worker({str(run.folder)!r}, 'another stamp');"
        "print(sys.modules['digitlib.runs.lifecycle'] is lifecycle)"
    )
    assert run_python(code).splitlines()[-1] == "False"
    assert load_run(run.id).status.state == "done"


def test_a_queue_survives_its_engine(engine_runs, monkeypatch):
    training, waiting = submit(LONG), [submit(BRIEF) for _ in range(3)]
    wait_until(lambda: not training.read_batches().empty)

    kill_engine(engine_runs)
    assert find_engine() is None
    assert all(load_run(run.id).status.state == "queued" for run in waiting)
    recover_queue()

    ended = [wait_for_end(run) for run in waiting]
    assert [run.status.state for run in ended] == ["done"] * 3
    started = [run.status.started for run in ended]
    assert started == sorted(started)
    # The one it was training when it was killed cannot be taken up again, and says so.
    monkeypatch.setattr(folder, "LOST_AFTER_SECONDS", 3 * folder.HEARTBEAT_SECONDS)
    assert wait_for_end(training).status.state == "interrupted"


# Without an engine

NOWHERE = ["tcp://127.0.0.1:9", "127.0.0.1:9", "tls://127.0.0.1:9", "nonsense", "tcp://", "a:b:c"]


@pytest.mark.parametrize("address", NOWHERE)
def test_an_address_where_nobody_answers_gets_a_sentence(address, runs):
    run = create_run(BRIEF)

    with dask.config.set({"scheduler-address": address}):
        assert find_engine() is None
        with pytest.raises(EngineError) as caught:
            submit_run(run)
        waiting = create_run(BRIEF)
        with pytest.raises(EngineError):
            recover_queue()
        stop_run(waiting)

    assert str(caught.value) == (
        f"The scheduler at {address} does not answer. Start it, or unset "
        "DASK_SCHEDULER_ADDRESS to train on this machine."
    )
    failed = load_run(run.id)
    assert (failed.status.state, failed.status.message) == ("failed", str(caught.value))
    assert load_run(waiting.id).status.state == "stopped"
    assert not (runs / ".engine").exists()


def test_the_address_is_read_from_dasks_own_variable(runs):
    code = (
        "import dask.config, digitlib.runs.engine;"
        "print(dask.config.get('scheduler-address'), digitlib.runs.engine.find_engine())"
    )

    assert run_python(code, DASK_SCHEDULER_ADDRESS="tcp://127.0.0.1:9") == "tcp://127.0.0.1:9 None"


@pytest.fixture
def stranger(monkeypatch) -> Iterator[str]:
    """The address of a program that listens and waits to be spoken to, as a web server does."""
    monkeypatch.setattr(local_engine, "CONNECT_SECONDS", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"tcp://127.0.0.1:{server.getsockname()[1]}"


def test_a_program_that_is_no_scheduler_counts_as_no_answer(stranger, runs):
    with dask.config.set({"scheduler-address": stranger}):
        with pytest.raises(EngineError, match=f"The scheduler at {stranger} does not answer"):
            submit_run(create_run(BRIEF))
        waiting = create_run(BRIEF)
        stop_run(waiting)
    assert load_run(waiting.id).status.state == "stopped"


def test_an_engine_starts_though_another_program_has_the_port_of_the_last(
    stranger, runs, monkeypatch
):
    (runs / ".engine").mkdir(parents=True)
    (runs / ".engine" / "scheduler.json").write_text(f'{{"address": "{stranger}"}}')
    monkeypatch.setattr(local_engine, "CONNECT_SECONDS", 5.0)

    try:
        run = submit(BRIEF)
        assert find_engine() != stranger
        assert load_run(run.id).active
    finally:
        kill_engine(runs)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"address": 5}', '{"address": null}', '{"address": "tcp://x:y"}'],
)
def test_a_damaged_scheduler_file_counts_as_none(content, runs):
    (runs / ".engine").mkdir(parents=True)
    (runs / ".engine" / "scheduler.json").write_text(content)

    assert find_engine() is None


def test_an_engine_that_cannot_be_started_gets_a_sentence(runs):
    run = create_run(BRIEF)
    (runs / ".engine").write_text("in the way")

    with pytest.raises(EngineError, match="The engine cannot be started: File exists"):
        submit_run(run)
    assert load_run(run.id).status.state == "failed"


def test_stopping_what_has_ended_changes_nothing(runs):
    run = change_state(create_run(BRIEF), "done")

    stop_run(run)

    assert load_run(run.id).status == run.status
