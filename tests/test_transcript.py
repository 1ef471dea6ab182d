"""All the digits in a picture, composed here from single ones, read in order."""

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from digitlib.data.others import write_other
from digitlib.data.solids import make_solid
from digitlib.errors import EmptyPictureError
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.folder import DEFAULT_MODEL, list_shipped, load_run
from digitlib.transcript import accept_together, transcribe_picture
from digitlib.vision.steps import write_steps

SIZE = 112


@pytest.fixture(scope="module")
def sure(cnn, validation) -> list[np.ndarray]:
    """A digit of each class that cannot be mistaken, 112 pixels wide and high."""
    digits = validation.take(slice(0, 500))
    certainty = cnn.read(digits.images)[np.arange(len(digits)), digits.labels]
    places = [np.flatnonzero((digits.labels == d) & (certainty > 0.999))[0] for d in range(10)]
    return [cv2.resize(digits.images[place], (SIZE, SIZE)) for place in places]


def compose(sure: list[np.ndarray], rows: list[str]) -> np.ndarray:
    """Write rows of digits on white paper with a margin."""
    width = max(map(len, rows)) * SIZE
    page = np.zeros((len(rows) * SIZE, width), np.uint8)
    for line, row in enumerate(rows):
        for place, digit in enumerate(row):
            left = place * SIZE
            page[line * SIZE : (line + 1) * SIZE, left : left + SIZE] = sure[int(digit)]
    return 255 - cv2.copyMakeBorder(page, 40, 40, 40, 40, cv2.BORDER_CONSTANT, value=0)


@pytest.mark.parametrize("rows", [["7"], ["12345"], ["12345", "67890"], ["3", "58", "204"]])
def test_rows_are_read_in_order(rows, sure, cnn):
    transcript = transcribe_picture(compose(sure, rows), cnn)

    assert list(transcript.texts) == rows
    for line, row in enumerate(transcript.rows):
        for place, read in enumerate(row):
            box = read.glyph.box
            centre = (box.left + box.width / 2 - 40, box.top + box.height / 2 - 40)
            assert centre == pytest.approx(((place + 0.5) * SIZE, (line + 0.5) * SIZE), abs=30)
            assert read.accepted


def test_ruled_paper_and_a_lamp_change_nothing(sure, cnn):
    page = compose(sure, ["2058", "4637"]).astype(float)
    for row in range(20, page.shape[0], 56):
        page[row : row + 2] = np.minimum(page[row : row + 2], 170)
    light = np.linspace(0.55, 0.95, page.shape[1])
    noise = np.random.default_rng(0).normal(0, 3, page.shape)
    picture = np.clip(page * light + noise, 0, 255).round().astype(np.uint8)

    assert transcribe_picture(picture, cnn).texts == ("2058", "4637")


def test_the_largest_glyph_is_the_most_prominent(sure, cnn):
    page = compose(sure, ["3"])
    large = 255 - cv2.resize(sure[8], (300, 300))
    picture = np.full((400, 700), 255, np.uint8)
    picture[50:350, 20:320] = large
    picture[100 : 100 + page.shape[0], 400 : 400 + page.shape[1]] = page

    assert transcribe_picture(picture, cnn).largest.answer.digit == 8


def test_an_empty_picture_is_said_to_be_empty(cnn):
    with pytest.raises(EmptyPictureError):
        transcribe_picture(np.full((90, 90), 255, np.uint8), cnn)


@pytest.mark.parametrize("make", [write_other, make_solid])
def test_what_is_no_digit_is_refused(make, cnn):
    chance = np.random.default_rng(8)
    transcripts = [transcribe_picture(make(chance), cnn) for _ in range(30)]

    alone = [each.glyphs[0] for each in transcripts if len(each.glyphs) == 1]
    assert len(alone) > 15
    assert np.mean([read.accepted for read in alone]) < 0.25
    for read in alone:
        assert read.accepted == (read.score >= 0) == read.answer.accepted
    assert all(each.texts == () for each in transcripts if not any(g.accepted for g in each.glyphs))


@pytest.mark.parametrize("name", [run.id for run in list_shipped().runs])
@pytest.mark.parametrize("pen", [8, 12, 18, 24])
@pytest.mark.parametrize("nose", [False, True])
def test_a_face_is_no_zero(name, pen, nose):
    """Drawn on the canvas: a ring, two dots, a smile; five of six passed for a 0."""
    reader = Recogniser(load_run(name).model_file)
    drawing = np.zeros((280, 280), np.uint8)
    cv2.ellipse(drawing, (140, 140), (90, 100), 0, 0, 360, 255, pen, cv2.LINE_AA)
    for across in (104, 176):
        cv2.circle(drawing, (across, 110), max(5, pen // 2), 255, -1, cv2.LINE_AA)
    cv2.ellipse(drawing, (140, 150), (45, 45), 0, 25, 155, 255, pen, cv2.LINE_AA)
    if nose:
        cv2.line(drawing, (140, 130), (140, 152), 255, pen)

    transcript = transcribe_picture(drawing, reader)

    assert transcript.texts == ()
    assert transcript.largest.glyph.crowded


@pytest.mark.parametrize("letter", "AHMNUVWYhmnrGBQ")
def test_a_letter_is_no_number(letter):
    reader = Recogniser(load_run(DEFAULT_MODEL).model_file)
    page = Image.new("L", (320, 320), 235)
    ImageDraw.Draw(page).text((70, 40), letter, 20, font=ImageFont.load_default(200))

    assert transcribe_picture(np.asarray(page), reader).texts == ()


@pytest.mark.parametrize(
    ("scores", "accepted"),
    [
        ([0.1], [True]),
        ([-0.1], [False]),
        ([-1, -1], [True, True]),
        ([4, -2, 3], [True, True, True]),
        ([4, -3.1, 3], [True, False, True]),
        ([-2, -6, 3], [False, False, True]),
    ],
)
def test_among_digits_a_glyph_need_look_less_like_one(scores, accepted):
    assert accept_together(np.array(scores)).tolist() == accepted


@pytest.mark.parametrize("pen", [8, 12, 16])
@pytest.mark.parametrize("lean", [0, 4])
def test_a_plus_before_a_number_is_no_digit(pen, lean, sure):
    champion = Recogniser(load_run(DEFAULT_MODEL).model_file)
    digits = compose(sure, ["36", "52", "88"])
    page = cv2.copyMakeBorder(digits, 0, 0, 60, 0, cv2.BORDER_CONSTANT, value=255)
    middle = 60, 40 + 3 * SIZE // 2
    for x, y in ((22, 0), (lean, 32)):
        ends = [(middle[0] + sign * x, middle[1] - sign * y) for sign in (-1, 1)]
        cv2.line(page, *ends, 0, pen, cv2.LINE_AA)

    assert transcribe_picture(page, champion).texts == ("36", "52", "88")


def test_every_step_is_written(tmp_path, sure, cnn):
    write_steps(transcribe_picture(compose(sure, ["12", "3"]), cnn).prepared, tmp_path / "new")

    assert sorted(path.stem for path in (tmp_path / "new").iterdir()) == [
        "1-picture", "2-ink", "3-glyphs",
        "4-glyph-1-1", "4-glyph-1-2", "4-glyph-2-1",
        "5-digit-1-1", "5-digit-1-2", "5-digit-2-1",
    ]  # fmt: skip
