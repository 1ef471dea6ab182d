"""Digits as a hand draws them on the canvas: strokes of points, in pixels of a square of 280."""

import math

import numpy as np
from PIL import Image, ImageDraw

SIDE = 280
PEN = 18


def _arc(x: float, y: float, across: float, down: float, begin: int, end: int) -> list:
    """Return points on an ellipse, between two angles in degrees, clockwise from the right."""
    angles = [math.radians(begin + (end - begin) * step / 16) for step in range(17)]
    return [(x + across * math.cos(angle), y + down * math.sin(angle)) for angle in angles]


DIGITS = {
    0: [_arc(140, 140, 55, 85, -90, 270)],
    1: [[(150, 50), (140, 230)]],
    2: [[*_arc(140, 105, 50, 50, -170, 40), (90, 225), (200, 225)]],
    3: [[*_arc(130, 95, 48, 45, -140, 90), *_arc(130, 187, 55, 47, -90, 140)]],
    4: [[(110, 50), (90, 150), (190, 150)], [(180, 55), (165, 235)]],
    7: [[(75, 60), (205, 60), (125, 230)]],
}

LETTER_W = [[(40, 70), (90, 210), (140, 100), (190, 210), (240, 70)]]
FACE = [
    _arc(140, 140, 90, 100, -90, 270),
    [(105, 105), (105, 115)],
    [(175, 105), (175, 115)],
    _arc(140, 150, 45, 40, 20, 160),
]


def draw(digit: int) -> np.ndarray:
    """Return a digit as the canvas gives it: white on black, uint8 (280, 280, 4)."""
    return draw_strokes(DIGITS[digit])


def draw_strokes(strokes: list) -> np.ndarray:
    """Return strokes as the canvas gives them: white on black, uint8 (280, 280, 4)."""
    image = Image.new("RGBA", (SIDE, SIDE), "black")
    pen = ImageDraw.Draw(image)
    for stroke in strokes:
        pen.line(stroke, fill="white", width=PEN, joint="curve")
        for x, y in stroke:
            pen.ellipse([x - PEN / 2, y - PEN / 2, x + PEN / 2, y + PEN / 2], fill="white")
    return np.asarray(image)
