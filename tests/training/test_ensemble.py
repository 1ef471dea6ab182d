import errno
import shutil

import keras
import numpy as np
import pytest

from digitlib.errors import ConfigError, ModelError
from digitlib.reading.layers import LayerReader
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.folder import FULL_DISK, MODELS_FOLDER, load_run, read_run
from digitlib.training import ensemble
from digitlib.training.ensemble import combine
from digitlib.training.export import to_litert

SHIPPED = [read_run(MODELS_FOLDER / name) for name in ("cnn", "dense")]


def test_an_ensemble_answers_with_the_mean_of_its_members(runs, test_digits, test_input, calibrate):
    made = combine(SHIPPED, "both")

    run = load_run("both")
    assert run.status == made.status
    assert (run.status.state, run.readable, run.can_go_on) == ("done", True, False)
    assert run.config.members == ("cnn", "dense")
    assert run.metrics["parameters"] == sum(each.metrics["parameters"] for each in SHIPPED)
    models = [keras.saving.load_model(each.keras_file) for each in SHIPPED]
    mean = np.mean([each.predict(test_input, verbose=0) for each in models], axis=0)
    expected = calibrate(mean, run)
    np.testing.assert_allclose(run.read_test_probabilities()[:1_000], expected, atol=1e-5)
    probabilities, scores = Recogniser(run.model_file).read_scored(test_digits.images[:1_000])
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)
    assert (scores >= 0).mean() == pytest.approx(0.95, abs=0.02)
    # It is judged by what both see.
    assert len(run.judgement["weights"]) == 128 + 128 + 10


def test_what_members_find_at_one_depth_is_one_layer_if_it_is_of_one_size(tmp_path):
    def look(filters: list[int], size: int) -> keras.Model:
        digit = keras.Input((28, 28, 1))
        x = digit
        for count in filters:
            x = keras.layers.Conv2D(count, size, activation="relu")(x)
        found = keras.layers.GlobalAveragePooling2D()(x)
        return keras.Model(digit, keras.layers.Dense(10, activation="softmax")(found))

    members = [look([3, 5], 3), look([4], 3), look([2, 6], 5)]
    digit = keras.Input((28, 28, 1))
    mean = keras.layers.Average()([member(digit) for member in members])
    model_file = tmp_path / "model.tflite"
    model_file.write_bytes(to_litert(keras.Model(digit, mean)))
    picture = np.random.default_rng(0).integers(0, 256, (1, 28, 28), np.uint8)

    maps = LayerReader(model_file).read(picture).maps

    assert sorted(each.shape[1:] for each in maps) == [
        (20, 20, 6), (24, 24, 2), (24, 24, 5), (26, 26, 3 + 4)
    ]  # fmt: skip
    first = np.concatenate(
        [member.layers[1](picture[..., np.newaxis] / np.float32(255)) for member in members[:2]],
        axis=-1,
    )
    joined = next(each for each in maps if each.shape[1:] == (26, 26, 7))
    # LiteRT may have the members in another order.
    np.testing.assert_allclose(
        np.sort(joined.sum(axis=(0, 1, 2))), np.sort(first.sum(axis=(0, 1, 2))), rtol=1e-4
    )


@pytest.mark.parametrize("members", [[], SHIPPED[:1], SHIPPED[:1] * 2, SHIPPED * 3])
def test_an_ensemble_has_two_to_five_members_each_another(runs, members):
    with pytest.raises(ConfigError, match="2 to 5 members, each another run"):
        combine(members)
    assert not runs.exists()


def test_a_member_without_weights_is_named(runs):
    both = combine(SHIPPED, "both")

    with pytest.raises(ModelError, match=r"both has no model\.keras that can be loaded"):
        combine([both, SHIPPED[0]])


def test_an_ensemble_that_cannot_be_made_says_so_in_its_folder(runs, monkeypatch):
    def fail(run, parameters):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(ensemble, "measure_run", fail)
    with pytest.raises(OSError, match="No space"):
        combine(SHIPPED, "both")

    status = load_run("both").status
    assert (status.state, status.message) == ("failed", FULL_DISK)


def test_a_damaged_member_is_named(runs):
    shutil.copytree(SHIPPED[1].folder, runs / "mine")
    (runs / "mine" / "model.keras").write_bytes(b"PK")

    with pytest.raises(ModelError, match=r"mine has no model\.keras that can be loaded"):
        combine([SHIPPED[0], load_run("mine")])
