"""What can be asked of a training, and the limits of each setting."""

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

from digitlib.data import FILED_DIGITS, TRAINING_DIGITS
from digitlib.data.augmentation import AUGMENTATION_LIMITS, GENTLE, UNCHANGED, Augmentation
from digitlib.errors import ConfigError
from digitlib.runs.schedule import SCHEDULES

OPTIMISERS = ("adam", "adamw", "momentum", "rmsprop", "sgd")

# setting -> smallest and largest value
LIMITS = {
    "epochs": (1, 100),
    "batch_size": (8, 1024),
    "learning_rate": (1e-6, 1.0),
    "weight_decay": (0.0, 0.5),
    "dropout": (0.0, 0.9),
    "label_smoothing": (0.0, 0.3),
    "weight_average": (0.0, 0.9999),
    "training_digits": (100, 55_000),
    "written_digits": (0, 55_000),
    "drawn_digits": (0, 55_000),
    "plain_epochs": (0, 100),
    "folds": (0, 10),
    "seed": (0, 2**31 - 1),
}


@dataclass(frozen=True)
class TrainingConfig:
    """Everything that decides how a training goes.

    Attributes:
        network: the name of a network in ``digitlib.training.networks``.
        epochs: how often each training digit is seen, 1 to 100.
        batch_size: digits per step, 8 to 1024.
        learning_rate: the largest of the schedule, 1e-6 to 1.
        schedule: how the learning rate goes, one of ``SCHEDULES``.
        optimiser: one of ``OPTIMISERS``; ``momentum`` is ``sgd`` with Nesterov's momentum of 0.9.
        weight_decay: by which share of the learning rate the weights shrink at each step, 0 to 0.5.
        dropout: share of units silenced before the last layer, 0 to 0.9; networks without a
            dropout layer take no notice of it.
        label_smoothing: share of the truth that is spread over all ten digits, 0 to 0.3.
        weight_average: how much of their mean so far the averaged weights keep at each step, 0 to
            0.9999; with 0 the weights are not averaged. The averaged ones are what is kept.
        training_digits: how many of the 55,000 to train on, the first of a fixed order.
        written_digits: how many are added that a simulated pen writes, 0 to 55,000; see
            ``digitlib.data.pen`` and ``digitlib.vision.written``.
        drawn_digits: how many are added of the drawings that are kept with the run, 0 to 55,000:
            of 40 drawings, 1,000 are each of them 25 times.
        augmentation: how far the digits are changed, anew in each epoch.
        plain_epochs: how many of the last epochs go with digits nearly as they are, 0 to 100; see
            ``Augmentation.make_plain``. A network that ends on them reads MNIST's own better, and
            keeps most of what the others taught it.
        mixed_precision: whether it multiplies in bfloat16, of 8 bits, and keeps its weights in
            float32, where the processor can: large networks learn twice as fast there.
        seed: of the weights, of the order of the digits, of dropout and of augmentation.
        parent: the run whose weights it goes on from; empty for fresh ones.
        members: the runs whose answers are averaged, of a network ``ensemble`` that is combined of
            others and not trained itself.
        folds: into how many parts the digits are divided to be cross-validated, 2 to 10: for each
            part a fresh network learns from the others and reads it. No model comes of it, but an
            answer for every digit by a network that has not learnt from it. 0 for a training.
    """

    network: str = "dense"
    epochs: int = 5
    batch_size: int = 32
    learning_rate: float = 1e-3
    schedule: str = "constant"
    optimiser: str = "adam"
    weight_decay: float = 0.0
    dropout: float = 0.2
    label_smoothing: float = 0.0
    weight_average: float = 0.0
    training_digits: int = 55_000
    written_digits: int = 0
    drawn_digits: int = 0
    augmentation: Augmentation = UNCHANGED
    plain_epochs: int = 0
    mixed_precision: bool = False
    seed: int = 0
    parent: str = ""
    members: tuple[str, ...] = ()
    folds: int = 0

    @property
    def digits_per_epoch(self) -> int:
        """How many digits an epoch has; of a cross-validation, at least."""
        digits = self.training_digits
        if self.folds:
            digits = self.cross_validated_digits * (self.folds - 1) // self.folds
        return digits + self.written_digits + self.drawn_digits

    @property
    def all_epochs(self) -> int:
        """How many epochs there will be, those of all folds."""
        return self.epochs * max(1, self.folds)

    @property
    def cross_validated_digits(self) -> int:
        """How many digits are divided into folds: the first of MNIST's training file.

        All 60,000 are where all 55,000 may be trained on: none is set aside to validate on, as each
        fold is what its network is validated on.
        """
        return FILED_DIGITS if self.training_digits == TRAINING_DIGITS else self.training_digits

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
        if self.schedule not in tuple(SCHEDULES):
            problems.append(
                f"There is no schedule {self.schedule!r}; choose one of {_listed(SCHEDULES)}."
            )
        if isinstance(self.augmentation, Augmentation):
            for name, limits in AUGMENTATION_LIMITS.items():
                problems += _check_number(name, getattr(self.augmentation, name), *limits)
        else:
            problems.append(
                f"Augmentation has settings of its own, and is not {self.augmentation}."
            )
        for name in (self.parent, *self.members):
            if not isinstance(name, str) or not re.fullmatch(r"[a-z0-9_-]{0,64}", name):
                problems.append(f"There can be no run {name!r} to go on from.")
        if not isinstance(self.mixed_precision, bool):
            problems.append(f"Mixed precision is true or false, not {self.mixed_precision}.")
        for name, limits in LIMITS.items():
            problems += _check_number(name, getattr(self, name), *limits)
        if self.folds == 1 and self.folds is not True:
            problems.append("Folds must be 2 to 10, or 0 for a training that makes a model.")
        if self.folds and (self.parent or self.members or self.drawn_digits):
            problems.append(
                "A cross-validation has fresh networks that learn from MNIST alone: it goes on "
                "from no run and learns from no drawings."
            )
        if problems:
            raise ConfigError(problems)

    def to_dict(self) -> dict[str, Any]:
        return dataclasses.asdict(self)

    @classmethod
    def from_dict(cls, settings: dict[str, Any]) -> "TrainingConfig":
        """Make a config of settings by name; those left out take their default.

        The augmentation may be given by its settings, or as true for a gentle one, false for none.

        Raises:
            ConfigError: a name is not that of a setting.
        """
        _check_names(cls, settings)
        if "weight_decay" not in settings and settings.get("optimiser") == "adamw":
            settings = settings | {"weight_decay": 0.004}  # Keras's, before there was the setting
        augmentation = settings.get("augmentation", False)
        if isinstance(augmentation, dict):
            _check_names(Augmentation, augmentation)
            augmentation = Augmentation(**augmentation)
        elif isinstance(augmentation, bool):
            augmentation = GENTLE if augmentation else UNCHANGED
        elif not isinstance(augmentation, Augmentation):
            raise ConfigError([f"Augmentation has settings of its own, and is not {augmentation}."])
        members = tuple(settings.get("members", ()))
        return cls(**settings | {"augmentation": augmentation, "members": members})


def _check_names(kind: type, settings: dict[str, Any]) -> None:
    known = [field.name for field in dataclasses.fields(kind)]
    unknown = [name for name in settings if name not in known]
    if unknown:
        raise ConfigError([f"There is no setting {name!r}." for name in unknown])


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
