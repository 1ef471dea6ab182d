"""Is the label right: how many labels that were made wrong on purpose are found.

Of the 60,000 training digits 300 get the label of another class, all classes alike, and the run
that the page Mistakes starts doubts them: the network ``fast`` in five folds, through its run
folder. Measured is the share of the 300 that are not among the first 600 suspects. MNIST's own
wrong labels, and digits that nobody can read, compete for these places, and count against us.

Peers, on the same labels: the same answers, but first those that confident learning counts as
wrong, and ``fast`` trained as usual on all digits, which ranks those that it has learnt from by
their loss.
"""

import dataclasses
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from benchmarks.call import call
from benchmarks.table import Row, print_table

NETWORK, FOLDS = "fast", 5
PLANTED, FIRST = 300, 600
SEEDS = range(3)
MOST_MISSED = 10.0  # percent
PEERS = {"in_sample": "by loss, in sample", "counted": "those counted as wrong first"}


def run() -> None:
    """Plant, look for suspects, and print the table."""
    found = [call("benchmarks.label_errors", str(seed)) for seed in SEEDS]

    def share(name: str, first: int) -> list[float]:
        return [100 * (1 - each[name][str(first)] / PLANTED) for each in found]

    print_table(
        f"Is the label right: of {PLANTED} labels made wrong, those that are not found",
        [
            *(
                Row(f"not among the first {first}; peer: {words}",
                    share("suspects", first), share(peer, first), unit="%",
                    limit=MOST_MISSED if (first, peer) == (FIRST, "in_sample") else None)
                for first in (FIRST, PLANTED)
                for peer, words in PEERS.items()
            ),
            Row("counted as wrong, of them planted", [each["counted_right"] for each in found],
                unit="of 300", digits=0),
            Row("counted as wrong, and not planted", [each["counted_else"] for each in found],
                unit="", digits=0),
            Row("the run, from its first batch to its last", [each["seconds"] for each in found]),
        ],
        "Among those that are counted and not planted are MNIST's own wrong labels.",
    )  # fmt: skip


def plant(labels: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return labels, some of which are now of another class, and the places of those."""
    chance = np.random.default_rng(seed)
    places = chance.choice(len(labels), PLANTED, replace=False)
    labels = labels.copy()
    labels[places] = (labels[places] + chance.integers(1, 10, PLANTED)) % 10
    return labels, places


def look(seed: int) -> None:
    """Plant with a seed, look for suspects, and print as JSON what was found."""
    from digitlib.data import Digits, load_training_file
    from digitlib.runs.catalogue import default_config
    from digitlib.runs.folder import create_run
    from digitlib.runs.lifecycle import carry_out
    from digitlib.runs.out_of_sample import read_suspects

    digits = load_training_file()
    labels, places = plant(digits.labels, seed)
    config = dataclasses.replace(default_config(NETWORK), folds=FOLDS, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        checked = carry_out(create_run(config, "checked", Path(folder), labels=labels))
        suspects = read_suspects(checked)
        seconds = checked.metrics["training_seconds"]
    counted = suspects["place"][suspects["counted"] == 1]
    ranked = {
        "suspects": suspects["place"].to_numpy(),
        "counted": suspects["place"].to_numpy()[np.argsort(-suspects["counted"], kind="stable")],
        "in_sample": rank_in_sample(Digits(digits.images, labels), seed),
    }
    print(
        json.dumps({
            **{name: count_found(places, rank) for name, rank in ranked.items()},
            "counted_right": int(np.isin(counted, places).sum()),
            "counted_else": int((~np.isin(counted, places)).sum()),
            "seconds": seconds,
        })
    )  # fmt: skip


def count_found(places: np.ndarray, rank: np.ndarray) -> dict[int, int]:
    """Return how many of some places are among the first of a rank."""
    return {first: int(np.isin(places, rank[:first]).sum()) for first in (FIRST, PLANTED)}


def rank_in_sample(digits, seed: int) -> np.ndarray:
    """Train once, as usual, on all digits; return their places, the highest loss first."""
    import keras

    from digitlib.reading.evaluation import find_losses
    from digitlib.runs.catalogue import default_config
    from digitlib.training.loop import build_model, count_batches, feed
    from digitlib.training.progress import RateSetter, answer_in_parts

    config = dataclasses.replace(default_config(NETWORK), training_digits=len(digits), seed=seed)
    keras.utils.set_random_seed(seed)
    model = build_model(config)
    model.fit(
        feed(digits, config, seed),
        shuffle=False,
        epochs=config.epochs,
        callbacks=[RateSetter(config, count_batches(config))],
        verbose=0,
    )
    answers = np.concatenate(list(answer_in_parts(model, digits)))
    return np.argsort(-find_losses(answers, digits.labels), kind="stable")


if __name__ == "__main__":
    look(int(sys.argv[1]))
