import errno
import json
import math
import os
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from digitlib.data.augmentation import GENTLE
from digitlib.errors import ModelError, RunError
from digitlib.runs import folder
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import (
    BATCH_COLUMNS,
    DEFAULT_MODEL,
    DEFAULT_RUNS_FOLDER,
    EPOCH_COLUMNS,
    LOST_AFTER_SECONDS,
    Run,
    beat,
    change_state,
    create_run,
    list_models,
    list_runs,
    list_shipped,
    load_run,
    read_run,
    request_stop,
    runs_folder,
    write_probabilities,
)

METRICS = {
    "test": {"accuracy": 0.9, "loss": 0.3, "mistakes": 1000, "count": 10_000},
    "parameters": 7850,
    "training_seconds": 1.5,
}


def finish(run: Run) -> Run:
    """Give a run what a finished one has, though its model reads nothing."""
    write_probabilities(run, np.full((10_000, 10), 0.1, np.float32))
    run.model_file.write_bytes(b"model")
    (run.folder / "metrics.json").write_text(json.dumps(METRICS))
    return change_state(run, "done")


def set_age(path: Path, seconds: float) -> None:
    moment = time.time() - seconds
    os.utime(path, (moment, moment))


# The place


def test_runs_go_where_the_variable_says(monkeypatch, tmp_path):
    monkeypatch.setenv("DIGITLIB_RUNS", str(tmp_path / "a" / ".." / "b"))
    assert runs_folder() == tmp_path / "b"

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DIGITLIB_RUNS", "here")
    assert runs_folder() == tmp_path / "here"


@pytest.mark.parametrize("value", [None, ""])
def test_runs_go_to_the_project_without_the_variable(value, monkeypatch):
    monkeypatch.delenv("DIGITLIB_RUNS", raising=False)
    if value is not None:
        monkeypatch.setenv("DIGITLIB_RUNS", value)
    assert runs_folder() == DEFAULT_RUNS_FOLDER


# Making and finding


def test_a_run_is_made_in_the_queue_and_found_again(runs):
    config = TrainingConfig("cnn", epochs=3, augmentation=GENTLE)

    made = create_run(config)
    found = load_run(made.id)

    assert made.folder.parent == runs
    assert (found.config, found.status) == (config, made.status)
    assert found.status.state == "queued"
    assert found.active
    assert not found.readable
    assert not found.stop_requested
    assert found.metrics == {}
    assert found.read_batches().empty
    assert found.read_epochs().empty


def test_runs_made_at_the_same_moment_have_names_of_their_own(runs):
    ids = {create_run(TrainingConfig()).id for _ in range(20)}

    assert len(ids) == 20
    assert all(run_id.startswith("dense-") for run_id in ids)


def test_a_network_may_have_capital_letters_in_its_name(runs):
    assert create_run(TrainingConfig("LeNet5")).id.startswith("lenet5-")


def test_the_list_begins_with_the_newest(runs):
    ids = []
    for name in ("b", "c", "a"):
        ids.append(create_run(TrainingConfig(), name).id)
        time.sleep(0.002)  # times are written in milliseconds

    assert [run.id for run in list_runs().runs] == ids[::-1]


def test_there_are_no_runs_before_the_first(runs):
    assert list_runs() == folder.RunList([], [])
    assert not runs.exists()


def test_a_taken_name_is_refused(runs):
    create_run(TrainingConfig(), "mine")

    with pytest.raises(RunError, match="a run mine already"):
        create_run(TrainingConfig(epochs=1), "mine")
    assert load_run("mine").config.epochs == TrainingConfig().epochs


def test_the_name_of_a_shipped_model_is_taken(runs):
    with pytest.raises(RunError, match="a run cnn already"):
        create_run(TrainingConfig(), "cnn")


BAD_NAMES = ["..", ".", "../mine", "a/b", "/etc", "a\\b", "C:", "Mine", "-a", "_a", "a" * 65, "a b"]
BAD_NAMES += ["mine\n", "mine\0", "", "ü", ".hidden", "%2e%2e", "mine.json"]


@pytest.mark.parametrize("name", [name for name in BAD_NAMES if name])
def test_a_name_that_could_leave_the_folder_is_refused(name, runs):
    with pytest.raises(RunError, match="no name for a run"):
        create_run(TrainingConfig(), name)
    assert not runs.exists()


@pytest.mark.parametrize("run_id", BAD_NAMES)
def test_an_id_that_could_leave_the_folder_finds_nothing(run_id, runs):
    create_run(TrainingConfig(), "mine")
    create_run(TrainingConfig(), "outside", folder=runs.parent)

    for attempt in (run_id, f"{run_id}/mine", "../outside", str(runs.parent / "outside")):
        with pytest.raises(RunError, match="no run"):
            load_run(attempt)


def test_a_run_that_is_gone_is_named(runs):
    with pytest.raises(RunError, match="no run 'gone' here"):
        load_run("gone")


def test_a_file_in_the_place_of_the_runs_folder_gets_a_sentence(runs):
    runs.write_text("in the way")

    with pytest.raises(RunError, match=r"cannot be written \(Not a directory\).*DIGITLIB_RUNS"):
        create_run(TrainingConfig())
    listed = list_runs()
    assert listed.runs == []
    assert "cannot be read (Not a directory)" in listed.problems[0]
    assert list_models().runs == list_shipped().runs


def test_a_folder_that_cannot_be_made_gets_a_sentence(monkeypatch, tmp_path):
    (tmp_path / "file").touch()
    monkeypatch.setenv("DIGITLIB_RUNS", str(tmp_path / "file" / "runs"))

    with pytest.raises(RunError, match="cannot be written"):
        create_run(TrainingConfig())


def test_a_full_disk_gets_a_sentence_and_leaves_nothing_behind(runs, monkeypatch):
    def write_to_full_disk(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(folder, "write_json", write_to_full_disk)

    with pytest.raises(RunError, match="No space left on device"):
        create_run(TrainingConfig())
    assert list(runs.iterdir()) == []


# Damage


def test_the_shipped_models_come_first(runs):
    older = finish(create_run(TrainingConfig(), "older"))
    time.sleep(0.002)
    newer = finish(create_run(TrainingConfig(), "newer"))
    create_run(TrainingConfig(), "not-trained")

    listed = list_models()

    shipped = listed.runs[:-2]
    assert [run.id for run in shipped] == [run.id for run in list_shipped().runs]
    assert shipped[0].id == DEFAULT_MODEL
    assert {"cnn", "dense"} <= {run.id for run in shipped}
    assert [run.id for run in listed.runs[-2:]] == [newer.id, older.id]
    assert listed.problems == []


DAMAGE = {
    "config.json": ["", "{", "[]", '{"epochs": "5"}', '{"network": 5}', '{"nonsense": 1}'],
    "status.json": [
        "",
        '{"state": "do',
        "null",
        '{"state": "unheard of", "created": "2026-01-01T00:00:00+00:00"}',
        '{"state": []}',
        '{"state": "done"}',
        '{"state": "done", "created": 5}',
        '{"state": "done", "created": "yesterday"}',
        '{"state": "done", "created": "2026-01-01T00:00:00+00:00", "message": 5}',
        '{"state": "done", "created": "2026-01-01T00:00:00+00:00", "mood": "good"}',
    ],
    "metrics.json": [
        "",
        '{"test": {"acc',
        "[1]",
        '{"test": 5}',
        '{"test": {"accuracy": "high"}}',
        json.dumps({**METRICS, "test": {**METRICS["test"], "mistakes": 10_001}}),
        json.dumps({**METRICS, "test": {**METRICS["test"], "count": math.nan}}),
    ],
}
CASES = [(name, content) for name, contents in DAMAGE.items() for content in contents]
CASES += [(name, b"\xff\xfe\x00") for name in DAMAGE]


@pytest.mark.parametrize(("name", "content"), CASES)
def test_a_damaged_run_gets_a_sentence_and_hides_no_other(name, content, runs):
    whole = finish(create_run(TrainingConfig(), "whole"))
    damaged = finish(create_run(TrainingConfig(), "damaged"))
    data = content if isinstance(content, bytes) else content.encode()
    (damaged.folder / name).write_bytes(data)
    set_age(damaged.folder, 10)

    for listed in (list_runs(), list_models()):
        ids = [run.id for run in listed.runs]
        assert whole.id in ids
        assert "damaged" not in ids
        (problem,) = listed.problems
        assert problem.startswith(f"The run folder {damaged.folder} is damaged (")
        assert problem.endswith("): delete it.")
    with pytest.raises(RunError, match="is damaged"):
        load_run("damaged")


@pytest.mark.parametrize("name", ["status.json", "config.json"])
def test_a_missing_file_is_named(name, runs):
    run = create_run(TrainingConfig())
    (run.folder / name).unlink()
    set_age(run.folder, 10)

    (problem,) = list_runs().problems
    assert f"({name} is missing)" in problem


def test_a_folder_that_is_just_being_made_is_no_problem_yet(runs):
    (runs / "new").mkdir(parents=True)

    assert list_runs() == folder.RunList([], [])


def test_what_is_no_run_folder_is_left_out(runs):
    run = create_run(TrainingConfig())
    (runs / "notes.txt").write_text("mine")
    (runs / ".engine").mkdir()
    (runs / "broken-link").symlink_to("nowhere")

    assert [found.id for found in list_runs().runs] == [run.id]
    assert list_runs().problems == []


def damaged_answers(run: Run) -> dict[str, bytes]:
    content = run.probabilities_file.read_bytes()
    return {
        "empty": b"",
        "text": b"nothing",
        "cut": content[:1000],
        "header cut": content[:20],
        "header changed": content.replace(b"'descr'", b"'des\tr'"),
        "another shape": content.replace(b"(10000, 10)", b"(10, 10000)"),
        "a giant": content.replace(b"(10000, 10)", b"(9999999999999, 10)"),
        "objects": content.replace(b"'<f4'", b"'|O'"),
        "other numbers": content.replace(b"'<f4'", b"'<i4'"),
        "an archive": b"PK\x03\x04" + content,
        "no numbers": content[:-4] + np.float32(np.nan).tobytes(),
    }


def test_damaged_answers_get_a_sentence_and_leave_the_run_in_the_list(runs):
    run = finish(create_run(TrainingConfig(), "mine"))
    for content in damaged_answers(run).values():
        run.probabilities_file.write_bytes(content)
        with pytest.raises(ModelError, match="mine has a damaged file of answers"):
            run.read_test_probabilities()
    assert [found.id for found in list_runs().runs] == ["mine"]


def test_every_changed_byte_of_the_answers_header_is_read_or_gets_a_sentence(runs):
    run = finish(create_run(TrainingConfig()))
    content = run.probabilities_file.read_bytes()
    for place in range(128):
        for bit in (1, 16, 128):
            changed = bytearray(content)
            changed[place] ^= bit
            run.probabilities_file.write_bytes(changed)
            try:
                run.read_test_probabilities()
            except ModelError:
                continue


def test_missing_answers_get_a_sentence(runs):
    run = create_run(TrainingConfig(), "mine")

    with pytest.raises(ModelError, match="mine has no answers"):
        run.read_test_probabilities()


def test_answers_are_read_as_they_were_written(runs):
    run = create_run(TrainingConfig())
    answers = np.random.default_rng(0).random((10_000, 10), np.float32)

    write_probabilities(run, answers)

    assert np.array_equal(run.read_test_probabilities(), answers)
    assert [path.name for path in run.folder.glob("*.npy")] == ["test_probabilities.npy"]


# Rows


def test_a_torn_last_row_is_left_out(runs):
    run = create_run(TrainingConfig())
    head = ",".join(BATCH_COLUMNS) + "\n"
    whole = "1,1,50,0.5,2.3,0.1\n1,10,50,1.5,1.3,0.6\n"
    path = run.folder / "batches.csv"
    torn = "1,20,50,2.5,0.8,0.75\n"
    for length in range(len(torn)):
        path.write_text(head + whole + torn[:length])
        assert run.read_batches()["batch"].tolist() == [1, 10]
    path.write_text(head + whole + torn)
    assert run.read_batches()["batch"].tolist() == [1, 10, 20]


def test_rows_are_numbers(runs):
    run = create_run(TrainingConfig())
    (run.folder / "epochs.csv").write_text(",".join(EPOCH_COLUMNS) + "\n1,2.5,0.5,0.9,0.4,0.95\n")

    frame = run.read_epochs()

    assert tuple(frame.columns) == EPOCH_COLUMNS
    assert frame.iloc[0].tolist() == [1, 2.5, 0.5, 0.9, 0.4, 0.95]
    assert frame["epoch"].dtype.kind == "i"
    assert frame["loss"].dtype == float


@pytest.mark.parametrize(
    "damage",
    [
        b"1,2\n",
        b"one,1,50,1,1,1\n",
        b"nan,1,50,1,1,1\n",
        b"inf,1,50,1,1,1\n",
        b"1,2,50,1,nan,1\n",
        b"\xff\xfe\n",
        b"\n",
        b"1,2,3,4,5,6,7,8\n",
    ],
)
def test_a_damaged_row_is_left_out(damage, runs):
    run = create_run(TrainingConfig())
    head, row = ",".join(BATCH_COLUMNS).encode() + b"\n", b"1,1,50,0.5,2.3,0.1\n"
    (run.folder / "batches.csv").write_bytes(head + row + damage + row)

    assert len(run.read_batches()) == 2


def test_rows_that_cannot_be_read_are_none(runs):
    run = create_run(TrainingConfig())
    (run.folder / "batches.csv").mkdir()

    assert run.read_batches().empty


# State


def test_a_run_goes_through_its_states(runs):
    run = create_run(TrainingConfig())
    assert run.status.started is run.status.finished is None

    running = change_state(run, "running")
    assert running.active
    assert running.status.started is not None
    assert running.status.finished is None

    done = change_state(running, "done", "All went well.")
    assert not done.active
    assert done.status.created == run.status.created
    assert done.status.started == running.status.started
    assert done.status.finished >= done.status.started
    assert read_run(run.folder).status == done.status


def test_a_run_without_a_sign_of_life_reads_as_interrupted(runs):
    run = change_state(create_run(TrainingConfig()), "running")
    beat(run)
    assert load_run(run.id).status.state == "running"

    set_age(run.folder / "heartbeat", LOST_AFTER_SECONDS + 1)

    lost = load_run(run.id)
    assert lost.status.state == "interrupted"
    assert lost.status.message
    assert not lost.active


def test_a_run_that_never_gave_a_sign_of_life_reads_as_interrupted(runs):
    run = change_state(create_run(TrainingConfig()), "running")
    assert load_run(run.id).status.state == "running"

    set_age(run.folder / "status.json", LOST_AFTER_SECONDS + 1)

    assert load_run(run.id).status.state == "interrupted"


@pytest.mark.parametrize("state", ["queued", "done", "stopped", "failed"])
def test_only_a_running_one_needs_a_heartbeat(state, runs):
    run = change_state(create_run(TrainingConfig()), state)
    set_age(run.folder / "status.json", 1e6)

    assert load_run(run.id).status.state == state


def test_a_request_to_stop_is_seen_by_everyone(runs):
    run = create_run(TrainingConfig())

    request_stop(load_run(run.id))

    assert run.stop_requested


def test_a_run_that_cannot_be_told_to_stop_says_so(runs):
    run = create_run(TrainingConfig(), "mine")
    gone = Run(runs / "mine" / "config.json", run.config, run.status)

    with pytest.raises(RunError, match="cannot be stopped"):
        request_stop(gone)


def test_a_reader_never_finds_half_a_status(runs):
    run = create_run(TrainingConfig())
    reads, problems, ended = [0], [], threading.Event()

    def read_all_the_time():
        while not ended.is_set():
            try:
                read_run(run.folder)
                reads[0] += 1
            except RunError as error:
                problems.append(str(error))

    reader = threading.Thread(target=read_all_the_time)
    reader.start()
    try:
        # Long and short messages in turn, so that half of one would be no JSON.
        while reads[0] < 300 and not problems:
            change_state(run, "queued", "x" * 20_000)
            change_state(run, "queued")
    finally:
        ended.set()
        reader.join()
    assert problems == []
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "config.json",
        "reserve",
        "status.json",
    ]


def test_a_write_that_fails_leaves_the_old_status(runs, monkeypatch):
    run = create_run(TrainingConfig())

    def write_half(path, text, **_):
        path.open("w").write(text[:5])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", write_half)
    with pytest.raises(OSError, match="No space left"):
        change_state(run, "running")
    monkeypatch.undo()

    assert read_run(run.folder).status == run.status
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "config.json",
        "reserve",
        "status.json",
    ]


def test_the_shipped_models_are_whole():
    for run in list_shipped().runs:
        assert run.status.state == "done"
        assert run.readable
        assert run.keras_file.exists()
        assert run.config.network == run.id
        assert len(run.read_epochs()) == run.config.epochs
        assert run.read_test_probabilities().sum(axis=1) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("state", "unmeasured"), [("stopped", True), ("failed", False)])
def test_only_a_stopped_run_waits_to_be_measured(runs, state, unmeasured):
    run = create_run(TrainingConfig())
    run.model_file.touch()

    assert change_state(run, state).unmeasured == unmeasured
    (run.folder / "metrics.json").write_text(json.dumps(METRICS))
    assert not load_run(run.id).unmeasured
