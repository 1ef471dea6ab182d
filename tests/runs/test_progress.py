import pandas as pd
import pytest

from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import BATCH_COLUMNS, create_run
from digitlib.runs.progress import Progress, find_progress, read_progress


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
