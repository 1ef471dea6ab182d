"""What ships: how well each model reads, how much of it survives a bad picture, what it costs.

Measured anew, not taken from the models' cards: the share of MNIST's test digits misread, as they
are and under each of the fifteen corruptions of MNIST-C, the time of one prediction and the size of
the file. The bars are those of the app's own model.

Peer: the model ``cnn``, trained on MNIST as it is.
"""

import numpy as np

from benchmarks.recogniser import time_calls
from benchmarks.table import Row, print_table
from digitlib.data import Digits, load_mnist
from digitlib.reading.recogniser import Recogniser
from digitlib.reading.robustness import measure_corruptions
from digitlib.runs.folder import DEFAULT_MODEL, Run, list_shipped

PEER = "cnn"
ROUNDS = 5

# What is measured: unit, decimals, bar of the app's own model.
MEASURED = {
    "misread": ("%", 2, 0.26),
    "misread under corruptions, mean": ("%", 1, 4.0),
    "misread under corruptions, worst": ("%", 1, 15.0),
    "one prediction": ("µs", 0, 300),
    "file": ("MB", 2, 2.5),
}


def run() -> None:
    """Measure every shipped model and print the table."""
    test = load_mnist("test")
    found = {run.id: measure(run, test) for run in list_shipped().runs}
    print_table(
        "The models that ship",
        [
            Row(
                f"{name}: {what}",
                values[what],
                found[PEER][what] if name == DEFAULT_MODEL else [],
                unit,
                digits,
                limit=limit if name == DEFAULT_MODEL else None,
            )
            for name, values in found.items()
            for what, (unit, digits, limit) in MEASURED.items()
        ],
        f"The peer of {DEFAULT_MODEL}: {PEER}. One model each; `networks` has means over seeds.",
    )


def measure(run: Run, test: Digits) -> dict[str, list[float]]:
    """Return what is measured of a model, by ``MEASURED``."""
    recogniser = Recogniser(run.model_file)
    corrupted = 100 * (1 - np.array(list(measure_corruptions(recogniser, test).values())))
    plain = recogniser.read(test.images).argmax(axis=1) == test.labels
    times = [time_calls(recogniser.read, test.images) for _ in range(ROUNDS)]
    size = run.model_file.stat().st_size / 1e6
    values = [100 * (1 - plain.mean())], [corrupted.mean()], [corrupted.max()], times, [size]
    return dict(zip(MEASURED, values, strict=True))
