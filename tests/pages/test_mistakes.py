import json
import re

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint
from streamlit.testing.v1 import AppTest

from digitlib.reading.evaluation import ORDERS
from digitlib.runs.folder import MODELS_FOLDER

PER_PAGE = 24
METRICS = json.loads((MODELS_FOLDER / "cnn" / "metrics.json").read_text())["test"]


@pytest.fixture
def words(read_words):
    def words(app: AppTest, key: str) -> str:
        assert not app.exception
        return read_words(app.get_by_key(key))

    return words


def test_the_headline_and_the_table_tell_how_well_it_reads(open_page, read_words):
    app = open_page("mistakes", model="cnn")
    headline = read_words(app.main)
    low, high = proportion_confint(10_000 - METRICS["mistakes"], 10_000, method="wilson")
    interval = f"({100 * low:.2f}–{high:.2%})"
    assert f"{METRICS['accuracy']:.2%} {interval} right" in headline
    assert re.search(r"people have put right: 99\.25% \(99\.06–99\.40%\)", headline)
    assert f"{METRICS['mistakes']} of 10,000 misread" in headline
    assert f"loss {METRICS['loss']:.3f}" in headline
    table = app.dataframe[0].value
    expected = METRICS["per_digit"]
    for name in ("precision", "recall", "f1"):
        np.testing.assert_allclose(table[name], [100 * digit[name] for digit in expected])


def test_the_matrix_holds_every_test_digit(open_page, read_chart_rows):
    [cells] = read_chart_rows(open_page("mistakes", model="cnn"))
    matrix = cells.pivot(index="truth", columns="answer", values="count").to_numpy()
    np.testing.assert_array_equal(matrix, METRICS["confusion"])


def test_the_gallery_can_be_leafed_through_from_end_to_end(open_page):
    app = open_page("mistakes", model="cnn")
    assert button(app, "Previous").disabled
    seen = list_digits(app)
    assert len(seen) == PER_PAGE
    while not button(app, "Next").disabled:
        button(app, "Next").click().run()
        seen += list_digits(app)
    assert len(seen) == len(set(seen)) == METRICS["mistakes"]
    button(app, "Previous").click().run()
    assert list_digits(app) == seen[2 * PER_PAGE : 3 * PER_PAGE]


def test_filters_leave_the_mistakes_of_one_kind(open_page):
    app = open_page("mistakes", model="cnn")
    button(app, "Next").click().run()
    app.selectbox("truth").select("9").run()
    assert len(list_digits(app)) == sum(METRICS["confusion"][9]) - METRICS["confusion"][9][9]
    app.selectbox("read").select("4").run()
    assert len(list_digits(app)) == METRICS["confusion"][9][4]
    assert all(label == "9 read as 4" for label in list_labels(app))


def test_filters_that_leave_nothing_say_so(open_page, words):
    app = open_page("mistakes", model="cnn", truth="0", read="0")
    assert "No test digit is misread in this way." in words(app, "gallery")
    assert list_digits(app) == []


def test_the_filters_are_part_of_the_address(open_page):
    app = open_page("mistakes", model="dense", truth="3", read="5")
    assert app.selectbox("model").value == "dense"
    assert set(list_labels(app)) == {"3 read as 5"}


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_is_that_of_the_choice(open_page, order):
    column, ascending = ORDERS[order]
    app = open_page("mistakes", model="cnn")
    app.selectbox("sort").select(order).run()
    probabilities = np.load(MODELS_FOLDER / "cnn" / "test_probabilities.npy")
    shown = [int(key) for key in list_digits(app)]
    truths = [int(label[0]) for label in list_labels(app)]
    values = {
        "confidence": probabilities[shown].max(axis=1),
        "loss": -np.log(probabilities[shown, truths].clip(1e-7)),
        "index": np.array(shown),
    }[column]
    assert (np.diff(values) >= 0).all() if ascending else (np.diff(values) <= 0).all()


def test_a_click_opens_one_digit_with_its_ten_probabilities(open_page, read_words, test_digits):
    app = open_page("mistakes", model="cnn")
    index = int(list_digits(app)[0])
    app.button(f"digit-{index}").click().run()
    assert not app.exception
    [dialog] = app.get("dialog")
    assert dialog.proto.dialog.title == f"Test digit {index}"
    shown = read_words(dialog)
    truth = test_digits.labels[index]
    assert f"is a {truth}: ✗ wrong" in shown
    assert f"{truth} ✓" in shown
    assert len(re.findall(r"\d%", shown)) == 11  # the answer's, and one for each of the ten
    app.selectbox("truth").select("1").run()
    assert not app.get("dialog")


@pytest.mark.parametrize("content", [b"", b"no numbers", None], ids=["empty", "rubbish", "shape"])
def test_damaged_answers_get_a_sentence_and_other_models_stay(open_page, make_run, content):
    run = make_run("done", name="broken")
    if content is None:
        np.save(run.probabilities_file, np.ones((7, 10), np.float32))
    else:
        run.probabilities_file.write_bytes(content)
    app = open_page("mistakes", model="broken")
    assert not app.exception
    assert "broken has a damaged file" in app.error[0].value
    assert "Train it again" in app.error[0].value
    app.selectbox("model").select("dense").run()
    assert not app.error
    assert len(list_digits(app)) == PER_PAGE


def test_a_model_without_mistakes_is_no_trouble(open_page, make_run, words, test_digits):
    run = make_run("done", name="perfect")
    np.save(run.probabilities_file, np.eye(10, dtype=np.float32)[test_digits.labels])
    app = open_page("mistakes", model="perfect")
    assert "No test digit is misread" in words(app, "gallery")
    assert "0 of 10,000 misread" in next(h.value for h in app.html if "headline" in h.value)


def button(app: AppTest, label: str):
    return next(button for button in app.button if button.label == label)


def list_digits(app: AppTest) -> list[str]:
    """Return the numbers of the test digits in the gallery, as shown."""
    return [button.key.removeprefix("digit-") for button in _thumbnails(app)]


def list_labels(app: AppTest) -> list[str]:
    return [button.label for button in _thumbnails(app)]


def _thumbnails(app: AppTest) -> list:
    return [button for button in app.button if (button.key or "").startswith("digit-")]
