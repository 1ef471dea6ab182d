"""Tables of what was measured: the bar, our number, the peer's, their ratio, whether it holds."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True)
class Row:
    """One thing measured, several times over.

    Attributes:
        name: what it is.
        ours: our values, in ``unit``; the median counts, the smallest and largest are the spread.
        peer: the peer's values; empty where it has nothing of the kind.
        unit: such as ``s``; numbers are shown with ``digits`` decimals.
        limit: the bar, which the median must stay under; None where there is no bar.
        of_peer: whether ``limit`` is a share of the peer's median rather than in ``unit``.
    """

    name: str
    ours: Sequence[float]
    peer: Sequence[float] = ()
    unit: str = "s"
    digits: int = 2
    limit: float | None = None
    of_peer: bool = False

    @property
    def ratio(self) -> float | None:
        """Our median as a share of the peer's."""
        return median(self.ours) / median(self.peer) if self.peer else None

    @property
    def met(self) -> bool | None:
        """Whether the bar holds; None where there is none."""
        if self.limit is None:
            return None
        return (self.ratio if self.of_peer else median(self.ours)) <= self.limit

    def cells(self) -> list[str]:
        """Return the row as text, a cell per column of ``COLUMNS``."""
        bar = "" if self.limit is None else f"<= {self.limit:g} {self.unit}"
        if self.of_peer:
            bar = f"<= {self.limit:g} of the peer's"
        return [
            self.name,
            bar,
            self._describe(self.ours),
            self._describe(self.peer),
            "" if self.ratio is None else f"{self.ratio:.3g}",
            {None: "", True: "yes", False: "NO"}[self.met],
        ]

    def _describe(self, values: Sequence[float]) -> str:
        """Return a median, and the spread of several values: ``3.9 s (3.8-4.1)``."""
        if not values:
            return "-"
        low, middle, high = (
            f"{value:,.{self.digits}f}" for value in (min(values), median(values), max(values))
        )
        spread = f" ({low}-{high})" if len(values) > 1 else ""
        return f"{middle} {self.unit}{spread}"


COLUMNS = ["", "bar", "Digit Lab", "peer", "ratio", "met"]


def print_table(title: str, rows: Sequence[Row], *notes: str) -> None:
    """Print rows under a title, then the notes, then how busy the machine was meanwhile."""
    lines = [COLUMNS, *(row.cells() for row in rows)]
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    print(f"\n{title}\n")
    for line in lines:
        cells = (cell.ljust(width) for cell, width in zip(line, widths, strict=True))
        print("  " + "  ".join(cells).rstrip())
    print()
    for note in notes:
        print(f"  {note}")
    print(f"  {describe_load()}", flush=True)


def describe_load() -> str:
    """Return how busy the machine is: with more at work than it has cores, times are too long."""
    cores = os.cpu_count()
    if not hasattr(os, "getloadavg"):
        return f"{cores} cores."
    return f"{cores} cores; {os.getloadavg()[0]:.1f} processes at work in the last minute."
