import dataclasses
import io
import json
import os
import re
import shutil
import threading
import time
from base64 import b64decode

import dask.config
import numpy as np
import pandas as pd
import pytest
from PIL import Image
from statsmodels.stats.proportion import proportion_confint
from streamlit.runtime.context import ContextProxy
from streamlit.testing.v1 import AppTest

from digitlib.data.augmentation import STRONG, Augmentation
from digitlib.errors import EngineError
from digitlib.runs import engine
from digitlib.runs.config import TrainingConfig
from digitlib.runs.engine import submit_run
from digitlib.runs.folder import (
    LOST_AFTER_SECONDS,
    MODELS_FOLDER,
    Run,
    change_state,
    create_run,
    list_runs,
    load_run,
)
from digitlib.runs.snapshots import Snapshot, list_snapshots, load_panel, write_snapshot
from digitlib.ui import live as live_page
from digitlib.ui import recovery, start, warm
from digitlib.ui.live import load_live
from digitlib.ui.loaders import load_refusal
from digitlib.ui.times import format_seconds
from tests.pages.conftest import write_rows

pytestmark = pytest.mark.usefixtures("submitted")

DEFAULTS = {
    # network: epochs, batch size, dropout, parameters
    "softmax": (5, 32, None, 7_850),
    "dense": (5, 32, 0.2, 101_770),
    "cnn": (10, 64, 0.5, 225_034),
}


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
    app.selectbox("dense-schedule").select("cosine")
    app.number_input("dense-weight_decay").set_value(0.02)
    app.number_input("dense-label_smoothing").set_value(0.1)
    app.number_input("dense-weight_average").set_value(0.99)
    app.toggle("dense-mixed_precision").set_value(True)
    app.slider("dense-augmentation-rotation").set_value(5.0)
    click(app, "Start training")
    assert not app.exception
    [run] = list_runs().runs
    assert [given.id for given in submitted] == [run.id]
    assert (run.config.network, run.config.epochs) == ("dense", 2)
    assert (run.config.training_digits, run.config.learning_rate) == (3_000, 0.01)
    assert (run.config.schedule, run.config.weight_decay) == ("cosine", 0.02)
    assert (run.config.label_smoothing, run.config.weight_average) == (0.1, 0.99)
    assert run.config.mixed_precision
    assert run.config.augmentation == Augmentation(rotation=5.0)
    assert app.query_params["run"] == run.id
    assert "about to start" in app.get_by_key("live").progress[0].text


def test_augmentation_is_chosen_by_a_word_or_by_each_setting(open_page, submitted):
    app = open_page("train")
    assert "before" in pairs(app)
    np.testing.assert_array_equal(*read_pairs(app))  # it is off: after is as before
    click(app, "Strong")
    assert app.slider("dense-augmentation-disguise").value == STRONG.disguise
    before, after = read_pairs(app)
    assert (before != after).any(axis=(1, 2)).all()
    click(app, "Change them anew")
    assert (read_pairs(app)[1] != after).any(axis=(1, 2)).all()
    app.slider("dense-augmentation-disguise").set_value(0.0)
    click(app, "Start training")
    assert submitted[0].config.augmentation == dataclasses.replace(STRONG, disguise=0.0)


def test_written_digits_are_shown_and_added(open_page, submitted):
    app = open_page("train")
    assert "written" not in pairs(app)
    app.slider("dense-plain_epochs").set_value(3)
    app.slider("dense-written_digits").set_value(2_000).run()

    written = [html.value for html in app.html if 'alt="written"' in html.value]
    assert written[0].count("<img") == 16
    click(app, "Start training")
    config = submitted[0].config
    assert (config.written_digits, config.plain_epochs) == (2_000, 3)


def pairs(app: AppTest) -> str:
    return next(html.value for html in app.html if 'class="pairs"' in html.value)


def read_pairs(app: AppTest) -> tuple[np.ndarray, np.ndarray]:
    """Return the sixteen digits before and after, uint8 (16, 28, 28) each."""
    pictures = re.findall(r"base64,([\w+/=]+)", pairs(app))
    digits = np.stack([np.asarray(Image.open(io.BytesIO(b64decode(each)))) for each in pictures])
    assert digits.shape == (32, 28, 28)
    return digits[::2], digits[1::2]


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
    low, high = proportion_confint(10_000 - metrics["test"]["mistakes"], 10_000, method="wilson")
    assert f"95% interval {100 * low:.2f}–{high:.2%} · " in words
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


# The queue


def test_a_queued_run_says_when_its_turn_comes(open_page, make_run):
    make_run("running")  # for 35 s more
    first = make_run("queued")
    time.sleep(0.002)  # the order is that of the times, which count milliseconds
    second = make_run("queued")
    text = live(open_page("train", run=first.id)).progress[0].text
    assert text == f"**{first.id}** is next in the queue · its turn in about 35 s"
    # The first is a training of `dense` just like that of the shipped one.
    shipped = json.loads((MODELS_FOLDER / "dense" / "metrics.json").read_text())
    wait = format_seconds(35 + shipped["training_seconds"])
    text = live(open_page("train", run=second.id)).progress[0].text
    assert text == f"**{second.id}** is number 2 of 2 in the queue · its turn in about {wait}"


def test_a_wait_that_nobody_can_know_is_not_shown(open_page, make_run, monkeypatch):
    monkeypatch.setattr(live_page, "load_measured", list)  # nothing was ever trained
    create_run(TrainingConfig("softmax"))
    time.sleep(0.002)
    run = make_run("queued")
    text = live(open_page("train", run=run.id)).progress[0].text
    assert text == f"**{run.id}** is number 2 of 2 in the queue"


def test_a_full_queue_is_said_before_the_click(open_page, make_run, monkeypatch, submitted):
    monkeypatch.setenv("DIGITLIB_MAX_QUEUED", "1")
    waiting = make_run("queued")
    app = open_page("train", run=make_run("done").id)
    assert find_button(app, "Start training").disabled
    sentence = "The queue is full: 1 run waits already. Try again in a minute."
    assert sentence in [caption.value for caption in app.caption]
    change_state(waiting, "stopped")
    look_again(app)
    assert not find_button(app, "Start training").disabled
    assert sentence not in [caption.value for caption in app.caption]
    click(app, "Start training")
    assert len(submitted) == 1


def test_the_button_comes_back_by_itself_when_there_is_room(open_page, monkeypatch):
    refusals = ["The queue is full."]
    monkeypatch.setattr(start, "load_refusal", lambda visitor: refusals.pop() if refusals else "")
    app = open_page("train")
    assert not app.exception
    assert [button.disabled for button in app.button if button.label == "Start training"] == [False]


def test_a_queue_that_filled_up_since_gets_a_sentence(open_page, make_run, monkeypatch, submitted):
    monkeypatch.setenv("DIGITLIB_MAX_QUEUED", "1")
    app = open_page("train", run=make_run("done").id)
    make_run("queued")  # by somebody else
    click(app, "Start training")
    assert not app.error
    assert any("The queue is full: 1 run waits" in caption.value for caption in app.caption)
    assert submitted == []


def test_a_visitor_may_have_so_many_runs_and_no_more(open_page, monkeypatch):
    monkeypatch.setenv("DIGITLIB_MAX_QUEUED_PER_VISITOR", "1")
    app = open_page("train")
    click(app, "Start training")
    assert find_button(app, "Start training").disabled
    assert any("You have 1 run in the queue" in caption.value for caption in app.caption)
    assert not find_button(open_page("train"), "Start training").disabled  # another visitor's


@pytest.mark.parametrize(
    ("cookie", "same"), [("0123456789ab", True), ("", False), ("<script>", False)]
)
def test_a_visitor_who_reloads_is_the_same_one(open_page, monkeypatch, cookie, same):
    app = open_page("train")
    monkeypatch.setattr(ContextProxy, "cookies", {"digitlib_visitor": cookie})
    words = [open_page("train").session_state.visitor for _ in range(2)]
    assert (words[0] == words[1] == cookie) == same
    assert all(re.fullmatch("[0-9a-f]{12}", word) for word in words)
    assert app.session_state.visitor not in words


def test_a_queue_that_nobody_trains_gets_a_sentence(open_page, make_run, monkeypatch):
    looked = threading.Semaphore(0)

    def fail() -> None:
        looked.release()
        raise EngineError("The scheduler has no worker.")

    monkeypatch.setattr(engine, "recover_queue", fail)
    monkeypatch.setattr(recovery, "SECONDS", 0)
    recovery._get_watch.clear()
    app = open_page("train", run=make_run("queued").id)
    assert looked.acquire(timeout=10)
    look_again(app)
    assert app.error[0].value == "The scheduler has no worker."
    monkeypatch.setattr(engine, "recover_queue", looked.release)
    look_again(app)
    assert looked.acquire(timeout=10)
    look_again(app)
    assert not app.error
    recovery._get_watch.clear()


def test_a_run_that_waits_has_no_charts_yet_but_those_of_its_parent(
    open_page, make_run, read_chart_rows
):
    waiting = make_run("queued")
    assert read_chart_rows(open_page("train", run=waiting.id)) == []
    config = dataclasses.replace(waiting.config, parent=make_run("done").id)
    child = create_run(config)
    assert len(read_chart_rows(open_page("train", run=child.id))) == 2


def test_more_epochs_than_the_server_allows_are_said_before_the_click(open_page, monkeypatch):
    monkeypatch.setenv("DIGITLIB_MAX_EPOCHS", "3")
    app = open_page("train")
    assert find_button(app, "Start training").disabled
    sentence = "A training may have up to 3 epochs here, not 5."
    assert any(sentence in caption.value for caption in app.caption)
    app.slider("dense-epochs").set_value(3).run()
    assert not find_button(app, "Start training").disabled


def test_a_setting_of_the_server_that_is_wrong_gets_a_sentence(open_page, monkeypatch):
    monkeypatch.setenv("DIGITLIB_MAX_QUEUED", "many")
    app = open_page("train")
    assert not app.exception
    assert find_button(app, "Start training").disabled
    sentence = "DIGITLIB_MAX_QUEUED must be a whole number from 1 up, not 'many'."
    assert any(sentence in caption.value for caption in app.caption)


def test_the_page_has_the_engine_warmed_once_for_all_visitors(open_page, monkeypatch):
    warmed = threading.Semaphore(0)
    monkeypatch.setattr(engine, "warm_engine", warmed.release)
    warm.warm_up_training.clear()
    open_page("train")
    assert warmed.acquire(timeout=10)
    open_page("train")
    assert not warmed.acquire(timeout=0.2)


def test_an_engine_that_cannot_be_warmed_is_met_at_the_button(open_page, monkeypatch):
    def fail() -> None:
        raise EngineError("No engine can be started.")

    monkeypatch.setattr(engine, "warm_engine", fail)
    warm.warm_up_training.clear()
    app = open_page("train")
    warm.warm_up_training().join()
    assert not app.error
    assert not app.exception


# Going on


def interrupt(run: Run) -> Run:
    """Make a run that trains one whose process went away after its first epoch."""
    run.checkpoint_file.write_bytes(b"weights")
    long_ago = time.time() - 2 * LOST_AFTER_SECONDS
    os.utime(run.folder / "heartbeat", (long_ago, long_ago))
    return load_run(run.id)


@pytest.mark.parametrize("state", ["done", "stopped", "interrupted"])
def test_a_run_with_weights_is_continued_as_a_new_one(open_page, make_run, submitted, state):
    run = interrupt(make_run("running")) if state == "interrupted" else make_run(state)
    run = load_run(run.id)
    app = open_page("train", run=run.id)
    if state == "interrupted":
        assert "Continue it from what it has kept." in live(app).error[0].value
    assert app.slider("further").value == run.config.epochs
    app.slider("further").set_value(3)
    click(app, "Continue training")
    assert not app.exception
    [child] = submitted
    assert child.config == dataclasses.replace(run.config, parent=run.id, epochs=3)
    assert app.query_params["run"] == child.id
    assert child.id in live(app).progress[0].text
    assert load_run(run.id).status == run.status
    table = app.get_by_key("runs").value.set_index("Run")
    assert table.loc[child.id, "Continues"] == run.id


def test_a_run_without_weights_cannot_be_continued(open_page, make_run):
    app = open_page("train", run=make_run("failed", "The disk is full.").id)
    assert "Continue training" not in [button.label for button in app.button]


@pytest.mark.parametrize("state", ["queued", "running"])
def test_a_run_that_is_not_over_cannot_be_continued(open_page, make_run, state):
    app = open_page("train", run=make_run(state).id)
    assert "Continue training" not in [button.label for button in app.button]


def test_a_run_that_cannot_be_continued_for_want_of_room_says_so(open_page, make_run, monkeypatch):
    monkeypatch.setenv("DIGITLIB_MAX_QUEUED", "1")
    make_run("queued")
    run = make_run("stopped")
    app = open_page("train", run=run.id)
    [button] = [button for button in app.button if button.label == "Continue training"]
    assert button.disabled
    assert not app.error
    assert any("The queue is full" in caption.value for caption in app.caption)


def test_the_curves_of_a_continued_run_begin_with_those_before(
    open_page, make_run, read_chart_rows
):
    parent = make_run("stopped")
    child = create_run(dataclasses.replace(parent.config, parent=parent.id, epochs=4))
    write_rows(child, epoch=3, batch=50)
    (child.folder / "heartbeat").touch()
    change_state(child, "running")
    before, own = parent.read_epochs(), child.read_epochs()
    app = open_page("train", run=child.id)
    for rows, column in zip(read_chart_rows(app), ["loss", "accuracy"], strict=True):
        points = rows[rows["line"] == "validation"]
        assert points["epoch"].tolist() == [1, 2, 3, 4, 5, 6, 7]
        values = pd.concat([before, own])[f"validation_{column}"]
        assert points["value"].tolist() == pytest.approx(values.tolist())
    for chart in app.get("vega_lite_chart"):
        x_axis = json.loads(chart.proto.spec)["layer"][1]["encoding"]["x"]
        assert x_axis["scale"]["domain"] == [0, 5 + 4]
    # How far it has come is told of this run alone.
    assert "epoch 3 of 4" in live(app).progress[0].text


# What came of it


def set_best(run: Run, epoch: int) -> None:
    shutil.copy(run.keras_file, run.best_file)
    metrics = json.loads((run.folder / "metrics.json").read_text())
    (run.folder / "metrics.json").write_text(json.dumps(metrics | {"best_epoch": epoch}))


@pytest.mark.parametrize(("best", "offered"), [(4, ["epoch 4"]), (5, [])])
def test_the_best_epoch_is_offered_where_it_is_not_the_last(open_page, make_run, best, offered):
    run = make_run("done")
    set_best(run, best)
    app = open_page("train", run=run.id)
    live(app)
    first, second, *others = [button.label for button in app.download_button]
    assert (first, second) == (".keras", ".tflite")
    assert [re.search(r"epoch \d+", label)[0] for label in others] == offered


# The panel


def take_snapshot(run: Run, epoch: float, right: int) -> None:
    """Take a snapshot of a network that reads so many digits of the panel right."""
    answers = load_panel().labels.astype(int)
    answers[right:] = (answers[right:] + 1) % 10
    filters = np.linspace(-1, 1, 4 * 9).reshape(4, 3, 3)
    write_snapshot(run, Snapshot(epoch, np.eye(10, dtype=np.float32)[answers], filters))


def find_panels(app: AppTest) -> list[str]:
    return [html.value for html in app.html if '<div class="panel-digits"' in html.value]


def count_marks(app: AppTest) -> tuple[int, int]:
    """Return how many digits of the panel are shown as right and as wrong; check the rest."""
    (panel,) = find_panels(app)
    right, wrong = panel.count('"panel-digit right"'), panel.count('"panel-digit wrong"')
    assert (panel.count("✓"), panel.count("✗")) == (right, wrong)
    assert f"<strong>{right} of 24</strong>" in panel
    described = re.findall(r'panel-digit \w+" [^>]*aria-label="an? (\d), read as (\d)"', panel)
    assert [int(truth) for truth, _ in described] == load_panel().labels.tolist()
    assert sum(truth == answer for truth, answer in described) == right
    return right, wrong


def test_the_panel_shows_what_it_reads_right_and_what_it_looks_for(open_page, make_run, read_words):
    run = make_run("running")
    take_snapshot(run, 0, right=3)
    take_snapshot(run, 0.25, right=20)
    app = open_page("train", run=run.id)
    live(app)
    assert count_marks(app) == (20, 4)
    words = read_words(app.main)
    assert "20 of 24 digits it never trains on are read right after epoch 0.25" in words
    assert "4 filters of 3 × 3" in words
    filters = next(html.value for html in app.html if 'class="filters"' in html.value)
    assert filters.count("<img") == 4


def test_the_panel_follows_the_newest_snapshot(open_page, make_run):
    run = make_run("running")
    take_snapshot(run, 0, right=3)
    app = open_page("train", run=run.id)
    assert count_marks(app) == (3, 21)
    assert not find_sliders(app, run)
    for epoch, right in ((0.5, 10), (1, 15), (2, 24)):
        take_snapshot(run, epoch, right)
        look_again(app)
        assert count_marks(app) == (right, 24 - right)
    (slider,) = find_sliders(app, run)
    assert slider.value == 3


def test_the_panel_stays_at_the_moment_that_was_chosen(open_page, make_run):
    run = make_run("running")
    for epoch, right in ((0, 3), (0.5, 10), (1, 15)):
        take_snapshot(run, epoch, right)
    app = open_page("train", run=run.id)
    find_sliders(app, run)[0].set_value(1).run()
    assert count_marks(app) == (10, 14)
    for epoch, right in ((2, 20), (3, 24)):
        take_snapshot(run, epoch, right)
        look_again(app)
        assert count_marks(app) == (10, 14)
    find_sliders(app, run)[0].set_value(4).run()
    assert count_marks(app) == (24, 0)
    take_snapshot(run, 4, right=22)
    look_again(app)
    assert count_marks(app) == (22, 2)


def test_the_panel_of_a_finished_run_goes_back_through_time(open_page, make_run):
    run = make_run("done")
    for epoch in range(6):
        take_snapshot(run, epoch, right=4 * epoch)
    app = open_page("train", run=run.id)
    assert count_marks(app) == (20, 4)
    slider = find_sliders(app, run)[0]
    assert slider.options == ["epoch 0", "epoch 1", "epoch 2", "epoch 3", "epoch 4", "epoch 5"]
    slider.set_value(2).run()
    assert count_marks(app) == (8, 16)


def test_a_run_that_goes_on_goes_back_to_its_parents_beginning(open_page, make_run):
    parent = make_run("done")  # after five epochs
    for epoch in range(6):
        take_snapshot(parent, epoch, right=4 * epoch)
    child = create_run(dataclasses.replace(parent.config, parent=parent.id))
    change_state(child, "running")
    for epoch, right in ((0, 20), (0.5, 22)):
        take_snapshot(child, epoch, right)
    app = open_page("train", run=child.id)
    assert count_marks(app) == (22, 2)
    (slider,) = find_sliders(app, child)
    assert slider.options == [f"epoch {at}" for at in (0, 1, 2, 3, 4, 5, 5.5)]
    slider.set_value(1).run()
    assert count_marks(app) == (4, 20)


def test_a_stopped_run_has_its_model_before_its_accuracy(open_page, make_run):
    run = make_run("stopped", "It was stopped.")
    metrics = (run.folder / "metrics.json").rename(run.folder / "later")
    app = open_page("train", run=run.id)
    assert "It was stopped. It reads the 10,000 test digits now." in live(app).info[0].value
    metrics.rename(run.folder / "metrics.json")
    load_live.clear()
    look_again(app)
    assert "of the test digits read right" in live(app).markdown[0].value


def test_a_run_without_snapshots_has_no_panel(open_page, make_run):
    app = open_page("train", run=make_run("done").id)
    live(app)
    assert not find_panels(app)


def test_a_damaged_snapshot_hides_nothing_else(open_page, make_run):
    run = make_run("running")
    take_snapshot(run, 0, right=3)
    list_snapshots(run)[0].write_bytes(b"PK")
    app = open_page("train", run=run.id)
    assert "epoch 2 of 5" in live(app).progress[0].text
    assert not find_panels(app)


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


def find_button(app: AppTest, label: str):
    (button,) = [button for button in app.button if button.label == label]
    return button


def find_sliders(app: AppTest, run: Run) -> list:
    return [slider for slider in app.select_slider if slider.key == f"moment-{run.id}"]


def look_again(app: AppTest) -> None:
    """Run a page once more, later than anything is remembered that may have changed since."""
    for load in (load_live, load_refusal):
        load.clear()
    app.run()
    assert not app.exception


def count_points(rows: pd.DataFrame, line: str) -> int:
    return int((rows["line"] == line).sum())
