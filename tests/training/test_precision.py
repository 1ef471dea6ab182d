import keras
import numpy as np
import pytest

from digitlib.reading.recogniser import Recogniser
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import read_run
from digitlib.runs.lifecycle import carry_out
from digitlib.training import precision
from digitlib.training.loop import build_model

MIXED = TrainingConfig("fast", mixed_precision=True)


@pytest.fixture(params=[True, False], ids=["can", "cannot"])
def able(monkeypatch, request) -> bool:
    """Whether the processor multiplies bfloat16. All imitate it, so both can be tested anywhere."""
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: request.param)
    return request.param


def test_layers_compute_in_bfloat16_where_the_processor_can(able):
    model = build_model(MIXED)

    computes = {layer.compute_dtype for layer in model.layers if layer.weights}
    assert computes == ({"bfloat16", "float32"} if able else {"float32"})
    assert {variable.dtype for variable in model.variables if "seed" not in variable.path} == {
        "float32"
    }
    assert model.layers[-1].compute_dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_nothing_is_mixed_unless_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(precision, "multiplies_bfloat16", lambda: True)

    assert {layer.compute_dtype for layer in build_model(TrainingConfig("fast")).layers} == {
        "float32"
    }


def test_what_is_kept_of_a_mixed_training_computes_in_float32(able, train):
    run = train("fast", training_digits=1_000, epochs=2, mixed_precision=True)

    assert run.metrics["mixed_precision"] == able
    assert run.metrics["test"]["accuracy"] > 0.6
    model = keras.saving.load_model(run.keras_file)
    assert {layer.compute_dtype for layer in model.layers} == {"float32"}
    digits = np.random.default_rng(0).integers(0, 256, (40, 28, 28), np.uint8)
    answers = model.predict(digits[..., np.newaxis] / np.float32(255), verbose=0)
    shares = answers.astype(float) ** (1 / run.judgement["temperature"])
    np.testing.assert_allclose(
        Recogniser(run.model_file).read(digits),
        shares / shares.sum(axis=1, keepdims=True),
        atol=1e-4,
    )


def test_a_mixed_training_goes_on_with_the_memory_of_its_optimiser(able, make_run, train):
    first = train("fast", mixed_precision=True)
    memory = keras.saving.load_model(first.keras_file).optimizer
    assert int(memory.iterations) == 16  # 500 digits in batches of 32

    second = carry_out(make_run(network="fast", mixed_precision=True, parent=first.id))

    assert int(keras.saving.load_model(second.keras_file).optimizer.iterations) == 32
    losses = [read_run(run.folder).read_batches()["loss"].iloc[0] for run in (first, second)]
    assert losses[1] < losses[0] / 2
