"""Mistakes, the part about training labels: what ships, a run of one's own, and its ends."""

import dataclasses
import json
import shutil

import pytest
from streamlit.testing.v1 import AppTest

from digitlib.data import load_training_file
from digitlib.runs import engine
from digitlib.runs.catalogue import default_config
from digitlib.runs.folder import MODELS_FOLDER, Run, change_state, create_run, list_runs, read_run
from digitlib.runs.out_of_sample import read_suspects, read_training_probabilities, write_suspects
from digitlib.ui import start
from digitlib.ui.live import load_live
from digitlib.ui.loaders import load_refusal, load_runs
from tests.pages.conftest import write_rows

SHIPPED = read_run(MODELS_FOLDER / "label-check")
SUSPECTS = read_suspects(SHIPPED)
COUNTED = int(SUSPECTS["counted"].sum())
ASKED = dataclasses.replace(default_config("fast"), folds=5)
PER_PAGE = 72
BUTTON = "check-labels"


def list_cells(app: AppTest) -> list[dict]:
    """Return what the sheet of suspects shows."""
    assert not app.exception
    sheets = [
        json.loads(part.proto.json)
        for part in app.get("bidi_component")
        if part.proto.component_name.endswith("digitlib_sheet")
    ]
    [sheet] = [
        sheet for sheet in sheets if any("Training" in each["words"] for each in sheet["cells"])
    ]
    return sheet["cells"]


def forget() -> None:
    for load in (load_runs, load_live, load_refusal):
        load.clear()


def add_check(runs, name: str = "mine") -> Run:
    """Put a whole check among the runs made here: that which ships, upside down."""
    shutil.copytree(SHIPPED.folder, runs / name)
    run = read_run(runs / name)
    write_suspects(run, SUSPECTS[::-1])
    forget()
    return run


def test_what_ships_is_shown_at_once(open_page, read_words):
    app = open_page("mistakes")
    words = read_words(app.main)
    assert f"{COUNTED} of 60,000 labels look wrong" in words
    assert "MNIST is real: some of these labels are truly wrong, most digits are only" in words
    cells = list_cells(app)
    assert COUNTED < PER_PAGE
    counted = SUSPECTS[SUSPECTS["counted"] == 1]
    for cell, suspect in zip(cells, counted.itertuples(), strict=True):
        assert cell["name"] == str(suspect.place)
        assert cell["mark"] == f"{suspect.label} → {suspect.suggested}"


def test_all_suspects_can_be_leafed_through(open_page):
    app = open_page("mistakes")
    app.segmented_control(key="suspects-shown").select("All suspects").run()
    assert [cell["name"] for cell in list_cells(app)] == [
        str(place) for place in SUSPECTS["place"][:PER_PAGE]
    ]
    app.session_state["suspects-page"] = 2
    app.run()
    second = [cell["name"] for cell in list_cells(app)]
    assert second == [str(place) for place in SUSPECTS["place"][PER_PAGE : 2 * PER_PAGE]]
    app.segmented_control(key="suspects-shown").select("Look wrong").run()
    assert len(list_cells(app)) == COUNTED


def test_one_is_opened_with_ten_bars(open_page, read_words):
    app = open_page("mistakes")
    suspect = SUSPECTS.iloc[3]
    app.session_state.opened_suspect = str(int(suspect["place"]))
    app.run()
    assert not app.exception
    [dialog] = app.get("dialog")
    assert dialog.proto.dialog.title == f"Training digit {int(suspect['place']):,}"
    words = read_words(dialog)
    assert f"Labelled {int(suspect['label'])}" in words
    assert words.count("%") == 10
    probabilities = read_training_probabilities(SHIPPED)[int(suspect["place"])]
    assert probabilities.argmax() == suspect["suggested"]
    app.session_state.opened_suspect = "nonsense"
    app.run()
    assert not app.exception
    assert not app.get("dialog")


def test_what_is_too_small_for_the_file_is_not_shown_as_nothing(open_page, read_words):
    probabilities = read_training_probabilities(SHIPPED)[SUSPECTS["place"]]
    number = int((probabilities == 0).any(axis=1).argmax())
    assert (probabilities[number] == 0).any()
    app = open_page("mistakes")
    app.session_state.opened_suspect = str(SUSPECTS["place"].iloc[number])
    app.run()
    words = read_words(app.get("dialog")[0])
    assert words.count("<0.1%") == (probabilities[number] < 0.0005).sum()
    assert " 0%" not in words


def test_the_table_is_downloaded_as_it_is(open_page):
    app = open_page("mistakes")
    assert "suspects-csv" in [button.key for button in app.get("download_button")]


def test_a_click_asks_for_one_run_however_often(open_page, submitted):
    app = open_page("mistakes")
    app.button(key=BUTTON).click().run()
    assert not app.exception
    [run] = submitted
    assert run.config == ASKED
    assert run.status.visitor
    assert "run" not in app.query_params
    with pytest.raises(KeyError):
        app.button(key=BUTTON)  # it learns: nobody need ask again


def test_a_second_click_that_comes_at_once_makes_no_second_run(open_page, submitted, monkeypatch):
    monkeypatch.setattr(start, "SECOND_CLICK_SECONDS", 60.0)  # a slow machine's clicks are slow
    app = open_page("mistakes")
    app.button(key=BUTTON).click().run()
    change_state(submitted[0], "stopped", "Stopped before it began.")
    forget()
    app.run()
    app.button(key=BUTTON).click().run()
    assert not app.exception
    assert len(list_runs().runs) == 1
    assert any("Stopped before it began." in text.value for text in app.caption)


def test_a_run_that_learns_is_watched_by_everybody(open_page, runs, submitted):
    run = change_state(create_run(ASKED), "running")
    (run.folder / "heartbeat").touch()
    write_rows(run, epoch=3, batch=50)
    forget()
    app = open_page("mistakes")
    assert not app.exception
    [progress] = app.get("progress")
    assert "fold 2 of 5 · epoch 3 of 10 · batch 50 of 100" in progress.proto.text
    assert len(list_cells(app)) == COUNTED  # what is known stays in view
    change_state(run, "stopped", "It was stopped.")
    forget()
    app.run()
    assert app.button(key=BUTTON)


def test_what_was_found_here_is_shown_to_everybody_and_after_a_reload(open_page, runs):
    run = add_check(runs)
    for app in (open_page("mistakes"), open_page("mistakes")):
        assert list_cells(app)[-1]["name"] == str(
            SUSPECTS["place"][SUSPECTS["counted"] == 1].iloc[0]
        )
        assert any(run.id in text.value for text in app.caption)


def test_a_failed_run_tells_whoever_started_it_why(open_page, submitted):
    app = open_page("mistakes")
    app.button(key=BUTTON).click().run()
    change_state(submitted[0], "failed", "The disk is full. Make room, then train again.")
    forget()
    app.run()
    assert any("The disk is full. Make room" in error.value for error in app.error)
    assert not open_page("mistakes").error


def test_an_interrupted_run_is_watched_until_it_is_picked_up(open_page, submitted):
    app = open_page("mistakes")
    app.button(key=BUTTON).click().run()
    run = change_state(submitted[0], "interrupted", "The process went away.")
    forget()
    app.run()
    assert any("The process went away." in error.value for error in app.error)
    change_state(run, "running")
    (run.folder / "heartbeat").touch()
    forget()
    app.run()
    assert not app.error
    assert app.get("progress")


def test_no_room_is_said_beforehand(open_page, submitted, monkeypatch):
    monkeypatch.setenv("DIGITLIB_MAX_QUEUED", "1")
    create_run(default_config("softmax"))
    forget()
    app = open_page("mistakes")
    assert app.button(key=BUTTON).disabled
    assert any("The queue is full: 1 run waits already" in text.value for text in app.caption)


def test_no_engine_gets_a_sentence(open_page, runs, monkeypatch):
    from digitlib.errors import EngineError

    def fail(run):
        change_state(run, "failed", "No engine can be started.")
        raise EngineError("No engine can be started.")

    monkeypatch.setattr(engine, "submit_run", fail)
    app = open_page("mistakes")
    app.button(key=BUTTON).click().run()
    assert not app.exception
    assert any("No engine can be started." in error.value for error in app.error)


@pytest.mark.parametrize("file", ["suspects.csv", "training_probabilities.npz"])
def test_damage_gets_a_sentence_and_leaves_the_rest_of_the_page(open_page, runs, file):
    run = add_check(runs, f"damaged-{file[:8]}")
    (run.folder / file).write_bytes(b"damaged")
    forget()
    app = open_page("mistakes")
    assert not app.exception
    assert any("Run the cross-validation again, or delete" in error.value for error in app.error)
    assert app.button(key=BUTTON)


# The page Train


def test_train_shows_what_a_check_found_and_breaks_nowhere(open_page, runs, read_words):
    run = add_check(runs)
    app = open_page("train", run=run.id)
    assert not app.exception
    words = read_words(app.main)
    assert f"{COUNTED} of 60,000 training labels look wrong" in words
    assert "98." in words
    [table] = [each.value for each in app.dataframe if "Run" in each.value]
    assert table["Epochs"].tolist() == [10]
    assert table["Digits"].tolist() == [60_000]
    assert not any("Continue" in popover.proto.popover.label for popover in app.get("popover"))


def test_train_shows_a_check_as_it_learns(open_page, runs, submitted):
    run = change_state(create_run(ASKED), "running")
    (run.folder / "heartbeat").touch()
    write_rows(run, epoch=5, batch=50)
    forget()
    app = open_page("train")
    assert not app.exception
    assert "fold 3 of 5" in app.get("progress")[0].proto.text


def test_a_check_is_no_model_to_compare_with(open_page, runs, collection):
    collection.add_all(load_training_file().take(slice(3)))
    run = change_state(create_run(ASKED), "running")
    (run.folder / "heartbeat").touch()
    forget()
    app = open_page("drawings")
    assert not app.exception
    assert run.id not in app.selectbox(key="compare").options
    assert run.id not in app.selectbox(key="model").options
