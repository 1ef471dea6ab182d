"""How honest the shipped models are: what they take for a digit, and how sure they are in truth.

Measured: the area under the ROC curve (AUROC) of the score, MNIST's test digits against what is no
digit; the share that is refused by the threshold; the share of digits that is kept, of MNIST and of
other people's handwriting; and the expected calibration error on the test digits.

What is no digit: letters and signs of kinds that the model had not seen, half of those of
``digitlib.data.others``, for which it is judged anew here by the other half; textures of another
make than those it learnt from; HASYv2 symbols (Thoma, 2017), where ../shared/data has them; and
Fashion-MNIST (Xiao, Rasul and Vollgraf, 2017), where Debian's package ``dataset-fashion-mnist`` is
installed, or its folder named in ``FASHION_MNIST``. Of HASYv2 symbols, of faces and of filled
ellipses drawn on the canvas is measured as well in how many pictures the app finds some digit: it
sees more there than the 28x28 pixels, and may part them as it does digits that touch.

Peer: the largest probability of the network as it was trained, in the same run.
``python -m benchmarks.honesty`` notes what it finds in the models' folders, for their cards.
"""

import gzip
import os
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import cv2
import numpy as np
from sklearn.metrics import roc_auc_score

from benchmarks.handwriting import (
    CANVAS,
    HANDWRITING,
    prepare_all,
    read_pen_strokes,
    read_singles,
)
from benchmarks.table import Row, print_table
from digitlib.data import load_mnist
from digitlib.data.others import LETTERS_AND_SIGNS
from digitlib.errors import PictureError
from digitlib.reading.calibration import find_calibration_error
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.files import write_json
from digitlib.runs.folder import DEFAULT_MODEL, Run, list_shipped, load_run
from digitlib.transcript import transcribe_picture
from digitlib.vision import prepare_digit
from digitlib.vision.written import write_others

FASHION_MNIST = Path(os.environ.get("FASHION_MNIST", "/usr/share/datasets/fashion-mnist"))
LEARNT, UNSEEN = LETTERS_AND_SIGNS[0::2], LETTERS_AND_SIGNS[1::2]
COUNT = 2_000
SEED = 2026
LETTERS, TEXTURES, CLOTHING = "letters and signs", "textures", "clothing (Fashion-MNIST)"
SYMBOLS, FACES, DISCS = "symbols (HASYv2)", "faces", "filled ellipses"
DRAWINGS = 200  # of faces, and of ellipses

# Of the default model: how far the AUROC may fall short of 1.
BARS = {LETTERS: 0.03, TEXTURES: 0.01, CLOTHING: 0.01}


def run() -> None:
    """Measure every shipped model and print the table."""
    others, digits = collect_others(), collect_digits()
    found = {run.id: measure(run, others, digits) for run in list_shipped().runs}
    rows = []
    for name, rates in found.items():
        for kind, values in rates["others"].items():
            limit = BARS.get(kind) if name == DEFAULT_MODEL else None
            ours, peer = [1 - values["auroc"]], [1 - values["peer"]]
            rows.append(Row(f"{name}: 1 - AUROC, {kind}", ours, peer, "", 4, limit))
            rows.append(Row(f"{name}: taken for digits, {kind}", [100 * (1 - values["refused"])],
                            unit="%", digits=1))  # fmt: skip
        for kind, share in rates["digits"].items():
            rows.append(Row(f"{name}: refused, {kind}", [100 * (1 - share)], unit="%", digits=1))
        error, before = (100 * each for each in rates["calibration"])
        rows.append(Row(f"{name}: calibration error", [error], [before], "%", 2, 0.3))
    default = Recogniser(load_run(DEFAULT_MODEL).model_file)
    chance = np.random.default_rng(SEED)
    pictures = {
        SYMBOLS: read_symbols(),
        FACES: [draw_face(chance) for _ in range(DRAWINGS)],
        DISCS: [draw_disc(chance) for _ in range(DRAWINGS)],
    }
    for kind, drawn in pictures.items():
        if drawn:
            name = f"{DEFAULT_MODEL}: pictures with some digit, {kind}"
            rows.append(Row(name, [share_with_digits(default, drawn)], unit="%", digits=1))
    print_table("Honesty", rows, *_describe_missing())


def note() -> None:
    """Measure every shipped model and note it in its folder, for its card."""
    others = collect_others()
    for run in list_shipped().runs:
        found = {
            kind: {
                "count": len(others[kind]),
                "auroc": round(values["auroc"], 4),
                "refused": round(values["refused"], 4),
            }
            for kind, values in measure(run, others, {})["others"].items()
        }
        write_json(run.folder / "robustness.json", run.robustness | {"others": found})


def collect_others() -> dict[str, np.ndarray]:
    """Return what is no digit, by kind, each uint8 (n, 28, 28)."""
    drawn = np.arange(COUNT) % 10 < 6  # the others are solid
    others = {LETTERS: write_others(COUNT, SEED, UNSEEN)[drawn], TEXTURES: _weave()}
    if symbols := read_symbols():
        found = prepare_all(
            [(0, each) for each in symbols], lambda picture: prepare_digit(picture).digit
        )
        others[SYMBOLS] = np.stack([each for each in found if each is not None])
    clothes = FASHION_MNIST / "t10k-images-idx3-ubyte.gz"
    if clothes.exists():
        with gzip.open(clothes) as stream:
            pixels = np.frombuffer(stream.read(), np.uint8, offset=16)
        others[CLOTHING] = pixels.reshape(-1, 28, 28)
    return others


def read_symbols() -> list[np.ndarray]:
    """Return pictures of symbols, four times as large as they are filed; none without the file."""
    if not (HANDWRITING / "not_digits.npz").exists():
        return []
    with np.load(HANDWRITING / "not_digits.npz") as archive:
        return [np.kron(each, np.ones((4, 4), np.uint8)) for each in archive["x"]]


def share_with_digits(recogniser: Recogniser, pictures: list[np.ndarray]) -> float:
    """Return in which share of pictures some digit is read, in percent."""

    def is_read(picture: np.ndarray) -> bool:
        try:
            return bool(transcribe_picture(picture, recogniser).texts)
        except PictureError:
            return False

    return 100 * float(np.mean([is_read(picture) for picture in pictures]))


def draw_face(chance: np.random.Generator) -> np.ndarray:
    """Draw a face as on the canvas, uint8 (280, 280): a ring, two eyes, a mouth, perhaps a nose."""
    page = np.zeros((CANVAS, CANVAS), np.uint8)
    pen = int(chance.choice([8, 12, 18, 24]))
    (x, y), (wide, high) = chance.integers(125, 156, 2), chance.integers(70, 106, 2)

    def run_round(middle: tuple[float, float], axes: tuple[float, float], *arc: float) -> None:
        way = cv2.ellipse2Poly((0, 0), (100, 100), 0, *map(int, arc), 5) / 100
        way = way * (1 + chance.normal(0, 0.02, way.shape)) * axes + middle
        cv2.polylines(page, [np.round(16 * way).astype(np.int32)], False, 255, pen, cv2.LINE_AA, 4)

    start = chance.integers(0, 360)
    run_round((x, y), (wide, high), start, start + 360)
    eye = chance.integers(3)
    for side in (-1, 1):
        middle = x + side * 0.4 * wide, y - 0.3 * high
        if eye == 0:
            cv2.circle(page, np.round(middle).astype(int), pen // 2 + 1, 255, -1, cv2.LINE_AA)
        elif eye == 1:
            run_round(middle, (0.14 * wide, 0.14 * high), 0, 360)
        else:
            run_round(middle, (0.16 * wide, 0.12 * high), 190, 350)
    mouths = ((25, 155, 0.1), (205, 335, 0.7), (0, 360, 0.5))
    begin, end, lower = mouths[chance.integers(len(mouths))]
    run_round((x, y + lower * high), (0.45 * wide, (0.4 if end < 360 else 0.15) * high), begin, end)
    if chance.random() < 0.3:
        cv2.line(page, (x, y - 5), (x, y + round(0.1 * high)), 255, pen, cv2.LINE_AA)
    return page


def draw_disc(chance: np.random.Generator) -> np.ndarray:
    """Draw a filled ellipse as on the canvas, uint8 (280, 280)."""
    page, axes = np.zeros((CANVAS, CANVAS), np.uint8), chance.integers(50, 106, 2)
    angle = chance.uniform(0, 180)
    return cv2.ellipse(page, (140, 140), axes, angle, 0, 360, 255, -1, cv2.LINE_AA)


def collect_digits() -> dict[str, np.ndarray]:
    """Return digits that are to be kept, by kind, each uint8 (n, 28, 28)."""
    digits = {f"{split} digits": load_mnist(split).images for split in ("validation", "test")}
    if (HANDWRITING / "singles.csv").exists():
        kinds = read_singles(HANDWRITING) | {"pen": read_pen_strokes(HANDWRITING)}
        for kind, pictures in kinds.items():
            found = prepare_all(pictures, lambda picture: prepare_digit(picture).digit)
            digits[f"handwriting, {kind}"] = np.stack([each for each in found if each is not None])
    return digits


def measure(run: Run, others: dict[str, np.ndarray], digits: dict[str, np.ndarray]) -> dict:
    """Measure a model.

    Returns:
        ``others``: by kind ``auroc``, ``peer`` (that of the largest probability) and ``refused``;
        ``digits``: by kind the share kept; ``calibration``: the error, and that before calibration.
    """
    from digitlib.training.export import load_model, to_litert
    from digitlib.training.judging import judge_network

    model, test = load_model(run), load_mnist("test")
    shipped = Recogniser(run.model_file)
    half = _open(to_litert(model, judge_network(model, _write_learnt())))
    plain = _open(to_litert(model))
    found = {}
    for kind, images in others.items():
        ours = half if kind == LETTERS else shipped
        scores = [ours.read_scored(each)[1] for each in (test.images, images)]
        peer = [plain.read(each).max(axis=1) for each in (test.images, images)]
        refused = float((scores[1] < 0).mean())
        found[kind] = {"auroc": _auroc(*scores), "peer": _auroc(*peer), "refused": refused}
    kept = {
        kind: float((shipped.read_scored(images)[1] >= 0).mean()) for kind, images in digits.items()
    }
    errors = [_find_error(each.read(test.images), test.labels) for each in (shipped, plain)]
    return {"others": found, "digits": kept, "calibration": errors}


@cache
def _write_learnt() -> np.ndarray:
    return write_others(2 * COUNT, SEED + 1, LEARNT)


def _open(content: bytes) -> Recogniser:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(content)
        return Recogniser(path)


def _auroc(digits: np.ndarray, others: np.ndarray) -> float:
    truth = np.repeat([1, 0], [len(digits), len(others)])
    return float(roc_auc_score(truth, np.concatenate([digits, others])))


def _find_error(probabilities: np.ndarray, labels: np.ndarray) -> float:
    return find_calibration_error(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels)


def _weave() -> np.ndarray:
    """Return random filters' answers to noise, uint8 (n, 28, 28): no kind of ``solids``."""
    chance = np.random.default_rng(SEED)
    rows, columns = np.mgrid[:28, :28]
    textures = []
    for _ in range(COUNT // 2):
        spectrum = np.fft.fft2(chance.normal(0, 1, (28, 28)))
        distance = np.hypot(np.minimum(rows, 28 - rows), np.minimum(columns, 28 - columns))
        cloud = np.fft.ifft2(spectrum / (1 + distance) ** chance.uniform(0.3, 2)).real
        low, high = np.quantile(cloud, [0.05, 0.95])
        textures.append(np.clip((cloud - low) / (high - low), 0, 1))
    return np.round(255 * np.stack(textures)).astype(np.uint8)


def _describe_missing() -> list[str]:
    notes = [f"Unseen kinds: judged by {len(LEARNT)} kinds, measured on {len(UNSEEN)} others."]
    if not (HANDWRITING / "not_digits.npz").exists():
        notes.append("Handwriting and symbols: not measured, there is no folder ../shared/data.")
    if not FASHION_MNIST.exists():
        notes.append("Clothing: not measured, dataset-fashion-mnist is not installed.")
    return notes


if __name__ == "__main__":
    note()
