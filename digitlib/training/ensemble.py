"""Several trained networks as one, which answers with the mean of their probabilities."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import keras

from digitlib.errors import ConfigError
from digitlib.runs.folder import Run, change_state, create_run
from digitlib.runs.lifecycle import explain_failure
from digitlib.training.export import load_model, save_judged
from digitlib.training.loop import measure_run

MOST_MEMBERS = 5


def combine(members: Sequence[Run], name: str | None = None, folder: Path | None = None) -> Run:
    """Make a run whose ``model.tflite`` answers with the mean of several others.

    Which ones they are is for the caller to fix before anything is measured: picked by their
    accuracy on the test digits, they would seem better than they are.

    Args:
        members: runs with a ``model.keras``, two to ``MOST_MEMBERS``.
        name, folder: as in ``create_run``.

    Raises:
        ConfigError: there are too few members or too many, or one is named twice.
        ModelError: one of them has no model.keras that can be loaded.
        RunError: the run cannot be made.
    """
    names = [member.id for member in members]
    if not 2 <= len(set(names)) == len(names) <= MOST_MEMBERS:
        raise ConfigError([f"An ensemble has 2 to {MOST_MEMBERS} members, each another run."])
    models = [_load(member) for member in members]
    digit = keras.Input((28, 28, 1))
    mean = keras.layers.Average()([model(digit) for model in models])
    config = dataclasses.replace(
        members[0].config, network="ensemble", members=tuple(names), parent=""
    )
    run = change_state(create_run(config, name, folder), "running")
    try:
        save_judged(keras.Model(digit, mean), run)
        measure_run(run, sum(model.count_params() for model in models))
    except Exception as error:
        change_state(run, "failed", explain_failure(error))
        raise
    return change_state(run, "done")


def _load(member: Run) -> keras.Model:
    model = load_model(member)
    model.name = member.id  # parts of one model must not share a name
    return model
