"""Tell ink from ground: a picture becomes a map of how much ink each pixel holds.

The ground is taken to be of one brightness, read off the picture's border. Uneven light and ruled
paper are beyond this step.
"""

import cv2
import numpy as np

from digitlib.errors import EmptyPictureError, PictureError

# Ink must differ from its ground by this share of full contrast. Paper grain and the artefacts of
# JPEG stay below it; a faint pencil on white paper reaches about 0.2.
MIN_CONTRAST = 0.1
NO_INK = "There is nothing to read: the picture is empty. Draw or choose one digit."


def find_ink(picture: np.ndarray) -> np.ndarray:
    """Map the ink in a picture, light on dark or dark on light.

    The difference from the ground's brightness is cut at half of Otsu's threshold, which clears the
    grain of the ground, and scaled so that the middle of a stroke becomes 1. Soft edges stay soft:
    MNIST's digits have them too.

    Args:
        picture: uint8, (height, width) grey, (height, width, 3) RGB or (height, width, 4) RGBA.

    Returns:
        float32 (height, width), 0 is ground and 1 is ink.

    Raises:
        EmptyPictureError: nothing stands out from the ground.
        PictureError: the array has another shape or dtype.

    Source: N. Otsu, A threshold selection method from gray-level histograms, 1979 (as in OpenCV).
    """
    grey = _to_grey(picture)
    border = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    difference = grey - np.median(border)
    # Ink is the side that deviates more in all: noise and shadows are weaker than strokes.
    lighter, darker = np.maximum(difference, 0), np.maximum(-difference, 0)
    ink = lighter if np.square(lighter).sum() > np.square(darker).sum() else darker
    if ink.max() < MIN_CONTRAST * 255:
        raise EmptyPictureError(NO_INK)
    threshold, _ = cv2.threshold(ink.astype(np.uint8), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    stroke = np.median(ink[ink > threshold])
    if stroke < MIN_CONTRAST * 255:
        raise EmptyPictureError(NO_INK)
    low = threshold / 2
    return np.clip((ink - low) / (stroke - low), 0, 1).astype(np.float32)


def _to_grey(picture: np.ndarray) -> np.ndarray:
    """Return the brightness of each pixel, float32, 0 to 255."""
    channels = 1 if picture.ndim == 2 else picture.shape[-1] if picture.ndim == 3 else 0
    if picture.dtype != np.uint8 or channels not in (1, 3, 4) or picture.size == 0:
        raise PictureError(
            "A picture is an array of uint8, grey (height, width), RGB (height, width, 3) or RGBA "
            f"(height, width, 4); this one is {picture.dtype} {picture.shape}."
        )
    if channels == 1:
        return picture.reshape(picture.shape[:2]).astype(np.float32)
    grey = cv2.cvtColor(np.ascontiguousarray(picture[..., :3]), cv2.COLOR_RGB2GRAY)
    grey = grey.astype(np.float32)
    if channels == 3:
        return grey
    # What is transparent shows the ground: white behind dark ink, black behind light ink.
    opacity = picture[..., 3].astype(np.float32) / 255
    if not opacity.any():
        raise EmptyPictureError(NO_INK)
    ground = 255 if np.average(grey, weights=opacity) < 128 else 0
    return grey * opacity + ground * (1 - opacity)
