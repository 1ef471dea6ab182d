import numpy as np
import pytest
from PIL import Image

from digitlib.reading.recogniser import Recogniser
from digitlib.vision import prepare_digit


@pytest.fixture(scope="session")
def clear_digits(cnn: Recogniser, validation) -> list[np.ndarray]:
    """One validation digit of each class that cannot be mistaken, uint8 (28, 28), 0 to 9."""
    digits = validation.take(slice(0, 500))
    certainty = cnn.read(digits.images)[np.arange(len(digits)), digits.labels]
    sure = [np.flatnonzero((digits.labels == digit) & (certainty > 0.999)) for digit in range(10)]
    return [digits.images[places[0]] for places in sure]


@pytest.fixture(scope="session")
def seven(clear_digits) -> Image.Image:
    """A seven in black on white, mode L, 280 pixels wide and high."""
    white_ground = Image.fromarray(255 - clear_digits[7])
    return white_ground.resize((280, 280), Image.Resampling.BICUBIC)


@pytest.fixture(scope="session")
def read(cnn: Recogniser):
    """Read the digit in a picture, given as an array."""

    def read_picture(picture: np.ndarray) -> int:
        return int(cnn.read(prepare_digit(picture).digit[np.newaxis])[0].argmax())

    return read_picture
