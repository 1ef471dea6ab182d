import numpy as np
import pytest

from digitlib.runs.config import TrainingConfig
from digitlib.runs.epoch_answers import (
    drop_answers_after,
    list_answered_epochs,
    read_epoch_answers,
    write_epoch_answers,
)
from digitlib.runs.folder import Run, create_run


@pytest.fixture
def run(runs) -> Run:
    return create_run(TrainingConfig("softmax"))


@pytest.fixture
def answers() -> np.ndarray:
    logits = np.random.default_rng(0).normal(0, 4, (10_000, 10))
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return shares.astype(np.float32)


def test_a_run_has_none_before_it_has_learnt(run):
    assert list_answered_epochs(run) == []
    assert read_epoch_answers(run, 1) is None


def test_answers_come_back_to_three_digits_in_little_room(run, answers):
    for epoch in (10, 2):
        write_epoch_answers(run, epoch, answers)

    assert list_answered_epochs(run) == [2, 10]
    found = read_epoch_answers(run, 2)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, answers, rtol=1e-3, atol=6e-8)
    sizes = [path.stat().st_size for path in (run.folder / "answers").iterdir()]
    assert max(sizes) < 200_000


def test_answers_after_an_epoch_are_dropped_when_it_is_gone_back_to(run, answers):
    for epoch in (1, 2, 3):
        write_epoch_answers(run, epoch, answers)

    drop_answers_after(run, 1)

    assert list_answered_epochs(run) == [1]


@pytest.mark.parametrize(
    "content", [b"", b"PK", np.zeros(3, np.float16).tobytes()], ids=["empty", "torn", "no archive"]
)
def test_a_damaged_file_is_as_good_as_none(run, answers, content):
    write_epoch_answers(run, 1, answers)
    (run.folder / "answers" / "001.npz").write_bytes(content)

    assert read_epoch_answers(run, 1) is None


@pytest.mark.parametrize("wrong", [np.zeros((5, 10)), np.full((10_000, 10), np.nan)])
def test_answers_that_are_none_are_as_good_as_none(run, wrong):
    write_epoch_answers(run, 1, wrong)

    assert read_epoch_answers(run, 1) is None
