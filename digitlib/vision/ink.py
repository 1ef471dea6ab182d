"""Tell ink from ground: a picture becomes a map of how much ink each pixel holds.

The ground is what lies behind the ink, estimated anew at every place: uneven light, shadows, stains
and the colour of the paper belong to it. Lines printed on the paper count as ink here; ``lines``
removes them.
"""

import cv2
import numpy as np

from digitlib.errors import EmptyPictureError, PictureError
from digitlib.vision.crop import find_filled
from digitlib.vision.desk import clear_desk
from digitlib.vision.overview import OVERVIEW, look_over, shrink
from digitlib.vision.pen import measure_pen
from digitlib.vision.shade import find_shadows
from digitlib.vision.strokes import find_strokes

# Ink must differ from its ground by this share of full contrast. Paper grain and the artefacts of
# JPEG stay below it; a faint pencil on white paper reaches about 0.2.
MIN_CONTRAST = 0.1
NOISE = 4  # times the spread of the ground: what is below is grain
SAMPLES = 128  # along a side, from which the noise is known
WINDOW = 0.5  # of the shorter side: what is wider is no stroke but a shadow or a sheet
STROKE_WINDOW = 4  # times the width of strokes, as far as it is known
PEN_WINDOW = 6  # times the width of the pen, once that is known
EVEN = 4  # levels by which a ground may differ that counts as one
DARKEST = 40  # a ground below this is taken for this, or its noise would look like ink
EDGE = 0.25  # of the strongest ink near by: half of where an edge lies, cut off as grain
NEAR = 1.5  # times the width of the pen: how far that ink may be
PALEST = 0.5  # of the usual stroke: a paler stroke is measured against this, and stays pale
SMOOTH = 1 / 1200  # of the longer side: how far the grain of a photograph is smoothed
CROSS = cv2.getStructuringElement(cv2.MORPH_CROSS, (3, 3))
NO_INK = "There is nothing to read: the picture is empty. Draw a digit or choose another picture."


def find_ink(picture: np.ndarray) -> np.ndarray:
    """Map the ink in a picture, light on dark or dark on light.

    Dark ink takes a share of the light that its ground would send back, so it is measured as that
    share: a stroke in the shadow is as full as one in the light. Light ink is measured as the
    difference. The strongest ink near by becomes 1, so that a pencil which is pressed unevenly
    leaves one stroke; and a quarter of it is cut off as the grain of the ground. Soft edges stay
    soft: MNIST's digits have them too.

    Args:
        picture: uint8, (height, width) grey, (height, width, 3) RGB or (height, width, 4) RGBA.

    Returns:
        float32 (height, width), 0 is ground and 1 is ink.

    Raises:
        EmptyPictureError: nothing stands out from the ground.
        PictureError: the array has another shape or dtype.

    Source: N. Otsu, A threshold selection method from gray-level histograms, 1979 (as in OpenCV).
    """
    try:
        return _find_dark_or_light(_to_grey(picture))
    except EmptyPictureError:
        if not _is_coloured(picture):
            raise
    # Red on green may be as dark as its ground, and still there.
    return _find_dark_or_light(_to_hue(picture))


def _find_dark_or_light(grey: np.ndarray) -> np.ndarray:
    """Return the ink in a grey picture, float32 like it."""
    strength, pen = _find_strength(grey)
    return _scale(strength, pen)


def _find_strength(grey: np.ndarray) -> tuple[np.ndarray, float]:
    """Return how far each pixel differs from its ground, float32, 0 to 255, and the pen's width."""
    uncleared = _smooth_grain(grey)
    overview = look_over(uncleared)
    grey = clear_desk(uncleared, overview)
    if grey is not uncleared:
        overview = look_over(grey)
    strokes = find_strokes(overview)
    paper = grey if strokes.dark else 255 - grey
    ground = _find_flat_ground(paper)
    if ground is not None:
        strength = _measure(paper, ground, strokes.dark)
        return strength, _find_pen(strength, strokes.width)[0]
    paper = _lift_shadows(paper, overview.fine, strokes.dark)
    window = min(WINDOW * min(paper.shape), STROKE_WINDOW * strokes.width)
    ground = find_ground(paper, max(3, round(window)))
    strength = _measure(paper, ground, strokes.dark)
    pen, blot = _find_pen(strength, strokes.width)
    # A narrower window follows the light more closely, down to the shadow of a finger; even light
    # needs no second look.
    if (blot or np.ptp(ground) > EVEN) and PEN_WINDOW * pen < window:
        strength = _measure(paper, find_ground(paper, round(PEN_WINDOW * pen)), strokes.dark)
    return strength, pen


def _find_flat_ground(paper: np.ndarray) -> np.ndarray | None:
    """Return the ground of a drawing, which is of one grey to the last pixel; None of a photograph.

    No shadow lies on it, so that what is wider than a stroke is ink too: of a disc taken for a
    shadow there would remain the rim, a zero.
    """
    grey = paper[0, 0]
    rim = (paper[0], paper[-1], paper[:, 0], paper[:, -1])
    if any((side != grey).any() for side in rim) or np.mean(paper == grey) <= 0.5:
        return None
    return np.full_like(paper, grey)


def find_ground(paper: np.ndarray, window: int) -> np.ndarray:
    """Estimate the ground behind dark ink: a closing, which fills what is narrower than a window.

    Args:
        paper: float32 (height, width), 0 to 255, ink darker than its ground.
        window: pixels across, it is round.

    Returns:
        float32 (height, width), 0 to 255.
    """
    small = shrink(paper)
    side = max(3, round(window * max(small.shape) / max(paper.shape)) | 1)
    # A single bright pixel must not become the ground around it. A round shadow has no corners: a
    # square window would leave its sides as ink.
    calm = cv2.medianBlur(small.astype(np.uint8), 3)
    closed = _close_round(calm, side)
    # Beside the edge of a shadow the ground is the darker of both, lest the edge become a hair.
    careful = cv2.erode(closed, np.ones((3, 3), np.uint8)).astype(np.float32)
    soft = cv2.blur(careful, (3, 3), borderType=cv2.BORDER_REPLICATE)
    return cv2.resize(soft, paper.shape[::-1], interpolation=cv2.INTER_LINEAR)


def _close_round(grey: np.ndarray, side: int) -> np.ndarray:
    """Close by an octagon: a square, then a diamond, which is much faster than a disc."""
    edge = round(0.414 * side) | 1
    square, arm = np.ones((edge, edge), np.uint8), (side - edge) // 2
    wide = cv2.dilate(cv2.dilate(grey, square), CROSS, iterations=arm)
    return cv2.erode(cv2.erode(wide, CROSS, iterations=arm), square)


def _lift_shadows(paper: np.ndarray, fine: np.ndarray, dark: bool) -> np.ndarray:
    """Return the paper without narrow shadows, the same array where there are none.

    Args:
        paper: float32 (height, width), 0 to 255, ink darker than its ground.
        fine: the picture's overview, uint8.
        dark: whether ink is darker than its ground in the picture.
    """
    small = (fine if dark else 255 - fine).astype(np.float32)
    # As wide as can be: the hand that a finger's shadow belongs to is a shadow too.
    ground = find_ground(small, min(small.shape))
    shadows = find_shadows(_measure(small, ground, dark))
    if shadows is None:
        return paper
    shadows, ground = (
        cv2.resize(each, paper.shape[::-1], interpolation=cv2.INTER_LINEAR)
        for each in (shadows, ground)
    )
    lit = paper * (255 / (255 - shadows)) if dark else paper + shadows
    # At the edge of a shadow some paper is in the light already: nowhere brighter than its ground.
    return np.minimum(lit, np.maximum(ground, paper))


def _measure(paper: np.ndarray, ground: np.ndarray, dark: bool) -> np.ndarray:
    """Return how far each pixel lies under its ground, float32, 0 to 255."""
    # In place, here and below: to get memory for another picture takes longer than to work on it.
    # And by np.clip, which takes a third of the time of np.maximum.
    strength = ground - paper
    np.clip(strength, 0, np.inf, out=strength)
    if dark:
        strength *= 255 / np.clip(ground, DARKEST, np.inf)
    return strength


def _scale(strength: np.ndarray, pen: float) -> np.ndarray:
    """Return ink from 0 to 1, measured against the strongest ink near by."""
    step = max(1, round(max(strength.shape) / SAMPLES))
    # More than a quarter of a picture is ground, however bold the digit. (Numbers of NumPy's would
    # make float64 of the whole picture.)
    strength = strength - float(np.percentile(strength[::step, ::step], 25))
    np.clip(strength, 0, np.inf, out=strength)
    grain = cv2.absdiff(strength[::step, ::step], cv2.blur(strength, (3, 3))[::step, ::step])
    noise = 1.4826 * float(np.median(grain))
    candidates = strength[strength > max(MIN_CONTRAST * 255 / 2, NOISE * noise)]
    if candidates.size == 0:
        raise EmptyPictureError(NO_INK)
    threshold, _ = cv2.threshold(
        candidates.astype(np.uint8), 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU
    )
    stroke = float(np.median(candidates[candidates >= threshold]))
    if stroke < max(MIN_CONTRAST * 255, 1.5 * NOISE * noise):
        raise EmptyPictureError(NO_INK)
    side = round(NEAR * pen) | 1
    strongest = np.clip(strength.astype(np.uint8), 0, int(stroke))
    near = cv2.dilate(strongest, np.ones((side, side), np.uint8))
    level = cv2.blur(near, (side, side)).astype(np.float32)
    np.clip(level, max(PALEST * stroke, 2 * NOISE * noise), np.inf, out=level)
    strength /= level
    strength -= EDGE
    strength *= 1 / (1 - EDGE)
    return np.clip(strength, 0, 1, out=strength)


def _find_pen(strength: np.ndarray, widest: float) -> tuple[float, bool]:
    """Return the width of the pen in pixels, and whether there is also what is wider than strokes.

    Args:
        strength: of the ink, float32 (height, width), 0 to 255.
        widest: that a stroke may be, in pixels.
    """
    small = shrink(strength, 2 * OVERVIEW)
    solid = (small > max(MIN_CONTRAST, small.max() / 2 / 255) * 255).astype(np.uint8)
    if not solid.any():
        raise EmptyPictureError(NO_INK)
    scale = max(strength.shape) / max(small.shape)
    pen = max(1.0, measure_pen(solid, widest / scale) * scale)
    if max(strength.shape) <= OVERVIEW:  # a digit as MNIST has them, as wide as it is in places
        return pen, False
    side = round(widest / scale) + 1
    inked = (small > MIN_CONTRAST * 255).astype(np.uint8)
    blot = cv2.erode(inked[find_filled(inked)], np.ones((side, side), np.uint8))
    return pen, bool(blot.any())


def _smooth_grain(grey: np.ndarray) -> np.ndarray:
    spread = SMOOTH * max(grey.shape)
    return cv2.GaussianBlur(grey, (0, 0), spread) if spread > 0.5 else grey


def _is_coloured(picture: np.ndarray) -> bool:
    """Tell whether a picture has colours that are all seen."""
    channels = picture.shape[2] if picture.ndim == 3 else 1
    return channels == 3 or (channels == 4 and picture[..., 3].min() == 255)


def _to_hue(picture: np.ndarray) -> np.ndarray:
    """Return how far each pixel's colour lies along what the colours differ in most, 0 to 255."""
    colours = picture[..., :3].reshape(-1, 3)
    step = max(1, len(colours) // SAMPLES**2)
    _, axes = cv2.PCACompute(colours[::step].astype(np.float32), mean=None, maxComponents=1)
    along = picture[..., :3].astype(np.float32) @ axes[0]
    along -= np.median(along)
    return 128 + along * min(1, 127 / max(1, float(np.abs(along).max())))


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
    code = cv2.COLOR_RGB2GRAY if channels == 3 else cv2.COLOR_RGBA2GRAY
    grey = cv2.cvtColor(np.ascontiguousarray(picture), code).astype(np.float32)
    if channels == 3 or picture[..., 3].min() == 255:
        return grey
    # What is transparent shows the ground: white behind dark ink, black behind light ink.
    opacity = picture[..., 3].astype(np.float32) / 255
    if not opacity.any():
        raise EmptyPictureError(NO_INK)
    ground = 255 if np.average(grey, weights=opacity) < 128 else 0
    return grey * opacity + ground * (1 - opacity)
