"""The class's own collection: digits that visitors drew, and what they say these are.

A drawing is a file, a PNG named by its label and its pixels such as ``7-3f9a0c51d2e84b67.png``, in
one folder for all. So whoever may see the folder can look at the drawings; of who drew them and
when nothing is kept. What is kept twice is one file, and a file that is there is whole.
"""

import errno
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from digitlib.data.archives import MOST_DIGITS, decode_png, encode_png, hash_digit
from digitlib.data.files import replacing
from digitlib.data.mnist import Digits
from digitlib.errors import CollectionError, DataError

LOCK_SECONDS = 10.0
LESSON_SHARE = 5  # of so many drawings one is kept aside
LEAST_TO_KEEP_ASIDE = 10

_FILE = re.compile(r"([0-9])-([0-9a-f]{16})\.png")


@dataclass(frozen=True, eq=False)
class Drawings:
    """Labelled drawings.

    Attributes:
        digits: their pixels and labels, zeros first.
        names: of each, 16 hexadecimal digits that stand for its pixels.
        problems: a sentence for each that is left out because it is damaged, and
        damaged: what stands for the pixels of each of those.
    """

    digits: Digits
    names: tuple[str, ...]
    problems: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    def find_label(self, name: str | None) -> int | None:
        """Return the label of the drawing of this name; None if there is none."""
        return int(self.digits.labels[self.names.index(name)]) if name in self.names else None


@dataclass(frozen=True)
class Collection:
    """The drawings in a folder. Many processes may change it at once."""

    folder: Path

    def count(self) -> np.ndarray:
        """Return how many drawings there are of each digit, int (10,), without opening any.

        Raises:
            CollectionError: the folder cannot be read.
        """
        return np.bincount(list(self._list().values()), minlength=10)

    def find_label(self, name: str) -> int | None:
        """Return the label of the drawing of this name; None if there is none.

        Raises:
            CollectionError: the folder cannot be read.
        """
        return self._list().get(name)

    def read(self) -> Drawings:
        """Read all drawings.

        Raises:
            CollectionError: the folder cannot be read.
        """
        images, labels, names, problems, damaged = [], [], [], [], []
        for name, label in sorted(self._list().items(), key=lambda entry: entry[::-1]):
            path = self._file(name, label)
            try:
                images.append(np.frombuffer(_read_pixels(path, name), np.uint8).reshape(28, 28))
            except FileNotFoundError:
                continue  # taken away a moment ago
            except (OSError, DataError):
                problems.append(f"The drawing {path} is damaged and left out: delete it.")
                damaged.append(name)
                continue
            labels.append(label)
            names.append(name)
        digits = Digits(np.array(images, np.uint8).reshape(-1, 28, 28), np.array(labels, np.uint8))
        return Drawings(digits, tuple(names), tuple(problems), tuple(damaged))

    def add(self, digit: np.ndarray, label: int) -> int | None:
        """Keep a drawing, uint8 (28, 28), or give one that is kept another label.

        Returns:
            The label it had before; None if it is new.

        Raises:
            CollectionError: the collection is full or cannot be written.
        """
        name = hash_digit(digit)
        with self._changing() as kept:
            before = kept.get(name)
            _check_room(len(kept) + (before is None))
            if before not in (None, label):
                self._file(name, before).rename(self._file(name, label))
            with replacing(self._file(name, label)) as temporary:
                _write_png(temporary, digit)
        return before

    def add_all(self, digits: Digits) -> int:
        """Keep many drawings, or none of them if there is no room for all.

        Those that are kept already take the label given here.

        Returns:
            How many are new.

        Raises:
            CollectionError: as ``add``.
        """
        given = {
            hash_digit(image): (image, int(label))
            for image, label in zip(digits.images, digits.labels, strict=True)
        }
        with self._changing() as kept:
            new = given.keys() - kept.keys()
            _check_room(len(kept) + len(new))
            with ExitStack() as whole:  # they take their places together, when all are written
                for name, (image, label) in given.items():
                    temporary = whole.enter_context(replacing(self._file(name, label)))
                    _write_png(temporary, image)
            for name in given.keys() & kept.keys():
                if kept[name] != given[name][1]:
                    self._file(name, kept[name]).unlink(missing_ok=True)
        return len(new)

    def remove(self, name: str) -> None:
        """Take a drawing away; nothing happens if it is gone.

        Raises:
            CollectionError: the folder cannot be written.
        """
        with self._changing() as kept:
            if name in kept:
                self._file(name, kept[name]).unlink(missing_ok=True)

    def clear(self, drawings: Drawings) -> None:
        """Take drawings away, the damaged among them; those that came since they were read stay.

        Raises:
            CollectionError: the folder cannot be written.
        """
        with self._changing() as kept:
            for name in kept.keys() & {*drawings.names, *drawings.damaged}:
                self._file(name, kept[name]).unlink(missing_ok=True)

    def _file(self, name: str, label: int) -> Path:
        return self.folder / f"{label}-{name}.png"

    def _list(self) -> dict[str, int]:
        """Return the label of each drawing by its name."""
        try:
            found = [_FILE.fullmatch(path.name) for path in self.folder.iterdir()]
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise CollectionError(
                f"The folder for drawings, {self.folder}, cannot be read ({error.strerror})."
            ) from error
        return {match[2]: int(match[1]) for match in found if match}

    @contextmanager
    def _changing(self) -> Iterator[dict[str, int]]:
        """Keep others from changing the collection meanwhile; give what it holds."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.folder / ".lock", timeout=LOCK_SECONDS):
                self._sweep()
                yield self._list()
        except Timeout as error:
            raise CollectionError("Too many want to keep a drawing at once. Try again.") from error
        except OSError as error:
            raise CollectionError(_explain(self.folder, error)) from error

    def _sweep(self) -> None:
        """Delete what a process has left that died while it wrote; no other writes just now."""
        for path in self.folder.glob(".*.png"):
            path.unlink(missing_ok=True)


def choose_lesson(drawings: Drawings) -> Digits:
    """Return the drawings to learn from: all but some that are kept aside, to be told apart.

    A drawing is kept aside by its pixels, about one in five, so that it stays so however many are
    added. Of fewer than ten all are learnt.
    """
    if len(drawings) < LEAST_TO_KEEP_ASIDE:
        return drawings.digits
    learnt = [int(name, 16) % LESSON_SHARE > 0 for name in drawings.names]
    return drawings.digits.take(np.flatnonzero(learnt))


@lru_cache(maxsize=2 * MOST_DIGITS)
def _read_pixels(path: Path, name: str) -> bytes:
    """Return the 784 bytes of a drawing; its name stands for them, so they never change."""
    digit = decode_png(path.read_bytes(), path.name)
    if hash_digit(digit) != name:
        raise DataError(f"{path.name} holds another drawing than its name says.")
    return digit.tobytes()


def _write_png(path: Path, digit: np.ndarray) -> None:
    path.write_bytes(encode_png(digit))
    os.utime(path, (0, 0))  # nobody need know when it was drawn


def _check_room(count: int) -> None:
    if count > MOST_DIGITS:
        raise CollectionError(
            f"The collection is full: it holds up to {MOST_DIGITS:,} drawings. Export them on the "
            "page Class drawings, then clear it."
        )


def _explain(folder: Path, error: OSError) -> str:
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "The disk is full, and the drawing is not kept. Make room, then try again."
    return (
        f"The folder for drawings, {folder}, cannot be written ({error.strerror}). Make it "
        "writable, or set DIGITLIB_COLLECTION to a folder that is."
    )
