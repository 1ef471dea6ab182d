import csv
import io
import json
import re

import numpy as np
import pytest
from PIL import Image
from sklearn.metrics import confusion_matrix
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint
from streamlit.testing.v1 import AppTest

from digitlib.data import load_mnist
from digitlib.data.label_errors import CORRECTIONS
from digitlib.runs.epoch_answers import write_epoch_answers
from digitlib.runs.folder import MODELS_FOLDER, Run, delete_run, load_run
from digitlib.runs.study_files import fingerprint, study_folder, write_part
from digitlib.ui.answers import load_evaluation
from digitlib.ui.collection import load_drawings
from digitlib.ui.confusion import parse_click
from digitlib.ui.digit_sets import load_digit_set
from digitlib.ui.downloads import encode_sheet, encode_table
from digitlib.ui.gallery import ORDER_TITLES

PER_PAGE = 24
METRICS = json.loads((MODELS_FOLDER / "cnn" / "metrics.json").read_text())["test"]
MISTAKES = METRICS["mistakes"]
ANSWERS = {
    name: np.load(MODELS_FOLDER / name / "test_probabilities.npy")
    for name in ("champion", "cnn", "dense")
}


@pytest.fixture
def words(read_words):
    def words(app: AppTest, key: str) -> str:
        assert not app.exception
        return read_words(app.get_by_key(key))

    return words


@pytest.fixture
def labels(test_digits) -> np.ndarray:
    return test_digits.labels.astype(int)


def test_the_headline_and_the_table_tell_how_well_it_reads(open_page, read_words):
    app = open_page("mistakes", model="cnn")
    headline = read_words(app.main)
    low, high = proportion_confint(10_000 - MISTAKES, 10_000, method="wilson")
    assert f"{METRICS['accuracy']:.2%} ({100 * low:.2f}–{high:.2%}) right" in headline
    assert f"{MISTAKES} of 10,000 misread" in headline
    assert f"loss {METRICS['loss']:.3f}" in headline
    [table] = [each for each in app.get("html") if '"per-digit"' in each.proto.body]
    shown = re.findall(r">([\d.]+%)</td>", table.proto.body)
    measures = ("precision", "recall", "f1")
    assert shown == [f"{row[name]:.2%}" for row in METRICS["per_digit"] for name in measures]


def test_the_accuracy_is_given_by_corrected_labels_too(open_page, read_words, labels):
    kept = np.array([CORRECTIONS.get(place, 0) is not None for place in range(10_000)])
    corrected = labels.copy()
    for place, label in CORRECTIONS.items():
        corrected[place] = labels[place] if label is None else label
    right = int((ANSWERS["cnn"].argmax(axis=1) == corrected)[kept].sum())
    low, high = proportion_confint(right, kept.sum(), method="wilson")
    expected = f"{right / kept.sum():.2%} ({100 * low:.2f}–{high:.2%})"
    assert expected in read_words(open_page("mistakes", model="cnn").main)


def test_the_matrix_holds_every_test_digit(open_page):
    matrix = read_cells(open_page("mistakes", model="cnn")).pivot(
        index="truth", columns="answer", values="count"
    )
    np.testing.assert_array_equal(matrix.to_numpy(), METRICS["confusion"])


def test_the_matrix_can_tell_percentages_of_the_digit(open_page):
    app = open_page("mistakes", model="cnn")
    app.get_by_key("matrix-values").set_value("% of the digit").run()
    assert app.query_params["values"] == "percent"
    cells = read_cells(app)
    shares = cells.pivot(index="truth", columns="answer", values="share").to_numpy()
    expected = np.array(METRICS["confusion"], float)
    np.testing.assert_allclose(shares, expected / expected.sum(axis=1, keepdims=True))
    wrong = shares * (1 - np.eye(10))
    often = np.unravel_index(wrong.argmax(), wrong.shape)
    label = cells.set_index(["truth", "answer"]).loc[often, "label"]
    assert label == f"{100 * shares[often]:.1f}"


def test_the_filters_mark_their_cell(open_page):
    app = open_page("mistakes", model="cnn", truth="9", read="4")
    marked = read_cells(app).query("chosen")
    assert [tuple(row) for row in marked[["truth", "answer"]].to_numpy()] == [(9, 4)]
    app.selectbox("read").select("all").run()
    assert list(read_cells(app).query("chosen")["truth"]) == [9] * 10
    app.selectbox("truth").select("all").run()
    assert not read_cells(app)["chosen"].any()


def test_a_click_is_read_from_its_cell():
    assert parse_click(["4-9-17"]) == (4, 9)
    assert parse_click([]) is None


def test_the_gallery_can_be_leafed_through_from_end_to_end(open_page):
    app = open_page("mistakes", model="cnn")
    assert button(app, "Previous").disabled
    seen = list_keys(app)
    assert len(seen) == PER_PAGE
    while not button(app, "Next").disabled:
        button(app, "Next").click().run()
        seen += list_keys(app)
    assert len(seen) == len(set(seen)) == MISTAKES
    button(app, "Previous").click().run()
    last_but_one = -(-MISTAKES // PER_PAGE) - 1
    assert app.query_params["page"] == str(last_but_one)
    assert list_keys(app) == seen[(last_but_one - 1) * PER_PAGE : last_but_one * PER_PAGE]


def test_a_page_can_hold_more(open_page):
    app = open_page("mistakes", model="cnn", page="2")
    app.selectbox("page-size").select(96).run()
    assert len(list_keys(app)) == MISTAKES
    assert "page" not in app.query_params
    assert app.query_params["show"] == "96"


def test_a_page_beyond_the_last_is_the_last(open_page, words):
    app = open_page("mistakes", model="cnn", page="9999")
    assert f"page {-(-MISTAKES // PER_PAGE)} of" in words(app, "gallery")


def test_filters_leave_the_mistakes_of_one_kind_and_begin_at_page_1(open_page):
    app = open_page("mistakes", model="dense", page="2")
    app.selectbox("truth").select("9").run()
    assert "page" not in app.query_params
    app.selectbox("read").select("4").run()
    assert {cell["lines"][0] for cell in list_cells(app)} == {"9 read as 4"}
    count = confusion_matrix(load_mnist("test").labels, ANSWERS["dense"].argmax(axis=1))[9, 4]
    assert len(list_cells(app)) == count


def test_the_diagonal_shows_what_was_read_right(open_page, words):
    app = open_page("mistakes", model="cnn", truth="4", read="4")
    assert f"{METRICS['confusion'][4][4]} digits" in words(app, "gallery")
    assert {cell["lines"][0] for cell in list_cells(app)} == {"4 read as 4"}
    assert app.get_by_key("kind").value == "all"


def test_filters_that_leave_nothing_say_so(open_page, words):
    app = open_page("mistakes", model="cnn", truth="0", read="6")
    assert METRICS["confusion"][0][6] == 0
    assert "No digit is of this kind." in words(app, "gallery")
    assert list_sheets(app) == []


def test_right_but_unsure_begins_with_the_least_sure(open_page, labels):
    app = open_page("mistakes", model="cnn")
    app.get_by_key("kind").set_value("unsure").run()
    assert app.query_params["kind"] == "unsure"
    places = [int(key) for key in list_keys(app)]
    found = ANSWERS["cnn"][places]
    assert (found.argmax(axis=1) == labels[places]).all()
    confidence = found.max(axis=1)
    assert (np.diff(confidence) >= 0).all()
    assert (
        confidence[0] == ANSWERS["cnn"].max(axis=1)[ANSWERS["cnn"].argmax(axis=1) == labels].min()
    )


@pytest.mark.parametrize("order", ORDER_TITLES)
def test_the_order_is_that_of_the_choice(open_page, order, labels):
    app = open_page("mistakes", model="cnn")
    app.selectbox("sort").select(order).run()
    shown = [int(key) for key in list_keys(app)]
    best = np.sort(ANSWERS["cnn"], axis=1)[shown]
    values = {
        "surest": -best[:, -1],
        "unsure": best[:, -1],
        "loss": ANSWERS["cnn"][shown, labels[shown]],
        "close": best[:, -1] - best[:, -2],
        "disagreement": -disagree()[shown],
        "place": np.array(shown),
    }[order]
    assert (np.diff(values) >= -1e-6).all()


def disagree() -> np.ndarray:
    """Return the Jensen-Shannon divergence of the three models, the long way round."""
    stack = np.stack(list(ANSWERS.values())).astype(float)
    mean = stack.mean(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        divergence = np.where(stack > 0, stack * np.log(stack / mean), 0).sum(axis=2)
    return divergence.mean(axis=0)


def test_the_address_says_all_of_it(open_page):
    app = open_page(
        "mistakes", model="dense", compare="cnn", truth="3", read="5", kind="fixed", sort="loss",
        show="48", values="percent",
    )  # fmt: skip
    values = {
        "model": "dense", "second_model": "cnn", "truth": "3", "read": "5", "sort": "loss",
        "page-size": 48,
    }  # fmt: skip
    assert {key: app.selectbox(key).value for key in values} == values
    assert app.get_by_key("kind").value == "fixed"
    assert app.get_by_key("matrix-values").value == "% of the digit"
    assert {cell["lines"][0] for cell in list_cells(app)} == {"3: 5 → 3"}


@pytest.mark.parametrize("nonsense", ["", "x", "-1", "9" * 30, "../..", "<b>"])
def test_nonsense_in_the_address_falls_back(open_page, nonsense):
    names = (
        "compare", "set", "epoch", "kind", "truth", "read", "sort", "page", "show", "values",
        "digit",
    )  # fmt: skip
    app = open_page("mistakes", model="cnn", **dict.fromkeys(names, nonsense))
    assert not app.exception
    assert not app.error
    assert list_keys(app) == list_keys(open_page("mistakes", model="cnn"))
    assert not app.get("dialog")


def test_people_who_judged_a_label_wrong_are_heard(open_page):
    app = open_page("mistakes", model="cnn", show="96")
    for cell in list_cells(app):
        place = int(cell["key"])
        if place in CORRECTIONS:
            seen = CORRECTIONS[place]
            assert cell["badge"] == ("?" if seen is None else f"{seen}?")
            assert "People judged this label wrong" in cell["words"]
        else:
            assert cell["badge"] == ""
    assert sum(bool(cell["badge"]) for cell in list_cells(app)) > 5


def test_two_models_are_compared(open_page, read_words, labels):
    app = open_page("mistakes", model="dense")
    app.selectbox("second_model").select("cnn").run()
    assert app.query_params["compare"] == "cnn"
    first, second = (ANSWERS[name].argmax(axis=1) == labels for name in ("dense", "cnn"))
    fixed, broke = int((~first & second).sum()), int((first & ~second).sum())
    both = int((~first & ~second).sum())
    text = read_words(app.main)
    assert f"cnn is better by {fixed - broke} digits" in text
    assert f"it fixed {fixed} of A's mistakes, broke {broke} and shares {both}." in text
    assert mcnemar([[0, fixed], [broke, 0]], exact=True).pvalue < 1e-6
    assert "less than 1 time in 1,000,000" in text
    for kind, count in (("fixed", fixed), ("broke", broke), ("both", both)):
        app.get_by_key("kind").set_value(kind).run()
        assert read_cells(app)["count"].sum() == count
        assert f"{count:,} digits" in read_words(app.get_by_key("gallery"))
    app.selectbox("second_model").select("-").run()
    assert app.get_by_key("kind").value == "misread"
    assert app.query_params.keys() == {"model"}  # what is the usual is left out


def test_who_chooses_the_second_model_as_the_first_has_them_change_places(open_page, read_words):
    app = open_page("mistakes", model="dense", compare="cnn", kind="fixed")
    app.selectbox("model").select("cnn").run()
    assert app.selectbox("second_model").value == "dense"
    assert app.query_params["compare"] == "dense"
    assert "cnn is better by" in read_words(app.main)


def test_a_run_that_comes_with_the_address_of_a_moment_ago_undoes_nothing(open_page):
    app = open_page("mistakes", model="cnn", truth="4", read="9")
    before = dict(app.query_params)
    for name, value in (("truth", "3"), ("read", "5"), ("model", "dense")):
        app.selectbox(name).select(value).run()
        app.query_params.clear()
        app.query_params.update(before)
        app.run()
        assert app.selectbox(name).value == value
    assert {cell["lines"][0] for cell in list_cells(app)} == {"3 read as 5"}
    assert app.selectbox("model").value == "dense"


def test_what_stands_below_a_digit_of_two_models_is_explained(open_page):
    legend = "A's answer → B's answer"
    app = open_page("mistakes", model="dense", compare="cnn", kind="broke")
    assert sum(legend in text.value for text in app.caption) == 1
    assert not any(legend in text.value for text in open_page("mistakes", model="dense").caption)


def test_a_digit_that_does_not_exist_is_said_to(open_page):
    for digit in ("99999999", "x" * 1_000):
        app = open_page("mistakes", digit=digit)
        assert not app.exception
        assert not app.get("dialog")
        [words] = [text.value for text in app.caption if "There is no digit" in text.value]
        assert digit[:40] in words
        assert len(words) < 120
        assert "digit" not in app.query_params
        app.run()
        assert not any("There is no digit" in text.value for text in app.caption)


def test_a_model_is_not_compared_with_itself(open_page):
    app = open_page("mistakes", model="cnn", compare="cnn")
    assert app.selectbox("second_model").value == "-"
    assert "cnn" not in app.selectbox("second_model").options


# One digit


def test_a_digit_opens_by_the_address(open_page, read_words, labels):
    app = open_page("mistakes", model="cnn", digit="1901")
    shown = read_dialog(app, read_words)
    answer = ANSWERS["cnn"][1901].argmax()
    mark = "✓ right" if answer == labels[1901] else "✗ wrong"
    assert "Test digit 1901" in shown
    assert f"is a {labels[1901]}: {mark}" in shown
    assert "People judged this label wrong: they see a 4" in shown
    assert len(re.findall(r"\d%", shown.partition("✓ marks the truth")[0])) == 11
    assert "What speaks for a 9, the truth" in shown
    app.selectbox("truth").select("1").run()


def test_a_right_digit_has_one_map(open_page, read_words, labels):
    right = int(np.flatnonzero(ANSWERS["cnn"].argmax(axis=1) == labels)[0])
    shown = read_dialog(open_page("mistakes", model="cnn", digit=str(right)), read_words)
    assert shown.count("What speaks for") == 1
    assert "✓ right" in shown


def test_the_second_model_says_what_it_reads(open_page, read_words, labels):
    app = open_page("mistakes", model="dense", compare="cnn", kind="fixed", digit="115")
    shown = read_dialog(app, read_words)
    assert f"cnn reads a{'n' if ANSWERS['cnn'][115].argmax() == 8 else ''} " in shown


def test_from_one_digit_to_the_next(open_page, read_words):
    app = open_page("mistakes", model="cnn", truth="4", read="9")
    keys = list_keys(app)
    app = open_page("mistakes", model="cnn", truth="4", read="9", digit=keys[0])
    assert button(app, "Previous digit").disabled
    button(app, "Next digit").click().run()
    assert app.query_params["digit"] == keys[1]
    assert f"Test digit {keys[1]} · 2 of {len(keys)}" in read_dialog(app, read_words)


def test_a_digit_beside_the_selection_has_no_neighbours_there(open_page, read_words):
    app = open_page("mistakes", model="cnn", truth="4", read="9", digit="0")
    assert "Test digit 0" in read_dialog(app, read_words)
    assert button(app, "Previous digit").disabled
    assert button(app, "Next digit").disabled


def test_a_digit_of_a_damaged_model_says_so(open_page, make_run):
    run = make_run("done", name="torn")
    run.model_file.write_bytes(b"no model")
    app = open_page("mistakes", model="torn", digit="0")
    assert not app.exception
    assert "is damaged" in app.error[0].value


# Epochs


@pytest.fixture
def epochs(make_run, labels) -> Run:
    """A run that first reads all as 0, then as its model does."""
    run = make_run("done", name="learnt")
    write_epoch_answers(run, 1, np.eye(10, dtype=np.float32)[np.zeros(10_000, int)])
    write_epoch_answers(run, 2, ANSWERS["dense"])
    return run


def test_the_slider_goes_back_through_the_epochs(open_page, epochs, read_words, labels):
    app = open_page("mistakes", model="learnt")
    assert app.select_slider("epoch").options == ["1", "2", "finished"]
    assert app.select_slider("epoch").value == "finished"
    app.select_slider("epoch").set_value("1").run()
    assert app.query_params["epoch"] == "1"
    misread = int((labels != 0).sum())
    assert f"{misread:,} of 10,000 misread" in read_words(app.main)
    cells = read_cells(app).pivot(index="truth", columns="answer", values="count").to_numpy()
    np.testing.assert_array_equal(cells, confusion_matrix(labels, np.zeros(10_000, int)))
    assert all(cell["lines"][0].endswith("read as 0") for cell in list_cells(app))


def test_a_run_without_answers_of_epochs_has_no_slider(open_page, make_run, read_words):
    make_run("done", name="unkept")
    app = open_page("mistakes", model="unkept", epoch="1", digit="1901")
    assert not app.select_slider
    assert not app.exception
    assert "was not kept" in read_dialog(app, read_words)


def test_the_usual_epoch_and_set_are_left_out_of_the_address(open_page, epochs):
    app = open_page("mistakes", model="learnt", epoch="1")
    app.select_slider("epoch").set_value("finished").run()
    assert app.query_params.keys() == {"model"}
    app.selectbox("digit_set").select("validation").run()
    app.selectbox("digit_set").select("test").run()
    assert app.query_params.keys() == {"model"}


def test_an_epoch_is_named_where_it_is_compared(open_page, epochs, read_words):
    app = open_page("mistakes", model="learnt", epoch="1", compare="cnn")
    assert "A is learnt after epoch 1; B is cnn" in read_words(app.main)
    assert "cnn is better by" in read_words(app.main)


def test_what_an_epoch_has_not_is_said_to_be_the_finished_models(
    open_page, epochs, read_words, labels
):
    place = int(np.flatnonzero((ANSWERS["dense"].argmax(axis=1) == labels) & (labels == 4))[0])
    app = open_page("mistakes", model="learnt", epoch="1", digit=str(place))
    shown = read_dialog(app, read_words)
    assert "Read by learnt after epoch 1." in shown
    assert "✗ wrong" in shown
    assert "What follows is the finished model's, which reads a 4" in shown
    assert "What speaks for a 0" not in shown


def test_a_damaged_epoch_gets_a_sentence(open_page, epochs):
    (epochs.folder / "answers" / "001.npz").write_bytes(b"no archive")
    app = open_page("mistakes", model="learnt", epoch="1")
    assert not app.exception
    assert app.error[0].value == "What learnt read after epoch 1 is gone or damaged."


def test_one_digit_tells_how_its_answer_changed(open_page, epochs, labels):
    place = int(np.flatnonzero(ANSWERS["dense"].argmax(axis=1) != labels)[0])
    answer, truth = int(ANSWERS["dense"][place].argmax()), int(labels[place])
    app = open_page("mistakes", model="learnt", digit=str(place))
    assert not app.exception
    [dialog] = app.get("dialog")
    rows = read_rows(dialog.get("vega_lite_chart")[0])
    for kind, digit, label in (("truth", truth, f"{truth} ✓"), ("answer", answer, f"{answer}")):
        expected = [float(digit == 0), ANSWERS["dense"][place, digit]]
        line = rows[rows["kind"] == kind]
        assert list(line["epoch"]) == [1, 2]
        np.testing.assert_allclose(line["probability"], expected, rtol=1e-3, atol=1e-6)
        assert list(line["label"]) == ["", label]


# Other digits


def test_the_validation_digits(open_page, read_words, validation):
    app = open_page("mistakes", model="dense")
    app.selectbox("digit_set").select("validation").run()
    assert app.query_params["set"] == "validation"
    assert "of 5,000 misread" in read_words(app.main)
    cells = read_cells(app).groupby("truth")["count"].sum()
    np.testing.assert_array_equal(cells, np.bincount(validation.labels))
    assert list_cells(app)[0]["words"].startswith("Validation digit ")


def test_all_digits_are_read_once_when_asked(open_page, make_run, monkeypatch, read_words):
    run = make_run("done", name="whole")
    asked = []
    monkeypatch.setattr("digitlib.ui.study.start_study", lambda run: asked.append(run.id))
    app = open_page("mistakes", model="whole", set="all")
    assert not list_sheets(app)
    assert "has not read the training digits yet" in read_words(app.main)
    app.button("start-study").click().run()
    assert asked == ["whole"]
    keep_answers(run)
    app = open_page("mistakes", model="whole", set="all")
    assert "of 70,000 misread" in read_words(app.main)
    assert "has learnt from 55,000 of these" in read_words(app.main)
    cells = list_cells(app)
    assert {cell["words"].partition(" digit")[0] for cell in cells} <= {
        "Training", "Validation", "Test",
    }  # fmt: skip


def keep_answers(run: Run) -> None:
    """Keep answers to all digits: as the truth is, but for one training digit in a hundred."""
    study_folder(run).mkdir()
    for name in ("training", "validation"):
        labels = load_mnist(name).labels.astype(int)
        labels[::100] = (labels[::100] + 1) % 10
        answers = np.eye(10, dtype=np.float16)[labels]
        write_part(run, name, fingerprint(run), answers=answers)


def test_digits_of_all_sets_keep_their_names_and_pixels(make_run, runs):
    digits = load_digit_set("all")
    places = np.array([69_999, 0, 55_000, 54_999, 60_000])
    assert [digits.name(place) for place in places] == [
        "Test digit 9999", "Training digit 0", "Validation digit 0", "Training digit 54999",
        "Test digit 0",
    ]  # fmt: skip
    images = digits.take_images(places)
    np.testing.assert_array_equal(images[0], load_mnist("test").images[9999])
    np.testing.assert_array_equal(images[1], load_mnist("training").images[0])
    np.testing.assert_array_equal(images[2], load_mnist("validation").images[0])
    assert "they see a 9" in digits.describe_doubt(60_000 + 947)
    assert digits.describe_doubt(947) == ""


def test_the_classs_drawings(open_page, collection, test_digits, read_words):
    app = open_page("mistakes", model="cnn", set="drawings")
    assert app.info[0].value == "There are no drawings yet. Draw a digit, and tell what it is."
    places = np.flatnonzero(ANSWERS["cnn"].argmax(axis=1) != test_digits.labels)[:5]
    collection.add_all(test_digits.take(places))
    load_drawings.clear()
    app = open_page("mistakes", model="cnn", set="drawings")
    assert "5 of 5 misread" in read_words(app.main)
    assert len(list_keys(app)) == 5
    assert "disagreement" not in app.selectbox("sort").options
    name = list_keys(app)[2]
    app = open_page("mistakes", model="cnn", set="drawings", digit=name)
    assert "Drawing · 3 of 5" in read_dialog(app, read_words)


def test_drawings_cannot_be_chosen_where_none_are_collected(open_page, monkeypatch):
    monkeypatch.setenv("DIGITLIB_COLLECT", "off")
    app = open_page("mistakes", model="cnn", set="drawings")
    assert not app.exception
    assert app.selectbox("digit_set").value == "test"
    assert "Class drawings" not in app.selectbox("digit_set").options


# Trouble


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
    assert len(list_keys(app)) == PER_PAGE


def test_a_run_that_is_deleted_meanwhile_gets_a_sentence(open_page, make_run):
    make_run("done", name="gone")
    app = open_page("mistakes", model="gone", digit="0")
    delete_run(load_run("gone"))
    app.run()
    assert not app.exception
    assert app.error[0].value.startswith("There is no run 'gone' here")


def test_a_model_without_mistakes_is_no_trouble(open_page, make_run, words, test_digits):
    run = make_run("done", name="perfect")
    np.save(run.probabilities_file, np.eye(10, dtype=np.float32)[test_digits.labels])
    app = open_page("mistakes", model="perfect")
    assert "No digit is of this kind." in words(app, "gallery")
    assert "0 of 10,000 misread" in next(h.value for h in app.html if "headline" in h.value)


# To take home


def test_the_table_to_take_home_holds_all_that_is_selected(runs, labels):
    digits = load_digit_set("test")
    table = load_evaluation("cnn", digits).table
    places = np.array([1901, 947, 0])
    rows = list(csv.DictReader(io.StringIO(encode_table(digits, table, places).decode())))
    assert [row["digit"] for row in rows] == ["Test digit 1901", "Test digit 947", "Test digit 0"]
    for row, place in zip(rows, places, strict=True):
        assert int(row["truth"]) == labels[place]
        assert int(row["answer"]) == ANSWERS["cnn"][place].argmax()
        assert float(row["confidence"]) == pytest.approx(ANSWERS["cnn"][place].max(), rel=1e-5)
    assert rows[1]["label_in_doubt"] == "People judged this label wrong: they see a 9"
    assert rows[2]["label_in_doubt"] == ""


def test_the_sheet_to_take_home_is_a_png(runs):
    digits = load_digit_set("test")
    table = load_evaluation("cnn", digits).table
    content = encode_sheet(digits, table, np.arange(25))
    image = Image.open(io.BytesIO(content))
    assert (image.format, image.width) == ("PNG", 1_080)


def test_what_is_offered_says_how_much_it_is(open_page):
    app = open_page("mistakes", model="cnn", kind="all")
    labels = [download.label for download in app.get("download_button")]
    assert labels[:2] == ["Table of 10,000 digits, .csv", "Sheet of the first 1,000 digits, .png"]


def button(app: AppTest, label: str):
    return next(button for button in app.button if button.label == label)


def read_rows(chart):
    from streamlit.dataframe_util import convert_arrow_bytes_to_pandas_df

    return convert_arrow_bytes_to_pandas_df(chart.proto.datasets[0].data.data)


def read_cells(app: AppTest):
    """Return the rows that the matrix draws."""
    assert not app.exception
    return read_rows(app.get("vega_lite_chart")[0])


def read_dialog(app: AppTest, read_words) -> str:
    assert not app.exception
    [dialog] = app.get("dialog")
    return read_words(dialog)


def list_sheets(app: AppTest) -> list[dict]:
    assert not app.exception
    return [
        json.loads(part.proto.json) for part in app.get("bidi_component")
        if part.proto.component_name.endswith("digitlib_gallery_sheet")
    ]  # fmt: skip


def list_cells(app: AppTest) -> list[dict]:
    """Return what the sheet shows."""
    [sheet] = list_sheets(app)
    return sheet["cells"]


def list_keys(app: AppTest) -> list[str]:
    """Return what stands for the digits on the sheet, as shown."""
    return [cell["key"] for cell in list_cells(app)]
