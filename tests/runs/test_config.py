import dataclasses
import math

import pytest

from digitlib.errors import ConfigError
from digitlib.runs.config import LIMITS, OPTIMISERS, TrainingConfig

NETWORKS = ["dense", "cnn"]


def problems_of(**settings) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        TrainingConfig(**settings).check(NETWORKS)
    assert str(caught.value) == " ".join(caught.value.problems)
    return caught.value.problems


def test_the_defaults_can_be_used():
    TrainingConfig().check(NETWORKS)


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_every_optimiser_can_be_used(optimiser):
    TrainingConfig(optimiser=optimiser).check(NETWORKS)


@pytest.mark.parametrize(("name", "limits"), LIMITS.items())
def test_the_limits_themselves_can_be_used(name, limits):
    for value in limits:
        TrainingConfig(**{name: value}).check(NETWORKS)


@pytest.mark.parametrize(("name", "limits"), LIMITS.items())
def test_what_lies_outside_the_limits_gets_a_sentence(name, limits):
    low, high = limits
    step = 1 if isinstance(low, int) else 1e-7
    label = name.replace("_", " ").capitalize()
    for value in (low - step, high + step, -high, 10 * high):
        (problem,) = problems_of(**{name: value})
        assert problem.startswith(f"{label} must be a")
        assert problem.endswith(f"not {value}.")


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize(
    "value", [math.nan, math.inf, -math.inf, "5", None, True, [5], 10**400], ids=str
)
def test_what_is_no_number_in_reach_gets_a_sentence(name, value):
    (problem,) = problems_of(**{name: value})

    assert f"must be a{' whole' if isinstance(LIMITS[name][0], int) else ''} number" in problem


@pytest.mark.parametrize("name", ["epochs", "batch_size", "training_digits", "seed"])
def test_a_count_must_be_whole(name):
    (problem,) = problems_of(**{name: 1000.0})

    assert "whole number" in problem


def test_a_rate_may_be_given_as_a_whole_number():
    TrainingConfig(learning_rate=1, dropout=0).check(NETWORKS)


@pytest.mark.parametrize("network", ["resnet", "", None, 5, ["dense"], {}, "Dense"])
def test_an_unknown_network_is_told_which_there_are(network):
    assert problems_of(network=network) == [
        f"There is no network {network!r}; choose one of cnn, dense."
    ]


@pytest.mark.parametrize("optimiser", ["lion", "", None, ["adam"]])
def test_an_unknown_optimiser_is_told_which_there_are(optimiser):
    (problem,) = problems_of(optimiser=optimiser)

    assert problem.endswith("choose one of adam, adamw, rmsprop, sgd.")


@pytest.mark.parametrize("augmentation", [1, 0, "yes", None])
def test_augmentation_is_on_or_off(augmentation):
    (problem,) = problems_of(augmentation=augmentation)

    assert problem.startswith("Augmentation is on or off")


def test_every_mistake_gets_its_sentence():
    problems = problems_of(network="resnet", epochs=0, learning_rate=2, seed=-1)

    subjects = [problem.split(" must")[0].split("; ")[0] for problem in problems]
    assert subjects == ["There is no network 'resnet'", "Epochs", "Learning rate", "Seed"]


def test_a_config_survives_its_dict():
    config = TrainingConfig("cnn", 7, 64, 0.01, "sgd", 0.4, 500, True, 3)

    assert TrainingConfig.from_dict(config.to_dict()) == config


def test_settings_left_out_take_their_default():
    assert TrainingConfig.from_dict({"epochs": 3}) == TrainingConfig(epochs=3)


def test_an_unknown_setting_is_named():
    with pytest.raises(ConfigError, match="no setting 'momentum'"):
        TrainingConfig.from_dict({"epochs": 3, "momentum": 0.9})


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainingConfig().epochs = 3
