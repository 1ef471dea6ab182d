import shutil

import numpy as np
import pytest

from digitlib.data import load_mnist
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import MODELS_FOLDER, Run, create_run
from digitlib.runs.snapshots import (
    HARD,
    PANEL_SIZE,
    Snapshot,
    drop_snapshots_after,
    list_snapshots,
    load_panel,
    read_snapshot,
    write_snapshot,
)


@pytest.fixture
def run(runs) -> Run:
    return create_run(TrainingConfig())


def make_snapshot(epoch: float, seed: int = 0, filters: tuple = (4, 3, 3)) -> Snapshot:
    dice = np.random.default_rng(seed)
    probabilities = dice.random((PANEL_SIZE, 10), np.float32)
    return Snapshot(epoch, probabilities, dice.uniform(-1, 1, filters).astype(np.float32))


def epochs_of(run: Run) -> list[float]:
    return [read_snapshot(path).epoch for path in list_snapshots(run)]


# Files


@pytest.mark.parametrize("filters", [(32, 3, 3), (16, 28, 28), (0, 1, 1)])
def test_a_snapshot_is_read_as_it_was_written(filters, run):
    written = make_snapshot(1 / 3, filters=filters)

    write_snapshot(run, written)

    (path,) = list_snapshots(run)
    read = read_snapshot(path)
    assert read.epoch == written.epoch
    assert np.array_equal(read.probabilities, written.probabilities)
    assert read.probabilities.dtype == read.filters.dtype == np.float32
    assert read.filters.shape == filters
    np.testing.assert_allclose(read.filters, written.filters, atol=1 / 127 / 2)


def test_the_ends_and_the_middle_of_a_filter_stay_as_they_are(run):
    write_snapshot(run, Snapshot(0, np.zeros((PANEL_SIZE, 10)), np.array([[[-1.0, 0.0, 1.0]]])))

    assert read_snapshot(list_snapshots(run)[0]).filters.tolist() == [[[-1.0, 0.0, 1.0]]]


def test_a_snapshot_is_small(run):
    write_snapshot(run, make_snapshot(1, filters=(16, 28, 28)))

    assert list_snapshots(run)[0].stat().st_size < 20_000


def test_snapshots_are_listed_in_the_order_of_their_epochs(run):
    epochs = [0, 0.02, 0.0625, 0.5, 1, 2, 9, 10, 11, 99, 100]
    for epoch in np.random.default_rng(0).permutation(epochs):
        write_snapshot(run, make_snapshot(epoch))

    assert epochs_of(run) == epochs


def test_a_run_without_snapshots_has_none(run):
    assert list_snapshots(run) == []
    drop_snapshots_after(run, 0)
    assert list_snapshots(run) == []


def test_a_snapshot_of_the_same_epoch_takes_the_place_of_the_one_before(run):
    write_snapshot(run, make_snapshot(2, seed=0))
    write_snapshot(run, make_snapshot(2, seed=1))

    (path,) = list_snapshots(run)
    assert np.array_equal(read_snapshot(path).probabilities, make_snapshot(2, 1).probabilities)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize(
    ("epoch", "kept"),
    [
        (0, [0]),
        (1, [0, 0.5, 1]),
        (2, [0, 0.5, 1, 2]),
        (10, [0, 0.5, 1, 2, 10]),
        (5, [0, 0.5, 1, 2]),
    ],
)
def test_snapshots_of_what_is_learnt_anew_are_dropped(epoch, kept, run):
    for at in (0, 0.5, 1, 2, 10):
        write_snapshot(run, make_snapshot(at))

    drop_snapshots_after(run, epoch)

    assert epochs_of(run) == kept


# Damage


def test_a_cut_snapshot_is_none(run):
    write_snapshot(run, make_snapshot(1))
    (path,) = list_snapshots(run)
    content = path.read_bytes()
    for length in [*range(0, len(content), 5), len(content) - 1]:
        path.write_bytes(content[:length])
        assert read_snapshot(path) is None, length
    path.write_bytes(content)
    assert read_snapshot(path).epoch == 1


def test_a_snapshot_with_a_changed_byte_is_none_or_whole(run):
    write_snapshot(run, make_snapshot(1))
    (path,) = list_snapshots(run)
    content = path.read_bytes()
    numbers = content.index(make_snapshot(1).probabilities.tobytes())
    for place in [*range(numbers), *range(numbers + PANEL_SIZE * 10 * 4, len(content))]:
        changed = bytearray(content)
        changed[place] ^= (1, 8, 128)[place % 3]
        path.write_bytes(changed)
        read = read_snapshot(path)
        assert read is None or read.probabilities.shape == (PANEL_SIZE, 10), place


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x05\x06" + bytes(18), b"\x93NUMPY"])
def test_what_is_no_snapshot_is_none(content, run):
    path = run.folder / "001.000.npz"
    path.write_bytes(content)

    assert read_snapshot(path) is None


@pytest.mark.parametrize(
    "arrays",
    [
        {"probabilities": np.zeros((PANEL_SIZE, 9), np.float32)},
        {"probabilities": np.zeros(240, np.float32)},
        {"filters": np.zeros((4, 9), np.int8)},
        {"epoch": np.zeros(2)},
        {"epoch": np.array("one")},
        {"probabilities": np.full((PANEL_SIZE, 10), None)},
    ],
    ids=["nine answers", "flat", "flat filters", "two epochs", "words", "objects"],
)
def test_a_snapshot_of_something_else_is_none(arrays, run):
    whole = {
        "epoch": np.float64(1),
        "probabilities": np.zeros((PANEL_SIZE, 10), np.float32),
        "filters": np.zeros((4, 3, 3), np.int8),
    }
    path = run.folder / "001.000.npz"
    np.savez(path, **whole)
    assert read_snapshot(path) is not None

    np.savez(path, **whole | arrays)

    assert read_snapshot(path) is None


def test_a_snapshot_that_is_gone_is_none(run):
    write_snapshot(run, make_snapshot(1))
    (path,) = list_snapshots(run)
    shutil.rmtree(run.folder)

    assert read_snapshot(path) is None


# The panel


def test_the_panel_has_every_digit_at_least_twice_zeros_first():
    panel = load_panel()

    assert panel.images.shape == (24, 28, 28)
    assert panel.labels.tolist() == sorted(panel.labels)
    assert np.bincount(panel.labels, minlength=10).min() == 2
    assert len({image.tobytes() for image in panel.images}) == 24


def test_the_panel_is_the_same_every_time():
    before = load_panel()
    load_panel.cache_clear()

    again = load_panel()

    assert again is not before
    assert np.array_equal(again.images, before.images)
    assert np.array_equal(again.labels, before.labels)


def test_no_network_trains_on_the_panel(validation):
    training = {image.tobytes() for image in load_mnist("training").images}
    held_back = {image.tobytes() for image in validation.images}
    shown = {image.tobytes() for image in load_panel().images}

    assert shown <= held_back
    assert shown.isdisjoint(training)


def test_the_hard_ones_are_hard_for_the_shipped_networks(validation, cnn):
    hard = validation.take(np.array(HARD))
    dense = Recogniser(MODELS_FOLDER / "dense" / "model.tflite")

    assert (dense.read(hard.images).argmax(axis=1) != hard.labels).all()
    assert hard.labels[3] == 7
    assert cnn.read(hard.images[3:]).max() < 0.7
    shown = {image.tobytes() for image in load_panel().images}
    assert {image.tobytes() for image in hard.images} <= shown
