"""What can be asked of a training, and the limits of each setting."""

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

from digitlib.errors import ConfigError

OPTIMISERS = ("adam", "adamw", "rmsprop", "sgd")

# setting -> smallest and largest value
LIMITS = {
    "epochs": (1, 100),
    "batch_size": (8, 1024),
    "learning_rate": (1e-6, 1.0),
    "dropout": (0.0, 0.9),
    "training_digits": (100, 55_000),
    "seed": (0, 2**31 - 1),
}


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides how a training goes.

    Attributes:
        network: the name of a network in ``digitlib.training.networks``.
        epochs: how often each training digit is seen, 1 to 100.
        batch_size: digits per step, 8 to 1024.
        learning_rate: of the optimiser, 1e-6 to 1.
        optimiser: one of ``OPTIMISERS``.
        dropout: share of units silenced before the last layer, 0 to 0.9; networks without a
            dropout layer take no notice of it.
        training_digits: how many of the 55,000 to train on, the first of a fixed order.
        augmentation: whether digits are turned, moved and scaled a little, anew in each epoch.
        seed: of the weights, of the order of the digits, of dropout and of augmentation.
        parent: the run whose weights it goes on from; empty for fresh ones.
    """

    network: str = "dense"
    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 1e-3
    optimiser: str = "adam"
    dropout: float = 0.2
    training_digits: int = 55_000
    augmentation: bool = False
    seed: int = 0
    parent: str = ""

    def check(self, networks: list[str]) -> None:
        """Raise ConfigError, with a sentence per mistake, unless every setting can be used.

        Args:
            networks: the names of the networks there are.
        """
        problems = []
        if not isinstance(self.network, str) or self.network not in networks:
            problems.append(
                f"There is no network {self.network!r}; choose one of {_listed(networks)}."
            )
        if self.optimiser not in OPTIMISERS:
            problems.append(
                f"There is no optimiser {self.optimiser!r}; choose one of {_listed(OPTIMISERS)}."
            )
        if not isinstance(self.augmentation, bool):
            problems.append(f"Augmentation is on or off (true or false), not {self.augmentation}.")
        if not isinstance(self.parent, str) or not re.fullmatch(r"[a-z0-9_-]{0,64}", self.parent):
            problems.append(f"There can be no run {self.parent!r} to go on from.")
        for name, limits in LIMITS.items():
            problems += _check_number(name, getattr(self, name), *limits)
        if problems:
            raise ConfigError(problems)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> "TrainingConfig":
        """Make a config of settings by name; those left out take their default.

        Raises:
            ConfigError: a name is not that of a setting.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        unknown = [name for name in settings if name not in known]
        if unknown:
            raise ConfigError([f"There is no setting {name!r}." for name in unknown])
        return cls(**settings)


def _check_number(name: str, value: Any, low: float, high: float) -> list[str]:
    label = name.replace("_", " ").capitalize()
    whole = isinstance(low, int)
    kind = "a whole number" if whole else "a number"
    number = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    if number and low <= value <= high:
        return []
    return [f"{label} must be {kind} from {_shown(low)} to {_shown(high)}, not {value}."]


def _shown(limit: float) -> str:
    return f"{limit:,}" if isinstance(limit, int) else f"{limit:g}"


def _listed(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(sorted(names))
