"""What the pages are made of, where it can be called without a page."""

import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from digitlib.runs.folder import BATCH_COLUMNS, EPOCH_COLUMNS
from digitlib.runs.history import History
from digitlib.ui.charts import (
    AXES,
    MAX_POINTS,
    collect_answers,
    collect_cells,
    collect_lines,
    confusion_chart,
    learning_chart,
)
from digitlib.ui.digit_image import draw_as_seen, draw_in_ink, draw_row
from digitlib.ui.style import PALETTES

LIGHT = PALETTES["light"]


def make_batches(count: int, per_epoch: int = 50) -> pd.DataFrame:
    at = np.arange(count)
    columns = (
        at // per_epoch + 1,
        at % per_epoch + 1,
        per_epoch,
        at / 10,
        2 / (at + 1),
        at / count,
    )
    return pd.DataFrame(dict(zip(BATCH_COLUMNS, columns, strict=True)))


def make_epochs(count: int, loss=0.2, validation_loss=0.1) -> pd.DataFrame:
    epoch = np.arange(1, count + 1)
    columns = (epoch, 10.0 * epoch, loss, 0.95, validation_loss, 0.97)
    return pd.DataFrame(dict(zip(EPOCH_COLUMNS, columns, strict=True)), index=range(count))


def draw_rows(batches, epochs, measure="loss") -> pd.DataFrame:
    at = batches["epoch"] - 1 + batches["batch"] / batches["batches"]
    history = History(batches.assign(at=at), epochs.assign(at=epochs["epoch"]), (), 5.0, ())
    return collect_lines(history, measure)


@pytest.mark.parametrize("measure", AXES)
def test_the_axes_stand_before_there_is_anything_to_draw(measure):
    chart = learning_chart(measure, 5.0, (), LIGHT).to_dict()
    encoding = chart["layer"][1]["encoding"]
    assert encoding["y"]["scale"]["domain"] == list(AXES[measure][1])
    assert encoding["x"]["scale"]["domain"] == [0, 5.0]
    assert draw_rows(make_batches(0), make_epochs(0), measure).empty


def test_a_run_that_goes_on_is_marked_where_it_does():
    chart = learning_chart("loss", 7.5, (2.5, 5.0), LIGHT).to_dict()
    [joints] = [layer for layer in chart["layer"] if layer["mark"]["type"] == "rule"]
    assert joints["data"] == {"sequence": {"start": 0, "stop": 2}}
    assert "[2.5, 5.0]" in joints["transform"][0]["calculate"]


def test_a_batch_lies_within_its_epoch():
    rows = draw_rows(make_batches(60), make_epochs(1))
    batches = rows[rows["line"] == "batches"]
    assert batches["epoch"].iloc[0] == pytest.approx(1 / 50)
    assert batches["epoch"].iloc[49] == 1.0
    assert batches["epoch"].iloc[59] == pytest.approx(1.2)


@pytest.mark.parametrize("count", [MAX_POINTS, MAX_POINTS + 1, 5_000])
def test_a_long_training_is_thinned_and_keeps_its_end(count):
    rows = draw_rows(make_batches(count), make_epochs(0))
    assert len(rows) <= MAX_POINTS
    assert rows["epoch"].iloc[-1] == pytest.approx(count / 50)
    assert rows["epoch"].is_monotonic_increasing


def test_thinning_takes_means_of_neighbours():
    batches = make_batches(2 * MAX_POINTS)
    rows = draw_rows(batches, make_epochs(0))
    neighbours = batches["loss"].to_numpy().reshape(MAX_POINTS, 2)
    np.testing.assert_allclose(rows["value"], neighbours.mean(axis=1))


def test_lines_carry_name_and_value_at_their_ends():
    rows = draw_rows(make_batches(100), make_epochs(2))
    labels = rows[rows["label"] != ""].set_index("line")["label"]
    assert dict(labels) == {"training": "training 0.200", "validation": "validation 0.100"}
    rows = draw_rows(make_batches(100), make_epochs(2), "accuracy")
    assert set(rows["label"]) == {"", "training 95.0%", "validation 97.0%"}


def test_before_the_first_epoch_the_batches_carry_the_label():
    rows = draw_rows(make_batches(5), make_epochs(0))
    assert list(rows["label"]) == ["", "", "", "", "training 0.400"]


@pytest.mark.parametrize("value", [0.0, 0.001, 0.5, 2.5, 40.0])
@pytest.mark.parametrize("apart", [0.0, 0.0005])
def test_labels_of_close_lines_stay_apart_and_inside(value, apart):
    rows = draw_rows(make_batches(50), make_epochs(1, value, value + apart))
    low, high = sorted(rows["label_at"].dropna())
    bottom, top = AXES["loss"][1]
    assert bottom <= low <= high <= top
    assert np.sqrt(high / top) - np.sqrt(low / top) > 0.05  # of the chart's height


def test_the_matrix_mutes_what_is_right_and_marks_what_is_wrong():
    confusion = np.diag(np.full(10, 90))
    confusion[9, 4] = 7
    cells = collect_cells(confusion, confusion.sum(axis=1), False)
    assert len(cells) == 100
    by_place = cells.set_index(["truth", "answer"])
    assert by_place.loc[(9, 4), ["count", "label", "shade"]].tolist() == [7, "7", 1]
    assert by_place.loc[(9, 4), "share"] == 7 / 97
    assert by_place.loc[(3, 3), ["right", "shade"]].tolist() == [True, 0]
    encoding = confusion_chart(LIGHT).to_dict()["layer"][0]["encoding"]
    assert (encoding["y"]["title"], encoding["x"]["title"]) == ("Truth", "Read as")
    assert encoding["color"]["condition"]["test"] == "datum.right"


def test_every_click_changes_the_ids_of_the_cells():
    confusion = np.diag(np.full(10, 90))
    ids = [set(collect_cells(confusion, confusion.sum(1), False, clicks=n)["id"]) for n in (0, 1)]
    assert len(ids[0]) == len(ids[1]) == 100
    assert ids[0].isdisjoint(ids[1])


@pytest.mark.parametrize(
    ("chosen", "marked"), [((None, None), 0), ((4, 9), 1), ((4, None), 10), ((None, 0), 10)]
)
def test_what_is_chosen_is_marked(chosen, marked):
    confusion = np.diag(np.full(10, 90))
    cells = collect_cells(confusion, confusion.sum(axis=1), False, chosen)
    assert cells["chosen"].sum() == marked


def test_shares_are_never_rounded_to_all_or_nothing():
    confusion = np.zeros((10, 10), int)
    confusion[0, :3] = 99_980, 19, 1
    labels = collect_cells(confusion, confusion.sum(axis=1), True)["label"]
    assert list(labels[:3]) == ["99.9", "<0.1", "<0.1"]


def test_a_matrix_without_mistakes_or_digits_can_be_drawn():
    for confusion in (np.diag(np.full(10, 90)), np.zeros((10, 10), int)):
        for shares in (True, False):
            cells = collect_cells(confusion, confusion.sum(axis=1), shares)
            assert np.isfinite(cells[["share", "shade"]]).all(axis=None)


def test_the_labels_of_two_answers_stay_apart():
    history = np.full((3, 10), 0.5, np.float32)
    rows = collect_answers([1, 2, 3], history, 4, 9)
    low, high = sorted(rows["label_at"].dropna())
    assert high - low > 0.1
    assert list(rows["label"]) == ["", "", "4 ✓", "", "", "9"]


def test_an_epoch_that_is_damaged_leaves_a_gap():
    history = np.full((2, 10), 0.5, np.float32)
    history[0] = np.nan
    assert list(collect_answers([1, 2], history, 4, 4)["epoch"]) == [2]
    assert collect_answers([], np.zeros((0, 10), np.float32), 4, 9).empty


def test_dark_and_light_differ_in_what_must_be_read():
    assert PALETTES["light"].text != PALETTES["dark"].text
    assert PALETTES["light"].training != PALETTES["dark"].training


def read_data_urls(html: str) -> list[Image.Image]:
    found = re.findall(r"data:image/png;base64,([A-Za-z0-9+/=]+)", html)
    return [Image.open(io.BytesIO(base64.b64decode(content))) for content in found]


def test_a_digit_as_seen_keeps_every_pixel():
    digit = np.arange(784, dtype=np.uint8).reshape(28, 28)
    html = draw_as_seen(digit, 168, "a test")
    [image] = read_data_urls(html)
    np.testing.assert_array_equal(np.asarray(image), digit)
    assert 'alt="a test"' in html
    assert 'width="168"' in html


def test_digits_in_a_row_are_ink_on_nothing():
    digits = np.arange(3 * 784).reshape(3, 28, 28).astype(np.uint8)
    encoded = draw_row(digits, LIGHT.text)
    [image] = read_data_urls(encoded)
    assert image.mode == "LA"
    pixels = np.asarray(image)
    assert len(np.unique(pixels[..., 0])) == 1
    np.testing.assert_array_equal(pixels[:, 28:56, 1], digits[1])


def test_a_digit_in_ink_is_a_mask_of_hard_squares():
    digit = np.arange(784, dtype=np.uint8).reshape(28, 28)
    mask = read_data_urls(draw_in_ink(digit, 72, "a test"))[0]
    opacity = np.asarray(mask)[..., 1]
    np.testing.assert_array_equal(opacity[::4, ::4], digit)
    np.testing.assert_array_equal(opacity, digit.repeat(4, axis=0).repeat(4, axis=1))
