import dataclasses
import json
import math

import pytest

from digitlib.data.augmentation import AUGMENTATION_LIMITS, GENTLE, Augmentation
from digitlib.errors import ConfigError
from digitlib.runs.config import LIMITS, OPTIMISERS, TrainingConfig
from digitlib.runs.schedule import SCHEDULES

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


@pytest.mark.parametrize(
    "name", ["epochs", "batch_size", "training_digits", "written_digits", "drawn_digits", "seed"]
)
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

    assert problem.endswith("choose one of adam, adamw, momentum, rmsprop, sgd.")


@pytest.mark.parametrize("schedule", ["one_cycle", "", None, ["constant"]])
def test_an_unknown_schedule_is_told_which_there_are(schedule):
    (problem,) = problems_of(schedule=schedule)

    assert problem.endswith("choose one of constant, cosine, one-cycle, steps.")


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_can_be_used(schedule):
    TrainingConfig(schedule=schedule).check(NETWORKS)


@pytest.mark.parametrize("augmentation", [1, 0, "yes", None, True])
def test_augmentation_has_settings_of_its_own(augmentation):
    (problem,) = problems_of(augmentation=augmentation)

    assert problem.startswith("Augmentation has settings of its own")


@pytest.mark.parametrize(("name", "limits"), AUGMENTATION_LIMITS.items())
def test_augmentation_stays_within_its_limits(name, limits):
    for value in limits:
        TrainingConfig(augmentation=Augmentation(**{name: value})).check(NETWORKS)
    for value in (limits[0] - 0.1, limits[1] + 0.1, "far"):
        (problem,) = problems_of(augmentation=Augmentation(**{name: value}))
        assert problem.startswith(f"{name.capitalize()} must be a number from")


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (True, GENTLE),
        (False, Augmentation()),
        ({"rotation": 5, "disguise": 0.2}, Augmentation(rotation=5, disguise=0.2)),
        (GENTLE, GENTLE),
    ],
)
def test_augmentation_may_be_given_in_several_ways(given, meant):
    assert TrainingConfig.from_dict({"augmentation": given}).augmentation == meant


@pytest.mark.parametrize(
    ("given", "problem"),
    [({"turn": 5}, "There is no setting 'turn'."), ("gentle", "Augmentation has settings of its")],
)
def test_augmentation_that_is_not_understood_gets_a_sentence(given, problem):
    with pytest.raises(ConfigError, match=problem):
        TrainingConfig.from_dict({"augmentation": given})


@pytest.mark.parametrize("value", [1, 0, None, "yes"])
def test_precision_is_mixed_or_not(value):
    with pytest.raises(ConfigError, match="Mixed precision is true or false, not"):
        TrainingConfig(mixed_precision=value).check(["dense"])


def test_a_run_from_before_there_was_weight_decay_keeps_that_of_keras():
    assert TrainingConfig.from_dict({"optimiser": "adamw"}).weight_decay == 0.004
    assert TrainingConfig.from_dict({"optimiser": "adam"}).weight_decay == 0


def test_every_mistake_gets_its_sentence():
    problems = problems_of(network="resnet", epochs=0, learning_rate=2, seed=-1)

    subjects = [problem.split(" must")[0].split("; ")[0] for problem in problems]
    assert subjects == ["There is no network 'resnet'", "Epochs", "Learning rate", "Seed"]


def test_a_config_survives_its_dict():
    config = TrainingConfig(
        "cnn", 7, 64, 0.01, "cosine", "sgd", 0.1, 0.4, 0.05, 0.99, 500, 200, 300, GENTLE, 2, 3, "up"
    )

    assert TrainingConfig.from_dict(json.loads(json.dumps(config.to_dict()))) == config


def test_settings_left_out_take_their_default():
    assert TrainingConfig.from_dict({"epochs": 3}) == TrainingConfig(epochs=3)


def test_an_unknown_setting_is_named():
    with pytest.raises(ConfigError, match="no setting 'momentum'"):
        TrainingConfig.from_dict({"epochs": 3, "momentum": 0.9})


def test_a_config_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        TrainingConfig().epochs = 3
