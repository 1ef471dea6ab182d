import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from digitlib.runs import catalogue
from digitlib.training.describe import describe
from digitlib.training.networks import NETWORKS

PROJECT = catalogue.PROJECT


@pytest.mark.parametrize("name", NETWORKS)
def test_a_network_turns_digits_into_ten_probabilities(name):
    entry = NETWORKS[name]

    model = entry.build(entry.defaults)

    assert model.input_shape == (None, 28, 28, 1)
    probabilities = np.asarray(model(np.random.default_rng(0).random((3, 28, 28, 1), np.float32)))
    assert probabilities.shape == (3, 10)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert entry.defaults.network == name
    assert entry.summary.endswith(".")


def test_the_parameter_counts_are_those_on_paper():
    counts = {name: entry.build(entry.defaults).count_params() for name, entry in NETWORKS.items()}

    assert (counts["softmax"], counts["dense"], counts["cnn"]) == (7_850, 101_770, 225_034)


def test_the_shipped_description_is_true():
    # If this fails: python -m digitlib.training.describe --write
    assert json.loads(json.dumps(describe())) == json.loads(
        catalogue.SHIPPED_DESCRIPTION.read_text()
    )


NEW_NETWORK = '''

@network(epochs=2)
def LeNet5(config: TrainingConfig) -> keras.Model:
    """Added by a student."""
    return keras.Sequential([layers.Input(INPUT_SHAPE), layers.Flatten(), layers.Dense(10)])
'''

DESCRIBE = """
import json, sys
from digitlib.runs.catalogue import describe_networks
networks = describe_networks()
assert "tensorflow" not in sys.modules
print(json.dumps({name: network.parameters for name, network in networks.items()}))
"""


def test_a_changed_networks_file_is_described_anew_and_only_once(tmp_path):
    copy = tmp_path / "project"
    shutil.copytree(
        PROJECT / "digitlib", copy / "digitlib", ignore=shutil.ignore_patterns("*.npz", "ui")
    )
    source = copy / "digitlib" / "training" / "networks.py"
    source.write_text(source.read_text() + NEW_NETWORK)
    environment = os.environ | {"DIGITLIB_RUNS": str(tmp_path / "runs"), "PYTHONPATH": str(copy)}

    def describe_in_a_process() -> dict[str, int]:
        process = subprocess.run(
            [sys.executable, "-c", DESCRIBE],
            cwd=copy, env=environment, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return json.loads(process.stdout)

    first = describe_in_a_process()
    kept = tmp_path / "runs" / ".networks.json"
    written = kept.stat().st_mtime_ns
    second = describe_in_a_process()

    assert first == second
    assert list(first) == [*NETWORKS, "LeNet5"]
    assert first["LeNet5"] == 7_850
    assert kept.stat().st_mtime_ns == written
    assert Path(copy / "digitlib" / "runs" / "networks.json").read_bytes() == (
        catalogue.SHIPPED_DESCRIPTION.read_bytes()
    )
