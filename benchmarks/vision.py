"""How long the road from a picture to the network takes, and how much memory.

Measured: a drawing of 280x280 pixels brought to 28x28, a scribble of that size read, and a
photograph of 12 megapixels from its file to its digits, in a process of its own, with the most
memory that it took for the photograph. There is no peer: the obvious road of
``benchmarks/handwriting.py`` does none of it.
"""

import io
import json
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmarks.call import call
from benchmarks.table import Row, print_table

REPEATS = 5
DRAWINGS = 50
PHOTOGRAPH = (3000, 4000)
MEGABYTE = 1024  # kB


def run() -> None:
    """Measure and print the table."""
    with tempfile.TemporaryDirectory() as folder:
        photograph = Path(folder) / "photograph.jpg"
        photograph.write_bytes(make_photograph())
        found = [call("benchmarks.vision", str(photograph)) for _ in range(REPEATS)]
    drawing, scribble, seconds, memory = (
        [each[key] for each in found] for key in ("drawing", "scribble", "photograph", "memory")
    )
    rows = [
        Row("a drawing of 280x280", drawing, unit="ms", digits=1, limit=5),
        Row("a scribble, read: it may be digits that overlap", scribble, unit="ms", digits=0),
        Row("a photograph of 12 megapixels", seconds, unit="s", limit=1),
        Row("... its memory", memory, unit="MB", digits=0, limit=400),
    ]
    print_table("From a picture to the network", rows)


def measure(photograph: Path) -> dict[str, float]:
    """Measure once, in this process."""
    from digitlib.reading.recogniser import Recogniser
    from digitlib.runs.folder import DEFAULT_MODEL, load_run
    from digitlib.transcript import transcribe_picture
    from digitlib.vision import open_picture, prepare_digit

    recogniser = Recogniser(load_run(DEFAULT_MODEL).model_file)
    drawing = make_drawing()
    times = [_time(lambda: prepare_digit(drawing)) for _ in range(DRAWINGS)]
    scribble = make_scribble()
    scribbles = [_time(lambda: transcribe_picture(scribble, recogniser)) for _ in range(REPEATS)]
    before = _find_peak()
    seconds = _time(lambda: transcribe_picture(open_picture(photograph), recogniser))
    return {
        "drawing": 1000 * float(np.median(times)),
        "scribble": 1000 * float(np.median(scribbles)),
        "photograph": seconds,
        "memory": (_find_peak() - before) / MEGABYTE,
    }


def make_drawing() -> np.ndarray:
    """Return a drawing as the canvas gives it, uint8 (280, 280, 4)."""
    from digitlib.data.pen import write_digit

    digit = Image.fromarray(write_digit(5, np.random.default_rng(0))).resize((280, 280))
    return np.asarray(Image.merge("RGBA", [digit, digit, digit, Image.new("L", (280, 280), 255)]))


def make_scribble() -> np.ndarray:
    """Return a pen's way to and fro, uint8 (280, 280, 3)."""
    turns = np.random.default_rng(0).integers(30, 250, (40, 2))
    page = Image.new("L", (280, 280), 255)
    ImageDraw.Draw(page).line([tuple(turn) for turn in turns.tolist()], 0, 14, "curve")
    return np.asarray(page.convert("RGB"))


def make_photograph() -> bytes:
    """Return ten digits on paper under a lamp, as a JPEG of 12 megapixels."""
    from digitlib.data.pen import write_digit

    chance = np.random.default_rng(0)
    page = np.zeros(PHOTOGRAPH, np.float32)
    for digit in range(10):
        large = Image.fromarray(write_digit(digit, chance)).resize((560, 560))
        top, left = 600 + 1000 * (digit // 5), 400 + 650 * (digit % 5)
        page[top : top + 560, left : left + 560] = np.asarray(large)
    light = np.linspace(0.6, 0.95, PHOTOGRAPH[1], dtype=np.float32)
    noisy = (255 - 0.8 * page) * light + chance.normal(0, 3, PHOTOGRAPH).astype(np.float32)
    stream = io.BytesIO()
    image = Image.fromarray(np.clip(noisy, 0, 255).astype(np.uint8)).convert("RGB")
    image.save(stream, "JPEG", quality=90)
    return stream.getvalue()


def _time(work) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _find_peak() -> int:
    """Return the most memory this process has held, in kB; 0 where the system does not say."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.exists() else []
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


if __name__ == "__main__":
    print(json.dumps(measure(Path(sys.argv[1]))))
