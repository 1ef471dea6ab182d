"""The networks that can be trained, as a page can show them without loading TensorFlow.

The networks themselves are Keras code in ``digitlib/training/networks.py``. What a page shows of
them, their layers, sizes and defaults, is read from ``networks.json`` beside this module, which
``python -m digitlib.training.describe`` writes. After a change to networks.py the description is
made again, once, by a process of its own, and kept beside the runs.
"""

import hashlib
import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from digitlib.errors import ConfigError, EngineError
from digitlib.runs.config import TrainingConfig
from digitlib.runs.files import read_json, write_json
from digitlib.runs.folder import runs_folder

PROJECT = Path(__file__).resolve().parents[2]
NETWORKS_SOURCE = PROJECT / "digitlib" / "training" / "networks.py"
SHIPPED_DESCRIPTION = Path(__file__).with_name("networks.json")


@dataclass(frozen=True)
class Layer:
    """One layer of a network.

    Attributes:
        name: the class of the Keras layer, such as ``Conv2D``.
        settings: what was set, such as ``32 filters 3x3, relu``; may be empty.
        output_shape: of one digit, such as ``(26, 26, 32)``.
        parameters: how many numbers it learns.
    """

    name: str
    settings: str
    output_shape: tuple[int, ...]
    parameters: int


@dataclass(frozen=True)
class NetworkDescription:
    """What a person wants to know of a network before training it.

    Attributes:
        name: as in TrainingConfig.
        summary: one sentence.
        defaults: the settings that suit it.
        layers: from the picture to the ten probabilities.
        uses_dropout: whether the setting ``dropout`` changes it.
    """

    name: str
    summary: str
    defaults: TrainingConfig
    layers: tuple[Layer, ...]
    uses_dropout: bool

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)


def describe_networks() -> dict[str, NetworkDescription]:
    """Return every network there is, by name, in the order of networks.py.

    Raises:
        EngineError: networks.py has changed and cannot be loaded.
    """
    stamp = hash_source(NETWORKS_SOURCE.read_bytes())
    kept = runs_folder() / ".networks.json"
    for path in (SHIPPED_DESCRIPTION, kept):
        description = _read_description(path)
        if description is not None and description["source"] == stamp:
            break
    else:
        description = _describe_in_new_process()
        _keep(kept, description)
    return {entry["name"]: _parse(entry) for entry in description["networks"]}


def default_config(network: str) -> TrainingConfig:
    """Return the settings that suit a network.

    Raises:
        ConfigError: there is no such network.
    """
    networks = describe_networks()
    if network not in networks:
        TrainingConfig(network=network).check(list(networks))
    return networks[network].defaults


def check_config(config: TrainingConfig) -> None:
    """Raise ConfigError, with a sentence per mistake, unless the config can be trained."""
    config.check(list(describe_networks()))


def hash_source(source: bytes) -> str:
    """Return the SHA-256 sum of a source file, the same whatever ends its lines."""
    return hashlib.sha256(source.replace(b"\r\n", b"\n")).hexdigest()


def _read_description(path: Path) -> dict | None:
    try:
        description = read_json(path)
    except (OSError, ValueError):
        return None  # missing or torn: it is made again
    return description if {"source", "networks"} <= description.keys() else None


def _describe_in_new_process() -> dict:
    process = subprocess.run(
        [sys.executable, "-m", "digitlib.training.describe"],
        cwd=PROJECT,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    if process.returncode != 0:
        reason = (process.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise EngineError(f"{NETWORKS_SOURCE.name} cannot be loaded: {reason}")
    return json.loads(process.stdout)


def _keep(path: Path, description: dict) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, description)
    except OSError:
        pass  # only a cache: where it cannot be kept it is made again next time


def _parse(entry: dict) -> NetworkDescription:
    layers = tuple(
        Layer(layer["name"], layer["settings"], tuple(layer["output_shape"]), layer["parameters"])
        for layer in entry["layers"]
    )
    try:
        defaults = TrainingConfig.from_dict(entry["defaults"])
    except ConfigError as error:
        raise EngineError(f"The network {entry['name']} has defaults of no use: {error}") from error
    return NetworkDescription(
        entry["name"], entry["summary"], defaults, layers, entry["uses_dropout"]
    )
