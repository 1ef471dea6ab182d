"""Make the pictures in digitlib/ui/examples, which visitors click on the page Draw.

Written by the simulated pen of ``digitlib.data.pen``, on paper and board that is made up as well:
they are the project's own. The same command gives the same pictures::

    python tools/make_examples.py
"""

import csv
import sys
from dataclasses import dataclass, field
from pathlib import Path

import cv2
import numpy as np

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from digitlib.data.pen import draw_strokes, run_through, write_digit, write_shape  # noqa: E402
from digitlib.vision.pen import measure_pen  # noqa: E402

FOLDER = PROJECT / "digitlib" / "ui" / "examples"
WIDTH, HEIGHT = 640, 480
QUALITY = 82

WHITE, CREAM, YELLOW, BOARD = (250, 249, 246), (241, 233, 214), (246, 226, 122), (47, 66, 58)
BLUE, BLACK, RED, PENCIL, CHALK = (
    (32, 52, 148), (24, 24, 28), (196, 36, 40), (112, 112, 116), (238, 238, 230)
)  # fmt: skip


@dataclass(frozen=True)
class Example:
    """A picture to be made.

    Attributes:
        title: what a visitor is told of it.
        rows: what is written, a string per line; ``SCRIBBLE`` is one.
        shapes: those that are not left to chance.
        pen: its width for digits 80 pixels high: 5, 7, 9, 11 or 13, as OpenCV draws lines.
        size: height of a digit in the picture, pixels.
        ink, paper: colours, RGB.
        printed: lines on the paper: none, "ruled" or "squared".
        light: how much darker the picture is at its far side, 0 to 1.
        shadow: whether something throws a soft shadow across it.
        spacing: from one digit to the next, in heights.
        grain: of the camera, levels of grey.
        seed: of chance; chosen for digits that a person reads at once.
    """

    title: str
    rows: tuple[str, ...]
    shapes: dict[str, tuple[float, str]] = field(default_factory=dict)
    pen: int = 7
    size: int = 120
    ink: tuple[int, int, int] = BLUE
    paper: tuple[int, int, int] = WHITE
    printed: str = ""
    light: float = 0.15
    shadow: bool = False
    spacing: float = 0.85
    grain: float = 2.5
    seed: int = 0


# Written in these shapes: the width for a height of 1, and strokes as in ``digitlib.data.pen``.
CROSSED_SEVEN = {"7": (0.66, "4,6 92,2! 40,100;14,52 84,46")}
OPEN_FOUR = {"4": (0.62, "22,0 10,55! 92,50;78,8 70,100")}
LETTER = {"K": (0.65, "10,0 10,100;90,0 12,52! 95,100")}
SCRIBBLE = "~"

EXAMPLES = {
    "crossed-seven": Example("A crossed 7", ("7",), CROSSED_SEVEN, 9, 280, BLACK, CREAM),
    "postcode": Example("A postcode", ("94607",), size=118, printed="ruled", light=0.3, seed=11),
    "phone-number": Example("A phone number", ("0171", "55829"), size=110, printed="squared",
                            seed=6),
    "sum": Example("A sum in pencil", ("48", "35", "83"), pen=5, size=100, ink=PENCIL, paper=CREAM,
                   seed=7),
    "blackboard": Example("Chalk on a board", ("2468",), pen=9, size=140, ink=CHALK, paper=BOARD,
                          grain=6, seed=4),
    "touching": Example("Digits that touch", ("50",), pen=9, size=220, ink=BLACK, spacing=0.56,
                        seed=18),
    "shadow": Example("A shadow across", ("369",), size=150, paper=CREAM, light=0.4, shadow=True,
                      seed=2),
    "faint": Example("A faint pencil", ("6",), pen=5, size=260, ink=(196, 196, 198), seed=5),
    "sticky-note": Example("A sticky note", ("12",), pen=11, size=220, ink=RED, paper=YELLOW,
                           seed=8),
    "open-four": Example("An open 4", ("4",), OPEN_FOUR, 11, 280, BLACK),
    "letter": Example("A letter", ("K",), LETTER, 9, 260, BLACK, seed=1),
    "scribble": Example("A scribble", (SCRIBBLE,), size=260, seed=4),
}  # fmt: skip


def make(example: Example) -> np.ndarray:
    """Return the picture of an example, uint8 (480, 640, 3)."""
    chance = np.random.default_rng(example.seed)
    ink = _write_rows(example, chance)[..., np.newaxis]
    paper = _print_lines(np.full((HEIGHT, WIDTH, 3), example.paper, np.float32), example.printed)
    texture = cv2.GaussianBlur(chance.normal(0, 1, (HEIGHT, WIDTH)).astype(np.float32), (0, 0), 1)
    worn = ink * np.clip(0.92 + 0.25 * texture[..., np.newaxis], 0.5, 1)
    page = paper * (1 - worn) + np.array(example.ink, np.float32) * worn
    seen = page * _light(example, chance)[..., np.newaxis]
    seen = cv2.GaussianBlur(seen, (0, 0), 0.7) + chance.normal(0, example.grain, page.shape)
    return np.clip(np.round(seen), 0, 255).astype(np.uint8)


def _write_rows(example: Example, chance: np.random.Generator) -> np.ndarray:
    """Return the ink of an example, float32 (480, 640), 0 to 1."""
    page = np.zeros((HEIGHT, WIDTH), np.float32)
    step = example.spacing * example.size
    line = 1.25 * example.size
    top = (HEIGHT - line * (len(example.rows) - 1)) / 2
    for number, row in enumerate(example.rows):
        left = (WIDTH - step * (len(row) - 1)) / 2
        for place, sign in enumerate(row):
            mark = _write(sign, example, chance)
            x = left + place * step + chance.normal(0, 0.02 * example.size)
            y = top + number * line + chance.normal(0, 0.03 * example.size)
            _lay_on(page, mark, round(x - mark.shape[1] / 2), round(y - mark.shape[0] / 2))
    return page


def _write(sign: str, example: Example, chance: np.random.Generator) -> np.ndarray:
    """Return a sign by the example's pen, float32, 0 to 1."""
    while True:
        if sign == SCRIBBLE:
            points = [chance.uniform(0, 100, (7, 2)) for _ in range(2)]
            mark = draw_strokes([run_through(each) for each in points], chance)
        elif sign in example.shapes:
            width, shape = example.shapes[sign]
            mark = write_shape(shape, width, chance)
        else:
            mark = write_digit(int(sign), chance)
        if abs(measure_pen((mark > 127).astype(np.uint8)) - example.pen) < 0.6:
            break
    side = round(example.size * mark.shape[0] / 80)
    large = cv2.resize(mark, (side, side), interpolation=cv2.INTER_CUBIC)
    return np.clip(large.astype(np.float32) / 255, 0, 1)


def _lay_on(page: np.ndarray, mark: np.ndarray, left: int, top: int) -> None:
    rows = slice(max(0, top), min(HEIGHT, top + mark.shape[0]))
    columns = slice(max(0, left), min(WIDTH, left + mark.shape[1]))
    part = mark[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left]
    page[rows, columns] = np.maximum(page[rows, columns], part)


def _print_lines(paper: np.ndarray, printed: str) -> np.ndarray:
    blue = np.array((168, 190, 220), np.float32)
    for y in range(30, HEIGHT, 40) if printed else ():
        paper[y : y + 2] = blue
    for x in range(24, WIDTH, 40) if printed == "squared" else ():
        paper[:, x : x + 2] = blue
    return paper


def _light(example: Example, chance: np.random.Generator) -> np.ndarray:
    """Return the light on each place, float32 (480, 640), up to 1."""
    y, x = np.mgrid[0 : 1 : HEIGHT * 1j, 0 : 1 : WIDTH * 1j].astype(np.float32)
    angle = chance.uniform(0, 2 * np.pi)
    along = (np.cos(angle) * (x - 0.5) + np.sin(angle) * (y - 0.5)) + 0.5
    light = 1 - example.light * np.clip(along, 0, 1)
    if example.shadow:
        light *= 1 - 0.4 / (1 + np.exp(-(x + 0.4 * y - 0.75) / 0.04))
    return light


def main() -> None:
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / "examples.csv").open("w", newline="", encoding="utf-8") as stream:
        table = csv.writer(stream, lineterminator="\n")
        table.writerow(["file", "title", "rows"])
        for name, example in EXAMPLES.items():
            file = FOLDER / f"{name}.jpg"
            picture = cv2.cvtColor(make(example), cv2.COLOR_RGB2BGR)
            cv2.imwrite(str(file), picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
            digits = "/".join(row for row in example.rows if row.isdigit())
            table.writerow([file.name, example.title, digits])


if __name__ == "__main__":
    main()
