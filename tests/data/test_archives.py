import io
import struct
import tempfile
import zipfile
import zlib
from contextlib import suppress
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image

from digitlib.data import Digits, load_mnist
from digitlib.data.archives import (
    MOST_BYTES,
    MOST_DIGITS,
    MOST_FILES,
    decode_digits,
    encode_npz,
    encode_png,
    encode_zip,
    read_digits,
)
from digitlib.errors import DataError

SOME = load_mnist("validation").take(slice(30))


def zip_files(files: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def save_npz(**arrays) -> bytes:
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


def sort_pixels(digits: Digits) -> list[tuple[int, bytes]]:
    """Return digits as things that can be compared, whatever their order."""
    pairs = zip(digits.images, digits.labels, strict=True)
    return sorted((int(label), image.tobytes()) for image, label in pairs)


def refuse(content: bytes, sentence: str) -> None:
    with pytest.raises(DataError, match=sentence):
        decode_digits(content)


@pytest.mark.parametrize("encode", [encode_npz, encode_zip])
@given(
    images=arrays(np.uint8, st.tuples(st.integers(1, 4), st.just(28), st.just(28))),
    seed=st.integers(0, 9),
)
@settings(max_examples=20, deadline=None)
def test_digits_come_back_as_they_were(encode, images, seed):
    labels = (np.arange(len(images)) * 7 + seed).astype(np.uint8) % 10
    digits = Digits(images, labels)

    # The same pixels under the same label are one file in a .zip.
    assert set(sort_pixels(decode_digits(encode(digits)))) == set(sort_pixels(digits))


def test_an_npz_opens_with_numpy_alone():
    with np.load(io.BytesIO(encode_npz(SOME)), allow_pickle=False) as arrays:
        np.testing.assert_array_equal(arrays["images"], SOME.images)
        np.testing.assert_array_equal(arrays["labels"], SOME.labels)


def test_a_zip_opens_as_pictures_in_folders():
    with zipfile.ZipFile(io.BytesIO(encode_zip(SOME))) as archive:
        assert len(archive.namelist()) == len(SOME)
        for info in archive.infolist():
            folder, _, name = info.filename.partition("/")
            pixels = cv2.imdecode(np.frombuffer(archive.read(info), np.uint8), -1)
            assert name.endswith(".png")
            assert (int(folder), pixels.tobytes()) in sort_pixels(SOME)
            assert info.date_time == (1980, 1, 1, 0, 0, 0)  # nobody need know when


@given(st.binary(max_size=600))
@settings(max_examples=300, deadline=None)
def test_any_bytes_are_digits_or_refused(content):
    with suppress(DataError):
        assert decode_digits(content).images.shape[1:] == (28, 28)


@pytest.mark.parametrize("encode", [encode_npz, encode_zip])
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_a_damaged_archive_is_digits_or_refused(encode, data):
    content = bytearray(encode(SOME.take(slice(3))))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    del content[data.draw(st.integers(0, len(content))) :]
    with suppress(DataError):
        digits = decode_digits(bytes(content))
        assert digits.images.shape == (len(digits), 28, 28)


@given(st.binary(max_size=200), st.sampled_from(["7/a.png", "images.npy", "labels.npy", "é/7.png"]))
@settings(max_examples=100, deadline=None)
def test_any_bytes_in_an_archive_are_digits_or_refused(content, name):
    files = {"images.npy": b"", "labels.npy": b""} if name.endswith("npy") else {}
    with pytest.raises(DataError):
        decode_digits(zip_files(files | {name: content}))


def test_a_folder_of_pictures_is_read_however_it_is_nested(tmp_path):
    (tmp_path / "class" / "7").mkdir(parents=True)
    (tmp_path / "class" / "7" / "ada.png").write_bytes(encode_png(SOME.images[0]))
    (tmp_path / "class" / ".DS_Store").write_bytes(b"what a Mac leaves")
    (tmp_path / "3-ben.PNG").write_bytes(encode_png(SOME.images[1]))

    digits = read_digits(tmp_path)

    assert sort_pixels(digits) == sort_pixels(Digits(SOME.images[:2], np.array([7, 3])))


@pytest.mark.parametrize("mode", ["1", "P", "RGB", "RGBA", "LA"])
def test_pictures_of_other_kinds_are_taken(mode):
    picture = Image.fromarray((SOME.images[0] > 99).astype(np.uint8) * 255)
    buffer = io.BytesIO()
    picture.convert(mode).save(buffer, format="PNG")

    [image] = decode_digits(zip_files({"7/a.png": buffer.getvalue()})).images

    np.testing.assert_array_equal(image, np.asarray(picture))


def test_what_a_mac_or_windows_adds_is_passed_over():
    files = {"7/a.png": encode_png(SOME.images[0]), "7/Thumbs.db": b"x", "__MACOSX/7/._a.png": b"x"}

    assert len(decode_digits(zip_files(files))) == 1


@pytest.mark.parametrize(
    ("files", "sentence"),
    [
        ({}, "There are no drawings in it."),
        ({"notes.txt": b"hello"}, "notes.txt is no PNG in a folder named 0 to 9."),
        ({"ten/a.png": b""}, "ten/a.png is no PNG in a folder named 0 to 9."),
        ({"17/a.png": b""}, "17/a.png is no PNG in a folder"),
        ({"7/a.png": b"no picture"}, "7/a.png is damaged or no PNG."),
        ({"7/a.png": encode_png(SOME.images[0])[:-60]}, "7/a.png is damaged"),
        ({"7/a.png": encode_png(np.zeros((29, 28), np.uint8))}, "has 28 x 29 pixels"),
        ({"7/a.png": bytes(20_000)}, "7/a.png is too large."),
        ({"x.npy": b""}, "lacks its arrays images"),
    ],
)
def test_a_zip_of_something_else_is_refused_in_a_sentence(files, sentence):
    refuse(zip_files(files), sentence)


@pytest.mark.parametrize(
    ("images", "labels", "sentence"),
    [
        (SOME.images.astype(float), SOME.labels, "must hold images, uint8"),
        (SOME.images[:, :20], SOME.labels, r"these are uint8 \(30, 20, 28\)"),
        (SOME.images, SOME.labels.astype(float), "labels, whole numbers"),
        (SOME.images, SOME.labels[1:], "holds 30 images, but labels"),
        (SOME.images, SOME.labels.astype(int) - 1, "labels other than 0 to 9"),
        (SOME.images, SOME.labels + 9, "labels other than 0 to 9"),
        (SOME.images[:0], SOME.labels[:0], "There are no drawings in it."),
        (np.array([{}]), SOME.labels, "images.npy in the .npz holds no numbers"),
        (np.uint8(1), SOME.labels, "images.npy in the .npz holds no numbers"),
    ],
)
def test_an_npz_of_something_else_is_refused_in_a_sentence(images, labels, sentence):
    refuse(save_npz(images=images, labels=labels), sentence)


@pytest.mark.parametrize("dtype", ["int64", ">i4", "uint8"])
def test_labels_may_be_any_whole_numbers(dtype):
    content = save_npz(images=np.asfortranarray(SOME.images), labels=SOME.labels.astype(dtype))

    assert sort_pixels(decode_digits(content)) == sort_pixels(SOME)


def test_no_more_is_unpacked_than_a_drawing_needs():
    refuse(zip_files({"7/a.png": bytes(500_000_000)}), "7/a.png is too large")
    refuse(save_npz(images=np.zeros((11_000, 28, 28), np.uint8), labels=SOME.labels), "too large")


def test_a_size_that_lies_unpacks_no_more_than_it_says():
    content = zip_files({"7/a.png": bytes(50_000_000)})
    lie = content.replace(struct.pack("<L", 50_000_000), struct.pack("<L", 100))

    refuse(lie, "The file is damaged")


def test_a_header_that_lies_makes_no_array():
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (999999999999, 28, 28), }"
    array = b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header
    refuse(zip_files({"images.npy": array, "labels.npy": array}), "The file is damaged")


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_what_could_unpack_to_more_than_it_is_asked_for_is_refused(method):
    refuse(zip_files({"7/a.png": b""}, method), "7/a.png is packed in an unusual way")


def test_a_picture_of_a_billion_pixels_is_not_decoded():
    body = struct.pack(">LLBBBBB", 30_000, 30_000, 8, 0, 0, 0, 0)
    chunks = [(b"IHDR", body), (b"IDAT", zlib.compress(b"")), (b"IEND", b"")]
    png = b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">L", len(data)) + kind + data + struct.pack(">L", zlib.crc32(kind + data))
        for kind, data in chunks
    )

    refuse(zip_files({"7/a.png": png}), "7/a.png (is damaged|has 30000 x 30000)")


def test_too_many_files_are_refused_before_they_are_listed():
    refuse(zip_files({f"7/{n}/": b"" for n in range(MOST_FILES + 1)}), "more than 10,000 drawings")


def test_too_many_drawings_are_refused():
    png = encode_png(np.zeros((28, 28), np.uint8))
    files = {f"7/{n}.png": png for n in range(MOST_DIGITS + 1)}

    refuse(zip_files(files), "more than 10,000 drawings")


def test_too_large_a_file_is_refused(tmp_path):
    refuse(bytes(MOST_BYTES + 1), "larger than 10 MB")
    with tempfile.NamedTemporaryFile(dir=tmp_path) as file:
        file.truncate(50 * MOST_BYTES)  # it takes no room on the disk
        with pytest.raises(DataError, match="larger than 10 MB"):
            read_digits(Path(file.name))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DataError, match=r"There is no file .*gone\.npz"):
        read_digits(tmp_path / "gone.npz")
