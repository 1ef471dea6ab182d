"""What a cross-validated run leaves in its folder, and what becomes of it when it is damaged."""

import dataclasses
import shutil

import numpy as np
import pandas as pd
import pytest

from digitlib.errors import ConfigError, RunError
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import (
    MODELS_FOLDER,
    Run,
    change_state,
    create_run,
    list_models,
    list_shipped,
    list_shipped_checks,
    load_run,
    read_run,
)
from digitlib.runs.limits import Limits
from digitlib.runs.out_of_sample import (
    MOST_SUSPECTS,
    drop_folds,
    find_check,
    is_whole,
    read_fold,
    read_own_labels,
    read_suspects,
    read_training_probabilities,
    write_fold,
    write_suspects,
    write_training_probabilities,
)
from digitlib.runs.queue import check_length

FOLDED = TrainingConfig("softmax", epochs=2, training_digits=500, folds=4)
SUSPECTS = pd.DataFrame({
    "place": [499, 3, 0], "label": [1, 2, 3], "suggested": [7, 0, 9],
    "quality": [1e-7, 0.25, 0.125], "counted": [1, 0, 0],
})  # fmt: skip


@pytest.fixture
def run(runs) -> Run:
    return finish(create_run(FOLDED))


def finish(run: Run) -> Run:
    """Give a run the metrics of one that came to its end."""
    shutil.copy(MODELS_FOLDER / "label-check" / "metrics.json", run.folder)
    return read_run(run.folder)


def make_answers(count: int) -> np.ndarray:
    chance = np.random.default_rng(0).random((count, 10))
    return (chance / chance.sum(axis=1, keepdims=True)).astype(np.float16)


# Config


def test_folds_multiply_the_epochs_and_divide_the_digits():
    assert FOLDED.all_epochs == 8
    assert FOLDED.digits_per_epoch == 375
    assert dataclasses.replace(FOLDED, folds=0).all_epochs == 2


def test_all_digits_are_60000_as_none_is_set_aside():
    config = TrainingConfig("softmax", folds=5)
    assert config.cross_validated_digits == 60_000
    assert config.digits_per_epoch == 48_000
    assert FOLDED.cross_validated_digits == 500


@pytest.mark.parametrize("folds", [0, 2, 5, 10])
def test_so_many_folds_can_be_asked_for(folds):
    TrainingConfig("softmax", folds=folds).check(["softmax"])


def test_one_fold_gets_a_sentence():
    with pytest.raises(ConfigError, match=r"^Folds must be 2 to 10, or 0 for a training"):
        TrainingConfig("softmax", folds=1).check(["softmax"])


@pytest.mark.parametrize("settings", [{"parent": "cnn"}, {"drawn_digits": 10}])
def test_folds_go_on_from_nothing(settings):
    with pytest.raises(ConfigError, match="fresh networks that learn from MNIST alone"):
        TrainingConfig("softmax", folds=2, **settings).check(["softmax"])


def test_the_epochs_of_all_folds_count_against_the_limit():
    check_length(FOLDED, Limits(epochs=8))
    with pytest.raises(ConfigError, match="up to 7 epochs here, not 8"):
        check_length(FOLDED, Limits(epochs=7))


# Folds


def test_a_fold_comes_back_as_it_was(run):
    answers = make_answers(125)
    assert not run.has_learnt
    write_fold(run, 2, answers)
    np.testing.assert_array_equal(read_fold(run, 2, 125), answers)
    assert read_fold(run, 1, 125) is None
    assert read_fold(run, 2, 124) is None
    assert run.has_learnt
    drop_folds(run)
    assert not run.folds_folder.exists()
    drop_folds(run)


@pytest.mark.parametrize("damage", [lambda file: file[:-40], lambda file: b"", lambda file: b"x"])
def test_a_damaged_fold_is_none(run, damage):
    write_fold(run, 0, make_answers(125))
    [file] = run.folds_folder.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    assert read_fold(run, 0, 125) is None


def test_a_fold_of_nonsense_is_none(run):
    answers = make_answers(125)
    answers[7, 3] = np.nan
    write_fold(run, 0, answers)
    assert read_fold(run, 0, 125) is None


# Results


def test_answers_come_back_as_they_were(run):
    answers = make_answers(500)
    write_training_probabilities(run, answers)
    np.testing.assert_array_equal(read_training_probabilities(run), answers)
    content = run.training_probabilities_file.read_bytes()
    for damaged in (content[:-60], b"", b"PK"):
        run.training_probabilities_file.write_bytes(damaged)
        with pytest.raises(RunError, match=f"{run.id} has lost its answers. Run the cross-valid"):
            read_training_probabilities(run)


def test_suspects_come_back_as_they_were(run):
    write_suspects(run, SUSPECTS)
    pd.testing.assert_frame_equal(read_suspects(run), SUSPECTS, check_dtype=False)
    write_suspects(run, SUSPECTS.head(0))
    assert read_suspects(run).empty


def test_a_run_without_suspects_says_what_has_some(run):
    assert not is_whole(run)
    with pytest.raises(RunError, match="no list of suspects: only a cross-validation that came to"):
        read_suspects(run)


@pytest.mark.parametrize(
    "change",
    [
        {"place": [500, 3, 0]},
        {"place": [-1, 3, 0]},
        {"place": [3, 3, 0]},
        {"place": [1.5, 3, 0]},
        {"place": ["a", 3, 0]},
        {"label": [10, 2, 3]},
        {"suggested": [7, -1, 9]},
        {"quality": [1.5, 0.2, 0.3]},
        {"quality": [None, 0.2, 0.3]},
        {"counted": [2, 0, 0]},
    ],
    ids=str,
)
def test_suspects_out_of_reach_get_a_sentence(run, change):
    write_suspects(run, SUSPECTS.assign(**change))
    with pytest.raises(RunError, match=f"list of suspects of {run.id} is damaged. Run the"):
        read_suspects(run)


@pytest.mark.parametrize("content", ["", "place,label\n1,2\n", "\x00\x01", "a" * 1_000_000])
def test_a_damaged_table_gets_a_sentence(run, content):
    run.suspects_file.write_text(content)
    with pytest.raises(RunError, match="is damaged"):
        read_suspects(run)


def test_more_suspects_than_are_kept_get_a_sentence(runs):
    run = finish(create_run(dataclasses.replace(FOLDED, training_digits=5_000)))
    places = np.arange(MOST_SUSPECTS + 1)
    write_suspects(run, pd.DataFrame({
        "place": places, "label": 1, "suggested": 7, "quality": 0.0, "counted": 0,
    }))  # fmt: skip
    with pytest.raises(RunError, match="is damaged"):
        read_suspects(run)


# Labels of one's own


def test_labels_are_kept_with_the_run(runs):
    labels = np.arange(500) % 10
    run = create_run(FOLDED, labels=labels)
    np.testing.assert_array_equal(read_own_labels(run), labels)
    run.labels_file.write_bytes(run.labels_file.read_bytes()[:-1])
    with pytest.raises(RunError, match=f"The labels of {run.id} cannot be read"):
        read_own_labels(run)
    np.save(run.labels_file, labels[:7])
    with pytest.raises(RunError, match="not as many as its digits"):
        read_own_labels(run)
    assert read_own_labels(create_run(FOLDED)) is None


@pytest.mark.parametrize(
    ("config", "count", "sentence"),
    [
        (FOLDED, 499, "There are 500 digits, and 499 labels for them."),
        (dataclasses.replace(FOLDED, folds=0), 500, "Labels of one's own are for a cross-valid"),
    ],
)
def test_labels_that_do_not_fit_make_no_run(config, count, sentence, runs):
    with pytest.raises(ConfigError, match=sentence):
        create_run(config, labels=np.zeros(count, int))
    assert list(runs.iterdir()) == []


# Among other runs


def test_what_ships_is_no_model_and_can_be_read():
    [shipped] = list_shipped_checks().runs

    assert shipped not in list_shipped().runs
    assert shipped.id not in [run.id for run in list_models().runs]
    assert shipped.metrics["out_of_sample"]["count"] == 60_000
    assert len(read_suspects(shipped)) == shipped.metrics["suspects"]
    answers = read_training_probabilities(shipped).argmax(axis=1)
    suspects = read_suspects(shipped)
    assert (answers[suspects["place"]] == suspects["suggested"]).all()
    assert (suspects["suggested"] != suspects["label"]).all()


def test_the_newest_whole_check_of_mnists_own_labels_is_found(runs):
    shipped = read_run(MODELS_FOLDER / "label-check")
    other = create_run(TrainingConfig("softmax"))
    waiting = create_run(FOLDED)
    stopped = change_state(create_run(FOLDED), "stopped")
    of_own = change_state(create_run(FOLDED, labels=np.zeros(500, int)), "done")
    mine = change_state(create_run(FOLDED), "done")
    made = [other, waiting, stopped, of_own, mine]
    finish(of_own)
    for run in (of_own, mine):
        write_suspects(run, SUSPECTS)
    assert find_check([*made, shipped]) == shipped
    finish(mine)
    assert find_check([read_run(run.folder) for run in [*made, shipped]]).id == mine.id
    assert find_check([]) is None


def test_metrics_that_lack_a_number_are_damage(runs):
    shutil.copytree(MODELS_FOLDER / "label-check", runs / "mine")
    metrics = runs / "mine" / "metrics.json"
    assert load_run("mine").metrics["counted"] > 0
    metrics.write_text(metrics.read_text().replace('"counted"', '"other"'))
    with pytest.raises(RunError, match=r"metrics\.json lacks a number"):
        load_run("mine")
