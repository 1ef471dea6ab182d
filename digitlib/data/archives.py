"""Labelled digits as files to take along and to bring back: an .npz, or a .zip of PNGs.

An ``.npz`` holds ``images``, uint8 (n, 28, 28), 255 is ink, and ``labels``, uint8 (n,). A ``.zip``
holds a PNG of 28x28 pixels for each digit, light ink on black, in folders named 0 to 9. A folder of
such PNGs is read, too, and a label may also stand at the head of a name: ``7/a.png``, ``7-a.png``.

Files come from strangers: all sizes are looked at before anything is unpacked, no more is unpacked
than a size allows, and nothing is ever unpickled.
"""

import hashlib
import io
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from digitlib.data.mnist import Digits
from digitlib.errors import DataError

MOST_DIGITS = 10_000
MOST_BYTES = 10 * 1024 * 1024
MOST_PNG_BYTES = 16_384  # 28x28 pixels of four colours take 3 kB, however badly packed
MOST_FILES = MOST_DIGITS + 1_000  # folders and the like among them
PIXELS = 28 * 28

# To each of these a file system may add its own, which are nobody's drawings.
_FOREIGN = re.compile(r"__MACOSX|\..*|Thumbs\.db|desktop\.ini", re.IGNORECASE)
_LABEL = re.compile(r"([0-9])(-.*)?", re.DOTALL)
_LONG_AGO = (1980, 1, 1, 0, 0, 0)  # the first moment that a .zip knows
_MADE_HERE = "Choose an .npz or a .zip of PNGs as it is exported here."


def hash_digit(digit: np.ndarray) -> str:
    """Return 16 hexadecimal digits that stand for the pixels of a digit, uint8 (28, 28)."""
    return hashlib.sha256(digit.tobytes()).hexdigest()[:16]


def encode_npz(digits: Digits) -> bytes:
    """Return digits as the content of an ``.npz``."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, images=digits.images, labels=digits.labels.astype(np.uint8))
    return buffer.getvalue()


def encode_zip(digits: Digits) -> bytes:
    """Return digits as the content of a ``.zip`` of PNGs, in folders 0 to 9; it holds no times."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for image, label in zip(digits.images, digits.labels, strict=True):
            name = f"{label}/{hash_digit(image)}.png"
            archive.writestr(zipfile.ZipInfo(name, _LONG_AGO), encode_png(image))
    return buffer.getvalue()


def encode_png(digit: np.ndarray) -> bytes:
    """Return a digit, uint8 (28, 28), as the content of a PNG."""
    buffer = io.BytesIO()
    Image.fromarray(digit).save(buffer, format="PNG")
    return buffer.getvalue()


def read_digits(path: Path) -> Digits:
    """Read labelled digits from an ``.npz``, a ``.zip`` of PNGs or a folder of PNGs.

    Raises:
        DataError: there is nothing of the kind, or it is damaged or too large.
    """
    try:
        if path.is_dir():
            return _read_folder(path)
        with path.open("rb") as stream:
            content = stream.read(MOST_BYTES + 1)  # one byte more than allowed is refused
    except FileNotFoundError as error:
        raise DataError(f"There is no file {path}.") from error
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}.") from error
    return decode_digits(content)


def decode_digits(content: bytes) -> Digits:
    """Read labelled digits from the content of an ``.npz`` or of a ``.zip`` of PNGs.

    Raises:
        DataError: it is neither, or damaged, or holds something else or too much.
    """
    if len(content) > MOST_BYTES:
        raise DataError(f"The file is larger than {MOST_BYTES // 2**20} MB. {_MADE_HERE}")
    # Each file in an archive has these bytes, and opening it costs memory for every one.
    if content.count(b"PK\x01\x02") > MOST_FILES:
        raise DataError(f"The file holds more than {MOST_DIGITS:,} drawings. Divide it into two.")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = set(archive.namelist())
            if {"images.npy", "labels.npy"} <= names:
                return _decode_npz(archive)
            if any(name.endswith(".npy") for name in names):
                raise DataError(
                    "The .npz lacks its arrays images, uint8 (n, 28, 28), and labels, (n,)."
                )
            return _decode_zip(archive)
    except DataError:
        raise
    except Exception as error:  # a damaged archive can fail in any way
        raise DataError(f"The file is damaged or no archive at all. {_MADE_HERE}") from error


def decode_png(content: bytes, name: str) -> np.ndarray:
    """Return the pixels of a PNG of 28x28, uint8 (28, 28), light ink on black.

    Args:
        content: of the file.
        name: of the file, for people.

    Raises:
        DataError: it is no such PNG, or damaged.
    """
    if len(content) > MOST_PNG_BYTES:
        raise DataError(f"{name} is too large for a PNG of 28 x 28 pixels.")
    try:
        image = Image.open(io.BytesIO(content), formats=["PNG"])
        if image.size == (28, 28) and image.mode in ("1", "L", "LA", "P", "RGB", "RGBA"):
            return np.asarray(image.convert("L"))
    except Exception as error:  # Pillow raises errors of many kinds
        raise DataError(f"{name} is damaged or no PNG.") from error
    width, height = image.size
    raise DataError(
        f"{name} has {width} x {height} pixels of the kind {image.mode}; a drawing is a PNG of "
        "28 x 28 pixels with 8 bits."
    )


def _decode_npz(archive: zipfile.ZipFile) -> Digits:
    images = _read_array(archive, "images.npy", MOST_DIGITS * PIXELS)
    labels = _read_array(archive, "labels.npy", MOST_DIGITS * 8)
    if images.dtype != np.uint8 or images.shape[1:] != (28, 28) or labels.dtype.kind not in "iu":
        raise DataError(
            "The .npz must hold images, uint8 (n, 28, 28), and labels, whole numbers (n,); these "
            f"are {images.dtype} {images.shape} and {labels.dtype} {labels.shape}."
        )
    if labels.shape != (len(images),):
        raise DataError(f"The .npz holds {len(images)} images, but labels {labels.shape}.")
    if len(labels) and not (labels.min() >= 0 and labels.max() <= 9):
        raise DataError("The .npz holds labels other than 0 to 9.")
    return _check_any(Digits(images, labels.astype(np.uint8)))


def _read_array(archive: zipfile.ZipFile, name: str, most_bytes: int) -> np.ndarray:
    """Read an array; its header is looked at before anything is made of it."""
    stream = io.BytesIO(_read_member(archive, name, most_bytes + 1_024))
    version = np.lib.format.read_magic(stream)
    readers = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }
    shape, fortran_order, dtype = readers[version](stream)
    if dtype.hasobject or dtype.kind not in "biufc" or not shape:
        raise DataError(f"{name} in the .npz holds no numbers in rows.")
    # From what there is, not for what the header says: that may be any size.
    numbers = np.frombuffer(stream.read(), dtype)
    return numbers.reshape(shape, order="F" if fortran_order else "C")


def _decode_zip(archive: zipfile.ZipFile) -> Digits:
    members = [
        info.filename
        for info in archive.infolist()
        if not info.is_dir() and not _is_foreign(info.filename)
    ]
    return _collect((name, _read_member(archive, name, MOST_PNG_BYTES)) for name in members)


def _read_folder(folder: Path) -> Digits:
    names = sorted(
        name
        for path in folder.rglob("*")
        if path.is_file() and not _is_foreign(name := path.relative_to(folder).as_posix())
    )

    def read(name: str) -> bytes:
        with (folder / name).open("rb") as stream:
            return stream.read(MOST_PNG_BYTES + 1)

    return _collect((name, read(name)) for name in names)


def _collect(files: Iterable[tuple[str, bytes]]) -> Digits:
    images, labels = [], []
    for name, content in files:
        if len(labels) == MOST_DIGITS:
            raise DataError(f"There are more than {MOST_DIGITS:,} drawings. Divide them into two.")
        labels.append(_find_label(name))
        images.append(decode_png(content, _shorten(name)))
    return _check_any(Digits(np.array(images, np.uint8), np.array(labels, np.uint8)))


def _find_label(name: str) -> int:
    """Return what a file's name says it is: ``7`` for ``class/7/ada.png`` and ``7-ada.png``."""
    path = PurePosixPath(name)
    found = _LABEL.fullmatch(path.parent.name) or _LABEL.fullmatch(path.stem)
    if found is None or path.suffix.lower() != ".png":
        raise DataError(f"{_shorten(name)} is no PNG in a folder named 0 to 9.")
    return int(found[1])


def _read_member(archive: zipfile.ZipFile, name: str, most_bytes: int) -> bytes:
    info = archive.getinfo(name)
    if info.file_size > most_bytes:
        raise DataError(f"{_shorten(name)} is too large. {_MADE_HERE}")
    # Other methods unpack more than they are asked for.
    if info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise DataError(f"{_shorten(name)} is packed in an unusual way. {_MADE_HERE}")
    with archive.open(info) as stream:
        return stream.read(most_bytes)


def _is_foreign(name: str) -> bool:
    return any(_FOREIGN.fullmatch(part) for part in PurePosixPath(name).parts)


def _shorten(name: str) -> str:
    """Return a stranger's name for a file as far as it can be shown."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in name)
    return shown if len(shown) <= 60 else f"…{shown[-60:]}"


def _check_any(digits: Digits) -> Digits:
    if not len(digits):
        raise DataError("There are no drawings in it. Choose a file with some.")
    return digits
