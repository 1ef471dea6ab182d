"""The command that repeats a training."""

import dataclasses
import shlex

from digitlib.data.augmentation import PRESETS, Augmentation
from digitlib.runs.config import TrainingConfig


def format_command(config: TrainingConfig, defaults: TrainingConfig) -> str:
    """Return what to type to train the same again.

    Args:
        config: of the training.
        defaults: those of its network, which need not be said.

    Example: ``python -m digitlib train --network dense --epochs 3``.
    """
    words = ["python", "-m", "digitlib"]
    if config.members:
        return shlex.join([*words, "ensemble", *config.members])
    words += ["train", "--continue", config.parent] if config.parent else ["train"]
    if not config.parent:
        words += ["--network", config.network]
    for field in dataclasses.fields(config):
        value = getattr(config, field.name)
        option = field.name.replace("_", "-")
        if field.name in ("network", "parent") or value == getattr(defaults, field.name):
            continue
        if isinstance(value, bool):
            words.append(f"--{option}" if value else f"--no-{option}")
        else:
            words += [f"--{option}", _format(value)]
    if config.drawn_digits:
        words += ["--drawings", "drawings.npz"]  # which lies in the run's folder
    return shlex.join(words)


def _format(value) -> str:
    if not isinstance(value, Augmentation):
        return str(value)
    named = [name for name, preset in PRESETS.items() if preset == value]
    changed = {key: number for key, number in vars(value).items() if number}
    return named[0] if named else ",".join(f"{key}={number:g}" for key, number in changed.items())
