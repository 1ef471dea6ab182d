"""The best readers: champions of five seeds, fixed beforehand, and the five as one.

Two to four hours, and only when it is named. The runs are kept in the runs folder as champion-0 to
champion-4: those that are there are measured as they are, one that was broken off goes on. Measured
are the share of MNIST's test digits misread after the last epoch, and the time of a training, which
tells something only if the machine did nothing else.
"""

import contextlib
import dataclasses
from statistics import mean

from benchmarks.table import Row, print_table
from digitlib.errors import RunError
from digitlib.runs.catalogue import default_config
from digitlib.runs.folder import Run, create_run, load_run
from digitlib.runs.lifecycle import carry_out

NETWORK = "champion"
SEEDS = range(5)
MEAN_OF = 3
ENSEMBLE = f"{NETWORK}-ensemble"


def run() -> None:
    """Train what is not trained yet and print the table."""
    from digitlib.training.ensemble import combine

    champions = [carry_out(find_run(seed)) for seed in SEEDS]
    try:
        ensemble = load_run(ENSEMBLE)
    except RunError:
        ensemble = combine(champions, ENSEMBLE)
    misread = [find_misread(each) for each in champions]
    minutes = [each.metrics["training_seconds"] / 60 for each in champions]
    print_table(
        "The best readers",
        [
            Row(f"champion: misread, mean of {MEAN_OF} seeds", [mean(misread[:MEAN_OF])],
                unit="%", digits=3, limit=0.26),
            Row("champion: misread, each", misread, unit="%"),
            Row("champion: training", minutes, unit="min", digits=0, limit=40),
            Row("the five as one: misread", [find_misread(ensemble)], unit="%", limit=0.18),
            Row("the five as one: file", [ensemble.model_file.stat().st_size / 1e6], unit="MB"),
        ],
    )  # fmt: skip


def find_run(seed: int) -> Run:
    """Return the run of a seed, made if it is not there."""
    name = f"{NETWORK}-{seed}"
    with contextlib.suppress(RunError):
        return load_run(name)
    return create_run(dataclasses.replace(default_config(NETWORK), seed=seed), name)


def find_misread(trained: Run) -> float:
    """Return the share of test digits a run misreads, in percent."""
    return 100 * (1 - trained.metrics["test"]["accuracy"])
