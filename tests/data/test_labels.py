import io
from contextlib import suppress

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digitlib.data.labels import read_labels, write_labels
from digitlib.errors import DataError


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.int32])
def test_labels_come_back_as_they_were(dtype, tmp_path):
    labels = (np.arange(60_000) % 10).astype(dtype)
    write_labels(tmp_path / "labels.npy", labels)
    np.testing.assert_array_equal(read_labels(tmp_path / "labels.npy"), labels)
    np.save(tmp_path / "theirs.npy", labels)
    read = read_labels(tmp_path / "theirs.npy")
    np.testing.assert_array_equal(read, labels)
    assert read.dtype == np.uint8


@pytest.mark.parametrize(
    "array",
    [
        np.array([], int),
        np.zeros((5, 1), int),
        np.array([0.0, 1.0]),
        np.array([3, 10]),
        np.array([3, -1]),
        np.zeros(60_001, np.uint8),
        np.zeros(600_000, np.uint8),
        np.array(["7"]),
        np.array([{}], dtype=object),
    ],
    ids=lambda array: f"{array.dtype} {array.shape}",
)
def test_other_arrays_get_a_sentence(array, tmp_path):
    np.save(tmp_path / "labels.npy", array)
    with pytest.raises(DataError, match=r"labels\.npy must be an .npy of up to 60,000"):
        read_labels(tmp_path / "labels.npy")


def test_a_missing_file_gets_a_sentence(tmp_path):
    with pytest.raises(DataError, match="There is no file"):
        read_labels(tmp_path / "labels.npy")
    with pytest.raises(DataError, match="cannot be read"):
        read_labels(tmp_path)


@given(data=st.data())
@settings(max_examples=100, deadline=None)
def test_a_damaged_file_is_labels_or_refused(data, tmp_path_factory):
    buffer = io.BytesIO()
    np.save(buffer, np.arange(10, dtype=np.uint8))
    content = bytearray(buffer.getvalue())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    path = tmp_path_factory.mktemp("labels") / "labels.npy"
    path.write_bytes(bytes(content))
    with suppress(DataError):
        labels = read_labels(path)
        assert labels.dtype == np.uint8
        assert labels.max() <= 9
