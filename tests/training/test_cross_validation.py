"""Cross-validated runs: what comes of them, and of those that are broken off."""

import dataclasses
import errno
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

from digitlib.data import FILED_DIGITS, load_mnist, load_training_file
from digitlib.errors import (
    ModelError,
    RunError,
    TrainingAbandoned,
    TrainingError,
    TrainingInterrupted,
)
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.folder import (
    Run,
    continue_config,
    create_run,
    list_models,
    load_run,
    read_run,
    request_stop,
    write_status,
)
from digitlib.runs.lifecycle import carry_out
from digitlib.runs.out_of_sample import (
    read_suspects,
    read_training_probabilities,
    write_training_probabilities,
)
from digitlib.training import cross_validation
from digitlib.training.cross_validation import divide
from tests.training.conftest import BRIEF

COUNT = 400
CONFIG = dataclasses.replace(BRIEF, epochs=2, training_digits=COUNT, folds=3, learning_rate=0.01)
ENDED = ["batches.csv", "config.json", "epochs.csv", "metrics.json", "status.json",
         "suspects.csv", "training_probabilities.npz"]  # fmt: skip


@pytest.fixture(scope="module")
def done(tmp_path_factory) -> Run:
    return carry_out(create_run(CONFIG, "done", tmp_path_factory.mktemp("done")))


def list_files(run: Run) -> list[str]:
    return sorted(path.name for path in run.folder.iterdir())


def check_same(run: Run, other: Run) -> None:
    np.testing.assert_array_equal(
        read_training_probabilities(run), read_training_probabilities(other)
    )
    assert run.suspects_file.read_text() == other.suspects_file.read_text()
    columns = ["epoch", "batch", "batches", "loss", "accuracy"]
    assert run.read_batches()[columns].equals(other.read_batches()[columns])
    assert run.read_epochs()["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert run.read_batches()["seconds"].is_monotonic_increasing


def test_it_ends_with_answers_suspects_and_metrics(done):
    labels = load_training_file().labels[:COUNT]
    probabilities = read_training_probabilities(done).astype(float)
    assert done.status.state == "done"
    assert list_files(done) == ENDED
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=0.01)
    found = done.metrics["out_of_sample"]
    read_right = probabilities.argmax(axis=1) == labels
    assert found["accuracy"] == pytest.approx(read_right.mean())
    assert found["accuracy"] > 0.6
    assert found["count"] == COUNT
    suspects = read_suspects(done)
    assert set(suspects["place"]) == set(np.flatnonzero(~read_right))
    assert done.metrics["suspects"] == len(suspects)
    assert done.metrics["counted"] == suspects["counted"].sum()
    assert done.metrics["folds"] == 3


def test_its_rows_go_on_over_the_folds(done):
    epochs, batches = done.read_epochs(), done.read_batches()
    assert epochs["epoch"].tolist() == [1, 2, 3, 4, 5, 6]
    assert batches["epoch"].unique().tolist() == [1, 2, 3, 4, 5, 6]
    assert batches["seconds"].is_monotonic_increasing
    first_of_each = batches.groupby("epoch")["loss"].first()
    assert first_of_each[3] > 1.5 * first_of_each[2]  # a fresh network knows nothing
    assert done.metrics["training_seconds"] == epochs["seconds"].max()


def test_it_makes_no_model(done, runs):
    run = read_run(Path(shutil.copytree(done.folder, runs / "done")))
    assert not run.readable
    assert not run.unmeasured
    assert run not in list_models().runs
    with pytest.raises(RunError, match="has kept no weights"):
        continue_config(run)
    with pytest.raises(ModelError):
        Recogniser(run.model_file)


def test_no_network_answers_what_it_has_learnt_from(done, runs):
    """Other labels in a fold change what is answered elsewhere, and nothing in the fold itself."""
    fold = divide(COUNT, CONFIG)[1]
    labels = load_training_file().labels[:COUNT].copy()
    labels[fold] = (labels[fold] + 1) % 10

    other = carry_out(create_run(CONFIG, labels=labels))

    before, after = (read_training_probabilities(run) for run in (done, other))
    np.testing.assert_array_equal(after[fold], before[fold])
    elsewhere = np.setdiff1d(np.arange(COUNT), fold)
    assert (after[elsewhere] != before[elsewhere]).any(axis=1).all()


def test_every_digit_is_in_one_fold():
    folds = divide(1_003, dataclasses.replace(CONFIG, folds=10))
    assert sorted(np.concatenate(folds)) == list(range(1_003))
    assert {len(fold) for fold in folds} == {100, 101}
    other = divide(1_003, dataclasses.replace(CONFIG, folds=10, seed=1))
    assert not np.array_equal(other[0], folds[0])


def test_the_digits_are_those_of_mnists_training_file_in_its_order(runs):
    filed = load_training_file()
    assert len(filed) == FILED_DIGITS
    assert filed.labels[:10].tolist() == [5, 0, 4, 1, 9, 2, 1, 3, 1, 4]  # as everybody knows them
    both = [load_mnist(split).images for split in ("training", "validation")]
    assert sorted(image.tobytes() for image in np.concatenate(both)) == sorted(
        image.tobytes() for image in filed.images
    )


def test_planted_errors_are_among_the_first(runs):
    labels = load_training_file().labels[:2_000].copy()
    chance = np.random.default_rng(3)
    planted = chance.choice(2_000, 20, replace=False)
    labels[planted] = (labels[planted] + chance.integers(1, 10, 20)) % 10
    config = dataclasses.replace(
        CONFIG, network="dense", epochs=4, training_digits=2_000, learning_rate=2e-3
    )

    run = carry_out(create_run(config, labels=labels))

    suspects = read_suspects(run)
    assert np.isin(planted, suspects["place"][:60]).sum() >= 18
    assert (suspects["label"] == labels[suspects["place"]]).all()


@pytest.mark.parametrize(
    "settings",
    [
        {"weight_average": 0.9},
        {"network": "fast", "label_smoothing": 0.1, "schedule": "one-cycle", "epochs": 8},
        {"written_digits": 100, "plain_epochs": 1},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_other_settings_can_be_cross_validated(settings, runs):
    run = carry_out(create_run(dataclasses.replace(CONFIG, folds=2, **settings)))
    assert run.status.state == "done"
    assert run.metrics["out_of_sample"]["accuracy"] > 0.25


# Broken off


def test_a_stop_is_heeded_at_the_next_batch_and_nothing_is_kept_half(runs):
    run = create_run(CONFIG)

    def stop_in_the_second_fold(row):
        if (row["epoch"], row["batch"]) == (3, 4):
            assert run.folds_folder.exists()
            request_stop(run)

    ended = carry_out(run, on_row=stop_in_the_second_fold)

    assert ended.status.state == "stopped"
    assert ended.status.message == (
        "It was stopped; of a cross-validation that is not whole nothing is kept."
    )
    last = ended.read_batches().iloc[-1]
    assert (last["epoch"], last["batch"]) == (3, 4)
    assert not ended.folds_folder.exists()
    assert not ended.suspects_file.exists()
    assert not ended.metrics


def test_a_stop_is_heeded_while_a_fold_is_read(runs, monkeypatch):
    run = create_run(CONFIG)
    answer = cross_validation.answer_in_parts

    def stop_and_answer(model, digits):
        request_stop(run)
        yield from answer(model, digits)

    monkeypatch.setattr(cross_validation, "answer_in_parts", stop_and_answer)

    assert carry_out(run).status.state == "stopped"
    assert not run.folds_folder.exists()


def test_it_takes_no_more_time_than_a_server_gives(runs):
    config = dataclasses.replace(CONFIG, epochs=30, folds=10)
    run = carry_out(create_run(config, most_seconds=1))
    assert run.status.state == "stopped"
    assert run.status.message == (
        "It was stopped because a training may take no more than 1 seconds here; of a "
        "cross-validation that is not whole nothing is kept."
    )
    assert len(run.read_epochs()) < 300


def lose(run: Run, at: tuple[int, int]) -> Run:
    """Train a run until a batch of an epoch, where its process dies."""

    def die(row):
        if (row["epoch"], row["batch"]) == at:
            raise TrainingAbandoned

    run = carry_out(run, on_row=die)
    assert read_run(run.folder).status.state == "running"
    return run


@pytest.mark.parametrize("at", [(2, 2), (4, 3), (6, 1)], ids=str)
def test_a_lost_run_is_picked_up_at_its_fold_and_comes_to_the_same(at, done, runs):
    run = lose(create_run(CONFIG), at)
    whole = (at[0] - 1) // CONFIG.epochs
    assert len(list(run.folder.glob("folds/*.npz"))) == whole
    rows = []

    ended = carry_out(run, on_row=rows.append)

    assert ended.status.state == "done"
    assert rows[0]["epoch"] == whole * CONFIG.epochs + 1
    assert list_files(ended) == ENDED
    check_same(ended, done)


def test_a_lost_run_whose_fold_is_damaged_makes_that_again(done, runs):
    run = lose(create_run(CONFIG), (6, 1))
    (run.folds_folder / "01.npz").write_bytes(b"damaged")
    rows = []

    ended = carry_out(run, on_row=rows.append)

    assert rows[0]["epoch"] == 3
    check_same(ended, done)


def test_a_run_that_was_lost_after_its_last_fold_only_looks_for_suspects(done, runs, monkeypatch):
    def die(*_):
        raise TrainingAbandoned

    with monkeypatch.context() as patch:
        patch.setattr(cross_validation, "find_suspects", die)
        run = carry_out(create_run(CONFIG))
    rows = []

    ended = carry_out(run, on_row=rows.append)

    assert rows == []
    check_same(ended, done)


def test_a_lost_run_that_was_told_to_stop_ends_so(runs):
    run = lose(create_run(CONFIG), (4, 3))
    request_stop(run)

    ended = carry_out(run)

    assert (ended.status.state, ended.folds_folder.exists()) == ("stopped", False)
    assert "nothing is kept" in ended.status.message


def test_an_interrupted_run_says_so_and_has_no_model(runs):
    run = create_run(CONFIG)

    def interrupt():
        if len(run.read_epochs()) == 3:
            raise TrainingInterrupted("The worker was told to go.")

    ended = carry_out(run, on_batch=interrupt)

    assert (ended.status.state, ended.can_go_on) == ("interrupted", False)


@pytest.mark.parametrize("step", ["write_fold", "write_suspects", "write_json"])
def test_a_full_disk_is_named(step, runs, monkeypatch):
    def disk_is_full(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    run = create_run(CONFIG)
    monkeypatch.setattr(cross_validation, step, disk_is_full)

    with pytest.raises(TrainingError, match=r"The disk is full\. Make room, then train again."):
        carry_out(run)
    assert load_run(run.id).status.state == "failed"


def test_damaged_labels_fail_with_their_sentence(runs):
    run = create_run(CONFIG, labels=np.zeros(COUNT, int))
    run.labels_file.write_bytes(b"damaged")

    with pytest.raises(TrainingError, match=f"The labels of {run.id} cannot be read"):
        carry_out(run)


def test_answers_of_another_length_are_damage(done, runs):
    run = read_run(Path(shutil.copytree(done.folder, runs / "done")))
    write_training_probabilities(run, np.zeros((COUNT - 1, 10)))
    with pytest.raises(RunError, match="has lost its answers"):
        read_training_probabilities(run)


def test_a_run_that_died_too_often_is_given_up(runs):
    run = lose(create_run(CONFIG), (2, 2))
    write_status(run.folder, dataclasses.replace(run.status, pickups=2))
    with pytest.raises(TrainingError, match="died 3 times"):
        carry_out(read_run(run.folder))
