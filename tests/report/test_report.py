"""The four files of a report, read back by other programs than the one that wrote them."""

import base64
import io
import json
import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from sklearn import metrics
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from digitlib.data import Digits
from digitlib.data.label_errors import CORRECTIONS
from digitlib.errors import ReportError
from digitlib.report import Report, gather_report, make_folder, write_report
from digitlib.report.pictures import MOST_PICTURES
from digitlib.runs.folder import MODELS_FOLDER, Run, read_run

FILES = ["confusion.csv", "metrics.json", "mistakes.csv", "report.html"]
DAY = date(2026, 11, 25)
ALONE = {"br", "col", "hr", "img", "input", "link", "meta"}  # elements without an end


class Page(HTMLParser):
    """A page taken apart; it must be well formed."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.tags, self.words = [], [], []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        names = [name for name, _ in attributes]
        assert len(names) == len(set(names)), f"{tag} has an attribute twice"
        self.tags.append((tag, dict(attributes)))
        if tag not in ALONE:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))  # as SVG has them

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "title"):
            self.words.append(data)

    def find(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.tags if name == tag]

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def load(name: str) -> Run:
    return read_run(MODELS_FOLDER / name)


@pytest.fixture(scope="module")
def report(test_digits) -> Report:
    dense, cnn = load("dense"), load("cnn")
    return gather_report(
        dense, test_digits, True, dense.read_test_probabilities(),
        ("cnn", cnn.read_test_probabilities()),
    )  # fmt: skip


@pytest.fixture(scope="module")
def folder(report, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("report") / "of" / "dense"
    write_report(report, folder, DAY)
    return folder


@pytest.fixture(scope="module")
def page(folder) -> Page:
    return Page((folder / "report.html").read_text(encoding="utf-8"))


def read_answers(name: str) -> np.ndarray:
    return load(name).read_test_probabilities().argmax(axis=1)


def test_there_are_four_files_and_no_more(folder):
    assert sorted(path.name for path in folder.iterdir()) == FILES


def test_the_confusion_is_scikit_learns(folder, test_digits):
    table = pd.read_csv(folder / "confusion.csv", index_col="truth")

    expected = metrics.confusion_matrix(test_digits.labels, read_answers("dense"))
    assert table.to_numpy().tolist() == expected.tolist()
    assert table.index.tolist() == list(range(10))
    assert table.columns.tolist() == [str(digit) for digit in range(10)]


def test_the_mistakes_are_all_there(folder, test_digits):
    table = pd.read_csv(folder / "mistakes.csv")

    probabilities = load("dense").read_test_probabilities().astype(float)
    ranked = np.sort(probabilities, axis=1)
    wrong = np.flatnonzero(read_answers("dense") != test_digits.labels)
    assert table["index"].tolist() == wrong.tolist()
    assert table["truth"].tolist() == test_digits.labels[wrong].tolist()
    assert table["answer"].tolist() == read_answers("dense")[wrong].tolist()
    assert table["second"].tolist() == probabilities.argsort(axis=1)[wrong, -2].tolist()
    np.testing.assert_allclose(table["confidence"], ranked[wrong, -1])
    np.testing.assert_allclose(table["margin"], ranked[wrong, -1] - ranked[wrong, -2])
    of_truth = probabilities[wrong, test_digits.labels[wrong]]
    loss = -np.log(np.maximum(of_truth, 1e-7))
    np.testing.assert_array_equal(table["loss"].astype(np.float32), loss.astype(np.float32))
    judged = table[table["label_judged_wrong"]]
    assert set(judged["index"]) == set(CORRECTIONS) & set(wrong.tolist())
    for row in judged.itertuples():
        said = CORRECTIONS[row.index]
        assert np.isnan(row.people_say) if said is None else row.people_say == said
    assert table.loc[~table["label_judged_wrong"], "people_say"].isna().all()


def test_the_numbers_are_those_of_outside_oracles(folder, test_digits):
    content = json.loads((folder / "metrics.json").read_text())

    labels, answers = test_digits.labels, read_answers("dense")
    right = int((labels == answers).sum())
    assert content["model"] == "dense"
    assert content["accuracy"] == metrics.accuracy_score(labels, answers)
    assert content["interval"] == pytest.approx(proportion_confint(right, 10_000, method="wilson"))
    scores = metrics.precision_recall_fscore_support(labels, answers)
    for name, expected in zip(("precision", "recall", "f1", "count"), scores, strict=True):
        assert [row[name] for row in content["per_digit"]] == pytest.approx(expected.tolist())
    people = {place: label for place, label in CORRECTIONS.items() if label is not None}
    corrected = labels.copy()
    corrected[list(people)] = list(people.values())
    agreed = np.setdiff1d(np.arange(10_000), [p for p in CORRECTIONS if p not in people])
    right = int((answers == corrected)[agreed].sum())
    interval = proportion_confint(right, 9_995, method="wilson")
    assert content["corrected"]["accuracy"] == right / 9_995
    assert content["corrected"]["interval"] == pytest.approx(interval)
    assert sum(row["count"] for row in content["calibration"]) == 10_000
    table = pd.crosstab(answers == labels, read_answers("cnn") == labels).to_numpy()
    versus = content["versus"]
    assert [versus["both_miss"], versus["fixed"], versus["broke"]] == table.ravel()[:3].tolist()
    assert versus["p_value"] == pytest.approx(mcnemar(table, exact=True).pvalue)
    assert versus["words"].startswith(f"cnn is better by {table[0, 1] - table[1, 0]} digits")


def test_the_page_is_whole_in_itself(folder, page):
    text = (folder / "report.html").read_text(encoding="utf-8")

    assert text.lstrip().startswith("<!DOCTYPE html>")
    assert page.find("html") == [{"lang": "en-GB"}]
    assert not page.find("script")
    for attributes in (attributes for _, attributes in page.tags):
        assert not any(name.startswith("on") for name in attributes)
        for address in (attributes.get("src"), attributes.get("href")):
            assert address is None or address.startswith(("#", "data:"))
    [style] = re.findall(r"<style>(.*?)</style>", text, re.S)
    assert "url(" not in style
    assert "@import" not in style
    assert "{{" not in text
    assert "{%" not in text


def test_the_links_lead_somewhere_and_to_one_place_only(page):
    names = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    links = [attributes["href"] for attributes in page.find("a")]

    assert len(names) == len(set(names))
    assert links
    assert {link.removeprefix("#") for link in links} <= set(names)


def test_the_page_tells_what_was_measured(page, test_digits):
    labels, answers = test_digits.labels, read_answers("dense")
    wrong, still_wrong = answers != labels, read_answers("cnn") != labels
    right = int((~wrong).sum())
    low, high = proportion_confint(right, 10_000, method="wilson")
    accuracy = f"{right / 10_000:.2%} ({100 * low:.2f}–{high:.2%}) right"
    assert f"{accuracy} · {wrong.sum()} of 10,000 misread" in page.text
    better = wrong.sum() - still_wrong.sum()
    assert f"cnn is better by {better} digits; by luck alone that would happen less" in page.text
    assert f"Fixed by cnn {(wrong & ~still_wrong).sum()}" in page.text
    assert f"Broken by cnn {(~wrong & still_wrong).sum()}" in page.text
    assert f"Misread by both {(wrong & still_wrong).sum()}" in page.text
    assert f"3 read as 5 {((labels == 3) & (answers == 5)).sum()}" in page.text
    assert "python -m digitlib train --network dense" in page.text
    assert "25 November 2026" in page.text
    assert "Labels that people judge wrong" in page.text
    judged = page.text.partition("Labels that people judge wrong")[2]
    assert judged.count("people disagree") == 5
    assert len(re.findall(r"people say \d", judged)) == 10


def test_every_mistake_has_its_picture(page, test_digits):
    pictures = [
        (re.match(r"digit (\d+),", each["alt"])[1], each["src"]) for each in page.find("img")
    ]
    wrong = np.flatnonzero(read_answers("dense") != test_digits.labels)
    assert {int(place) for place, _ in pictures} >= set(wrong.tolist())
    for place, url in pictures:
        np.testing.assert_array_equal(read_picture(url), test_digits.images[int(place)])


def read_picture(url: str) -> np.ndarray:
    """The ink of a picture: how opaque its black is."""
    content = base64.b64decode(url.removeprefix("data:image/png;base64,"))
    with Image.open(io.BytesIO(content)) as image:
        black, ink = np.moveaxis(np.asarray(image.convert("LA")), -1, 0)
    assert not black[ink > 0].any()
    return ink


def test_other_digits_have_no_corrected_labels(cnn, validation, tmp_path):
    some = validation.take(slice(300))
    report = gather_report(load("cnn"), some, False, cnn.read(some.images))

    write_report(report, tmp_path)

    content = json.loads((tmp_path / "metrics.json").read_text())
    assert "corrected" not in content
    assert "versus" not in content
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "How cnn reads 300 digits" in page.text
    assert "people" not in page.text
    assert not pd.read_csv(tmp_path / "mistakes.csv")["label_judged_wrong"].any()


def sure_of(answers: np.ndarray) -> np.ndarray:
    return np.eye(10, dtype=np.float32)[answers]


def test_a_single_digit_read_right_makes_a_report(validation, tmp_path):
    one = validation.take(slice(1))
    report = gather_report(load("cnn"), one, False, sure_of(one.labels), ("x", sure_of(one.labels)))

    write_report(report, tmp_path)

    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "How cnn reads 1 digit " in page.text
    assert "It misreads none of them." in page.text
    assert "cnn and x read every digit right." in page.text
    assert pd.read_csv(tmp_path / "mistakes.csv").empty


def test_a_model_that_reads_nothing_makes_a_page_of_bounded_size(test_digits, tmp_path):
    answers = (test_digits.labels + 1 + np.arange(10_000) % 9) % 10  # all wrong, in all 90 ways
    report = gather_report(load("cnn"), test_digits, True, sure_of(answers))

    write_report(report, tmp_path)

    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert "0.00% (0.00–0.04%) right" in page.text
    assert f"{MOST_PICTURES} of them are shown." in page.text
    assert len(page.find("img")) == 90 * MOST_PICTURES + len(CORRECTIONS)
    assert (tmp_path / "report.html").stat().st_size < 5e6
    assert len(pd.read_csv(tmp_path / "mistakes.csv")) == 10_000


def test_names_are_shown_as_they_are(validation, tmp_path):
    one = validation.take(slice(2))
    name = "<b>&amp;'\"</b>"
    report = gather_report(
        load("cnn"), one, False, sure_of(one.labels), (name, sure_of(one.labels))
    )

    write_report(report, tmp_path)

    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert f"cnn and {name} read every digit right." in page.text
    assert not page.find("b")


def test_an_earlier_report_is_replaced_and_other_files_are_left(report, folder, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "report.html").write_text("old")

    write_report(report, tmp_path, DAY)

    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*FILES, "notes.txt"])
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (folder / name).read_bytes()


def test_a_report_cannot_be_written_into_a_file(report, tmp_path):
    (tmp_path / "file").write_text("mine")

    with pytest.raises(ReportError, match="file is a file: name a folder for the report"):
        make_folder(tmp_path / "file")
    with pytest.raises(ReportError, match=r"cannot be written to .*: Not a directory"):
        write_report(report, tmp_path / "file" / "below")
    (tmp_path / "report.html").mkdir()
    with pytest.raises(ReportError, match=r"cannot be written to .*: Is a directory"):
        write_report(report, tmp_path)
    assert (tmp_path / "file").read_text() == "mine"


def test_a_run_of_old_has_a_report(runs, test_digits):
    # As metrics were written at first: no interval, no size, no version.
    for name in ("config.json", "status.json", "test_probabilities.npy"):
        (runs / "old").mkdir(parents=True, exist_ok=True)
        (runs / "old" / name).write_bytes((MODELS_FOLDER / "dense" / name).read_bytes())
    test = {"accuracy": 0.9782, "loss": 0.0756, "mistakes": 218, "count": 10_000}
    content = {"test": test, "parameters": 101_770, "training_seconds": 62.0}
    (runs / "old" / "metrics.json").write_text(json.dumps(content))
    old = read_run(runs / "old")

    report = gather_report(old, test_digits, True, old.read_test_probabilities())

    names = [name for name, _ in report.making]
    assert names == ["Command", "Parameters", "Learnt", "Seed", "Time", "Machine"]


def test_digits_keep_their_order(test_digits):
    swapped = Digits(test_digits.images[::-1], test_digits.labels[::-1])
    probabilities = load("dense").read_test_probabilities()[::-1]

    report = gather_report(load("dense"), swapped, False, probabilities)

    wrong = np.flatnonzero(read_answers("dense")[::-1] != swapped.labels)
    assert report.evaluation.mistakes["index"].tolist() == wrong.tolist()
