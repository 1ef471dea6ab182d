import json

import pandas as pd
import pytest

from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import BATCH_COLUMNS, change_state, create_run
from digitlib.runs.progress import Progress, expect_seconds, find_progress, read_progress


def rows(*places: tuple[int, int, float]) -> pd.DataFrame:
    """Rows of batches.csv of a training with 100 batches an epoch: epoch, batch and seconds."""
    table = [(epoch, batch, 100, seconds, 1.0, 0.5) for epoch, batch, seconds in places]
    return pd.DataFrame(table, columns=list(BATCH_COLUMNS))


def test_a_quarter_is_done():
    progress = find_progress(rows((1, 1, 5.0), (1, 50, 14.8)), epochs=2)

    assert (progress.epoch, progress.batch, progress.batches) == (1, 50, 100)
    assert progress.share == 0.25
    # 49 batches took 9.8 s; the 5 s before the first do not count.
    assert progress.seconds_left == pytest.approx(150 * 0.2)


def test_there_is_no_pace_after_a_single_row():
    progress = find_progress(rows((1, 1, 5.0)), epochs=2)

    assert progress.share == 1 / 200
    assert progress.seconds_left is None


def test_nothing_is_left_at_the_end():
    progress = find_progress(rows((1, 1, 5.0), (2, 100, 45.0)), epochs=2)

    assert progress.share == 1
    assert progress.seconds_left == 0


def test_a_run_without_rows_has_not_begun(runs):
    run = create_run(TrainingConfig(epochs=3))

    assert read_progress(run) == Progress(0, 3, 0, 0, 0.0, None)


# What is expected


@pytest.fixture
def measure(runs):
    """Make a finished run: ``measure("cnn", seconds=8, epochs=2, digits=10_000)``."""

    def measure(
        network, seconds, epochs=1, digits=10_000, batch_size=32, state="done", parameters=7850
    ):
        # It was to learn for longer than it did.
        config = TrainingConfig(network, epochs=50, batch_size=batch_size, training_digits=digits)
        run = create_run(config)
        metrics = {
            "test": {"accuracy": 0.9, "loss": 0.3, "mistakes": 1000, "count": 10_000},
            "parameters": parameters,
            "epochs": epochs,
            "training_seconds": seconds,
        }
        (run.folder / "metrics.json").write_text(json.dumps(metrics))
        return change_state(run, state)

    return measure


def test_a_training_is_expected_to_take_as_long_as_one_like_it(measure):
    measured = [measure("dense", 100), measure("softmax", 8, epochs=2, digits=10_000)]

    config = TrainingConfig("softmax", epochs=5, training_digits=20_000)
    assert expect_seconds(config, measured) == pytest.approx(40)


@pytest.mark.parametrize(("batch_size", "seconds"), [(8, 30), (40, 30), (90, 10), (1024, 10)])
def test_the_nearest_batch_size_tells_the_pace(batch_size, seconds, measure):
    measured = [measure("softmax", 10, batch_size=128), measure("softmax", 30, batch_size=32)]

    config = TrainingConfig("softmax", 1, batch_size, training_digits=10_000)
    assert expect_seconds(config, measured) == pytest.approx(seconds)


def test_of_two_alike_the_newest_tells_the_pace(measure):
    measured = [measure("softmax", 10), measure("softmax", 30)]

    config = TrainingConfig("softmax", 1, training_digits=10_000)
    assert expect_seconds(config, measured) == pytest.approx(10)


@pytest.mark.parametrize(
    "settings",
    [
        {"network": "softmax", "epochs": 0},
        {"network": "softmax", "state": "running"},
    ],
    ids=["no whole epoch", "not over"],
)
def test_nothing_is_expected_where_nothing_was_measured(settings, measure):
    assert expect_seconds(TrainingConfig("softmax"), []) is None
    assert expect_seconds(TrainingConfig("softmax"), [measure(seconds=8, **settings)]) is None


def test_where_a_network_was_never_trained_the_nearest_in_size_tells_the_pace(measure):
    measured = [
        measure("cnn", 60, digits=10_000, parameters=225_034),
        measure("dense", 10, digits=10_000, parameters=101_770),
    ]

    config = TrainingConfig("softmax", epochs=2, training_digits=20_000)
    assert expect_seconds(config, measured) == pytest.approx(40)


def test_a_run_without_measurements_tells_no_pace(runs):
    failed = change_state(create_run(TrainingConfig("softmax")), "failed")

    assert expect_seconds(TrainingConfig("softmax"), [failed]) is None
