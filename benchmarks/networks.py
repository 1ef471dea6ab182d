"""The networks of a lesson: how fast the fast one is, and how well the small one reads.

Each is trained with the settings that it brings, on several seeds, each in a process of its own:
``python -m digitlib train`` does the same. Measured is the accuracy on the test digits after the
last epoch, and the time from the call to a run folder with model and answers, building of graphs
included and imports not.

Peer: ``benchmarks/peer/convnet.py``, Keras's own example, until it first reads 99.0%.
"""

import json
import sys
import tempfile
import time
from pathlib import Path
from statistics import mean

from benchmarks.call import call
from benchmarks.table import Row, print_table

SEEDS = {"fast": 5, "tiny": 3, "vgg": 1, "resnet": 1}
MOST_MISREAD = {"fast": 1.0, "tiny": 1.0, "vgg": 0.6, "resnet": 0.6}  # percent


def run() -> None:
    """Train, and print the table."""
    peer = call("benchmarks.peer.convnet")["seconds"]
    found = {
        network: [call("benchmarks.networks", network, str(seed)) for seed in range(seeds)]
        for network, seeds in SEEDS.items()
    }
    seconds = {network: [each["seconds"] for each in runs] for network, runs in found.items()}
    misread = {
        network: [100 * (1 - each["accuracy"]) for each in runs] for network, runs in found.items()
    }
    print_table(
        "Networks, each trained as it comes",
        [
            Row("fast: from the call to the model", seconds["fast"], [peer], limit=0.1,
                of_peer=True),
            *(
                Row(f"{network}: misread, mean of seeds: {seeds}", [mean(misread[network])],
                    unit="%", limit=MOST_MISREAD[network])
                for network, seeds in SEEDS.items()
            ),
            *(
                Row(f"{network}: misread, each", misread[network], unit="%") for network in SEEDS
            ),
            Row("tiny: parameters", [found["tiny"][0]["parameters"]], unit="", digits=0,
                limit=1_900),
            Row("tiny: from the call to the model", seconds["tiny"]),
            *(
                Row(f"{network}: from the call to the model", seconds[network], limit=240)
                for network in ("vgg", "resnet")
            ),
        ],
        "The peer: Keras's mnist_convnet, until it first reads 99.0%.",
    )  # fmt: skip


def train(network: str, seed: int) -> None:
    """Train a network as it comes, and print what came of it as JSON."""
    import dataclasses

    import digitlib.training.loop  # noqa: F401, the import is not measured
    from digitlib.runs.catalogue import default_config
    from digitlib.runs.folder import create_run
    from digitlib.runs.lifecycle import carry_out

    with tempfile.TemporaryDirectory() as folder:
        config = dataclasses.replace(default_config(network), seed=seed)
        began = time.monotonic()
        trained = carry_out(create_run(config, "trained", Path(folder)))
        seconds = time.monotonic() - began
        metrics = trained.metrics
    print(
        json.dumps(
            {
                "seconds": seconds,
                "accuracy": metrics["test"]["accuracy"],
                "parameters": metrics["parameters"],
            }
        )
    )


if __name__ == "__main__":
    train(sys.argv[1], int(sys.argv[2]))
