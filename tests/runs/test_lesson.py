import dataclasses
import shutil

import numpy as np
import pytest

from digitlib.data import Digits, load_mnist
from digitlib.data.archives import encode_npz, hash_digit
from digitlib.data.augmentation import GENTLE
from digitlib.errors import ConfigError, RunError
from digitlib.runs.catalogue import check_config
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import (
    MODELS_FOLDER,
    change_state,
    collection_folder,
    continue_config,
    create_run,
    list_runs,
    list_shipped,
    load_run,
)
from digitlib.runs.lesson import find_learnt, find_taught, teach_config

SOME = load_mnist("validation").take(slice(12))
DRAWN = TrainingConfig("softmax", epochs=1, training_digits=500, drawn_digits=50)


def names(digits: Digits) -> set[str]:
    return {hash_digit(image) for image in digits.images}


def finish(run):
    shutil.copy(MODELS_FOLDER / "dense" / "model.keras", run.folder)
    return change_state(run, "done")


def test_the_collection_lies_beside_the_runs_unless_it_is_told_otherwise(runs, monkeypatch):
    assert collection_folder() == runs.with_name("runs-drawings")
    monkeypatch.setenv("DIGITLIB_COLLECTION", str(runs / ".." / "elsewhere"))
    assert collection_folder() == runs.parent / "elsewhere"


def test_a_run_keeps_the_drawings_that_it_learns_from(runs):
    run = create_run(DRAWN, drawings=SOME)

    kept = load_run(run.id).read_drawings()
    np.testing.assert_array_equal(kept.images, SOME.images)
    np.testing.assert_array_equal(kept.labels, SOME.labels)
    assert find_learnt(run) == names(SOME)


def test_a_run_that_learns_from_none_keeps_none(runs):
    run = create_run(dataclasses.replace(DRAWN, drawn_digits=0), drawings=SOME)

    assert run.read_drawings() is None
    assert find_learnt(run) == frozenset()


@pytest.mark.parametrize("drawings", [None, SOME.take(slice(0))])
def test_a_run_that_lacks_drawings_is_not_made(runs, drawings):
    with pytest.raises(ConfigError, match="There are no drawings to learn from"):
        create_run(DRAWN, drawings=drawings)
    assert list_runs().runs == []
    assert list(runs.iterdir()) == []


def test_a_run_that_goes_on_learns_from_the_same_drawings_or_from_others(runs):
    parent = finish(create_run(DRAWN, "parent", drawings=SOME.take(slice(5))))
    same = finish(create_run(continue_config(parent), "same"))
    other = create_run(teach_config(same, 7), "other", drawings=SOME.take(slice(5, 12)))

    assert names(same.read_drawings()) == names(SOME.take(slice(5)))
    assert names(other.read_drawings()) == names(SOME.take(slice(5, 12)))
    assert find_learnt(other) == names(SOME)


@pytest.mark.parametrize("content", [b"", b"torn", encode_npz(SOME)[:200]])
def test_damaged_drawings_are_named(runs, content):
    run = create_run(DRAWN, "mine", drawings=SOME)
    run.drawings_file.write_bytes(content)

    with pytest.raises(
        RunError, match=r"The drawings of mine cannot be read\. The file is damaged"
    ):
        run.read_drawings()


@pytest.mark.parametrize("shipped", list_shipped().runs, ids=lambda run: run.id)
def test_every_shipped_model_can_be_taught(shipped):
    config = teach_config(shipped, 40)

    check_config(config)
    assert (config.network, config.parent) == (shipped.config.network, shipped.id)
    assert config.drawn_digits == 1_000
    assert config.digits_per_epoch == 6_000
    assert config.augmentation == (shipped.config.augmentation or GENTLE)


def test_many_drawings_are_all_seen_in_each_epoch():
    check_config(teach_config(list_shipped().runs[0], 10_000))
    assert teach_config(list_shipped().runs[0], 10_000).drawn_digits == 10_000


def test_the_newest_that_was_taught_is_found(runs):
    parent = finish(create_run(dataclasses.replace(DRAWN, drawn_digits=0), "parent"))
    plain = finish(create_run(continue_config(parent), "plain"))
    older, newer = (
        create_run(teach_config(parent, 12), name, drawings=SOME) for name in ("older", "newer")
    )

    assert find_taught("parent", [plain, newer, older]) is newer
    assert find_taught("older", [plain, newer, older]) is None
