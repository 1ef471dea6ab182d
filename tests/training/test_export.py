"""What a training leaves to read digits with, and to look at."""

import itertools

import keras
import numpy as np
import pytest
from keras import layers

from digitlib.data import Digits
from digitlib.reading.layers import LayerReader
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.catalogue import default_config
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import Run, request_stop
from digitlib.runs.lifecycle import carry_out
from digitlib.runs.snapshots import Snapshot, list_snapshots, load_panel, read_snapshot
from digitlib.training.digits import to_input
from digitlib.training.export import save_model, to_litert
from digitlib.training.loop import build_model
from digitlib.training.networks import NETWORKS
from digitlib.training.progress import collect_filters


@pytest.fixture
def some(validation: Digits) -> Digits:
    return validation.take(slice(200))


def build(network: str, sharpness: float = 3.0) -> keras.Model:
    """A network whose answers differ, as those of fresh weights hardly do."""
    keras.utils.set_random_seed(3)
    model = build_model(TrainingConfig(network, dropout=0.5))
    model.set_weights([sharpness * weights for weights in model.get_weights()])
    return model


def make_decided(model: keras.Model, digits: Digits) -> None:
    """Have the last layer tell digits from each other, as it would when it has learnt."""
    decide = model.layers[-1]
    kernel, _ = decide.get_weights()
    features = np.asarray(keras.Model(model.inputs, decide.input)(to_input(digits)[0]))
    logits = features @ kernel
    kernel *= 3 / (logits - logits.mean(axis=0)).std()
    decide.set_weights([kernel, -(features @ kernel).mean(axis=0)])


# LiteRT


@pytest.mark.parametrize("network", NETWORKS)
def test_the_export_answers_as_that_of_keras_does(network, some, tmp_path):
    model = build(network, 1.0)
    make_decided(model, some)
    by_keras, by_us = tmp_path / "keras.tflite", tmp_path / "ours.tflite"
    model.export(by_keras, format="litert", verbose=False)

    by_us.write_bytes(to_litert(model))

    answers = Recogniser(by_us).read(some.images)
    np.testing.assert_allclose(answers, Recogniser(by_keras).read(some.images), rtol=0, atol=1e-6)
    np.testing.assert_allclose(answers, model(to_input(some)[0]), rtol=0, atol=1e-4)
    assert np.ptp(answers, axis=0).max() > 0.3  # or any two exports would agree
    assert abs(by_us.stat().st_size - by_keras.stat().st_size) < 5_000


def test_a_model_that_is_saved_again_takes_the_place_of_the_one_before(make_run, some):
    run, before, after = make_run(), build("softmax", 1.0), build("softmax", 8.0)
    save_model(before, run)

    save_model(after, run)

    answers = Recogniser(run.model_file).read(some.images)
    np.testing.assert_allclose(answers, after(to_input(some)[0]), atol=1e-5)
    kept = keras.saving.load_model(run.keras_file)
    assert np.array_equal(kept.get_weights()[0], after.get_weights()[0])
    files = ["config.json", "model.keras", "model.tflite", "reserve", "status.json"]
    assert sorted(path.name for path in run.folder.iterdir()) == files


def test_the_maps_of_a_separable_convolution_are_those_of_both_its_parts(tmp_path, validation):
    model = build_model(default_config("tiny"))
    kinds = (keras.layers.ReLU, keras.layers.MaxPooling2D)
    ends = [layer for layer in model.layers if isinstance(layer, kinds)]
    # Pooled and cut off, a look, a look and pooled, a look and pooled, a look.
    ends = [ends[place] for place in (1, 2, 4, 6, 7)]
    digits = validation.images[:3]
    pixels = digits[..., np.newaxis] / np.float32(255)
    expected = keras.Model(model.inputs, [layer.output for layer in ends])(pixels)
    file = tmp_path / "model.tflite"
    file.write_bytes(to_litert(model))

    maps = LayerReader(file).read(digits).maps

    for found, wanted in zip(maps, expected, strict=True):
        np.testing.assert_allclose(found, np.asarray(wanted), atol=1e-4)


# Filters


def check_scale(pictures: np.ndarray) -> None:
    assert pictures.dtype == np.float32
    np.testing.assert_allclose(np.abs(pictures).max(axis=(1, 2)), 1, atol=1e-6)


@pytest.mark.parametrize(("network", "count"), [("softmax", 10), ("dense", 16)])
def test_a_unit_that_sees_the_pixels_is_a_picture(network, count):
    model = build(network)

    pictures = collect_filters(model)

    assert pictures.shape == (count, 28, 28)
    check_scale(pictures)
    kernel = model.get_weights()[0]
    for row, column, unit in [(0, 0, 0), (0, 27, 3), (5, 9, 7), (27, 0, 9), (27, 27, 9)]:
        weight = kernel[28 * row + column, unit] / np.abs(kernel[:, unit]).max()
        assert pictures[unit, row, column] == pytest.approx(weight)


def test_a_filter_of_a_convolution_is_a_picture():
    model = build("cnn")

    pictures = collect_filters(model)

    assert pictures.shape == (32, 3, 3)
    check_scale(pictures)
    kernel = model.get_weights()[0]
    for unit in (0, 31):
        largest = np.abs(kernel[..., unit]).max()
        np.testing.assert_allclose(pictures[unit], kernel[:, :, 0, unit] / largest, atol=1e-6)


def sequential(*stack) -> keras.Model:
    return keras.Sequential([layers.Input((28, 28, 1)), *stack])


@pytest.mark.parametrize(
    "stack",
    [
        [layers.GlobalAveragePooling2D(), layers.Softmax()],
        [layers.AveragePooling2D(2), layers.Flatten(), layers.Dense(10)],
        [layers.Reshape((28, 28)), layers.Conv1D(4, 3)],
    ],
    ids=["no weights", "fewer pixels", "one dimension"],
)
def test_weights_that_are_no_pictures_are_left_out(stack):
    pictures = collect_filters(sequential(*stack))

    assert len(pictures) == 0
    assert pictures.ndim == 3


def test_large_filters_are_fewer():
    assert collect_filters(sequential(layers.Conv2D(64, 14))).shape == (32, 14, 14)
    assert collect_filters(sequential(layers.Conv2D(64, 28))).shape == (16, 28, 28)


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_weights_that_show_nothing_are_numbers_all_the_same(value):
    model = sequential(layers.Flatten(), layers.Dense(10))
    model.set_weights([np.full((784, 10), value), np.zeros(10)])

    pictures = collect_filters(model)

    assert np.isfinite(pictures).all()
    assert np.abs(pictures).max() <= 1


# Snapshots


def read_snapshots(run: Run) -> list[Snapshot]:
    return [read_snapshot(path) for path in list_snapshots(run)]


def test_snapshots_are_taken_before_early_and_after_each_epoch(train, calibrate):
    run = train("dense", epochs=2)

    snapshots = read_snapshots(run)
    epochs = [snapshot.epoch for snapshot in snapshots]
    assert epochs == [0, 1 / 16, 2 / 16, 4 / 16, 6 / 16, 8 / 16, 12 / 16, 1, 2]
    answers = Recogniser(run.model_file).read(load_panel().images)
    np.testing.assert_allclose(calibrate(snapshots[-1].probabilities, run), answers, atol=1e-5)
    filters = collect_filters(keras.saving.load_model(run.keras_file))
    np.testing.assert_allclose(snapshots[-1].filters, filters, atol=0.005)

    keras.utils.set_random_seed(run.config.seed)
    fresh = build_model(run.config)
    np.testing.assert_allclose(
        snapshots[0].probabilities, fresh(to_input(load_panel())[0]), atol=1e-6
    )
    for one, next_one in itertools.pairwise(snapshots):
        assert not np.array_equal(one.probabilities, next_one.probabilities)


def test_an_epoch_of_a_single_batch_has_no_beginning(train):
    run = train(training_digits=100, batch_size=128, epochs=2)

    assert [snapshot.epoch for snapshot in read_snapshots(run)] == [0, 1, 2]


def test_every_early_snapshot_is_taken_where_there_are_batches_enough(make_run):
    run = make_run(training_digits=3_200, batch_size=8)  # 400 batches, 8 between two looks

    def stop_late(row):
        if row["batch"] >= 320:
            request_stop(run)

    carry_out(run, on_row=stop_late)

    epochs = [snapshot.epoch for snapshot in read_snapshots(run)]
    assert epochs == pytest.approx([0, 0.02, 0.06, 0.1, 0.2, 0.36, 0.5, 0.76], abs=0.011)
