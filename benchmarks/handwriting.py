"""How well the shipped models read handwriting that is not MNIST's.

Measured: the share read right, by the app's own road (``digitlib.transcript``), of pictures of one
digit each (drawn, photographed, hard) and of digits written with a pen on a tablet, rendered as the
canvas would have drawn them; and the share of pictures of several digits that are wholly right. Of
a single digit counts what is named, also where the page adds that it does not look like one, as it
does of one in twenty: how many are read without that, and nothing beside them, is a line of its
own. Of several, what is refused is not read.

Peer: the obvious road, with the app's own model: the whole picture in grey, turned to light on
dark, made 28x28 with Pillow.

The pictures are other people's and no part of this project: without the folder there is nothing to
measure. They are for judging only, never for training; its README.md describes it.
``python -m benchmarks.handwriting`` notes what it finds in the models' folders, for their cards.
"""

import contextlib
import csv
import gzip
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from benchmarks.server import PROJECT
from benchmarks.table import Row, print_table
from digitlib.errors import PictureError
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.files import write_json
from digitlib.runs.folder import DEFAULT_MODEL, list_shipped
from digitlib.transcript import transcribe_picture
from digitlib.vision import open_picture

HANDWRITING = PROJECT.parent / "shared" / "data"

CANVAS = 280
PEN = 18
DIGIT_SIDE = 180  # of the longer side of a digit on the canvas: "draw one digit, large"


def run() -> None:
    """Measure every shipped model on every kind of handwriting and print the table."""
    if not (HANDWRITING / "singles.csv").exists():
        print("\nHandwriting: not measured, there is no folder ../shared/data beside the project.")
        return
    models = list_shipped().runs
    recognisers = {run.id: Recogniser(run.model_file) for run in models}
    rows = []
    for kind, pictures in collect_kinds().items():
        labels = np.array([label for label, _ in pictures])
        obvious = prepare_all(pictures, make_small)
        for name, recogniser in recognisers.items():
            named, alone = read_digits(recogniser, pictures)
            peer = [share_right(recogniser, obvious, labels)] if name == DEFAULT_MODEL else []
            title = f"{kind} ({len(labels):,}), {name}"
            rows.append(Row(title, [named], peer, "%", 1))
            rows.append(Row(f"{title}: taken for it, and for no more", [alone], unit="%", digits=1))
    numbers = read_numbers(HANDWRITING)
    for name, recogniser in recognisers.items():
        right = [share_wholly_right(recogniser, numbers)]
        rows.append(Row(f"numbers ({len(numbers)}), {name}", right, unit="%", digits=1))
    print_table("Handwriting read right", rows)


def note() -> None:
    """Measure every shipped model and note it in its folder, for its card."""
    kinds = collect_kinds()
    for run in list_shipped().runs:
        recogniser = Recogniser(run.model_file)
        found = {
            kind: {
                "count": len(pictures),
                "accuracy": round(read_digits(recogniser, pictures)[0] / 100, 4),
            }
            for kind, pictures in kinds.items()
        }
        write_json(run.folder / "robustness.json", run.robustness | {"handwriting": found})


def collect_kinds() -> dict[str, list[tuple[int, np.ndarray]]]:
    """Return all pictures of one digit, by kind, each with its label."""
    return read_singles(HANDWRITING) | {"pen": read_pen_strokes(HANDWRITING)}


def read_digits(
    recogniser: Recogniser, pictures: list[tuple[int, np.ndarray]]
) -> tuple[float, float]:
    """Return the share of pictures whose digit is named, and is all that is read, in percent."""
    named = alone = 0
    for label, picture in pictures:
        with contextlib.suppress(PictureError):
            transcript = transcribe_picture(picture, recogniser)
            named += transcript.largest.answer.digit == label
            alone += transcript.texts == (str(label),)
    return 100 * named / len(pictures), 100 * alone / len(pictures)


def read_singles(folder: Path) -> dict[str, list[tuple[int, np.ndarray]]]:
    """Return pictures of one digit each, by kind, each with its label."""
    kinds = defaultdict(list)
    with (folder / "singles.csv").open(newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            picture = open_picture(folder / "singles" / row["file"])
            kinds[row["kind"]].append((int(row["digit"]), picture))
    return dict(kinds)


def read_numbers(folder: Path) -> list[tuple[str, np.ndarray]]:
    """Return pictures of several digits, each with its rows, joined by a stroke: ``12/345``."""
    with (folder / "numbers.csv").open(newline="", encoding="utf-8") as stream:
        return [
            (row["rows"], open_picture(folder / "numbers" / row["file"]))
            for row in csv.DictReader(stream)
        ]


def share_wholly_right(recogniser: Recogniser, numbers: list[tuple[str, np.ndarray]]) -> float:
    """Return the share of pictures of which every digit is read, in its row, in percent."""

    def read(picture: np.ndarray) -> str:
        try:
            return "/".join(transcribe_picture(picture, recogniser).texts)
        except PictureError:
            return ""

    return 100 * float(np.mean([read(picture) == rows for rows, picture in numbers]))


def read_pen_strokes(folder: Path) -> list[tuple[int, np.ndarray]]:
    """Return digits written with a pen, rendered, each with its label."""
    with gzip.open(folder / "pen_strokes.jsonl.gz", "rt", encoding="utf-8") as lines:
        digits = [json.loads(line) for line in lines]
    return [(digit["label"], draw_strokes(digit["strokes"])) for digit in digits]


def draw_strokes(strokes: list[list[list[float]]]) -> np.ndarray:
    """Draw the paths of a pen as the canvas does: white on black, round ends, 18 pixels wide.

    Args:
        strokes: lists of points (x, y), y downwards, in any unit.

    Returns:
        uint8 (280, 280), the digit in the middle, its longer side 180.
    """
    paths = [np.array(stroke, float) for stroke in strokes]
    points = np.concatenate(paths)
    low, high = points.min(axis=0), points.max(axis=0)
    scale = DIGIT_SIDE / max(1.0, (high - low).max())
    drawing = np.zeros((CANVAS, CANVAS), np.uint8)
    for path in paths:
        # OpenCV takes whole numbers; with shift 4 they are sixteenths of a pixel.
        placed = np.round(16 * ((path - (low + high) / 2) * scale + CANVAS / 2)).astype(np.int32)
        cv2.polylines(drawing, [placed], False, 255, PEN, cv2.LINE_AA, shift=4)
    return drawing


def make_small(picture: np.ndarray) -> np.ndarray:
    """Return a picture as the obvious road has it, uint8 (28, 28): the whole of it, made small."""
    grey = np.asarray(Image.fromarray(picture).convert("L").resize((28, 28)))
    return 255 - grey if grey.mean() > 127 else grey


def prepare_all(
    pictures: list[tuple[int, np.ndarray]], prepare: Callable[[np.ndarray], np.ndarray]
) -> list[np.ndarray | None]:
    """Return each picture as 28x28 pixels, None for one that is refused."""

    def attempt() -> Iterator[np.ndarray | None]:
        for _, picture in pictures:
            try:
                yield prepare(picture)
            except PictureError:
                yield None

    return list(attempt())


def share_right(
    recogniser: Recogniser, digits: list[np.ndarray | None], labels: np.ndarray
) -> float:
    """Return the share of digits read right, in percent; one that is None is not."""
    readable = [digit is not None for digit in digits]
    answers = recogniser.read(np.stack([digit for digit in digits if digit is not None]))
    return 100 * float((answers.argmax(axis=1) == labels[readable]).sum()) / len(labels)


if __name__ == "__main__":
    note()
