"""How long reading takes without any page around it, and whether it reads the same.

Measured: ``Recogniser`` (LiteRT) with the model ``cnn``, on MNIST's test digits: one at a time,
from uint8 pixels to ten probabilities, and all 10,000 in one call.

Peers, in a process of their own that loads Keras (``benchmarks/peer/reading.py``), with the same
network: ``model.predict``, and a call compiled by ``tf.function``.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np

from benchmarks.server import PROJECT
from benchmarks.table import Row, print_table
from digitlib.data import load_mnist
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.folder import load_run

MODEL = "cnn"
CALLS = 1_000


def run() -> None:
    """Measure ours before and after the peers, and print the table."""
    digits = load_mnist("test")
    recogniser = Recogniser(load_run(MODEL).model_file)
    singles, wholes = [], []

    def measure_ours() -> None:
        for _ in range(3):
            singles.append(time_calls(recogniser.read, digits.images))
            start = time.perf_counter()
            recogniser.read(digits.images)
            wholes.append(time.perf_counter() - start)

    measure_ours()
    peer = _measure_peer()
    measure_ours()
    accuracy = 100 * (recogniser.read(digits.images).argmax(axis=1) == digits.labels).mean()
    print_table(
        f"Reading, without a page: {MODEL}",
        [
            Row("one digit; `model.predict`", singles, peer["predict_one"], "µs", 0, limit=100),
            Row("one digit; `tf.function`", singles, peer["function_one"], "µs", 0, limit=100),
            Row("10,000 digits; `model.predict`", wholes, peer["predict_all"], "s", 2, limit=0.5),
            Row("accuracy on them", [accuracy], [peer["accuracy"]], "%"),
        ],
        f"A value for one digit is the median of {CALLS:,} calls (of `model.predict`, of 50).",
    )


def time_calls(
    read: Callable[[np.ndarray], object], images: np.ndarray, calls: int = CALLS
) -> float:
    """Return the median time of reading one digit, in microseconds.

    Args:
        read: takes uint8 (1, 28, 28).
        images: uint8 (n, 28, 28), at least as many as ``calls``.
    """
    times = []
    for place in range(calls):
        start = time.perf_counter()
        read(images[place : place + 1])
        times.append(time.perf_counter() - start)
    return 1e6 * float(np.median(times))


def _measure_peer() -> dict:
    process = subprocess.run(
        [sys.executable, "-m", "benchmarks.peer.reading"],
        cwd=PROJECT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        check=True,
    )
    return json.loads(process.stdout.splitlines()[-1])
