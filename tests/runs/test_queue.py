import itertools
import json
import os
import random
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from digitlib.errors import ConfigError, QueueFullError, RunError
from digitlib.runs import limits, queue
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import BATCH_COLUMNS, Run, change_state, create_run, list_runs, load_run
from digitlib.runs.limits import Limits
from digitlib.runs.queue import (
    Place,
    admit_run,
    check_room,
    choose_turn,
    estimate_wait,
    find_place,
    find_refusal,
    order_queue,
)
from digitlib.runs.status import STATES, Status


@pytest.fixture(autouse=True)
def no_limits_but_the_defaults(monkeypatch, tmp_path):
    for name in [name for name in os.environ if name.startswith(limits.PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setattr(limits, "SECRETS_FILE", tmp_path / "secrets.toml")


def stand(name: str, state: str = "queued", turn: int = 0, minute: int = 0) -> Run:
    """A run that is on no disk; the first letter of its name is its visitor."""
    created = f"2026-01-01T10:{minute:02}:00.000+00:00"
    return Run(Path(name), TrainingConfig(), Status(state, "", created, visitor=name[0], turn=turn))


def arrive(names: str) -> list[Run]:
    """Runs that were queued one after the other: a1 and a2 are those of the visitor a."""
    runs = []
    for minute, name in enumerate(names.split()):
        runs.append(stand(name, turn=choose_turn(name[0], runs), minute=minute))
    return runs


# Turns


@pytest.mark.parametrize(
    ("arrivals", "order"),
    [
        ("a1 a2 b1", "a1 b1 a2"),
        ("a1 a2 a3 b1 b2 c1", "a1 b1 c1 a2 b2 a3"),
        ("b1 a1", "b1 a1"),
        ("b1 a1 a2 b2", "b1 a1 a2 b2"),
        ("", ""),
    ],
)
def test_nobodys_second_run_is_trained_before_anybodys_first(arrivals, order):
    runs = arrive(arrivals)

    for shuffled in itertools.islice(itertools.permutations(runs), 50):
        assert " ".join(run.id for run in order_queue(shuffled)) == order


def test_only_what_waits_is_in_the_queue():
    runs = [stand(f"a{place}", state) for place, state in enumerate(STATES)]

    assert [run.status.state for run in order_queue(runs)] == ["queued"]


@pytest.mark.parametrize("state", ["done", "stopped", "failed", "interrupted"])
def test_a_visitor_whose_runs_ended_begins_anew(state):
    ended = [stand("a1", state), stand("a2", state, turn=1)]

    assert choose_turn("a", ended) == 0
    assert choose_turn("a", [*ended, stand("a3")]) == 1


def test_a_visitors_next_run_does_not_overtake_the_last():
    """The first two have ended; the third still has the turn it was given behind them."""
    third = stand("a3", turn=2)

    assert choose_turn("a", [third]) == 2
    fourth = stand("a4", turn=2, minute=1)
    assert [run.id for run in order_queue([fourth, third])] == ["a3", "a4"]


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_run_that_waits_or_trains_puts_the_next_one_behind(state):
    runs = [stand("a1", state), stand("b1", state)]

    assert choose_turn("a", runs) == 1
    assert choose_turn("c", runs) == 0


# Room

LIMITS = Limits(queued=3, queued_per_visitor=2, runs_megabytes=10)


@pytest.mark.parametrize(
    ("runs", "megabytes"),
    [
        ([], 0),
        ([stand("a1")], 0),
        ([stand("b1"), stand("b2")], 0),
        ([stand("b1", "running"), stand("b2", "running"), stand("c1", "running")], 0),
        ([stand("a1", "done"), stand("a2", "failed"), stand("a3", "interrupted")], 0),
        ([], 9.999),
    ],
    ids=["empty", "own", "others", "others train", "ended", "space"],
)
def test_there_is_room_up_to_the_limit(runs, megabytes):
    check_room("a", runs, megabytes, LIMITS)


@pytest.mark.parametrize(
    ("runs", "megabytes", "limits", "sentence"),
    [
        (
            [stand("b1"), stand("c1"), stand("d1")],
            0,
            LIMITS,
            "The queue is full: 3 runs wait already. Try again in a minute.",
        ),
        (
            [stand("b1")],
            0,
            Limits(queued=1),
            "The queue is full: 1 run waits already. Try again in a minute.",
        ),
        (
            [stand("a1", "running"), stand("a2")],
            0,
            LIMITS,
            "You have 2 runs in the queue, which is as many as one visitor may have here. "
            "Wait for one to end, or stop one.",
        ),
        (
            [stand("a1", "running")],
            0,
            Limits(queued_per_visitor=1),
            "You have 1 run in the queue, which is as many as one visitor may have here. "
            "Wait for one to end, or stop one.",
        ),
        (
            [],
            5_000,
            Limits(),
            "The runs take 5,000 MB, and this server keeps no more than 5,000 MB. "
            "Delete some: python -m digitlib delete RUN.",
        ),
    ],
    ids=["full", "full of one", "own", "own one", "space"],
)
def test_at_the_limit_there_is_no_more_room(runs, megabytes, limits, sentence):
    with pytest.raises(QueueFullError) as caught:
        check_room("a", runs, megabytes, limits)
    assert str(caught.value) == sentence


# The wait


def watch(ahead: list[int], training: list[int]) -> int:
    """Watch the workers second by second until one is free for the run behind ``ahead``."""
    left, waiting = list(training) or [0], list(ahead)
    for second in itertools.count():
        for worker, seconds in enumerate(left):
            if seconds <= second:
                if not waiting:
                    return second
                left[worker] = second + waiting.pop(0)


def test_the_wait_is_what_a_watch_on_the_workers_says():
    dice = random.Random(5)
    for _ in range(500):
        ahead = [dice.randint(1, 30) for _ in range(dice.randint(0, 12))]
        training = [dice.randint(0, 40) for _ in range(dice.randint(0, 4))]
        assert estimate_wait(ahead, training) == watch(ahead, training), (ahead, training)


@pytest.mark.parametrize(
    ("ahead", "training", "seconds"),
    [
        ([20], [5, 60], 25),
        ([], [5, 60], 5),
        ([], [], 0),
        ([20.5], [], 20.5),
        ([None], [5], None),
        ([20], [5, None], None),
        ([20, None], [], None),
    ],
)
def test_the_wait_is_unknown_where_one_length_is(ahead, training, seconds):
    assert estimate_wait(ahead, training) == seconds


# The place


def queue_up(name: str, network: str = "softmax", digits: int = 10_000, turn: int = 0) -> Run:
    config = TrainingConfig(network, epochs=2, training_digits=digits)
    return create_run(config, name, visitor=name[0], turn=turn)


@pytest.fixture
def measured(tmp_path) -> list[Run]:
    """A run of softmax that took 8 s for an epoch of 10,000 digits."""
    config = TrainingConfig("softmax", epochs=1, training_digits=10_000)
    run = create_run(config, "measured", tmp_path / "measured")
    metrics = {
        "test": {"accuracy": 0.9, "loss": 0.3, "mistakes": 1000, "count": 10_000},
        "parameters": 7850,
        "epochs": 1,
        "training_seconds": 8.0,
    }
    (run.folder / "metrics.json").write_text(json.dumps(metrics))
    return [change_state(run, "done")]


def begin(run: Run, *rows: str) -> Run:
    text = "\n".join([",".join(BATCH_COLUMNS), *rows])
    (run.folder / "batches.csv").write_text(text + "\n")
    return change_state(run, "running")


def test_a_place_says_how_many_are_before_and_how_long_they_take(runs, measured):
    # 49 of 200 batches took 9.8 s: 150 more take 30 s.
    begin(queue_up("a1"), "1,1,100,5.0,1,0.5", "1,50,100,14.8,1,0.5")
    a2, b1 = queue_up("a2", turn=1), queue_up("b1")

    found = list_runs().runs

    assert find_place(b1, found, measured) == Place(1, 2, pytest.approx(30))
    assert find_place(a2, found, measured) == Place(2, 2, pytest.approx(30 + 16))


def test_a_training_that_has_written_nothing_yet_is_expected_to_take_its_time(runs, measured):
    begin(queue_up("a1", digits=5_000))
    b1 = queue_up("b1")

    assert find_place(b1, list_runs().runs, measured) == Place(1, 1, pytest.approx(8))


def test_a_wait_is_unknown_where_nothing_was_ever_trained(runs):
    queue_up("a1", network="cnn")
    b1 = queue_up("b1", turn=1)

    assert find_place(b1, list_runs().runs, []) == Place(2, 2, None)


def test_a_run_that_has_just_left_the_queue_is_the_next(runs, measured):
    waited = queue_up("a1")
    change_state(waited, "stopped")
    queue_up("b1")

    assert find_place(waited, list_runs().runs, measured).number == 1


# Being admitted


def test_an_admitted_run_stands_behind_the_others_first(runs):
    runs_made = [admit_run(TrainingConfig(), visitor) for visitor in ("ada", "ada", "ben")]

    assert [run.status.turn for run in runs_made] == [0, 1, 0]
    first, second, bens = (run.id for run in runs_made)
    assert [run.id for run in order_queue(list_runs().runs)] == [first, bens, second]
    found = load_run(second)
    assert (found.status.state, found.status.visitor) == ("queued", "ada")


def test_a_visitor_over_the_limit_is_refused_until_a_run_ends(runs, monkeypatch):
    monkeypatch.setenv("DIGITLIB_MAX_QUEUED_PER_VISITOR", "2")
    assert find_refusal("ada") == ""
    first = admit_run(TrainingConfig(), "ada")
    admit_run(TrainingConfig(), "ada")

    with pytest.raises(QueueFullError, match="You have 2 runs in the queue") as caught:
        admit_run(TrainingConfig(), "ada")
    assert find_refusal("ada") == str(caught.value)
    assert find_refusal("ben") == ""
    assert len(list_runs().runs) == 2

    change_state(first, "stopped")
    assert find_refusal("ada") == ""
    assert admit_run(TrainingConfig(), "ada").status.turn == 1


def test_a_full_disk_quota_refuses_whoever_comes(runs, monkeypatch):
    monkeypatch.setenv("DIGITLIB_MAX_RUNS_MEGABYTES", "2")
    run = change_state(create_run(TrainingConfig()), "done")
    deep = run.folder / "snapshots"
    deep.mkdir()
    (deep / "large").write_bytes(bytes(1_900_000))
    assert find_refusal("ada") == ""

    (run.folder / "more").write_bytes(bytes(100_000))

    assert find_refusal("ada").startswith("The runs take 2 MB, and this server keeps no more than")
    with pytest.raises(QueueFullError, match="Delete some"):
        admit_run(TrainingConfig(), "ada")


def test_the_space_is_measured_while_a_run_is_deleted(runs, monkeypatch):
    gone = create_run(TrainingConfig(), "gone")
    (gone.folder / "snapshots").mkdir()
    scandir = os.scandir

    def delete_just_before(path):
        if Path(path) == gone.folder:
            monkeypatch.undo()
            shutil.rmtree(gone.folder)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", delete_just_before)

    assert queue.measure_space() == 0
    assert not gone.folder.exists()


def test_more_epochs_than_the_server_allows_are_no_run(runs, monkeypatch):
    monkeypatch.setenv("DIGITLIB_MAX_EPOCHS", "7")

    with pytest.raises(ConfigError, match="up to 7 epochs here, not 8"):
        admit_run(TrainingConfig(epochs=8), "ada")
    assert not runs.exists()
    assert admit_run(TrainingConfig(epochs=7), "ada").config.epochs == 7


def test_a_folder_for_runs_that_cannot_be_written_gets_a_sentence(runs):
    runs.write_text("in the way")

    with pytest.raises(RunError, match=r"cannot be written \(.*DIGITLIB_RUNS"):
        admit_run(TrainingConfig(), "ada")


def test_whoever_waits_too_long_to_be_admitted_may_try_again(runs, monkeypatch):
    monkeypatch.setattr(queue, "LOCK_SECONDS", 0.05)
    runs.mkdir()
    with (
        FileLock(runs / ".queue"),
        ThreadPoolExecutor() as other,
        pytest.raises(QueueFullError, match=r"at once\. Try again"),
    ):
        other.submit(admit_run, TrainingConfig(), "ada").result()
    assert admit_run(TrainingConfig(), "ada").status.state == "queued"


CROWD = """
import sys
from concurrent.futures import ThreadPoolExecutor
from digitlib.errors import QueueFullError
from digitlib.runs.config import TrainingConfig
from digitlib.runs.queue import admit_run

def come(visitor):
    try:
        return admit_run(TrainingConfig(), visitor).id
    except QueueFullError:
        return ""

print("ready", flush=True)
input()
with ThreadPoolExecutor(10) as threads:
    print(*threads.map(come, sys.argv[1:]))
"""


@pytest.mark.parametrize(
    ("visitors", "room"),
    [([f"visitor{number}" for number in range(30)], 10), (["ada"] * 30, 3)],
    ids=["thirty", "one"],
)
def test_of_thirty_who_come_at_once_as_many_get_in_as_there_is_room(visitors, room, runs):
    settings = {"DIGITLIB_MAX_QUEUED": "10", "DIGITLIB_MAX_QUEUED_PER_VISITOR": "3"}
    crowds = [
        subprocess.Popen(
            [sys.executable, "-c", CROWD, *visitors[part::3]],
            env=os.environ | settings, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for part in range(3)
    ]  # fmt: skip
    for crowd in crowds:
        assert crowd.stdout.readline() == "ready\n"
    for crowd in crowds:
        crowd.stdin.write("\n")
        crowd.stdin.flush()
    admitted = [run_id for crowd in crowds for run_id in crowd.communicate(timeout=60)[0].split()]

    assert len(admitted) == room
    assert sorted(admitted) == sorted(run.id for run in list_runs().runs)
