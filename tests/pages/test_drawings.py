import dataclasses
import json
import re

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint
from streamlit.testing.v1 import AppTest

from digitlib.data import load_mnist
from digitlib.data.archives import encode_npz, encode_zip, hash_digit
from digitlib.data.collection import Collection, choose_lesson
from digitlib.reading.recogniser import Recogniser
from digitlib.reading.statistics import compare_errors
from digitlib.runs.folder import MODELS_FOLDER, Run, change_state, create_run, list_runs, load_run
from digitlib.runs.lesson import teach_config
from digitlib.ui.collection import load_drawings, name_digit
from digitlib.ui.live import load_live
from digitlib.ui.loaders import load_models, load_runs
from digitlib.vision.written import write_digits
from tests.pages.conftest import RESULTS

pytestmark = pytest.mark.usefixtures("submitted")

SOME = write_digits(40, seed=5)


@pytest.fixture
def filled(collection) -> Collection:
    collection.add_all(SOME)
    return collection


def read_with(model: str) -> np.ndarray:
    return Recogniser(MODELS_FOLDER / model / "model.tflite").read(SOME.images).argmax(axis=1)


def describe_right(right: np.ndarray) -> str:
    low, high = proportion_confint(right.sum(), len(right), method="wilson")
    return f"{right.sum()} {right.mean():.0%} ({100 * low:.0f}–{high:.0%})"


def describe_test(mistakes: int) -> str:
    low, high = proportion_confint(10_000 - mistakes, 10_000, method="wilson")
    return f"{1 - mistakes / 10_000:.2%} ({100 * low:.2f}–{high:.2%})"


def forget() -> None:
    for load in (load_drawings, load_models, load_runs, load_live):
        load.clear()


def list_cells(app: AppTest) -> list[dict]:
    """Return what the sheet shows."""
    [sheet] = [
        part for part in app.get("bidi_component")
        if part.proto.component_name.endswith("digitlib_sheet")
    ]  # fmt: skip
    return json.loads(sheet.proto.json)["cells"]


def list_popovers(app: AppTest) -> list[str]:
    return [part.proto.popover.label for part in app.get("popover")]


def learn_from(run: Run) -> Run:
    """Have a run that was taught end, with what `champion` makes of the drawings."""
    for file in RESULTS:
        (run.folder / file).write_bytes((MODELS_FOLDER / "champion" / file).read_bytes())
    forget()
    return change_state(run, "done")


def test_an_empty_collection_says_how_to_begin(open_page):
    app = open_page("drawings")
    assert not app.exception
    assert app.info[0].value.startswith("There are none yet. Draw a digit")
    assert list_popovers(app) == ["Import"]


def test_drawings_are_counted_and_shown_with_what_is_read(open_page, filled, read_words):
    app = open_page("drawings", model="cnn")
    assert not app.exception
    right = int((read_with("cnn") == SOME.labels).sum())
    words = read_words(app.main)
    assert "40 drawings" in words
    assert re.search("0 4 1 4 2 4 3 4", words)
    assert f"cnn reads {right} of 40 drawings right" in words
    cells = list_cells(app)
    assert len(cells) == 40
    assert sum(cell["kind"] == "wrong" for cell in cells) == 40 - right
    app.segmented_control(key="drawings-shown").select("Misread").run()
    assert {cell["kind"] for cell in list_cells(app)} == {"wrong"}
    assert len(list_cells(app)) == 40 - right


def test_a_hundred_are_shown_at_a_time(open_page, collection):
    collection.add_all(load_mnist("validation").take(slice(230)))
    app = open_page("drawings", model="dense")
    seen = [cell["name"] for cell in list_cells(app)]
    for page, count in ((2, 100), (3, 30)):
        app.get("pagination")[0].set_value(page).run()
        assert len(list_cells(app)) == count
        seen += [cell["name"] for cell in list_cells(app)]
    assert len(set(seen)) == 230
    app.segmented_control(key="drawings-shown").select("Misread").run()
    assert not app.exception  # there is no page 3 any more
    assert len(list_cells(app)) < 100


def test_export_is_offered_in_both_forms(open_page, filled):
    app = open_page("drawings")
    assert list_popovers(app) == ["Export", "Import", "Clear"]
    keys = [button.key for button in app.get("download_button")]
    assert keys == ["export-npz", "export-zip"]


@pytest.mark.parametrize("encode", [encode_npz, encode_zip])
def test_drawings_are_imported(open_page, collection, encode):
    collection.add_all(SOME.take(slice(3)))
    app = open_page("drawings")
    upload(app, "class.npz", encode(SOME))
    assert any(text.value == "37 drawings imported; 3 were there already." for text in app.caption)
    assert len(collection.read()) == 40
    assert len(list_cells(app)) == 40
    app.run()
    assert not any("imported" in text.value for text in app.caption)


def test_what_cannot_be_imported_gets_a_sentence_and_changes_nothing(open_page, filled):
    app = open_page("drawings")
    upload(app, "notes.zip", b"no archive")
    assert app.error[0].value.startswith("notes.zip was not imported. The file is damaged or no")
    assert len(filled.read()) == 40


def upload(app: AppTest, name: str, content: bytes) -> None:
    app.file_uploader[0].set_value((name, content, "application/zip")).run()
    assert not app.exception


def test_clearing_asks_first(open_page, filled):
    app = open_page("drawings")
    popover = app.get("popover")[2]
    assert any("for good" in text.value for text in popover.markdown)
    assert popover.button[0].label == "Clear 40 drawings"
    assert filled.count().sum() == 40
    app.button(key="clear-drawings").click().run()
    assert filled.count().sum() == 0
    assert app.info[0].value.startswith("There are none yet.")


def test_a_drawing_that_comes_while_somebody_clears_stays(open_page, filled):
    app = open_page("drawings")
    late = write_digits(1, seed=6)
    filled.add_all(late)
    app.button(key="clear-drawings").click().run()
    assert filled.read().names == (hash_digit(late.images[0]),)


def test_one_drawing_is_opened_relabelled_and_deleted(open_page, filled, read_words):
    app = open_page("drawings", model="cnn")
    name, label = hash_digit(SOME.images[7]), int(SOME.labels[7])
    app.session_state.opened_drawing = name
    app.run()
    [dialog] = app.get("dialog")
    assert dialog.proto.dialog.title == name_digit(label).capitalize()
    assert f"{name_digit(label).capitalize()}, read as {read_with('cnn')[7]}." in read_words(dialog)
    app.segmented_control(key=f"label-{name}").select(9 - label).run()
    assert not app.exception
    assert filled.count().sum() == 40
    drawings = filled.read()
    assert drawings.digits.labels[drawings.names.index(name)] == 9 - label

    app.session_state.opened_drawing = name
    app.run()
    app.button(key="delete-drawing").click().run()
    assert not app.exception
    assert name not in filled.read().names
    assert filled.count().sum() == 39


def test_a_drawing_that_is_gone_is_not_opened(open_page, filled):
    app = open_page("drawings")
    app.session_state.opened_drawing = "0" * 16
    app.run()
    assert not app.exception
    assert not app.get("dialog")


def test_a_damaged_drawing_is_named_and_the_others_are_shown(open_page, filled):
    path = next(filled.folder.glob("3-*.png"))
    path.write_bytes(b"torn")
    app = open_page("drawings")
    assert len(list_cells(app)) == 39
    assert any(path.name in text.value for text in app.caption)


def test_one_click_teaches_a_model_what_is_not_kept_aside(open_page, filled, submitted):
    app = open_page("drawings", model="cnn")
    lesson = choose_lesson(filled.read())
    assert 20 < len(lesson) < 40
    app.button(key="teach-model").click().run()
    assert not app.exception
    [run] = list_runs().runs
    assert [given.id for given in submitted] == [run.id]
    assert run.config == teach_config(load_run("cnn"), len(lesson))
    np.testing.assert_array_equal(run.read_drawings().images, lesson.images)
    assert "about to start" in app.get_by_key("live").progress[0].text
    assert app.selectbox("compare").value == run.id
    assert len(list_cells(app)) == 40  # as cnn reads them, meanwhile


def test_before_and_after_are_shown_on_the_same_drawings(open_page, filled, read_words):
    app = open_page("drawings", model="cnn")
    app.button(key="teach-model").click().run()
    run = learn_from(list_runs().runs[0])
    app.run()
    assert not app.exception
    before, after = read_with("cnn") == SOME.labels, read_with("champion") == SOME.labels
    learnt = np.isin(
        [hash_digit(image) for image in SOME.images],
        [hash_digit(image) for image in run.read_drawings().images],
    )
    words = read_words(app.main)
    assert f"cnn reads {before.sum()} of 40 drawings right, and {after.sum()} after its" in words
    for group, name in (
        (before | True, "40 drawings"),
        (learnt, f"{learnt.sum()} it has learnt from"),
        (~learnt, f"{(~learnt).sum()} it has never seen"),
    ):
        cells = " ".join(describe_right(right[group]) for right in (before, after))
        assert f"{name} {cells} " in words
    errors = compare_errors(
        SOME.labels[~learnt], read_with("cnn")[~learnt], read_with("champion")[~learnt]
    )
    assert f"Of those it has never seen: {errors.describe('cnn', run.id)}" in words
    tests = [load_run(name).metrics["test"] for name in ("cnn", "champion")]
    cells = " ".join(describe_test(test["mistakes"]) for test in tests)
    assert f"10,000 test digits {cells}" in words
    kinds = {"✗ → ✓": ~before & after, "✓ → ✗": before & ~after, "Misread": ~after}
    for kind, expected in kinds.items():
        app.segmented_control(key="drawings-shown").select(kind).run()
        cells = list_cells(app) if expected.any() else []
        names = {hash_digit(image) for image in SOME.images[expected]}
        assert {cell["name"] for cell in cells} == names


def test_a_link_shows_two_models_of_ones_choice(open_page, filled, read_words):
    app = open_page("drawings", model="dense", compare="cnn")
    right = [(read_with(model) == SOME.labels).sum() for model in ("dense", "cnn")]
    words = read_words(app.main)
    assert f"dense reads {right[0]} of 40 drawings right, cnn {right[1]}" in words
    app.selectbox("compare").select("-").run()
    assert app.query_params["compare"] == "-"
    assert "test digits" not in read_words(app.get("html"))


def test_a_run_that_comes_with_the_address_of_a_moment_ago_leaves_the_choice(open_page, filled):
    app = open_page("drawings", model="dense", compare="cnn")
    before = dict(app.query_params)
    app.selectbox("compare").select("-").run()
    app.query_params.clear()
    app.query_params.update(before)
    app.run()
    assert app.selectbox("compare").value == "-"


def test_a_model_that_does_not_exist_is_named(open_page, filled):
    app = open_page("drawings", compare="gone")
    assert not app.exception
    assert any("no model 'gone'" in text.value for text in app.caption)


def test_a_lesson_that_fails_says_why(open_page, filled):
    app = open_page("drawings", model="cnn")
    app.button(key="teach-model").click().run()
    change_state(list_runs().runs[0], "failed", "The disk is full. Make room, then train again.")
    forget()
    app.run()
    assert "The disk is full" in app.error[0].value
    assert not app.button(key="teach-model").disabled


def test_a_full_queue_says_so_before_the_click(open_page, filled, monkeypatch):
    monkeypatch.setenv("DIGITLIB_MAX_QUEUED_PER_VISITOR", "1")
    app = open_page("drawings", model="cnn")
    app.button(key="teach-model").click().run()
    assert app.button(key="teach-model").disabled
    assert any("You have 1 run in the queue" in text.value for text in app.caption)
    assert app.selectbox("compare").value == list_runs().runs[0].id


def test_a_model_that_kept_no_weights_cannot_be_taught(open_page, filled, make_run):
    run = make_run("done", name="bare")
    run.keras_file.unlink()
    app = open_page("drawings", model="bare")
    assert app.button(key="teach-model").disabled
    assert any("has kept no weights" in text.value for text in app.caption)


def test_damaged_lessons_get_a_sentence(open_page, filled):
    app = open_page("drawings", model="cnn")
    app.button(key="teach-model").click().run()
    run = learn_from(list_runs().runs[0])
    run.drawings_file.write_bytes(b"torn")
    app.run()
    assert not app.exception
    assert f"The drawings of {run.id} cannot be read." in app.error[0].value


def test_training_takes_the_drawings_in_where_there_are_some(open_page, filled, submitted):
    app = open_page("train")
    app.slider("dense-drawn_digits").set_value(2_000).run()
    next(button for button in app.button if button.label == "Start training").click().run()
    [run] = list_runs().runs
    assert run.config.drawn_digits == 2_000
    lesson = choose_lesson(filled.read())
    np.testing.assert_array_equal(run.read_drawings().images, lesson.images)


def test_training_does_not_speak_of_drawings_where_there_are_none(open_page):
    app = open_page("train")
    assert not [slider for slider in app.slider if slider.key == "dense-drawn_digits"]


def test_a_taught_run_leads_to_before_and_after(open_page, filled):
    config = dataclasses.replace(teach_config(load_run("cnn"), 40))
    run = learn_from(create_run(config, "taught", drawings=SOME))
    app = open_page("train", run=run.id)
    [link] = [link for link in app.get("page_link") if link.label == "Before and after"]
    assert "model=cnn" in link.proto.query_string
    assert "compare=taught" in link.proto.query_string


def test_where_the_server_says_no_there_is_no_page(open_page, filled, monkeypatch):
    monkeypatch.setenv("DIGITLIB_COLLECT", "off")
    run = learn_from(create_run(teach_config(load_run("cnn"), 40), "taught", drawings=SOME))
    app = open_page("train", run=run.id)
    assert not app.exception
    assert not [link for link in app.get("page_link") if link.label == "Before and after"]
    assert not [slider for slider in app.slider if slider.key == "dense-drawn_digits"]
    assert open_page("drawings").title[0].value == "Draw a digit"
