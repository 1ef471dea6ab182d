"""MNIST: 70,000 handwritten digits of 28x28 pixels, read from the file that ships with the project.

MNIST is by Yann LeCun, Corinna Cortes and Christopher J.C. Burges
(http://yann.lecun.com/exdb/mnist/), made from NIST's Special Databases 1 and 3, and is shared under
Creative Commons Attribution-ShareAlike 3.0. ``tools/build_mnist.py`` made ``mnist.npz`` from the
original four files.

The 60,000 training digits are divided once and for all into 55,000 to train on and 5,000 to
validate on, so that whatever is chosen while training is never chosen by the 10,000 test digits.
"""

import hashlib
import mmap
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from digitlib.errors import DataError

MNIST_FILE = Path(__file__).with_name("mnist.npz")

FILED_DIGITS = 60_000  # in MNIST's training file
TRAINING_DIGITS = 55_000
VALIDATION_DIGITS = 5_000
TEST_DIGITS = 10_000
SPLIT_SEED = 1998  # the year of the paper that introduced MNIST

PICKED_AT_ONCE = 1_000
CURE = "Get the file again: git checkout -- digitlib/data/mnist.npz"

# Of each array's bytes, as tools/build_mnist.py prints them.
SHA256 = {
    "x_train": "741c988805d008ac6e4c904b69001ba184c24b2c540a4ef403f4c71b676cf757",
    "y_train": "1feba77c54802fa5339a11837ea4b2866434b83314ec45192930f1df69120c13",
    "x_test": "6d87418db22cc8025d05968bec9bd5c3932904b23485740db143a061a2c9d161",
    "y_test": "ddeff807876a9661a1110d45c266c86239a3a1b7d37da0c3716a7a683c852ff5",
}

Split = Literal["training", "validation", "test"]


@dataclass(frozen=True, eq=False)
class Digits:
    """Images of digits and what each one is.

    Attributes:
        images: uint8 (n, 28, 28), 0 is paper and 255 is ink.
        labels: uint8 (n,), 0 to 9.
    """

    images: np.ndarray
    labels: np.ndarray

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, indices: np.ndarray | slice) -> "Digits":
        """Return the digits at these places, in this order."""
        return Digits(self.images[indices], self.labels[indices])


def load_mnist(split: Split, path: Path = MNIST_FILE) -> Digits:
    """Load one part of MNIST.

    The training digits come in an order shuffled once and fixed, so that their first n are a fair
    sample of all. The test digits keep MNIST's own order: test digit 247 is everyone's test digit
    247.

    Args:
        split: ``"training"`` (55,000), ``"validation"`` (5,000) or ``"test"`` (10,000 digits).
        path: an .npz with Keras's layout.

    Raises:
        DataError: the file is missing, unreadable, or not MNIST to the last pixel.
    """
    if split == "test":
        return Digits(*_read_arrays(path, "x_test", "y_test"))
    return _divide(load_training_file(path))[split]


def load_training_file(path: Path = MNIST_FILE) -> Digits:
    """Load the 60,000 training digits, those to validate on among them, in MNIST's own order.

    Training digit 247 of this order is everyone's training digit 247.

    Raises:
        DataError: as ``load_mnist``.
    """
    return Digits(*_read_arrays(path, "x_train", "y_train"))


def load_splits(path: Path = MNIST_FILE) -> dict[Split, Digits]:
    """Load all three parts of MNIST, in little more time than one.

    Raises:
        DataError: as ``load_mnist``.
    """
    return _divide(load_training_file(path)) | {"test": load_mnist("test", path)}


def load_labels(split: Split, path: Path = MNIST_FILE) -> np.ndarray:
    """Load what the digits of one part are, uint8 (n,), in the order of ``load_mnist``.

    Raises:
        DataError: the file is missing or damaged.
    """
    [labels] = _read_arrays(path, "y_test" if split == "test" else "y_train")
    return labels if split == "test" else labels[_divide_places(len(labels))[split]]


def _divide(digits: Digits) -> dict[Split, Digits]:
    return {split: digits.take(places) for split, places in _divide_places(len(digits)).items()}


def _divide_places(count: int) -> dict[Split, np.ndarray]:
    # RandomState, not default_rng: NumPy promises that its stream never changes (NEP 19).
    order = np.random.RandomState(SPLIT_SEED).permutation(count)
    return {"training": order[:TRAINING_DIGITS], "validation": order[TRAINING_DIGITS:]}


def pick_digits(split: Split, indices: np.ndarray, path: Path = MNIST_FILE) -> Digits:
    """Load a few digits of one part, by their places there, and hold no others in memory.

    It takes about as long as ``load_mnist``, but two megabytes instead of ninety.

    Args:
        split: as for ``load_mnist``.
        indices: int (n,).
        path: an .npz with Keras's layout.

    Raises:
        DataError: the file is missing or damaged.
        IndexError: there is no such place.
    """
    name = "test" if split == "test" else "train"
    [labels] = _read_arrays(path, f"y_{name}")
    places = {"test": np.arange(len(labels))} if split == "test" else _divide_places(len(labels))
    wanted = places[split][indices]
    images = np.empty((len(wanted), 28, 28), np.uint8)
    try:
        with zipfile.ZipFile(path) as archive, archive.open(f"x_{name}.npy") as stream:
            np.lib.format.read_magic(stream)
            np.lib.format.read_array_header_1_0(stream)
            for start in range(0, len(labels), PICKED_AT_ONCE):
                count = min(PICKED_AT_ONCE, len(labels) - start)
                part = np.frombuffer(stream.read(count * 784), np.uint8).reshape(count, 28, 28)
                here = (start <= wanted) & (wanted < start + count)
                images[here] = part[wanted[here] - start]
            stream.read(1)  # of the end, where the archive tells whether all of it was whole
    except Exception as error:  # a damaged archive can fail in any way
        raise DataError(f"{path.name} is damaged and cannot be read ({error}). {CURE}") from error
    return Digits(images, labels[wanted])


def map_training_digits(path: Path = MNIST_FILE) -> Digits:
    """Load the 55,000 digits to train on, their images in a file that goes with this process.

    They are those of ``load_mnist("training")``, but the system reads of the file what is looked
    at: to hold all of it in memory would take 43 MB.

    Args:
        path: an .npz with Keras's layout.

    Raises:
        DataError: the file is missing or damaged, or there is no room for the images.
    """
    [labels] = _read_arrays(path, "y_train")
    places = _divide_places(len(labels))["training"]
    ranks = np.full(len(labels), -1)
    ranks[places] = np.arange(len(places))
    shape, checksum = (len(places), 28, 28), hashlib.sha256()
    try:
        with tempfile.TemporaryFile() as unpacked:
            images = np.memmap(unpacked, np.uint8, mode="w+", shape=shape)
            with zipfile.ZipFile(path) as archive, archive.open("x_train.npy") as stream:
                np.lib.format.read_magic(stream)
                np.lib.format.read_array_header_1_0(stream)
                for start in range(0, len(labels), PICKED_AT_ONCE):
                    content = stream.read(PICKED_AT_ONCE * 784)
                    checksum.update(content)
                    part = np.frombuffer(content, np.uint8).reshape(-1, 28, 28)
                    here = ranks[start : start + len(part)]
                    images[here[here >= 0]] = part[here >= 0]
            if checksum.hexdigest() != SHA256["x_train"]:
                raise ValueError("x_train is not MNIST's")
            images.flush()
            del images  # and with it what it holds of the file in memory
            return Digits(np.memmap(unpacked, np.uint8, mode="r", shape=shape), labels[places])
    except OSError as error:
        cure = "Make room on the disk."
        raise DataError(f"{path.name} cannot be unpacked ({error}). {cure}") from error
    except Exception as error:  # a damaged archive can fail in any way
        raise DataError(f"{path.name} is damaged and cannot be read ({error}). {CURE}") from error


def read_images(digits: Digits, places: np.ndarray) -> np.ndarray:
    """Return some of the images, uint8 (n, 28, 28); of a file on the disk hold no others in memory.

    Each look into such a file brings a stretch of it along, sixteen pages on Linux: after some
    galleries all of it would be there.

    Args:
        digits: as of ``load_mnist`` or of ``map_training_digits``.
        places: int (n,).
    """
    images = np.array(digits.images[places])
    file = digits.images.base
    if isinstance(file, mmap.mmap) and hasattr(file, "madvise"):  # Windows has no such call
        file.madvise(mmap.MADV_DONTNEED)
    return images


def pick_samples(digits: Digits, per_class: int) -> np.ndarray:
    """Return the first digits of each class, uint8 (10, per_class, 28, 28), row 0 the zeros."""
    return np.stack([digits.images[digits.labels == digit][:per_class] for digit in range(10)])


def _read_arrays(path: Path, *names: str) -> list[np.ndarray]:
    arrays = []
    try:
        with np.load(path, allow_pickle=False) as archive:
            for name in names:
                array = archive[name]
                array.setflags(write=False)
                arrays.append(array)
    except FileNotFoundError as error:
        raise DataError(f"The digits are missing: there is no file {path}. {CURE}") from error
    except KeyError as error:
        raise DataError(f"{path.name} holds no array {name}. {CURE}") from error
    except Exception as error:  # a damaged archive can fail in any way
        raise DataError(f"{path.name} is damaged and cannot be read ({error}). {CURE}") from error
    for name, array in zip(names, arrays, strict=True):
        shape = array.shape[:1] + ((28, 28) if name.startswith("x") else ())
        whole = hashlib.sha256(array).hexdigest() == SHA256[name]
        if not whole or array.shape != shape or array.dtype != np.uint8:
            raise DataError(f"{path.name} is damaged: {name} is not MNIST's. {CURE}")
    return arrays
