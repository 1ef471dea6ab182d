"""How much one server gives: settings of whoever runs it, not of whoever visits it."""

import os
import sys
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from digitlib.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SECRETS_FILE = Path(__file__).resolve().parents[2] / ".streamlit" / "secrets.toml"
PREFIX = "DIGITLIB_MAX_"


@dataclass(frozen=True)
class Limits:
    """What a server allows. Each has an environment variable: ``DIGITLIB_MAX_QUEUED`` and so on.

    Attributes:
        queued: runs that wait, in all.
        queued_per_visitor: runs that wait or train, of one visitor.
        epochs: of one training.
        training_seconds: of one training; it is then stopped and keeps what it has learnt.
        runs_megabytes: that the folder for runs may take before no new run begins.
        idle_seconds: that the processes that train stay without work.
    """

    queued: int = 60
    queued_per_visitor: int = 3
    epochs: int = 100
    training_seconds: int = 3_600
    runs_megabytes: int = 5_000
    idle_seconds: int = 600


def read_limits() -> Limits:
    """Read the limits from the environment, else from ``.streamlit/secrets.toml``.

    Raises:
        ConfigError: a value is no whole number from 1 up, or the file cannot be read.
    """
    secrets = _read_secrets()
    values, problems = {}, []
    for field in fields(Limits):
        name = PREFIX + field.name.upper()
        given = os.environ.get(name, secrets.get(name, field.default))
        try:
            values[field.name] = _parse(given)
        except ValueError:
            problems.append(f"{name} must be a whole number from 1 up, not {given!r}.")
    if problems:
        raise ConfigError(problems)
    return Limits(**values)


def read_collecting() -> bool:
    """Read whether visitors' drawings may be kept for the class: ``DIGITLIB_COLLECT``, else on.

    Raises:
        ConfigError: the value is neither on nor off, or the file cannot be read.
    """
    name = "DIGITLIB_COLLECT"
    given = os.environ.get(name) or _read_secrets().get(name, "on")
    words = {"on": True, "true": True, "off": False, "false": False}  # as TOML says it, too
    if str(given).lower() not in words:
        raise ConfigError([f"{name} must be on or off, not {given!r}."])
    return words[str(given).lower()]


def _parse(given: Any) -> int:
    value = int(str(given).replace("_", ""))
    if value < 1:
        raise ValueError(given)
    return value


def _read_secrets() -> dict[str, Any]:
    try:
        return tomllib.loads(SECRETS_FILE.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise ConfigError([f"{SECRETS_FILE} cannot be read: {error}."]) from error
