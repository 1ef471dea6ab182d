"""The sets of digits in which a model's mistakes are looked for."""

from dataclasses import dataclass

import numpy as np
import streamlit as st

from digitlib.data import Digits, load_mnist, map_training_digits, read_images
from digitlib.data.collection import Drawings
from digitlib.data.label_errors import CORRECTIONS
from digitlib.ui.collection import is_collecting, load_drawings
from digitlib.ui.loaders import load_test_digits

TITLES = {
    "test": "10,000 test digits",
    "validation": "5,000 validation digits",
    "all": "All 70,000 digits",
    "drawings": "Class drawings",
}


@dataclass(frozen=True, eq=False)
class DigitSet:
    """A set of digits: one part after the other, each with a name of its own.

    Attributes:
        key: of ``TITLES``.
        parts: name of a single digit -> its part, such as ``Test digit``.
        labels: uint8 (n,), of all.
        drawings: the class's drawings, if it is these.
    """

    key: str
    parts: dict[str, Digits]
    labels: np.ndarray
    drawings: Drawings | None = None

    def __len__(self) -> int:
        return len(self.labels)

    def take_images(self, places: np.ndarray) -> np.ndarray:
        """Return the images at some places, uint8 (n, 28, 28)."""
        images = np.empty((len(places), 28, 28), np.uint8)
        start = 0
        for part in self.parts.values():
            here = (places >= start) & (places < start + len(part))
            images[here] = read_images(part, places[here] - start)
            start += len(part)
        return images

    def name(self, place: int) -> str:
        """Return what a digit is called, such as ``Test digit 947``."""
        for name, part in self.parts.items():
            if place < len(part):
                return name if self.drawings is not None else f"{name} {place}"
            place -= len(part)
        raise IndexError(place)

    def find(self, key: str) -> int | None:
        """Return the place of the digit that an address means; None if there is none."""
        if self.drawings is not None:
            names = self.drawings.names
            return names.index(key) if key in names else None
        known = key.isascii() and key.isdigit() and len(key) < 6 and int(key) < len(self)
        return int(key) if known else None

    def find_key(self, place: int) -> str:
        """Return what stands for a digit in an address."""
        return str(place) if self.drawings is None else self.drawings.names[place]

    def find_test_place(self, place: int) -> int | None:
        """Return the place of a digit among the test digits; None if it is none of them."""
        first = {"test": 0, "all": len(self) - 10_000}.get(self.key, len(self))
        return place - first if place >= first else None

    def describe_doubt(self, place: int) -> str:
        """Say whether people judged the label of a digit wrong; empty if they did not."""
        test_place = self.find_test_place(place)
        if test_place not in CORRECTIONS:
            return ""
        seen = CORRECTIONS[test_place]
        what = f"they see a {seen}" if seen is not None else "but they do not agree what it is"
        return f"People judged this label wrong: {what}"


def list_sets() -> dict[str, str]:
    """Return the sets that can be chosen, key -> title; the drawings only where there are any."""
    titles = dict(TITLES)
    if not is_collecting():
        del titles["drawings"]
    return titles


def load_digit_set(key: str) -> DigitSet:
    """Return a set of digits.

    Raises:
        DigitLabError: its digits cannot be read.
    """
    if key == "drawings":
        drawings = load_drawings()
        digits = drawings.digits
        return DigitSet(key, {"Drawing": digits}, digits.labels, drawings)
    return _load_mnist_set(key)


@st.cache_resource(show_spinner=False)
def _load_mnist_set(key: str) -> DigitSet:
    parts = {}
    if key == "all":
        parts["Training digit"] = map_training_digits()
    if key in ("all", "validation"):
        parts["Validation digit"] = _load_validation()
    if key in ("all", "test"):
        parts["Test digit"] = load_test_digits()
    return DigitSet(key, parts, np.concatenate([part.labels for part in parts.values()]))


@st.cache_resource(show_spinner=False)
def _load_validation() -> Digits:
    return load_mnist("validation")
