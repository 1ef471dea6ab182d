"""The map on the page, what is chosen on it, and the nearest training digits of an open one."""

import base64
import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from digitlib.data import load_mnist
from digitlib.errors import RunError
from digitlib.reading.layers import LayerReader
from digitlib.reading.neighbours import Neighbours
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.epoch_answers import write_epoch_answers
from digitlib.runs.folder import MODELS_FOLDER, load_run
from digitlib.runs.study import StudyState, read_map, study_lock, write_state
from digitlib.runs.study_files import fingerprint, study_folder, write_part
from digitlib.study import make_study
from digitlib.ui import study
from digitlib.ui.digit_sets import load_digit_set
from digitlib.ui.map import COLOURS, find_chosen, load_map
from digitlib.ui.neighbours import describe_neighbours, format_likeness
from digitlib.ui.sheets import PER_ROW, PER_SHEET, order_digits

SHEETS = MODELS_FOLDER.parent / "static" / "test-digits"


@pytest.fixture
def started(monkeypatch) -> list[str]:
    """The runs whose study was to be started; none is."""
    runs = []
    monkeypatch.setattr(study, "start_study", lambda run: runs.append(run.id))
    return runs


@pytest.fixture
def studied(make_run):
    """A run with a study."""
    run = make_run("done", name="studied")
    study_folder(run).mkdir()
    write_part(run, "map", fingerprint(run), places=read_map(load_run("dense")).astype(np.float16))
    make_study(run)
    return run


def read_component(app: AppTest) -> dict:
    [component] = [
        part for part in app.get("bidi_component")
        if part.proto.component_name.endswith("digitlib_map")
    ]  # fmt: skip
    return json.loads(component.proto.json)


def test_the_map_holds_every_test_digit_and_every_mistake(open_page, test_digits):
    app = open_page("mistakes", model="dense")
    assert not app.exception
    data = read_component(app)
    assert data["counts"] == np.bincount(test_digits.labels).tolist()
    order = np.argsort(test_digits.labels, kind="stable")
    packed = np.frombuffer(base64.b64decode(data["places"]), "<u2").reshape(10_000, 2)
    expected = read_map(load_run("dense"))[order]
    np.testing.assert_allclose(packed / 65535 * 2 - 1, expected, atol=1e-4)
    answers = np.load(MODELS_FOLDER / "dense" / "test_probabilities.npy").argmax(axis=1)[order]
    wrong = np.flatnonzero(answers != test_digits.labels[order])
    assert data["misread"] == [[place, answers[place]] for place in wrong]
    assert len(json.dumps(data)) < 60_000  # bytes that a phone on bad wifi waits for


def test_the_map_marks_what_an_epoch_misread(open_page, studied, test_digits):
    write_epoch_answers(studied, 1, np.eye(10, dtype=np.float32)[np.zeros(10_000, int)])
    data = read_component(open_page("mistakes", model="studied", epoch="1"))
    zeros = int((test_digits.labels == 0).sum())  # they come first on the map
    assert data["misread"] == [[place, 0] for place in range(zeros, 10_000)]
    finished = read_component(open_page("mistakes", model="studied"))
    assert len(finished["misread"]) < 1_000
    assert finished["name"] != data["name"]  # or the browser keeps the one it has


@pytest.mark.parametrize("number", [0, 57, 99])
def test_a_sheet_shows_the_digits_in_the_order_of_the_map(number, test_digits):
    picture = np.array(Image.open(SHEETS / f"{number:02}.png").convert("L"))
    cells = picture.reshape(-1, 28, PER_ROW, 28).swapaxes(1, 2).reshape(-1, 28, 28)
    order = order_digits(test_digits.labels)[number * PER_SHEET :][:PER_SHEET]
    difference = cells.astype(int) - test_digits.images[order]
    assert np.abs(difference).max() <= 8  # half a step between two tones


def test_there_is_a_sheet_for_every_digit():
    names = sorted(path.name for path in SHEETS.iterdir())
    assert names == [f"{number:02}.png" for number in range(10_000 // PER_SHEET)]


def test_what_is_chosen_is_what_lies_there(test_digits):
    points = load_map("dense")
    x, y = ((read_map(load_run("dense")) + 1) / 2).T
    answers = np.load(MODELS_FOLDER / "dense" / "test_probabilities.npy").argmax(axis=1)
    inside = (x >= 0.25) & (x <= 0.5) & (y >= 0.1) & (y <= 0.7)
    four = test_digits.labels == 4
    wrong = answers != test_digits.labels
    box = [0.25, 0.1, 0.5, 0.7]
    for choice, expected in [
        ({"box": box, "digit": None, "misread": False}, inside),
        ({"box": box, "digit": 4, "misread": False}, inside & four),
        ({"box": None, "digit": 4, "misread": True}, four & wrong),
        ({"box": None, "digit": None, "misread": True}, wrong),
    ]:
        chosen = find_chosen(points, choice)
        edge = np.setxor1d(chosen, np.flatnonzero(expected))
        # The browser's places are rounded: a digit upon the edge may fall to either side.
        to_edge = np.abs(np.array([x, x, y, y]) - np.array([*box[::2], *box[1::2]])[:, np.newaxis])
        assert (to_edge.min(axis=0)[edge] < 1e-4).all()
        assert (np.diff(chosen) > 0).all()
    assert find_chosen(points, None) is None


@pytest.mark.parametrize(
    "choice",
    [
        "all", [1], {"box": [1, 2]}, {"box": "abcd"}, {"box": [None] * 4}, {"digit": "four"},
        {"digit": [4]}, {"box": 7}, {"digit": float("inf")},
    ],
    ids=str,
)  # fmt: skip
def test_nonsense_chooses_nothing(choice):
    assert find_chosen(load_map("dense"), choice) is None


def test_what_is_no_number_is_in_no_area():
    chosen = find_chosen(load_map("dense"), {"box": [float("nan")] * 4})
    assert len(chosen) == 0


def test_until_some_are_chosen_a_line_says_what_the_points_are(open_page):
    app = open_page("mistakes", model="dense")
    assert "Every point is a test digit." in " ".join(each.value for each in app.caption)


def test_a_model_without_a_map_offers_one_and_shows_how_far_it_is(open_page, make_run, started):
    run = make_run("done", name="fresh")
    app = open_page("mistakes", model="fresh")
    [button] = [each for each in app.button if each.key == "compute-map"]
    assert re.fullmatch(r"Compute the map \(about \d+ (s|min \d+ s)\)", button.label)
    button.click().run()
    assert started == ["fresh"]

    study_folder(run).mkdir()
    with study_lock(run, timeout=0):
        write_state(run, StudyState("running", "Laying out the map", 0.4))
        app = open_page("mistakes", model="fresh")
        assert not [each for each in app.button if each.key == "compute-map"]
        [progress] = app.get("progress")
        assert progress.proto.value == 40
        assert "Laying out the map" in progress.proto.text

    write_state(run, StudyState("failed", message="The disk is full. Make room."))
    app = open_page("mistakes", model="fresh")
    assert "The disk is full. Make room." in " ".join(each.value for each in app.caption)
    assert [each for each in app.button if each.key == "compute-map"]


def test_a_map_that_cannot_be_computed_gets_a_sentence(open_page, make_run, monkeypatch):
    def refuse(run):
        raise RunError("The run folder cannot be written: make it writable.")

    monkeypatch.setattr(study, "start_study", refuse)
    make_run("done", name="fixed")
    app = open_page("mistakes", model="fixed")
    next(each for each in app.button if each.key == "compute-map").click().run()
    assert not app.exception
    assert app.error[0].value == "The run folder cannot be written: make it writable."


def test_a_damaged_map_is_offered_anew(open_page, make_run, started):
    run = make_run("done", name="damaged")
    study_folder(run).mkdir()
    (study_folder(run) / "map.npz").write_bytes(b"no map")
    app = open_page("mistakes", model="damaged")
    assert not app.exception
    assert [each for each in app.button if each.key == "compute-map"]


def test_an_open_digit_is_shown_with_its_nearest_training_digits(
    open_page, studied, read_words, test_digits
):
    answers = studied.read_test_probabilities().argmax(axis=1)
    index = int(np.flatnonzero(answers != test_digits.labels)[0])
    answer, truth = answers[index], test_digits.labels[index]
    app = open_page("mistakes", model="studied", digit=str(index))
    assert not app.exception
    [dialog] = app.get("dialog")
    words = read_words(dialog)
    assert f"The {answer}s most alike, as it was read" in words
    assert f"The {truth}s most alike, as it is" in words
    html = " ".join(each.proto.body for each in app.html)
    shown = re.findall(r'aria-label="an? (\d) it could learn from', html)
    assert [*map(int, shown)] == [answer] * 8 + [truth] * 8

    training = load_mnist("training")
    of_answer = training.images[training.labels == answer]
    reader = LayerReader(studied.model_file)
    own = reader.read(test_digits.images[index : index + 1]).features[0]
    others = reader.read(of_answer).features
    likeness = others @ own / np.linalg.norm(others, axis=1) / np.linalg.norm(own)
    best = np.argsort(-likeness)[:1]
    assert f"the nearest {answer} is {likeness[best[0]]:.1%} alike" in words
    mask = re.search(r'class="neighbours".*?base64,([^)]+)\)', html)[1]
    drawn = np.array(Image.open(io.BytesIO(base64.b64decode(mask))))[::4, ::4, 1]
    np.testing.assert_array_equal(drawn[:, :28], of_answer[best[0]])


def test_a_training_digit_is_not_its_own_neighbour(open_page, studied):
    digits = load_digit_set("all")
    some = digits.take_images(np.arange(2_000))
    answers = Recogniser(studied.model_file).read(some).argmax(axis=1)
    place = int(np.flatnonzero(answers != digits.labels[:2_000])[0])
    app = open_page("mistakes", model="studied", set="all", digit=digits.find_key(place))
    assert not app.exception
    html = " ".join(each.proto.body for each in app.html)
    for mask in re.findall(r'class="neighbours".*?base64,([^)]+)\)', html):
        drawn = np.array(Image.open(io.BytesIO(base64.b64decode(mask))))[::4, ::4, 1]
        shown = drawn.reshape(28, -1, 28).swapaxes(0, 1)
        assert len(shown) == 8
        assert not (shown == some[place]).all(axis=(1, 2)).any()
    assert html.count('class="neighbours"') == 2


def test_an_open_digit_without_a_study_offers_to_find_them(open_page, make_run, started):
    make_run("done", name="fresh")
    app = open_page("mistakes", model="fresh", digit="0")
    assert not app.exception
    assert [each for each in app.button if each.key == "compute-features"]


@pytest.mark.parametrize(
    ("likeness", "classes", "words"),
    [
        ([0.99], [3], "what its last layer finds in this digit"),
        ([0.95, 0.80], [3, 8], "sees a 3, rather than an 8"),
        ([0.80, 0.95], [3, 5], "could learn from a 5 like this, and yet reads a 3"),
        ([0.951, 0.95], [3, 5], "lies between 3 and 5"),
    ],
)
def test_a_sentence_tells_what_the_nearest_say(likeness, classes, words):
    found = [Neighbours(np.array([1]), np.array([each], np.float32)) for each in likeness]
    assert words in describe_neighbours(classes, found)


@pytest.mark.parametrize(
    ("likeness", "words"),
    [(1.0, ">99.9%"), (0.99951, ">99.9%"), (0.91, "91.0%"), (0.0, "0.0%"), (-0.2, "0.0%")],
)
def test_nothing_is_rounded_up_to_the_same(likeness, words):
    assert format_likeness(likeness) == words


# Of people who see no red, no green, no blue: G. Machado, M. Oliveira and L. Fernandes, "A
# Physiologically-based Model for Simulation of Color Vision Deficiency" (2009), severity 1.
DEFICIENCIES = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                     [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                   [0.004733, 0.691367, 0.303900]],
}  # fmt: skip
MIXED_UP = [(4, 9), (3, 5), (3, 8), (5, 8), (2, 7), (1, 7), (7, 9), (5, 6), (0, 6), (8, 9), (2, 3)]


@pytest.mark.parametrize("theme", COLOURS)
@pytest.mark.parametrize("deficiency", DEFICIENCIES)
def test_digits_that_are_mixed_up_differ_in_colour_to_the_colour_blind(theme, deficiency):
    colours = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in COLOURS[theme]]) / 255
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    seen = np.clip(linear @ np.array(DEFICIENCIES[deficiency]).T, 0, 1)
    lab = to_lab(seen)
    for one, other in MIXED_UP:
        assert np.linalg.norm(lab[one] - lab[other]) > 20, (one, other)


def to_lab(linear: np.ndarray) -> np.ndarray:
    """Return CIELAB of linear sRGB: 2.3 is a difference that is just seen."""
    xyz = linear @ np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722],
                             [0.0193, 0.1192, 0.9505]]).T / [0.9505, 1, 1.089]  # fmt: skip
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    x, y, z = f.T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=1)
