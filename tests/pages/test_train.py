import json
import os
import shutil
import time

import dask.config
import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from digitlib.errors import EngineError
from digitlib.runs import engine
from digitlib.runs.engine import submit_run
from digitlib.runs.folder import LOST_AFTER_SECONDS, Run, list_runs
from digitlib.ui import start
from digitlib.ui.times import format_seconds
from tests.pages.conftest import write_rows

DEFAULTS = {
    # network: epochs, batch size, dropout, parameters
    "softmax": (5, 32, None, 7_850),
    "dense": (5, 32, 0.2, 101_770),
    "cnn": (10, 64, 0.5, 225_034),
}


@pytest.fixture(autouse=True)
def submitted(monkeypatch) -> list[Run]:
    """The runs that were handed to the engine; none starts."""
    runs = []
    monkeypatch.setattr(engine, "submit_run", runs.append)
    monkeypatch.setattr(engine, "recover_queue", lambda: None)
    return runs


@pytest.mark.parametrize("network", DEFAULTS)
def test_a_network_brings_its_own_defaults_and_shows_its_layers(open_page, read_words, network):
    epochs, batch_size, dropout, parameters = DEFAULTS[network]
    app = open_page("train")
    app.selectbox("network").select(network).run()
    assert not app.exception
    assert app.slider(f"{network}-epochs").value == epochs
    assert app.slider(f"{network}-training_digits").value == 55_000
    assert app.select_slider(f"{network}-batch_size").value == batch_size
    assert app.number_input(f"{network}-learning_rate").value == 0.001
    dropouts = [slider.value for slider in app.slider if slider.key == f"{network}-dropout"]
    assert dropouts == ([] if dropout is None else [dropout])
    assert f"{parameters:,}" in read_words(app.main)
    layers = app.dataframe[0].value
    assert layers["Parameters"].sum() == parameters
    assert layers["Output shape"].iloc[-1] == "10"


def test_settings_of_one_network_are_kept_while_another_is_looked_at(open_page):
    app = open_page("train")
    app.slider("dense-epochs").set_value(7).run()
    app.selectbox("network").select("cnn").run()
    app.slider("cnn-epochs").set_value(3).run()
    app.selectbox("network").select("dense").run()
    assert app.slider("dense-epochs").value == 7


def test_the_sheet_shows_samples_and_counts_of_all_ten_digits(open_page):
    app = open_page("train")
    sheet = next(html.value for html in app.html if "sample-sheet" in html.value)
    for digit in range(10):
        assert f"samples of {digit}" in sheet
    assert "6,161" in sheet  # ones among the 55,000 training digits
    assert "4,982" in sheet  # fives


def test_start_makes_a_run_of_the_settings_and_hands_it_to_the_engine(open_page, submitted):
    app = open_page("train")
    app.slider("dense-epochs").set_value(2)
    app.slider("dense-training_digits").set_value(3_000)
    app.number_input("dense-learning_rate").set_value(0.01)
    app.toggle("dense-augmentation").set_value(True)
    click(app, "Start training")
    assert not app.exception
    [run] = list_runs().runs
    assert [given.id for given in submitted] == [run.id]
    assert (run.config.network, run.config.epochs) == ("dense", 2)
    assert (run.config.training_digits, run.config.learning_rate) == (3_000, 0.01)
    assert run.config.augmentation
    assert app.query_params["run"] == run.id
    assert "about to start" in app.get_by_key("live").progress[0].text


def test_a_double_click_makes_one_run(open_page, submitted):
    app = open_page("train")
    click(app, "Start training")
    click(app, "Start training")
    assert len(submitted) == 1


def test_clicks_while_the_engine_starts_make_one_run(open_page, submitted, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(start.time, "monotonic", lambda: now[0])

    def start_slowly(run: Run) -> None:
        submitted.append(run)
        now[0] += 20

    monkeypatch.setattr(engine, "submit_run", start_slowly)
    app = open_page("train")
    click(app, "Start training")
    click(app, "Start training")
    assert len(submitted) == 1


def test_the_same_settings_can_be_trained_again_later(open_page, submitted, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(start.time, "monotonic", lambda: now[0])
    app = open_page("train")
    click(app, "Start training")
    now[0] += 60
    click(app, "Start training")
    assert len(submitted) == 2


def test_an_unwritable_folder_for_runs_gets_a_sentence(open_page, runs, submitted):
    runs.write_text("a file where the folder should be")
    app = open_page("train")
    click(app, "Start training")
    assert not app.exception
    assert "cannot be written" in app.error[0].value
    assert "DIGITLIB_RUNS" in app.error[0].value
    assert submitted == []


def test_an_engine_out_of_reach_gets_a_sentence(open_page, monkeypatch):
    monkeypatch.setattr(engine, "submit_run", submit_run)
    monkeypatch.setattr(engine, "CONNECT_SECONDS", 0.3)
    with dask.config.set({"scheduler-address": "tcp://127.0.0.1:9"}):
        app = open_page("train")
        click(app, "Start training")
    assert not app.exception
    assert "DASK_SCHEDULER_ADDRESS" in app.error[0].value


def test_a_queued_run_says_how_many_are_before_it(open_page, make_run):
    first = make_run("queued")
    time.sleep(0.002)  # the order is that of the times, which count milliseconds
    second = make_run("queued")
    assert "about to start" in live(open_page("train", run=first.id)).progress[0].text
    assert (
        "is number 2 of 2 in the queue" in live(open_page("train", run=second.id)).progress[0].text
    )


def test_a_running_run_shows_its_progress_and_its_curves(open_page, make_run, read_chart_rows):
    run = make_run("running")
    app = open_page("train", run=run.id)
    progress = live(app).progress[0]
    assert "epoch 2 of 5 · batch 50 of 100" in progress.text
    assert "35 s left" in progress.text
    assert progress.value == 30
    assert count_points(read_chart_rows(app)[0], "batches") == 15
    write_rows(run, epoch=3, batch=100)
    app.run()
    assert "epoch 3 of 5 · batch 100 of 100" in live(app).progress[0].text
    assert count_points(read_chart_rows(app)[0], "batches") == 30
    assert count_points(read_chart_rows(app)[1], "validation") == 2


def test_a_running_run_is_found_without_an_address(open_page, make_run):
    run = make_run("running")
    make_run("done")
    app = open_page("train")
    assert app.query_params["run"] == run.id
    assert "epoch 2 of 5" in live(app).progress[0].text


def test_a_torn_last_row_is_left_out(open_page, make_run, read_chart_rows):
    run = make_run("running")
    with (run.folder / "batches.csv").open("a") as table:
        table.write("2,60,100,9.")
    app = open_page("train", run=run.id)
    assert "batch 50 of 100" in live(app).progress[0].text
    assert count_points(read_chart_rows(app)[0], "batches") == 15


def test_stop_asks_a_running_run_to_stop(open_page, make_run):
    run = make_run("running")
    app = open_page("train", run=run.id)
    click(app, "Stop")
    assert run.stop_requested
    assert "is stopping" in live(app).progress[0].text
    assert next(button for button in app.button if button.label == "Stop").disabled


def test_stop_ends_a_queued_run_at_once(open_page, make_run):
    run = make_run("queued")
    app = open_page("train", run=run.id)
    click(app, "Stop")
    assert "Stopped before it began." in live(app).info[0].value
    assert not live(app).progress


def test_a_finished_run_shows_what_came_of_it(open_page, make_run, read_words):
    run = make_run("done")
    metrics = json.loads((run.folder / "metrics.json").read_text())
    app = open_page("train", run=run.id)
    words = read_words(live(app))
    assert f"{metrics['test']['accuracy']:.2%} of the test digits read right" in words
    assert "101,770 parameters" in words
    assert f"learnt in {format_seconds(metrics['training_seconds'])}" in words
    links = {link.proto.label: link.proto for link in app.get("page_link")}
    assert links["Look at its mistakes"].page.endswith("mistakes")
    assert links["Look at its mistakes"].query_string == f"model={run.id}"
    assert links["Draw with it"].query_string == f"model={run.id}"
    assert [button.label for button in app.download_button] == [".keras", ".tflite"]
    assert not live(app).progress


def test_a_stopped_run_keeps_what_it_learnt(open_page, make_run, read_words):
    run = make_run("stopped", "Stopped; the model is as good as it got by then.")
    app = open_page("train", run=run.id)
    assert "was stopped after" in read_words(live(app))
    assert len(app.download_button) == 2


def test_a_failed_run_says_why(open_page, make_run):
    run = make_run("failed", "The disk is full. Make room, then train again.")
    app = open_page("train", run=run.id)
    sentence = "The disk is full. Make room, then train again."
    assert live(app).error[0].value == f"**{run.id}** failed. {sentence}"
    assert not app.download_button


def test_a_run_without_a_sign_of_life_was_interrupted(open_page, make_run):
    run = make_run("running")
    long_ago = time.time() - 2 * LOST_AFTER_SECONDS
    os.utime(run.folder / "heartbeat", (long_ago, long_ago))
    app = open_page("train", run=run.id)
    assert "interrupted" in live(app).error[0].value
    assert "Start it again." in live(app).error[0].value


def test_a_deleted_run_in_the_address_gets_a_sentence_and_is_forgotten(open_page, make_run):
    run = make_run("done")
    app = open_page("train", run=run.id)
    shutil.rmtree(run.folder)
    app.run()
    assert not app.exception
    assert "it may have been deleted" in app.warning[0].value
    app.run()
    assert not app.warning


@pytest.mark.parametrize("file", ["config.json", "status.json", "metrics.json"])
def test_a_damaged_run_folder_is_named_and_others_stay(open_page, make_run, file):
    make_run("done", name="whole")
    damaged = make_run("done", name="damaged")
    (damaged.folder / file).write_text('{"torn')
    long_ago = time.time() - 60
    os.utime(damaged.folder, (long_ago, long_ago))  # not one that is just being made
    app = open_page("train")
    assert not app.exception
    problems = [caption.value for caption in app.caption if "damaged" in caption.value]
    assert len(problems) == 1
    assert str(damaged.folder) in problems[0]
    assert list(app.get_by_key("runs").value["Run"]) == ["whole"]
    opened = open_page("train", run="damaged")
    assert not opened.exception
    assert opened.warning


def test_an_unknown_engine_error_leaves_the_run_where_it_can_be_seen(open_page, monkeypatch):
    def fail(run: Run) -> None:
        raise EngineError("The scheduler did not take the run. Try again.")

    monkeypatch.setattr(engine, "submit_run", fail)
    app = open_page("train")
    click(app, "Start training")
    assert app.error[0].value == "The scheduler did not take the run. Try again."
    assert len(app.get_by_key("runs").value) == 1


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (59.4, "59 s"),
        (59.6, "1 min 0 s"),
        (125, "2 min 5 s"),
        (-3, "0 s"),
    ],
)
def test_times_are_said_as_people_say_them(seconds, words):
    assert format_seconds(seconds) == words


def live(app: AppTest):
    assert not app.exception
    return app.get_by_key("live")


def click(app: AppTest, label: str) -> None:
    next(button for button in app.button if button.label == label).click().run()


def count_points(rows: pd.DataFrame, line: str) -> int:
    return int((rows["line"] == line).sum())
