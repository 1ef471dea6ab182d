import hashlib
import importlib.util
import subprocess
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import psutil
import pytest

from digitlib.data import (
    MNIST_FILE,
    load_labels,
    load_mnist,
    load_splits,
    map_training_digits,
    mnist,
    pick_digits,
    pick_samples,
    read_images,
)
from digitlib.errors import DataError

BUILD_SCRIPT = Path(__file__).parents[2] / "tools" / "build_mnist.py"

# Of the images' bytes followed by the labels'. A change here changes what every run was trained on.
SPLIT_SHA256 = {
    "training": "195d3536b226c67229416ee4c5a60be71a40889cb1b99b38b8592ff744a57847",
    "validation": "dea03ca5a775802824172a89fbe932eb5cef7c5914fca2aa341e61ca875b88f2",
    "test": "c3f9adf9c66efb572b1f9326c3a511b45910c7173b97be66ceceeeeaef6b802b",
}


def sha256(*arrays: np.ndarray) -> str:
    return hashlib.sha256(b"".join(array.tobytes() for array in arrays)).hexdigest()


@pytest.mark.parametrize(
    ("split", "count"), [("training", 55_000), ("validation", 5_000), ("test", 10_000)]
)
def test_a_split_has_its_shape_and_never_changes(split, count):
    digits = load_mnist(split)

    assert len(digits) == count
    assert digits.images.shape == (count, 28, 28)
    assert digits.labels.shape == (count,)
    assert digits.images.dtype == digits.labels.dtype == np.uint8
    assert set(digits.labels) == set(range(10))
    assert sha256(digits.images, digits.labels) == SPLIT_SHA256[split]


def test_training_and_validation_divide_the_60000_between_them(validation):
    with np.load(MNIST_FILE) as archive:
        original = sorted(sha256(image) for image in archive["x_train"])
    parts = [*load_mnist("training").images, *validation.images]

    # MNIST holds a few images twice, so the two lists are compared, not sets.
    assert sorted(sha256(image) for image in parts) == original


def test_the_test_digits_keep_mnists_own_order():
    # The first ten labels of t10k-labels-idx1-ubyte, as in every tutorial.
    assert load_mnist("test").labels[:10].tolist() == [7, 2, 1, 0, 4, 1, 4, 9, 5, 9]


def test_the_counts_per_class_are_the_published_ones():
    # http://yann.lecun.com/exdb/mnist/ via any description of the test set.
    counts = np.bincount(load_mnist("test").labels).tolist()
    assert counts == [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]


def test_take_keeps_images_and_labels_together(validation):
    taken = validation.take(np.array([7, 3]))

    assert len(taken) == 2
    assert taken.labels.tolist() == [validation.labels[7], validation.labels[3]]
    assert np.array_equal(taken.images, validation.images[[7, 3]])


def test_samples_come_in_a_row_per_class(validation):
    samples = pick_samples(validation, 3)

    assert samples.shape == (10, 3, 28, 28)
    of_class = {image.tobytes() for image in validation.images[validation.labels == 4]}
    assert all(sample.tobytes() in of_class for sample in samples[4])


def with_bit_flipped(content: bytes, place: int) -> bytes:
    return content[:place] + bytes([content[place] ^ 1]) + content[place + 1 :]


DAMAGE = {
    "empty": lambda content: b"",
    "text": lambda content: b"not an archive",
    "cut in half": lambda content: content[: len(content) // 2],
    "a byte short": lambda content: content[:-1],
    "a bit of a pixel flipped": lambda content: with_bit_flipped(content, 10_000_000),
    "method of compression unknown": lambda content: with_bit_flipped(
        content, content.rindex(b"PK\x01\x02", 0, content.rindex(b"x_test.npy")) + 11
    ),
    "another program's zip": lambda content: b"PK\x05\x06" + bytes(18),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_file_is_named(damage, tmp_path):
    path = tmp_path / "digits.npz"
    path.write_bytes(damage(MNIST_FILE.read_bytes()))

    with pytest.raises(DataError, match=r"digits\.npz .*git checkout"):
        load_mnist("test", path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"no file .*digits\.npz.*git checkout"):
        load_mnist("training", tmp_path / "digits.npz")


def test_a_folder_in_the_files_place_is_named(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        load_mnist("test", tmp_path)


def test_a_single_array_instead_of_an_archive_is_refused(tmp_path):
    path = tmp_path / "digits.npz"
    with path.open("wb") as stream:
        np.save(stream, np.zeros((10_000, 28, 28), np.uint8))

    with pytest.raises(DataError, match="damaged"):
        load_mnist("test", path)


@pytest.mark.parametrize(
    "change",
    [
        lambda images: images[::-1],
        lambda images: images[:9_999],
        lambda images: images.reshape(10_000, 784),
        lambda images: images.view(np.int8),
        lambda images: np.array([None]),
        lambda images: np.array(0),
    ],
    ids=["reordered", "one missing", "flat", "signed", "objects", "a number"],
)
def test_arrays_that_are_not_mnists_are_refused(change, tmp_path, test_digits):
    path = tmp_path / "digits.npz"
    np.savez(path, x_test=change(test_digits.images), y_test=test_digits.labels)

    with pytest.raises(DataError, match=r"digits\.npz is damaged"):
        load_mnist("test", path)


def test_an_absent_array_is_named(tmp_path, test_digits):
    path = tmp_path / "digits.npz"
    np.savez(path, x_test=test_digits.images)

    with pytest.raises(DataError, match="no array y_test"):
        load_mnist("test", path)


def build(*arguments: Path) -> subprocess.CompletedProcess:
    command = [sys.executable, BUILD_SCRIPT, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_build_script_refuses_a_wrong_idx_file(tmp_path):
    (tmp_path / "train-images-idx3-ubyte").write_bytes(b"\x00\x00\x08\x03" + bytes(12))
    target = tmp_path / "mnist.npz"

    process = build(tmp_path, "--target", target)

    assert process.returncode != 0
    assert process.stderr.strip() == (
        "train-images-idx3-ubyte is not the published file: its SHA-256 sum differs."
    )
    assert not target.exists()


def test_the_build_script_names_a_missing_idx_file(tmp_path):
    process = build(tmp_path)

    assert process.returncode != 0
    assert "train-images-idx3-ubyte cannot be read" in process.stderr
    assert "Traceback" not in process.stderr


def load_build_script():
    specification = importlib.util.spec_from_file_location("build_mnist", BUILD_SCRIPT)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_the_build_script_writes_a_file_that_loads(tmp_path, test_digits):
    with np.load(MNIST_FILE) as archive:
        arrays = dict(archive)
    target = tmp_path / "mnist.npz"

    load_build_script().write_npz({name: arrays[name] for name in ("x_test", "y_test")}, target)

    assert np.array_equal(load_mnist("test", target).images, test_digits.images)


def test_the_sums_of_the_arrays_are_those_of_the_published_files():
    # An IDX file is a header, given here in full, followed by the array's bytes.
    module = load_build_script()
    with np.load(MNIST_FILE) as archive:
        for name, (_, published, _, shape) in module.SOURCES.items():
            sides = b"".join(side.to_bytes(4, "big") for side in shape)
            header = bytes([0, 0, 8, len(shape)]) + sides
            content = header + archive[name].tobytes()
            assert hashlib.sha256(content).hexdigest() == published
            assert mnist.SHA256[name] == sha256(archive[name])


def test_all_parts_at_once_are_what_they_are_one_by_one():
    splits = load_splits()

    assert list(splits) == ["training", "validation", "test"]
    for split, digits in splits.items():
        alone = load_mnist(split)
        assert np.array_equal(digits.images, alone.images)
        assert np.array_equal(digits.labels, alone.labels)


@pytest.mark.parametrize("split", ["training", "validation", "test"])
def test_a_few_digits_are_those_at_their_places(split):
    digits = load_mnist(split)
    places = np.array([len(digits) - 1, 0, 999, 1_000, 4_321, 0])

    picked = pick_digits(split, places)

    np.testing.assert_array_equal(picked.images, digits.images[places])
    np.testing.assert_array_equal(picked.labels, digits.labels[places])
    np.testing.assert_array_equal(load_labels(split), digits.labels)


def test_a_few_digits_need_no_room_for_all():
    tracemalloc.start()
    try:
        pick_digits("training", np.arange(16))
        _, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert most < 6e6  # bytes; all are 47 million


def test_digits_on_the_disk_are_those_in_memory():
    mapped, digits = map_training_digits(), load_mnist("training")

    assert isinstance(mapped.images, np.memmap)
    assert not mapped.images.flags.writeable
    assert sha256(mapped.images, mapped.labels) == sha256(digits.images, digits.labels)


@pytest.mark.skipif(sys.platform != "linux", reason="asks Linux what is in memory")
def test_of_a_file_looked_into_nothing_stays_in_memory():
    def resident() -> int:
        return psutil.Process().memory_info().shared  # of files

    digits = map_training_digits()
    places = np.random.default_rng(0).permutation(len(digits))[:5_000]
    before = resident()
    images = read_images(digits, places)

    assert resident() - before < 4e6  # bytes; the file has 43 million
    np.testing.assert_array_equal(images, digits.images[places])
    assert resident() - before > 20e6  # or this test sees nothing


def test_images_in_memory_are_read_as_those_on_the_disk(validation):
    places = np.array([3, 0, 3])

    np.testing.assert_array_equal(read_images(validation, places), validation.images[places])


@pytest.mark.parametrize("damage", ["empty", "text", "cut in half", "another program's zip", "bit"])
def test_no_damaged_file_is_unpacked(damage, tmp_path):
    spoil = DAMAGE.get(damage, lambda content: with_bit_flipped(content, 5_000_000))
    path = tmp_path / "digits.npz"
    path.write_bytes(spoil(MNIST_FILE.read_bytes()))

    with pytest.raises(DataError, match=r"digits\.npz .*git checkout"):
        map_training_digits(path)


def test_none_can_be_picked_and_no_place_beyond_the_last():
    assert pick_digits("test", np.array([], int)).images.shape == (0, 28, 28)
    with pytest.raises(IndexError):
        pick_digits("validation", np.array([5_000]))


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_no_digit_is_picked_from_a_damaged_file(damage, tmp_path):
    path = tmp_path / "digits.npz"
    path.write_bytes(damage(MNIST_FILE.read_bytes()))

    with pytest.raises(DataError, match=r"digits\.npz .*git checkout"):
        pick_digits("test", np.array([1]), path)
