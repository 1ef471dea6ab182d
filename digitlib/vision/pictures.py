"""Open the pictures that people bring, of any common format and depth, the right way up.

Pictures come from strangers, so their size is looked at before their pixels are decoded.
"""

import io
import warnings
from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from digitlib.errors import PictureError

FORMATS = ("PNG", "JPEG", "WEBP", "BMP", "GIF", "HEIF")
SUFFIXES = (".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif", ".heic", ".heif")
MAX_BYTES = 10 * 1024 * 1024
MAX_PIXELS = 50_000_000  # a phone's largest photographs; decoded they take 200 MB for a moment
MAX_SIDE = 2_048  # of the array given back; a digit needs 20 pixels

# Pillow warns of damaged EXIF data, which leave a picture as it is, and of pictures over 89 million
# pixels, which are refused below. Set once: warnings.catch_warnings() is not for threads.
warnings.filterwarnings("ignore", module=r"PIL\.")


def open_picture(source: bytes | Path) -> np.ndarray:
    """Open a PNG, JPEG, WebP, BMP, HEIC or GIF (its first frame) as an array.

    The rotation noted in a photograph's EXIF data is applied, palettes and CMYK become RGB, 16-bit
    greys become 8-bit, and a picture with a side over 2,048 pixels is made smaller.

    Args:
        source: the content of a file, or its path.

    Returns:
        uint8, (height, width) for grey, (height, width, 3) for RGB, (height, width, 4) for RGBA.

    Raises:
        PictureError: the file cannot be read, is no picture of these formats, is cut off, or is
            larger than 10 MB or 50 million pixels.
    """
    content = _read(source) if isinstance(source, Path) else source
    if not content:
        raise PictureError("The file is empty. Choose a picture of a digit.")
    if len(content) > MAX_BYTES:
        raise PictureError(
            f"The file is larger than {MAX_BYTES // 2**20} MB. Make the picture smaller or crop it "
            "to the digit."
        )
    _learn_heic()
    try:
        image = Image.open(io.BytesIO(content), formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise PictureError(_too_many_pixels("The picture")) from error
    except Exception as error:  # Pillow's format plugins raise errors of many kinds
        raise PictureError(
            "The file is not a picture that can be read. Use a PNG, JPEG, WebP, BMP, GIF or HEIC."
        ) from error
    width, height = image.size
    if width * height > MAX_PIXELS:
        raise PictureError(_too_many_pixels(f"The picture has {width:,} x {height:,} pixels; it"))
    try:
        # For JPEG, decoding at a reduced size saves most of the time and memory.
        image.draft(None, (MAX_SIDE, MAX_SIDE))
        image.load()
        # In place, because a copy of the largest picture would cost 200 MB more.
        ImageOps.exif_transpose(image, in_place=True)
        image = _to_eight_bits(image)
        image.thumbnail((MAX_SIDE, MAX_SIDE), reducing_gap=2.0)
    except Exception as error:  # as above: a damaged file can fail in any way
        raise PictureError(
            "The picture is damaged or cut off. Save or send it again, then try once more."
        ) from error
    return np.asarray(image)


@cache
def _learn_heic() -> None:
    """Teach Pillow HEIC, what many phones write: 4 MB that nobody needs who only draws."""
    from pillow_heif import register_heif_opener

    register_heif_opener(thumbnails=False)


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            # One byte more than allowed is enough to be refused.
            return stream.read(MAX_BYTES + 1)
    except FileNotFoundError as error:
        raise PictureError(f"There is no file {path}.") from error
    except IsADirectoryError as error:
        raise PictureError(f"There is no picture in the folder {path}.") from error
    except OSError as error:
        raise PictureError(f"{path} cannot be read: {error.strerror}.") from error


def _too_many_pixels(subject: str) -> str:
    return (
        f"{subject} may have up to {MAX_PIXELS // 1_000_000} million pixels. "
        "Make it smaller or crop it to the digit."
    )


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Return the image in mode L, RGB or RGBA."""
    if image.mode.startswith("I"):
        # Cameras and scanners store 10, 12 or 14 bits in files of 16: take the least that fits.
        values = np.asarray(image)
        bits = next(b for b in (8, 10, 12, 14, 16, 32) if values.max() < 2**b)
        return Image.fromarray((values >> (bits - 8)).astype(np.uint8))
    grey = image.mode in ("1", "L")
    mode = "RGBA" if image.has_transparency_data else "L" if grey else "RGB"
    return image if image.mode == mode else image.convert(mode)
