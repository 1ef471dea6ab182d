import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from digitlib.data import collection as collection_module
from digitlib.data.collection import Collection
from digitlib.errors import CollectionError
from digitlib.vision import prepare_digit
from tests.strokes import draw


@pytest.fixture
def drawn(open_page) -> AppTest:
    """The page Draw with a seven on it."""
    app = open_page()
    return draw_on(app, 7)


def draw_on(app: AppTest, digit: int) -> AppTest:
    app.session_state.injected_drawing = draw(digit)
    app.session_state.source = "canvas"
    return app.run()


def asks(app: AppTest) -> bool:
    """Whether a page asks what the drawing is."""
    assert not app.exception
    return any(part.key == "teach-label" for part in app.segmented_control)


def tell(app: AppTest, label: int) -> AppTest:
    app.segmented_control(key="teach-label").select(label).run()
    assert not app.exception
    return app


def test_nothing_is_asked_before_there_is_an_answer(open_page):
    assert not asks(open_page())


def test_a_drawing_is_told_and_kept_as_the_network_saw_it(drawn, collection, read_words):
    tell(drawn, 1)

    words = read_words(drawn.get_by_key("teach"))
    assert "Kept as a 1, not a 7. The class has 1 drawing now." in words
    digits = collection.read().digits
    assert digits.labels.tolist() == [1]
    np.testing.assert_array_equal(digits.images[0], prepare_digit(draw(7)).digit)
    assert not asks(drawn)  # once is enough


def test_what_was_read_right_is_welcome_too(drawn, collection, read_words):
    tell(drawn, 7)

    assert "Kept as a 7, as it was read." in read_words(drawn.get_by_key("teach"))


def test_it_is_taken_back(drawn, collection):
    tell(drawn, 1)
    drawn.button(key="teach-undo").click().run()

    assert len(collection.read()) == 0
    assert drawn.segmented_control(key="teach-label").value is None


def test_taking_it_back_leaves_what_another_had_told(drawn, collection):
    collection.add(prepare_digit(draw(7)).digit, 7)
    tell(drawn, 1)
    assert collection.read().digits.labels.tolist() == [1]
    drawn.button(key="teach-undo").click().run()

    assert collection.read().digits.labels.tolist() == [7]


def test_taking_it_back_leaves_what_another_told_meanwhile(open_page, collection):
    ann, ben, eve = (draw_on(open_page(), 7) for _ in range(3))
    for visitor, label in ((ann, 7), (ben, 7), (eve, 1)):  # the same strokes, all three of them
        tell(visitor, label)
    ann.button(key="teach-undo").click().run()
    assert collection.read().digits.labels.tolist() == [1]
    eve.button(key="teach-undo").click().run()
    assert collection.read().digits.labels.tolist() == [7]
    ben.button(key="teach-undo").click().run()
    assert len(collection.read()) == 0


def test_what_was_cleared_meanwhile_is_not_brought_back(drawn, collection):
    collection.add(prepare_digit(draw(7)).digit, 7)
    tell(drawn, 1)
    collection.clear(collection.read())
    drawn.button(key="teach-undo").click().run()

    assert len(collection.read()) == 0


def test_what_cannot_be_taken_back_just_now_can_be_later(drawn, collection, monkeypatch):
    tell(drawn, 1)
    with monkeypatch.context() as broken:
        broken.setattr(Collection, "remove", refuse)
        drawn.button(key="teach-undo").click().run()
    assert drawn.error[0].value == "The disk is full."
    assert len(collection.read()) == 1
    drawn.button(key="teach-undo").click().run()
    assert len(collection.read()) == 0


def refuse(*_) -> None:
    raise CollectionError("The disk is full.")


def test_the_next_drawing_can_be_told_and_the_class_grows(drawn, collection, read_words):
    tell(drawn, 1)
    draw_on(drawn, 3)
    tell(drawn, 3)

    assert "The class has 2 drawings now." in read_words(drawn.get_by_key("teach"))
    draw_on(drawn, 7)  # told a while ago, which can still be taken back
    assert "Kept as a 1, not a 7." in read_words(drawn.get_by_key("teach"))
    drawn.button("teach-undo").click().run()
    tell(drawn, 7)
    assert collection.count().tolist() == [0, 0, 0, 1, 0, 0, 0, 1, 0, 0]


def test_a_test_digit_cannot_be_told(open_page):
    app = open_page()
    next(button for button in app.button if button.label == "Try a test digit").click().run()

    assert app.get_by_key("answer")
    assert not asks(app)


def test_a_full_collection_says_so_and_the_drawing_stays(drawn, collection, monkeypatch):
    monkeypatch.setattr(collection_module, "MOST_DIGITS", 0)
    tell(drawn, 1)

    assert drawn.error[0].value.startswith("The collection is full: it holds up to 0 drawings.")
    assert asks(drawn)


def test_where_the_server_says_no_nothing_is_asked_or_kept(open_page, collection, monkeypatch):
    monkeypatch.setenv("DIGITLIB_COLLECT", "off")
    app = draw_on(open_page(), 7)

    assert not asks(app)
    assert not collection.folder.exists()


def test_a_setting_that_is_wrong_is_said_and_nothing_kept(open_page, collection, monkeypatch):
    monkeypatch.setenv("DIGITLIB_COLLECT", "of")
    app = draw_on(open_page(), 7)

    assert not asks(app)
    sentence = "DIGITLIB_COLLECT must be on or off, not 'of'."
    assert any(sentence in text.value for text in app.caption)
    assert not collection.folder.exists()
