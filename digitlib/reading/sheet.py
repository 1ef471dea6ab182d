"""Sheets of digits as one image, to look at or to keep."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

RIGHT, WRONG = "#009E73", "#D55E00"  # safe for the colour-blind (Okabe and Ito)
SCALE = 3
CELL_WIDTH, CELL_HEIGHT = 28 * SCALE + 24, 28 * SCALE + 44
COLUMNS = 10


def draw_sheet(images: np.ndarray, labels: np.ndarray, answers: np.ndarray) -> Image.Image:
    """Draw digits with what each is and was read as, ten in a row.

    Right and wrong differ by colour and by word.

    Args:
        images: uint8 (n, 28, 28), 255 is ink.
        labels: (n,), what each digit is.
        answers: (n,), what was read.
    """
    columns = min(COLUMNS, len(images))
    rows = -(-len(images) // columns)
    sheet = Image.new("RGB", (columns * CELL_WIDTH, rows * CELL_HEIGHT), "white")
    draw = ImageDraw.Draw(sheet)
    font = ImageFont.load_default(15)
    for place, (image, label, answer) in enumerate(zip(images, labels, answers, strict=True)):
        left, top = place % columns * CELL_WIDTH + 12, place // columns * CELL_HEIGHT + 8
        digit = Image.fromarray(255 - image).resize((28 * SCALE, 28 * SCALE), Image.NEAREST)
        sheet.paste(digit, (left, top))
        colour = RIGHT if label == answer else WRONG
        text = f"{label}, right" if label == answer else f"{label} read as {answer}"
        middle = left + 14 * SCALE
        draw.text((middle, top + 28 * SCALE + 6), text, fill=colour, font=font, anchor="ma")
    return sheet
