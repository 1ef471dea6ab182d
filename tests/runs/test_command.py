import dataclasses
import shlex
from pathlib import Path

import pytest

from digitlib.cli import commands, train
from digitlib.data.augmentation import GENTLE, Augmentation
from digitlib.runs.catalogue import default_config
from digitlib.runs.command import format_command
from digitlib.runs.config import TrainingConfig

CONFIG = default_config("dense")


def test_the_settings_of_a_network_need_not_be_said():
    command = format_command(CONFIG, CONFIG)

    assert command == "python -m digitlib train --network dense"


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epochs": 3, "learning_rate": 0.01}, "--epochs 3 --learning-rate 0.01"),
        ({"written_digits": 500}, "--written-digits 500"),
        ({"drawn_digits": 900}, "--drawn-digits 900 --drawings drawings.npz"),
        ({"augmentation": GENTLE}, "--augmentation gentle"),
        ({"augmentation": Augmentation(shift=1, shear=0.2)}, "--augmentation shift=1,shear=0.2"),
        ({"schedule": "one-cycle", "weight_average": 0.99},
         "--schedule one-cycle --weight-average 0.99"),
    ],
)  # fmt: skip
def test_settings_of_ones_own_are_said(settings, words):
    config = dataclasses.replace(CONFIG, **settings)

    command = format_command(config, CONFIG)

    assert command == f"python -m digitlib train --network dense {words}"


def test_what_is_on_or_off_is_a_switch():
    on = dataclasses.replace(CONFIG, mixed_precision=True)

    assert format_command(on, CONFIG).endswith("--network dense --mixed-precision")
    assert format_command(CONFIG, on).endswith("--network dense --no-mixed-precision")


def test_a_run_that_goes_on_names_its_parent():
    config = dataclasses.replace(CONFIG, parent="first", epochs=2)

    command = format_command(config, CONFIG)

    assert command == "python -m digitlib train --continue first --epochs 2"


def test_an_ensemble_names_its_members():
    config = TrainingConfig("ensemble", members=("one", "two"))

    assert format_command(config, config) == ("python -m digitlib ensemble one two")


def test_the_terminal_understands_every_command():
    every = TrainingConfig(
        "dense", 7, 64, 0.01, "cosine", "sgd", 0.1, 0.4, 0.05, 0.99, 500, 200, 300, GENTLE, 2,
        True, 3, folds=4,
    )  # fmt: skip

    words = shlex.split(format_command(every, CONFIG))[4:]

    parsed = train.make_context("train", words).params
    for field in dataclasses.fields(TrainingConfig):
        if field.name not in ("parent", "members"):
            assert parsed[field.name] == getattr(every, field.name)
    assert parsed["drawings"] == Path("drawings.npz")
    assert "ensemble" in commands.commands
