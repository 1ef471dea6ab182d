import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pillow_heif import register_heif_opener
from streamlit.testing.v1 import AppTest

from digitlib.runs import folder
from digitlib.runs.folder import DEFAULT_MODEL
from tests.strokes import DIGITS, FACE, LETTER_W, SIDE, draw, draw_strokes

register_heif_opener()  # or Pillow cannot write one to read

HINT = "Draw one digit"


@pytest.fixture
def answer(read_words):
    def answer(app: AppTest) -> str:
        assert not app.exception
        return read_words(app.get_by_key("answer"))

    return answer


def test_nothing_is_guessed_before_the_first_stroke(open_page, answer):
    app = open_page()
    assert answer(app).startswith(HINT)
    assert "%" not in answer(app)


@pytest.mark.parametrize("digit", DIGITS)
def test_a_drawing_is_read(open_page, answer, digit):
    app = open_page()
    draw_on(app, draw(digit))
    assert answer(app).startswith(f"{digit} ")
    assert "sure" in answer(app)
    assert app.get_by_key("seen")


def test_the_model_in_the_address_reads(open_page, answer):
    app = open_page(model="dense")
    assert app.selectbox("model").value == "dense"
    draw_on(app, draw(2))
    dense = answer(app)
    assert dense.startswith("2 ")
    app.selectbox("model").select("cnn").run()
    assert answer(app).startswith("2 ")
    assert answer(app) != dense
    assert app.query_params["model"] == "cnn"


def test_the_model_chosen_on_one_page_is_chosen_on_the_next(open_page):
    app = open_page("mistakes")
    app.selectbox("model").select("dense").run()
    app.switch_page("pages/draw.py")
    app.query_params.clear()  # as the links between the pages do
    app.run()
    assert app.selectbox("model").value == "dense"
    assert app.query_params["model"] == "dense"


def test_an_empty_drawing_gets_a_sentence_instead_of_a_guess(open_page, answer):
    app = open_page()
    draw_on(app, np.zeros((SIDE, SIDE, 4), np.uint8))
    assert answer(app).startswith("There is nothing to read")


def test_what_is_no_digit_is_told(open_page, answer):
    app = open_page()
    draw_on(app, draw_strokes(LETTER_W))
    assert "This does not look like a digit. If it is one, perhaps" in answer(app)

    draw_on(app, draw_strokes(FACE))
    assert "This does not look like a digit. Loose pieces lie within it" in answer(app)


def test_clear_empties_the_answer(open_page, answer):
    app = open_page()
    draw_on(app, draw(7))
    click(app, "Clear")
    assert answer(app).startswith(HINT)


def test_a_test_digit_shows_the_truth_beside_the_answer(open_page, answer, test_digits):
    app = open_page()
    shown = set()
    for _ in range(3):
        click(app, "Try a test digit")
        said = re.search(r"Test digit (\d+) is a (\d): [✓✗] (right|wrong)", answer(app))
        number, truth = int(said[1]), int(said[2])
        assert truth == test_digits.labels[number]
        [glyph] = app.session_state["shown_picture"].glyphs
        assert (said[3] == "right") == (glyph.read.answer.digit == truth)
        shown.add(number)
    assert len(shown) > 1


def test_a_test_digit_gives_way_to_the_next_stroke(open_page, answer):
    app = open_page()
    draw_on(app, draw(7))
    click(app, "Try a test digit")
    assert "Test digit" in answer(app)
    app.session_state["source"] = "canvas"  # as the canvas does at the end of a stroke
    assert answer(app.run()).startswith("7 ")


def encode(image: Image.Image, format: str, **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def make_readable() -> dict[str, bytes]:
    """Return pictures of a seven that are out of the ordinary, by file name."""
    seven = Image.fromarray(255 - draw(7)[..., 0])
    deep = Image.fromarray(np.asarray(seven).astype(np.uint16) * 257)
    lying = seven.rotate(90, expand=True)
    turned = Image.Exif()
    turned[0x0112] = 6  # to be turned a quarter clockwise
    blank = Image.new("L", seven.size, 255)
    coloured = Image.merge("RGB", [seven, seven, Image.new("L", seven.size, 255)])
    return {
        "plain.png": encode(seven, "PNG"),
        "plain.webp": encode(seven, "WEBP"),
        "plain.bmp": encode(seven, "BMP"),
        "telephone.heic": encode(seven.convert("RGB"), "HEIF"),
        "sixteen bits.png": encode(deep, "PNG"),
        "cmyk.jpg": encode(seven.convert("CMYK"), "JPEG"),
        "palette.png": encode(coloured.quantize(16), "PNG"),
        "animated.gif": encode(seven, "GIF", save_all=True, append_images=[blank]),
        "portrait.jpg": encode(lying, "JPEG", exif=turned),
    }


def make_unreadable() -> dict[str, tuple[bytes, str]]:
    """Return files that no digit can be read in and the beginning of what is said of them."""
    seven = Image.fromarray(255 - draw(7)[..., 0])
    huge = Image.new("1", (20_000, 20_000), 1)
    return {
        "text.png": (b"this is a text", "The file is not a picture"),
        "cut off.jpg": (encode(seven, "JPEG")[:1500], "The picture is damaged or cut off"),
        "huge.png": (encode(huge, "PNG"), "The picture"),
        "empty.png": (b"", "The file is empty"),
        "white.png": (encode(Image.new("RGB", (300, 300), "white"), "PNG"), "There is nothing"),
    }


READABLE, UNREADABLE = make_readable(), make_unreadable()


@pytest.mark.parametrize("name", READABLE)
def test_an_unusual_picture_is_read(open_page, answer, name):
    app = open_page()
    upload(app, name, READABLE[name])
    assert answer(app).startswith("7 ")
    assert name in answer(app)


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_picture_of_no_use_gets_a_sentence_and_the_session_goes_on(open_page, answer, name):
    content, sentence = UNREADABLE[name]
    app = open_page()
    upload(app, name, content)
    assert answer(app).startswith(sentence)
    assert "%" not in answer(app)
    upload(app, "plain.png", READABLE["plain.png"])
    assert answer(app).startswith("7 ")


def test_a_file_name_is_shown_as_text(open_page, answer):
    app = open_page()
    name = "<img src=x onerror=alert(1)>.png"
    upload(app, name, READABLE["plain.png"])
    shown = app.get_by_key("answer")[0].value
    assert "<img" not in shown
    assert "&lt;img" in shown


def test_a_removed_upload_leaves_the_drawing_to_read(open_page, answer):
    app = open_page()
    upload(app, "text.png", b"this is a text")
    draw_on(app, draw(1))
    app.file_uploader[0].clear().run()
    assert answer(app).startswith("1 ")


def test_a_model_of_unknown_name_in_the_address_is_named(open_page, read_words):
    app = open_page(model="nonsense")
    assert not app.exception
    assert app.selectbox("model").value == DEFAULT_MODEL
    assert "nonsense" in read_words(app.main)


@pytest.mark.parametrize("page", ["draw", "mistakes"])
def test_without_any_model_a_sentence_says_where_to_get_one(open_page, tmp_path, monkeypatch, page):
    monkeypatch.setattr(folder, "MODELS_FOLDER", tmp_path / "no models")
    app = open_page(page)
    assert not app.exception
    assert app.info[0].value.startswith("There is no model yet. Train one")


def test_a_run_with_a_damaged_model_gets_a_sentence_and_others_stay(open_page, make_run, answer):
    run = make_run("done", name="broken")
    run.model_file.write_bytes(b"no model")
    app = open_page(model="broken")
    draw_on(app, draw(7))
    assert answer(app).startswith("The model file")
    assert "Choose another model" in answer(app)
    app.selectbox("model").select("cnn").run()
    assert answer(app).startswith("7 ")


def test_a_run_that_lost_its_model_is_not_offered(open_page, make_run, answer):
    make_run("done", name="whole")
    make_run("done", name="lost").model_file.unlink()
    app = open_page()
    offered = " ".join(app.selectbox("model").options)
    assert "whole" in offered
    assert "lost" not in offered


@pytest.mark.parametrize("page", ["draw", "mistakes"])
def test_a_run_with_damaged_metrics_does_not_hide_the_others(open_page, make_run, page):
    (make_run("done", name="broken").folder / "metrics.json").write_text('{"test": ')
    app = open_page(page)
    assert not app.exception
    assert app.selectbox("model").value == DEFAULT_MODEL


def draw_on(app: AppTest, picture: np.ndarray) -> None:
    from digitlib.ui.canvas import INJECTED  # only a running app can import the canvas

    app.session_state[INJECTED] = picture
    app.run()


def click(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


def upload(app: AppTest, name: str, content: bytes) -> None:
    app.file_uploader[0].set_value((name, content, "image/png")).run()


@pytest.mark.parametrize("place", range(12))
def test_an_example_is_read_as_it_was_written(open_page, place):
    from digitlib.ui.examples import load_examples

    example = load_examples()[place]
    app = open_page()
    show_example(app, place)
    assert not app.exception
    shown = app.session_state["shown_picture"]
    assert tuple(row for row in shown.rows if row != "?") == example.rows


def test_several_digits_are_read_out_and_each_can_be_looked_into(open_page, answer):
    app = open_page()
    show_example(app, find_example("0171/55829"))
    assert answer(app).startswith("0 1 7 1 5 5 8 2 9 ")
    shown = app.session_state["shown_picture"]
    seen = set()
    for place, glyph in enumerate(shown.glyphs):
        app.session_state["glyph"] = place  # as a click on its frame does
        words = answer(app.run())
        assert f"the {glyph.sign} in the thick frame" in words or "Not sure" in words
        seen.add(app.get_by_key("answer")[0].value)
    assert len(seen) == len(shown.glyphs)


def test_a_new_picture_is_looked_into_where_it_is_largest(open_page, answer):
    app = open_page()
    show_example(app, find_example("0171/55829"))
    app.session_state["glyph"] = 8
    app.run()
    show_example(app, find_example("12"))
    assert app.session_state["glyph"] == app.session_state["shown_picture"].most_prominent


def test_the_same_picture_is_read_once(open_page, monkeypatch):
    app = open_page()
    draw_on(app, draw(7))
    first = app.session_state["shown_picture"]
    app.run()
    assert app.session_state["shown_picture"] is first
    app.selectbox("model").select("cnn").run()
    assert app.session_state["shown_picture"] is not first


def test_the_steps_show_the_road_of_a_drawing_and_none_of_a_test_digit(open_page, read_words):
    app = open_page()
    draw_on(app, draw(7))
    steps = read_words(app.get_by_key("steps"))
    assert [word in steps for word in ("its ink", "cut out", "28 × 28 pixels")] == [True] * 3
    click(app, "Try a test digit")
    assert "nothing was changed" in read_words(app.get_by_key("steps"))


def test_the_answers_can_be_kept_as_a_table(open_page):
    from digitlib.ui.steps import _write_csv

    app = open_page()
    show_example(app, find_example("48/35/83"))
    table = pd.read_csv(io.StringIO(_write_csv(app.session_state["shown_picture"])))
    assert table[["row", "place", "digit"]].to_numpy().tolist() == [
        [1, 1, 4], [1, 2, 8], [2, 1, 3], [2, 2, 5], [3, 1, 8], [3, 2, 3]
    ]  # fmt: skip
    shares = table[[f"p{digit}" for digit in range(10)]]
    np.testing.assert_allclose(shares.sum(axis=1), 1, atol=1e-4)
    np.testing.assert_allclose(shares.max(axis=1), table["confidence"], atol=1e-5)
    assert (table[["left", "top", "width", "height"]] >= 0).all(axis=None)


@pytest.mark.parametrize("model", ["champion", "dense"])
def test_what_it_looked_at_is_computed_once_it_is_opened(open_page, read_words, model):
    app = open_page(model=model)
    draw_on(app, draw(7))
    assert "covered" not in read_words(app.main)
    app.session_state["explanation"] = True  # as a click on its heading does
    app.run()
    assert not app.exception
    words = read_words(app.main)
    assert "the answer 7 needs what is there" in words
    assert ("filters" if model == "champion" else "no convolutions") in words


def test_the_camera_is_not_asked_for_before_its_tab_is_opened(open_page):
    app = open_page()
    assert not app.get("camera_input")
    app.session_state["ways"] = "Camera"
    assert app.run().get("camera_input")


def test_another_model_looks_into_the_same_digit(open_page):
    app = open_page()
    show_example(app, find_example("48/35/83"))
    app.session_state["glyph"] = 3
    app.run()
    app.selectbox("model").select("cnn").run()
    assert app.session_state["glyph"] == 3


def test_after_a_drawing_every_page_still_opens(open_page):
    app = open_page()
    draw_on(app, draw(4))
    for page in ("mistakes", "train", "drawings", "draw"):
        app.switch_page(f"pages/{page}.py").run()
        assert not app.exception, page


def test_a_picture_of_too_much_gets_a_sentence(open_page, answer):
    dots = np.full((600, 600), 255, np.uint8)
    for row in range(20, 600, 40):
        for column in range(20, 600, 40):
            dots[row : row + 14, column : column + 6] = 0
    app = open_page()
    upload(app, "dots.png", encode(Image.fromarray(dots), "PNG"))
    assert answer(app).startswith("There are more than 120 marks")


def find_example(rows: str) -> int:
    from digitlib.ui.examples import load_examples

    return next(at for at, each in enumerate(load_examples()) if "/".join(each.rows) == rows)


def show_example(app: AppTest, place: int) -> None:
    app.session_state["example"], app.session_state["source"] = place, "example"
    app.run()
