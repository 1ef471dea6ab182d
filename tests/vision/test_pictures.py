"""Pictures as people bring them: each is read right or refused with a sentence."""

import io
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from pillow_heif import register_heif_opener

from digitlib.errors import PictureError
from digitlib.vision import open_picture

register_heif_opener()  # or Pillow cannot write one to read


def encode(image: Image.Image, form: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, form, **options)
    return stream.getvalue()


def with_alpha(grey: Image.Image, mode: str) -> Image.Image:
    """Black ink of which only the opacity tells where it is."""
    ink = Image.new("L" if mode == "LA" else "RGB", grey.size, "black")
    ink.putalpha(grey.point(lambda level: 255 - level))
    assert ink.mode == mode
    return ink


def sixteen_bits(grey: Image.Image, white: int) -> Image.Image:
    levels = np.asarray(grey) / 255 * white
    return Image.fromarray(levels.round().astype(np.uint16))


def clear_palette(grey: Image.Image) -> bytes:
    """A palette of which entry 0, the white ground, is transparent."""
    image = grey.point(lambda level: 0 if level > 128 else 1)
    image.putpalette([255, 255, 255, 0, 0, 0])
    return encode(image, "PNG", transparency=0)


def gif_that_changes(grey: Image.Image) -> bytes:
    blank = Image.new("L", grey.size, 255)
    return encode(grey, "GIF", save_all=True, append_images=[blank, blank], duration=50)


KINDS: dict[str, Callable[[Image.Image], bytes]] = {
    "grey PNG": lambda grey: encode(grey, "PNG"),
    "RGB PNG": lambda grey: encode(grey.convert("RGB"), "PNG"),
    "RGBA PNG": lambda grey: encode(with_alpha(grey, "RGBA"), "PNG"),
    "grey PNG with alpha": lambda grey: encode(with_alpha(grey, "LA"), "PNG"),
    "1-bit PNG": lambda grey: encode(grey.convert("1", dither=Image.Dither.NONE), "PNG"),
    "palette PNG": lambda grey: encode(grey.convert("RGB").quantize(16), "PNG"),
    "transparent palette PNG": clear_palette,
    "16-bit PNG": lambda grey: encode(sixteen_bits(grey, 65_535), "PNG"),
    "16-bit PNG of a 12-bit camera": lambda grey: encode(sixteen_bits(grey, 4_095), "PNG"),
    "interlaced PNG": lambda grey: encode(grey, "PNG", interlace=1),
    "grey JPEG": lambda grey: encode(grey, "JPEG"),
    "poor JPEG": lambda grey: encode(grey.convert("RGB"), "JPEG", quality=20),
    "progressive JPEG": lambda grey: encode(grey.convert("RGB"), "JPEG", progressive=True),
    "CMYK JPEG": lambda grey: encode(grey.convert("CMYK"), "JPEG"),
    "JPEG with damaged EXIF": lambda grey: encode(
        grey, "JPEG", exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff"
    ),
    "WebP": lambda grey: encode(grey.convert("RGB"), "WEBP"),
    "transparent WebP": lambda grey: encode(with_alpha(grey, "RGBA"), "WEBP", lossless=True),
    "BMP": lambda grey: encode(grey.convert("RGB"), "BMP"),
    "GIF": lambda grey: encode(grey, "GIF"),
    "animated GIF": gif_that_changes,
    "HEIC": lambda grey: encode(grey.convert("RGB"), "HEIF"),
}


# pytest puts its own filters of warnings in place of the library's.
@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_digit_is_read_from(kind, seven, read, tmp_path):
    path = tmp_path / "seven"  # what a file is called says nothing of what it is
    path.write_bytes(kind(seven))

    picture = open_picture(path)

    assert picture.dtype == np.uint8
    assert picture.shape[:2] == (280, 280)
    assert picture.ndim == 2 or picture.shape[2] in (3, 4)
    assert read(picture) == 7


def test_content_and_path_give_the_same_picture(seven, tmp_path):
    content = encode(seven, "PNG")
    path = tmp_path / "seven.png"
    path.write_bytes(content)

    assert np.array_equal(open_picture(content), open_picture(path))


# What has to be done to an upright picture for the camera's note to be true (EXIF 2.3, tag 0x0112).
TURNS = {
    1: None,
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


@pytest.mark.parametrize("form", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("orientation", TURNS)
def test_a_portrait_photograph_stands_upright(orientation, form, seven, read):
    upright = Image.new("RGB", (300, 400), "white")
    upright.paste(seven, (10, 20))
    turn = TURNS[orientation]
    stored = upright if turn is None else upright.transpose(turn)
    exif = Image.Exif()
    exif[0x0112] = orientation

    picture = open_picture(encode(stored, form, exif=exif.tobytes()))

    assert picture.shape == (400, 300, 3)
    assert np.abs(picture.astype(int) - np.asarray(upright)).mean() < 3
    assert read(picture) == 7


def test_a_large_photograph_is_made_smaller(seven, read):
    photograph = seven.convert("RGB").resize((4000, 3000))

    picture = open_picture(encode(photograph, "JPEG"))

    assert max(picture.shape) <= 2048
    assert picture.shape[1] / picture.shape[0] == pytest.approx(4 / 3, rel=0.01)
    assert read(picture) == 7


def blank_png(side: int, bits: int) -> bytes:
    """A grey PNG of side x side pixels, all 0, without ever holding its pixels."""
    compressor = zlib.compressobj()
    row = bytes(1 + side * bits // 8)
    data = b"".join(compressor.compress(row) for _ in range(side)) + compressor.flush()

    def chunk(name: bytes, content: bytes) -> bytes:
        body = name + content
        return struct.pack(">I", len(content)) + body + struct.pack(">I", zlib.crc32(body))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, bits, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", data) + chunk(b"IEND", b"")


OPEN_AND_MEASURE = """
import sys
from pathlib import Path
from digitlib.errors import PictureError
from digitlib.vision import open_picture

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) // 1024

before = peak()
try:
    answer = open_picture(Path(sys.argv[1])).shape
except PictureError as error:
    answer = error
print(peak() - before, answer)
"""


def open_and_measure(path: Path) -> tuple[int, str]:
    """Open a picture in a process of its own; return the MB it took at most, and the answer."""
    if not Path("/proc/self/status").exists():
        pytest.skip("the peak of a process's memory is read from Linux's /proc")
    process = subprocess.run(
        [sys.executable, "-c", OPEN_AND_MEASURE, path], capture_output=True, text=True, check=True
    )
    assert process.stderr == ""
    megabytes, answer = process.stdout.strip().split(maxsplit=1)
    return int(megabytes), answer


@pytest.mark.parametrize(
    ("side", "named"), [(20_000, "The picture"), (12_000, "The picture has 12,000 x 12,000")]
)
def test_a_picture_of_too_many_pixels_is_refused_before_they_take_memory(side, named, tmp_path):
    path = tmp_path / "huge.png"
    path.write_bytes(blank_png(side, bits=1))

    megabytes, answer = open_and_measure(path)

    assert answer.startswith(named)
    assert "50 million pixels" in answer
    assert megabytes < 20


@pytest.mark.parametrize("bits", [1, 16])
def test_the_largest_picture_that_is_taken_leaves_a_small_machine_alive(bits, tmp_path):
    path = tmp_path / "large.png"
    path.write_bytes(blank_png(7_000, bits))

    megabytes, answer = open_and_measure(path)

    assert answer == "(2048, 2048)"
    assert megabytes < 350


def cut(content: bytes) -> bytes:
    return content[: len(content) // 2]


BROKEN: dict[str, Callable[[Image.Image], bytes]] = {
    "empty": lambda grey: b"",
    "text": lambda grey: b"This is not a picture.\n" * 20,
    "SVG": lambda grey: b'<svg xmlns="http://www.w3.org/2000/svg"><text>7</text></svg>',
    "TIFF": lambda grey: encode(grey, "TIFF"),
    "signature only": lambda grey: b"\x89PNG\r\n\x1a\n",
    "random": lambda grey: np.random.default_rng(0).bytes(5_000),
    "PNG cut off": lambda grey: cut(encode(grey, "PNG")),
    "JPEG cut off": lambda grey: cut(encode(grey, "JPEG")),
    "WebP cut off": lambda grey: cut(encode(grey, "WEBP")),
    "BMP cut off": lambda grey: cut(encode(grey, "BMP")),
    "GIF cut off": lambda grey: cut(encode(grey, "GIF")),
    "over 10 MB": lambda grey: encode(grey, "PNG") + bytes(10 * 1024 * 1024),
}


@pytest.mark.parametrize("kind", BROKEN.values(), ids=BROKEN)
def test_a_broken_file_gets_a_sentence(kind, seven, tmp_path):
    path = tmp_path / "seven.png"
    content = kind(seven)
    path.write_bytes(content)

    for source in (path, content):
        with pytest.raises(PictureError) as caught:
            open_picture(source)
        sentence = str(caught.value)
        assert sentence.startswith(("The file ", "The picture "))
        assert sentence.endswith(".")
        assert "\n" not in sentence


def test_every_truncation_of_a_small_file_is_read_or_gets_a_sentence(seven):
    small = seven.resize((28, 28))
    for form in ("PNG", "JPEG", "WEBP", "BMP", "GIF"):
        content = encode(small, form)
        for length in range(len(content)):
            try:
                open_picture(content[:length])
            except PictureError:
                continue


def test_every_changed_byte_of_a_small_file_is_read_or_gets_a_sentence(seven):
    small = seven.resize((28, 28))
    for form in ("PNG", "JPEG", "WEBP", "BMP", "GIF"):
        content = encode(small, form)
        for place in range(0, len(content), 3):
            changed = content[:place] + bytes([content[place] ^ 255]) + content[place + 1 :]
            try:
                open_picture(changed)
            except PictureError:
                continue


def test_a_file_of_10_mb_is_still_taken(seven):
    content = encode(seven, "PNG")

    assert open_picture(content + bytes(10 * 1024 * 1024 - len(content))).shape == (280, 280)


def test_the_size_of_a_file_too_large_is_not_said_to_be_the_limit(tmp_path):
    path = tmp_path / "large.png"
    with path.open("wb") as stream:
        stream.truncate(50 * 1024 * 1024)

    with pytest.raises(PictureError, match="larger than 10 MB"):
        open_picture(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(PictureError, match=r"There is no file .*seven\.png"):
        open_picture(tmp_path / "seven.png")


def test_a_folder_is_no_picture(tmp_path):
    with pytest.raises(PictureError, match="There is no picture in the folder"):
        open_picture(tmp_path)
