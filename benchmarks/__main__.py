"""Run the benchmarks: ``python -m benchmarks``, or some: ``python -m benchmarks memory``."""

import importlib
import signal
import sys

import click

NAMES = (
    "first_answer", "memory", "mistakes", "recogniser", "shipped", "vision", "handwriting",
    "honesty", "training", "crowd", "networks", "label_errors", "study",
)  # fmt: skip
LONG = ("champions",)  # hours: only when named


@click.command()
@click.argument("names", nargs=-1, type=click.Choice(NAMES + LONG))
def main(names: tuple[str, ...]) -> None:
    """Measure Digit Lab beside its peers, all of it or what is named; half an hour for all.

    The machine should have nothing else to do meanwhile.
    """
    # Leave nothing behind: an end by force, too, ends the servers and the browser.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    for name in names or NAMES:
        # Imported one at a time, so that none carries the weight of another.
        importlib.import_module(f"benchmarks.{name}").run()


if __name__ == "__main__":
    main(prog_name="python -m benchmarks")
