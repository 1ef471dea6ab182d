import keras
import numpy as np
import pytest

from digitlib.data import load_mnist
from digitlib.data.augmentation import STRONG, UNCHANGED
from digitlib.runs.folder import request_stop
from digitlib.runs.lifecycle import carry_out
from digitlib.training.batch_norm import BatchNormSettler
from digitlib.training.digits import to_input
from digitlib.training.networks import NETWORKS

SOME = load_mnist("training").take(slice(500))


def find_batch_norm(model: keras.Model) -> keras.layers.BatchNormalization:
    """Return the first one of a model."""
    return next(each for each in model.layers if hasattr(each, "moving_mean"))


def measure_input(model: keras.Model, layer: keras.Layer) -> np.ndarray:
    """Return what goes into a layer for the digits, a row for each place."""
    before = keras.Model(model.inputs, layer.input)
    found = before.predict(to_input(SOME)[0], verbose=0)
    return found.reshape(-1, found.shape[-1])


@pytest.mark.parametrize(
    ("settings", "settled"),
    [
        ({"augmentation": STRONG}, True),
        ({"weight_average": 0.9}, True),
        ({"augmentation": UNCHANGED}, False),
    ],
    ids=["augmented", "averaged", "plain"],
)
def test_a_network_ends_with_the_means_of_digits_as_they_are(train, settings, settled):
    run = train("fast", epochs=2, training_digits=500, learning_rate=0.01, **settings)

    model = keras.saving.load_model(run.keras_file)
    layer = find_batch_norm(model)
    seen = measure_input(model, layer)
    near = {"rtol": 0.01, "atol": 1e-3} if settled else {"rtol": 1e-6}
    as_they_are = np.allclose(layer.moving_mean, seen.mean(axis=0), **near) and np.allclose(
        layer.moving_variance, seen.var(axis=0), **near
    )
    assert as_they_are == settled


def test_a_training_that_is_stopped_is_settled_too(make_run):
    run = make_run(network="fast", augmentation=STRONG, weight_average=0.9, epochs=3)

    stopped = carry_out(run, on_row=lambda row: request_stop(run))

    assert stopped.status.state == "stopped"
    model = keras.saving.load_model(run.keras_file)
    seen = measure_input(model, find_batch_norm(model))
    mean = np.asarray(find_batch_norm(model).moving_mean)
    np.testing.assert_allclose(mean, seen.mean(axis=0), rtol=0.01, atol=1e-3)


def test_it_goes_on_as_before_when_it_has_measured():
    model = NETWORKS["fast"].build(NETWORKS["fast"].defaults)
    settler = BatchNormSettler(SOME)
    settler.set_model(model)
    usual = find_batch_norm(model).momentum
    weights = [np.array(each) for each in model.trainable_variables]

    settler.settle()

    assert find_batch_norm(model).momentum == usual > 0
    for before, after in zip(weights, model.trainable_variables, strict=True):
        np.testing.assert_array_equal(before, after)


def test_a_network_without_batch_norm_has_nothing_to_settle():
    model = NETWORKS["cnn"].build(NETWORKS["cnn"].defaults)
    weights = model.get_weights()
    settler = BatchNormSettler(SOME)
    settler.set_model(model)

    settler.settle()

    for before, after in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)
