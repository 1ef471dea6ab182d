"""Studies: real processes compute them, are killed, and meet full disks.

A map takes a minute, so the runs here have that of ``dense`` already.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np
import psutil
import pytest
from filelock import FileLock
from sklearn.neighbors import KNeighborsClassifier

from digitlib.data import load_mnist
from digitlib.errors import QueueFullError, RunError
from digitlib.reading import embedding
from digitlib.reading.recogniser import Recogniser
from digitlib.runs import study
from digitlib.runs.files import read_json
from digitlib.runs.folder import MODELS_FOLDER, Run, read_run
from digitlib.runs.study import (
    find_study_state,
    read_answers,
    read_features,
    read_map,
    start_study,
)
from digitlib.runs.study_files import PARTS, fingerprint, write_part
from digitlib.study import make_study
from tests.runs.conftest import kill, run_python, wait_until

COMMAND = (sys.executable, "-m", "digitlib", "study")


@pytest.fixture
def copy_run(runs: Path) -> Callable[..., Run]:
    """Copy a shipped model to the folder for runs, with a map: the study lacks all else."""
    return lambda name, model="dense": copy_model(runs / name, model)


def copy_model(folder: Path, model: str = "dense") -> Run:
    folder.mkdir(parents=True)
    for file in ("config.json", "status.json", "metrics.json", "model.tflite"):
        shutil.copy(MODELS_FOLDER / model / file, folder)
    shutil.copy(MODELS_FOLDER / "dense" / "test_probabilities.npy", folder)
    run = read_run(folder)
    (folder / "study").mkdir()
    write_map(run)
    return run


def write_map(run: Run) -> None:
    places = np.linspace(-1, 1, 20_000).reshape(10_000, 2).astype(np.float16)
    write_part(run, "map", fingerprint(run), places=places)


def list_files(run: Run) -> dict[str, int]:
    """Return the parts that are kept, and when each was written."""
    return {path.name: path.stat().st_mtime_ns for path in (run.folder / "study").glob("*.npz")}


def find_processes(run: Run) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if process.cmdline()[-3:] == ["digitlib", "study", run.id]:
                found.append(process)
    return found


def wait_for_end(run: Run) -> None:
    wait_until(lambda: find_study_state(run).state != "running")


def test_all_of_it_is_what_the_model_says(copy_run):
    run = copy_run("complete")
    assert find_study_state(run).state == "none"
    assert read_answers(run, "training") is None
    assert read_features(run) is None

    assert make_study(run)

    assert find_study_state(run).state == "done"
    recogniser = Recogniser(run.model_file)
    for part in ("training", "validation"):
        digits = load_mnist(part)
        answers = read_answers(run, part)
        assert answers.dtype == np.float32
        np.testing.assert_allclose(answers, recogniser.read(digits.images), atol=1e-3)
        assert (answers.argmax(axis=1) == digits.labels).mean() > 0.97
    features = read_features(run)
    assert features.points.shape == (55_000, 128)
    assert features.points.dtype == np.float16


def test_the_map_keeps_the_classes_together(copy_run, monkeypatch):
    monkeypatch.setattr(embedding, "ITERATIONS", 300)  # a rough map will do
    run = copy_run("mapped")
    (run.folder / "study" / "map.npz").unlink()
    places = np.zeros((55_000, 1), np.float16)
    for part, length in (("training", 55_000), ("validation", 5_000)):
        write_part(run, part, fingerprint(run), answers=np.ones((length, 10), np.float16))
    write_part(run, "features", fingerprint(run), points=places, axes=np.ones((128, 1), np.float32))

    make_study(run)

    labels = load_mnist("test").labels
    nearest = KNeighborsClassifier(5).fit(read_map(run), labels)
    assert nearest.score(read_map(run), labels) > 0.95


def test_a_model_judged_anew_has_no_study_until_it_is_made_anew(copy_run):
    run = copy_run("judged")
    make_study(run)
    shutil.copy(MODELS_FOLDER / "cnn" / "model.tflite", run.folder)

    assert find_study_state(run).state == "none"
    assert read_answers(run, "validation") is None
    assert read_features(run) is None
    assert read_map(run) is None

    write_map(run)
    make_study(run)
    right = read_answers(run, "validation").argmax(axis=1) == load_mnist("validation").labels
    assert right.mean() > 0.985


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "no numbers"])
def test_a_damaged_file_is_as_good_as_none(copy_run, part, damage):
    run = copy_run("damaged")
    model = fingerprint(run)
    for name, length in (("training", 55_000), ("validation", 5_000)):
        write_part(run, name, model, answers=np.full((length, 10), 0.1, np.float16))
    points = np.ones((55_000, 3), np.float16)
    write_part(run, "features", model, points=points, axes=np.eye(3, dtype=np.float32))
    read = {
        "training": lambda: read_answers(run, "training"),
        "validation": lambda: read_answers(run, "validation"),
        "features": lambda: read_features(run),
        "map": lambda: read_map(run),
    }
    assert all(read[name]() is not None for name in PARTS)
    file = run.folder / "study" / f"{part}.npz"
    content = bytearray(file.read_bytes())
    if damage == "flipped":
        content[len(content) // 2] ^= 0xFF
    file.write_bytes({"cut": content[:-40], "empty": b""}.get(damage, content))
    if damage == "no numbers":
        arrays = {"answers": np.full((len(load_mnist("test")), 10), np.nan, np.float16)}
        arrays |= {"places": np.full((10_000, 2), np.inf, np.float16)}
        arrays |= {"points": points * np.float16(np.nan), "axes": np.eye(3, dtype=np.float32)}
        write_part(run, part, model, **arrays)

    assert read[part]() is None
    assert all(read[name]() is not None for name in PARTS if name != part)


def test_a_file_that_would_run_code_is_not_opened(copy_run, tmp_path):
    run = copy_run("pickled")

    class Trap:
        def __reduce__(self):
            return (os.mkdir, (str(tmp_path / "sprung"),))

    trap = np.array([Trap()], dtype=object)
    with (run.folder / "study" / "map.npz").open("wb") as file:
        np.savez(file, model=np.array(fingerprint(run)), places=trap)

    assert read_map(run) is None
    assert not (tmp_path / "sprung").exists()


def test_a_process_of_its_own_computes_it_and_ends(copy_run):
    run = copy_run("started")

    start_study(run)

    assert find_study_state(run).state == "running"
    start_study(run)  # a second click
    wait_for_end(run)
    assert find_study_state(run).state == "done"
    assert set(list_files(run)) == {f"{part}.npz" for part in PARTS}
    wait_until(lambda: all(each.status() == "zombie" for each in find_processes(run)))


def test_it_outlives_whoever_started_it(copy_run, runs):
    run = copy_run("orphan")

    run_python(
        "from digitlib.runs.folder import load_run; from digitlib.runs.study import start_study;"
        "start_study(load_run('orphan'))"
    )

    wait_for_end(run)
    assert find_study_state(run).state == "done"


def test_two_started_at_once_compute_it_once(copy_run, runs, start):
    run = copy_run("twice")
    with FileLock(runs / ".study.lock"):  # so that the first has to wait
        first = start(*COMMAND, run.id)
        wait_until(lambda: find_study_state(run).step == "Waiting for another model")
        second = start(*COMMAND, run.id)
        assert "Another process is at twice already" in second.stdout.read()
    assert "twice has validation, training, features, map" in first.stdout.read()
    before = list_files(run)
    assert find_study_state(run).state == "done"

    assert "twice has" in start(*COMMAND, run.id).stdout.read()

    assert list_files(run) == before  # what is there is not computed again


def test_one_is_made_at_a_time(copy_run, runs, start):
    runs_made = [copy_run("one"), copy_run("two")]
    with FileLock(runs / ".study.lock"):
        for run in runs_made:
            start_study(run)
        for run in runs_made:
            wait_until(lambda run=run: find_study_state(run).step == "Waiting for another model")
    for run in runs_made:
        wait_for_end(run)
        assert find_study_state(run).state == "done"


def test_one_that_was_killed_goes_on_with_what_it_had(copy_run):
    run = copy_run("killed", model="cnn")
    start_study(run)
    wait_until(lambda: find_study_state(run).step == "Reading the training digits")
    kill(find_processes(run))

    state = find_study_state(run)
    assert state.state == "failed"
    assert "went away before the end" in state.message
    before = list_files(run)
    assert "training.npz" not in before
    (run.folder / "study" / ".123-ab-training.npz").write_bytes(b"half a file")

    start_study(run)
    wait_for_end(run)

    assert find_study_state(run).state == "done"
    after = list_files(run)
    assert {name: after[name] for name in before} == before
    assert not (run.folder / "study" / ".123-ab-training.npz").exists()


def test_a_damaged_model_fails_with_a_sentence(copy_run, start):
    run = copy_run("broken")
    run.model_file.write_bytes(b"no model")

    start_study(run)
    wait_for_end(run)

    state = find_study_state(run)
    assert state.state == "failed"
    assert state.message.startswith("The model file of broken is damaged.")


def test_a_run_without_a_model_is_refused(copy_run):
    run = copy_run("modelless")
    run.model_file.unlink()

    assert find_study_state(run).state == "none"
    with pytest.raises(RunError, match="has no model yet"):
        start_study(run)


def test_there_is_an_end_to_how_many_are_started(copy_run, monkeypatch):
    monkeypatch.setattr(study, "MOST_PROCESSES", 0)

    with pytest.raises(QueueFullError, match="Try again in a minute"):
        start_study(copy_run("crowd"))


def test_a_run_that_is_deleted_meanwhile_is_not_made_again(copy_run, runs, start):
    run = copy_run("deleted")
    with FileLock(runs / ".study.lock"):
        process = start(*COMMAND, run.id)
        wait_until(lambda: find_study_state(run).step == "Waiting for another model")
        shutil.rmtree(run.folder)
    process.communicate(timeout=60)

    assert process.returncode == 1
    assert not run.folder.exists()
    assert find_study_state(run).state == "none"


@pytest.mark.parametrize("content", ["", "no json", "[]", '{"state": "running"}', '{"share": "x"}'])
def test_a_damaged_state_is_as_good_as_none(copy_run, content):
    run = copy_run("state")
    (run.folder / "study" / "state.json").write_text(content)

    assert find_study_state(run).state == "none"


def test_a_step_is_told_with_its_share(copy_run):
    run, told = copy_run("told"), []

    make_study(run, lambda step, share: told.append((step, share)))

    steps = list(dict.fromkeys(step for step, _ in told))
    assert steps == [
        "Waiting for another model",
        "Reading the validation digits",
        "Reading the training digits",
    ]
    assert told[-1] == (steps[-1], 1.0)
    assert read_json(run.folder / "study" / "state.json")["state"] == "done"


# A disk of its own


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The folder for runs on a disk of 2 MB: a model and its answers fit, its features do not."""
    runs = tmp_path / "disk"
    runs.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(runs)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True).returncode:
        pytest.skip("a disk can be mounted by root only, and not in every container")
    monkeypatch.setenv("DIGITLIB_RUNS", str(runs))
    yield runs
    subprocess.run(["umount", "-l", str(runs)], check=True)


def test_a_full_disk_gets_a_sentence_and_keeps_what_there_was_room_for(disk):
    run = copy_model(disk / "large")

    start_study(run)
    wait_for_end(run)

    state = find_study_state(run)
    assert state.state == "failed"
    assert state.message == "The disk is full. Make room, then start it again."
    assert read_answers(run, "training") is not None
    assert not list((run.folder / "study").glob(".*"))


def test_a_disk_without_any_room_gets_a_sentence_at_once(disk):
    run = copy_model(disk / "large")
    with (disk / "filler").open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(bytes(4096))

    with pytest.raises(RunError, match="The disk is full"):
        start_study(run)


def test_a_read_only_disk_gets_a_sentence(disk, start):
    run = copy_model(disk / "fixed")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)

    with pytest.raises(RunError, match=r"cannot be written \(Read-only file system\)"):
        start_study(run)
    assert find_study_state(run).state == "none"
    assert read_map(run) is not None
    failed = subprocess.run([*COMMAND, run.id], capture_output=True, text=True)
    assert failed.returncode == 1
    assert failed.stderr.startswith("Error: ")
    assert "cannot be written" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_the_shipped_maps_are_of_the_models_that_ship():
    """A model that is made anew has its map made anew: python -m digitlib study NAME."""
    for folder in sorted(MODELS_FOLDER.glob("*/study")):
        run = read_run(folder.parent)
        places = read_map(run)
        assert places is not None, f"python -m digitlib study {run.id}"
        assert np.abs(places).max() == pytest.approx(1, abs=1e-3)


def test_what_is_written_down_is_plain(copy_run):
    run = copy_run("plain")
    study.write_state(run, study.StudyState("running", "Reading", 0.25))

    assert json.loads((run.folder / "study" / "state.json").read_text())["share"] == 0.25
