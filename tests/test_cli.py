"""The command line as people use it: a process, its output, its errors and its exit status."""

import dataclasses
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.stats.contingency import crosstab
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.proportion import proportion_confint

from digitlib.data import load_mnist, load_training_file
from digitlib.data.archives import encode_npz, encode_zip
from digitlib.data.augmentation import GENTLE
from digitlib.data.collection import Collection
from digitlib.data.label_errors import correct_labels
from digitlib.data.others import LETTERS_AND_SIGNS
from digitlib.data.pen import write_shape
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import (
    BATCH_COLUMNS,
    MODELS_FOLDER,
    Run,
    change_state,
    create_run,
    list_runs,
    list_shipped,
    load_run,
    read_run,
)
from digitlib.runs.out_of_sample import read_suspects

PROJECT = MODELS_FOLDER.parent
COMMAND = [sys.executable, "-m", "digitlib"]


def run(*arguments: str | Path, **options) -> subprocess.CompletedProcess:
    return subprocess.run(
        [*COMMAND, *arguments], cwd=PROJECT, capture_output=True, text=True, timeout=200, **options
    )


def with_interval(right: int, count: int) -> str:
    low, high = proportion_confint(right, count, method="wilson")
    return f"{right / count:.2%} ({100 * low:.2f}–{high:.2%})"


@pytest.fixture(autouse=True)
def no_runs_of_the_project(runs):
    """No test here sees or makes runs in the project's own folder."""


@pytest.fixture(scope="module")
def pictures(tmp_path_factory, validation, cnn) -> list[Path]:
    """Three enlarged validation digits that are read right, as files, and what each one is."""
    folder = tmp_path_factory.mktemp("pictures")
    right = np.flatnonzero(cnn.read(validation.images[:100]).argmax(1) == validation.labels[:100])
    paths = []
    for index in right[[3, 0, 1]]:
        path = folder / f"{index} – a {validation.labels[index]}.png"
        Image.fromarray(validation.images[index]).resize((140, 140)).save(path)
        paths.append(path)
    return paths


def truth(path: Path) -> int:
    return int(path.stem[-1])


# predict


def test_predict_names_digit_and_confidence_per_file(pictures):
    process = run("predict", *pictures)

    assert process.returncode == 0
    assert process.stderr == ""
    lines = process.stdout.splitlines()
    assert len(lines) == len(pictures)
    for line, path in zip(lines, pictures, strict=True):
        assert re.fullmatch(rf"{re.escape(str(path))}: {truth(path)} \(>?\d+\.\d%\)", line)


def test_predict_json_keeps_the_order_and_goes_on_after_a_failure(pictures, tmp_path):
    broken, missing = tmp_path / "broken.png", tmp_path / "missing.png"
    broken.write_text("not a picture")
    files = [pictures[0], broken, pictures[1], missing, pictures[0]]

    process = run("predict", "--json", *files)

    assert process.returncode == 1
    assert process.stderr == ""
    answers = [json.loads(line) for line in process.stdout.splitlines()]
    assert [answer["file"] for answer in answers] == [str(file) for file in files]
    for answer in (answers[0], answers[2], answers[4]):
        assert list(answer) == [
            "file", "digit", "confidence", "probabilities", "rows", "glyphs",
        ]  # fmt: skip
        (glyph,) = answer["glyphs"]
        assert answer["rows"] == [str(answer["digit"])]
        assert list(glyph) == ["box", "digit", "confidence", "score", "accepted"]
        assert glyph["accepted"]
        assert answer["digit"] == truth(Path(answer["file"]))
        assert len(answer["probabilities"]) == 10
        assert sum(answer["probabilities"]) == pytest.approx(1, abs=1e-5)
        assert answer["confidence"] == max(answer["probabilities"])
        assert answer["probabilities"][answer["digit"]] == answer["confidence"]
    for answer in (answers[1], answers[3]):
        assert list(answer) == ["file", "error"]
        assert answer["error"].endswith(".")


@pytest.fixture
def letter(tmp_path) -> Path:
    """A picture of an M, large and clear."""
    width, shape = next(each for each in LETTERS_AND_SIGNS if each[1].startswith("0,100 10,0!"))
    path = tmp_path / "letter.png"
    Image.fromarray(255 - write_shape(shape, width, np.random.default_rng(5))).save(path)
    return path


def test_predict_says_what_does_not_look_like_a_digit(letter, pictures):
    plain, as_json = run("predict", letter), run("predict", "--json", letter, pictures[0])

    assert plain.returncode == as_json.returncode == 0
    assert re.fullmatch(
        r".*letter\.png: does not look like a digit; if it is one, \d \(>?\d+\.\d%\)\n",
        plain.stdout,
    )
    of_letter, of_digit = (json.loads(line) for line in as_json.stdout.splitlines())
    assert [glyph["accepted"] for glyph in of_letter["glyphs"]] == [False]
    assert of_letter["rows"] == []
    assert of_letter["glyphs"][0]["score"] < 0 < of_digit["glyphs"][0]["score"]


def test_judge_makes_a_run_of_earlier_days_honest(runs, pictures):
    shutil.copytree(MODELS_FOLDER / "dense", runs / "mine")
    (runs / "mine" / "judgement.json").unlink()
    shipped = load_run("dense")

    process = run("judge", "mine")

    assert process.returncode == 0
    mine = load_run("mine")
    assert mine.judgement["temperature"] == pytest.approx(shipped.judgement["temperature"])
    np.testing.assert_allclose(
        mine.read_test_probabilities(), shipped.read_test_probabilities(), atol=1e-3
    )
    assert mine.metrics["training_seconds"] == shipped.metrics["training_seconds"]
    error = mine.metrics["test"]["calibration_error"]
    temperature = mine.judgement["temperature"]
    assert process.stdout == f"mine: temperature {temperature:.2f}, calibration error {error:.2%}\n"


def test_judge_says_that_an_ensemble_has_no_network_to_judge(runs):
    shutil.copytree(MODELS_FOLDER / "dense", runs / "mine")
    (runs / "mine" / "model.keras").unlink()

    process = run("judge", "mine")

    assert process.returncode == 1
    assert "mine has no model.keras that can be loaded." in process.stderr


def test_predict_takes_folders_and_patterns_and_writes_the_steps(pictures, tmp_path):
    folder = pictures[0].parent
    (tmp_path / "notes.txt").write_text("no picture")

    by_folder = run("predict", folder)
    by_pattern = run("predict", folder / "*.png", "--steps", tmp_path / "steps")

    assert by_folder.returncode == by_pattern.returncode == 0
    assert len(by_folder.stdout.splitlines()) == len(pictures)
    assert by_folder.stdout == by_pattern.stdout
    steps = sorted((tmp_path / "steps").iterdir())
    assert [path.name[4:] for path in steps] == sorted(path.name for path in pictures)
    assert (steps[0] / "5-digit-1-1.png").exists()


def test_predict_says_that_a_pattern_means_no_file(tmp_path):
    process = run("predict", tmp_path / "*.png")

    assert process.returncode == 1
    assert "There is no file" in process.stderr


def test_predict_says_that_a_folder_holds_no_picture(tmp_path):
    (tmp_path / "notes.txt").write_text("no picture")

    process = run("predict", tmp_path)

    assert process.returncode == 1
    assert f"There is no picture in the folder {tmp_path}." in process.stderr


def test_predict_reads_with_the_model_named(pictures, validation):
    process = run("predict", "--json", "--model", "dense", pictures[0])

    answer = json.loads(process.stdout)
    digit = validation.images[int(pictures[0].name.split()[0])]
    dense = Recogniser(MODELS_FOLDER / "dense" / "model.tflite").read(digit[np.newaxis])[0]
    assert process.returncode == 0
    assert answer["digit"] == dense.argmax()
    assert (
        answer["probabilities"]
        != json.loads(run("predict", "--json", pictures[0]).stdout)["probabilities"]
    )


def test_predict_tells_on_stderr_what_it_cannot_read(pictures, tmp_path):
    empty = tmp_path / "empty.png"
    Image.new("L", (50, 50), 255).save(empty)

    process = run("predict", empty, pictures[0])

    assert process.returncode == 1
    (line,) = process.stderr.splitlines()
    assert line.startswith(f"{empty}: There is nothing to read")
    assert process.stdout.startswith(f"{pictures[0]}: {truth(pictures[0])} (")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux takes any bytes for a file's name")
def test_a_files_name_may_be_no_text(tmp_path):
    name = os.fsencode(tmp_path) + b"/\xff.png"
    Path(os.fsdecode(name)).write_text("not a picture")

    for arguments in (["predict"], ["predict", "--json"]):
        process = subprocess.run([*COMMAND, *arguments, name], cwd=PROJECT, capture_output=True)
        assert process.returncode == 1
        assert b"not a picture that can be read" in process.stdout + process.stderr
        assert b"Traceback" not in process.stderr
    (line,) = process.stdout.splitlines()
    assert os.fsencode(json.loads(line)["file"]) == name


def test_predict_is_quiet_about_a_picture_with_damaged_exif_data(pictures, tmp_path):
    path = tmp_path / "photograph.jpg"
    Image.open(pictures[0]).save(path, exif=b"Exif\0\0II*\0\x08\0\0\0\xff\xff", quality=95)

    process = run("predict", path)

    assert (process.returncode, process.stderr) == (0, "")


def test_predict_works_with_stderr_closed(pictures):
    command = [*COMMAND, "predict", str(pictures[0])]
    process = subprocess.run(
        ["sh", "-c", 'exec "$@" 2>&-', "sh", *command], cwd=PROJECT, stdout=subprocess.PIPE
    )

    assert process.returncode == 0
    assert process.stdout


@pytest.mark.parametrize("damage", ["missing", "cut off"])
def test_a_damaged_model_gets_one_sentence_and_status_1(damage, pictures):
    made = create_run(TrainingConfig(), "mine")
    if damage == "cut off":
        made.model_file.write_bytes((MODELS_FOLDER / "cnn" / "model.tflite").read_bytes()[:5_000])

    process = run("predict", "--model", "mine", pictures[0])

    assert process.returncode == 1
    assert process.stdout == ""
    (line,) = process.stderr.splitlines()
    assert line.startswith("Error: The model file ")
    assert line.endswith("Choose another model, or train this one again.")


# evaluate, models


def test_evaluate_measures_the_model(tmp_path):
    sheet = tmp_path / "sheet.png"

    process = run("evaluate", "dense", "--samples", "5", "--seed", "1", "--save", sheet)

    assert (process.returncode, process.stderr) == (0, "")
    test = read_run(MODELS_FOLDER / "dense").metrics["test"]
    lines = process.stdout.splitlines()
    labels = load_mnist("test").labels
    answers = read_run(MODELS_FOLDER / "dense").read_test_probabilities().argmax(axis=1)
    corrected, agreed = correct_labels(labels)
    right = (answers == corrected)[agreed].sum()
    accuracy = with_interval(10_000 - test["mistakes"], 10_000)
    assert lines[:4] == [
        "Model dense on 10,000 test digits",
        f"accuracy {accuracy}: in brackets the 95% interval",
        f"accuracy by corrected labels {with_interval(right, 9_995)}",
        f"loss {test['loss']:.4f}",
    ]
    numbers = [[float(word.rstrip("%").replace(",", "")) for word in line.split()]
               for line in lines if re.match(r" +\d", line)]  # fmt: skip
    scores, _, matrix = numbers[:10], numbers[10], numbers[11:21]
    for digit, row in enumerate(scores):
        expected = test["per_digit"][digit]
        assert row[:2] == [digit, expected["count"]]
        shares = [100 * expected[name] for name in ("precision", "recall", "f1")]
        assert row[2:] == pytest.approx(shares, abs=0.006)
    assert [row[1:] for row in matrix] == test["confusion"]

    sample = re.compile(r"test digit (\d+): read as (\d) \(>?[\d.]+%\), is (\d): (\w+)")
    samples = sample.findall(process.stdout)
    assert len(samples) == 5
    for index, answer, label, mark in samples:
        assert int(label) == labels[int(index)]
        assert mark == ("right" if answer == label else "wrong")
    with Image.open(sheet) as image:
        assert image.format == "PNG"


@pytest.mark.parametrize("form", ["npz", "zip", "folder"])
def test_evaluate_measures_digits_of_ones_own(form, tmp_path, validation, cnn):
    some = validation.take(slice(70))
    digits = tmp_path / form
    if form == "folder":
        Collection(digits).add_all(some)
    else:
        digits.write_bytes(encode_npz(some) if form == "npz" else encode_zip(some))

    process = run("evaluate", "cnn", "--digits", digits, "--samples", "100")

    assert (process.returncode, process.stderr) == (0, "")
    right = (cnn.read(some.images).argmax(axis=1) == some.labels).sum()
    accuracy = f"accuracy {with_interval(right, 70)}: in brackets the 95% interval"
    head, *found = process.stdout.splitlines()[:3]
    assert head == "Model cnn on 70 digits"
    assert (found[0], found[1].split()[0]) == (accuracy, "loss")  # no labels are corrected
    assert len(re.findall(r"^digit \d+: read as", process.stdout, re.M)) == 70


def test_evaluate_compares_two_models():
    process = run("evaluate", "dense", "--versus", "cnn")

    assert (process.returncode, process.stderr) == (0, "")
    right = [
        read_run(MODELS_FOLDER / name).read_test_probabilities().argmax(axis=1)
        == load_mnist("test").labels
        for name in ("dense", "cnn")
    ]
    table = crosstab(*right, levels=([True, False], [True, False])).count
    assert mcnemar(table, exact=True).pvalue < 1e-6
    assert process.stdout.splitlines()[-3:] == [
        f"cnn, beside it: accuracy {with_interval(right[1].sum(), 10_000)}",
        f"cnn fixed {table[1, 0]}, broke {table[0, 1]}; both misread {table[1, 1]}",
        f"cnn is better by {table[1, 0] - table[0, 1]} digits; by luck alone that would happen "
        "less than 1 time in 1,000,000.",
    ]


def test_evaluate_writes_a_report(tmp_path, validation):
    (tmp_path / "some.npz").write_bytes(encode_npz(validation.take(slice(50))))
    out = tmp_path / "of" / "cnn"

    process = run("evaluate", "cnn", "--digits", tmp_path / "some.npz", "--report", out)

    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.splitlines()[-1] == f"The report is in {out / 'report.html'}"
    assert {path.name for path in out.iterdir()} == {
        "metrics.json", "confusion.csv", "mistakes.csv", "report.html",
    }  # fmt: skip
    metrics = json.loads((out / "metrics.json").read_text())
    assert (metrics["model"], metrics["count"]) == ("cnn", 50)
    accuracy = with_interval(50 - metrics["mistakes"], 50)
    assert f"accuracy {accuracy}" in process.stdout
    assert f"{accuracy} right" in (out / "report.html").read_text(encoding="utf-8")
    before = sorted(path.read_bytes() for path in out.iterdir())

    again = run("evaluate", "cnn", "--digits", tmp_path / "some.npz", "--versus", "dense",
                "--report", out)  # fmt: skip

    assert (again.returncode, again.stderr) == (0, "")
    assert json.loads((out / "metrics.json").read_text())["versus"]["model"] == "dense"
    assert len(list(out.iterdir())) == len(before)


def test_a_report_that_cannot_be_written_gets_one_sentence(tmp_path):
    (tmp_path / "file").write_text("mine")

    for folder, words in (("file", "is a file: name a folder"), ("file/below", "Not a directory")):
        process = run("evaluate", "dense", "--report", tmp_path / folder)
        assert (process.returncode, process.stdout) == (1, "")
        (line,) = process.stderr.splitlines()
        assert line.startswith("Error: ")
        assert words in line
    assert (tmp_path / "file").read_text() == "mine"


def test_digits_that_cannot_be_read_get_one_sentence(tmp_path):
    (tmp_path / "notes.txt").write_text("no digits")

    for path in (tmp_path, tmp_path / "notes.txt", tmp_path / "gone"):
        process = run("evaluate", "cnn", "--digits", path)
        assert (process.returncode, process.stdout) == (1, "")
        (line,) = process.stderr.splitlines()
        assert line.startswith("Error: ")


def test_a_sheet_that_cannot_be_written_gets_one_sentence(tmp_path):
    process = run("evaluate", "dense", "--samples", "2", "--save", tmp_path / "no" / "sheet.png")

    assert process.returncode == 1
    (line,) = process.stderr.splitlines()
    assert line.endswith("sheet.png cannot be written: No such file or directory.")


def test_a_reader_may_leave_early():
    with subprocess.Popen(
        [*COMMAND, "evaluate", "dense"],
        cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        process.stdout.close()  # as `| head -0` does
        errors = process.stderr.read()

    assert "Traceback" not in errors
    assert "Exception" not in errors


def test_models_lists_the_shipped_ones_and_says_what_is_damaged(runs):
    damaged = create_run(TrainingConfig(), "damaged").folder
    (damaged / "metrics.json").write_text("{")
    os.utime(damaged, (0, 0))

    process = run("models")

    assert process.returncode == 0
    lines = process.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [run.id for run in list_shipped().runs]
    (dense,) = (line for line in lines if line.startswith("dense "))
    assert re.fullmatch(
        r"dense +dense +97\.\d\d% \(97\.\d\d–9[78]\.\d\d%\) +101,770 +done *", dense
    )
    (problem,) = process.stderr.splitlines()
    assert "metrics.json" in problem


@pytest.mark.parametrize("arguments", [
    ["predict", "missing.png"], ["evaluate", "dense"], ["models"], ["train", "--epochs", "0"],
    ["train", "--help"], ["runs"],
], ids=" ".join)  # fmt: skip
def test_only_a_training_loads_tensorflow(arguments):
    environment = os.environ | {"PYTHONPROFILEIMPORTTIME": "1"}  # a line on stderr per import

    process = run(*arguments, env=environment)

    imported = re.findall(r"^import time:.*\| +(\S+)$", process.stderr, re.MULTILINE)
    assert "digitlib.cli" in imported
    heavy = {"tensorflow", "keras", "streamlit", "distributed"}
    assert heavy.isdisjoint(name.partition(".")[0] for name in imported)


# train


def test_train_shows_the_network_and_what_came_of_it():
    process = run(
        "train", "--network", "dense", "--epochs", "2", "--training-digits", "500",
        "--batch-size", "50", "--dropout", "0.1", "--seed", "7", "--augmentation",
        "--written-digits", "100", "--name", "brief",
    )  # fmt: skip

    assert process.returncode == 0
    assert "Traceback" not in process.stderr
    made = load_run("brief")
    assert made.status.state == "done"
    asked = TrainingConfig(
        "dense",
        2,
        50,
        1e-3,
        dropout=0.1,
        training_digits=500,
        written_digits=100,
        augmentation=GENTLE,
        seed=7,
    )
    assert made.config == asked
    assert f"Training dense as run brief in {made.folder}" in process.stdout
    assert "Total params: 101,770" in process.stdout
    epochs = re.findall(r"^Epoch (\d): loss ([\d.]+), .*validation accuracy", process.stdout, re.M)
    assert [int(epoch) for epoch, _ in epochs] == [1, 2]
    assert [float(loss) for _, loss in epochs] == made.read_epochs()["loss"].round(4).tolist()
    last = process.stdout.splitlines()[-1]
    accuracy = with_interval(10_000 - made.metrics["test"]["mistakes"], 10_000)
    told = rf"Done in \d+ s: test accuracy {re.escape(accuracy)}, test loss [\d.]+, "
    assert re.match(told, last)


def test_a_model_is_taught_drawings_from_the_terminal(tmp_path, validation):
    some = validation.take(slice(20))
    (tmp_path / "class.npz").write_bytes(encode_npz(some))

    process = run(
        "train", "--drawings", tmp_path / "class.npz", "--from", "dense", "--name", "taught",
        "--epochs", "1", "--training-digits", "500", "--drawn-digits", "100",
    )  # fmt: skip

    assert process.returncode == 0, process.stderr
    made = load_run("taught")
    assert (made.config.network, made.config.parent) == ("dense", "dense")
    assert (made.config.epochs, made.config.drawn_digits) == (1, 100)
    assert made.config.augmentation == GENTLE
    np.testing.assert_array_equal(made.read_drawings().images, some.images)
    assert made.metrics["test"]["accuracy"] > 0.95  # it has not forgotten what dense knew


def test_drawings_that_are_missing_are_named(tmp_path):
    process = run("train", "--drawings", tmp_path / "gone.npz", "--from", "dense")
    assert process.returncode == 1
    assert process.stderr == f"Error: There is no file {tmp_path / 'gone.npz'}.\n"

    process = run("train", "--drawn-digits", "100")
    assert process.returncode == 1
    assert "Error: There are no drawings to learn from" in process.stderr
    assert list_runs().runs == []


def read_terminal(master: int) -> bytes:
    try:
        return os.read(master, 10_000)
    except OSError:  # how Linux says that the other end was closed
        return b""


def test_ctrl_c_stops_a_training_and_keeps_the_model():
    master, slave = os.openpty()  # a terminal, so that the progress bar shows
    with subprocess.Popen(
        [*COMMAND, "train", "--network", "softmax", "--epochs", "100", "--name", "long"],
        cwd=PROJECT, stdout=slave, stderr=slave,
    ) as process:  # fmt: skip
        os.close(slave)
        output, interrupted = b"", False
        while part := read_terminal(master):
            output += part
            if b"epoch 1/100, loss" in output and not interrupted:
                process.send_signal(signal.SIGINT)
                interrupted = True
    os.close(master)

    assert process.returncode == 0, output.decode()
    assert b"Traceback" not in output
    assert re.search(rb"Stopped in \d+ s: test accuracy \d", output)
    made = load_run("long")
    assert made.status.state == "stopped"
    assert made.readable


def test_a_training_that_fails_says_why_in_one_line(runs, monkeypatch):
    runs.parent.joinpath("file").write_text("in the way")
    monkeypatch.setenv("DIGITLIB_RUNS", str(runs.parent / "file"))

    process = run("train", "--epochs", "1")

    assert process.returncode == 1
    (line,) = process.stderr.splitlines()
    assert line.startswith("Error: The folder for runs, ")
    assert "DIGITLIB_RUNS" in line


def test_a_run_is_trained_further():
    process = run(
        "train", "--continue", "dense", "--epochs", "1", "--training-digits", "100",
        "--seed", "5", "--name", "further",
    )  # fmt: skip

    assert process.returncode == 0, process.stderr
    parent, made = load_run("dense"), load_run("further")
    asked = {"epochs": 1, "training_digits": 100, "seed": 5, "parent": "dense"}
    assert made.config == dataclasses.replace(parent.config, **asked)
    assert made.status.state == "done"
    assert made.read_epochs()["epoch"].tolist() == [1]
    # 100 digits teach a fresh network far less than its parent knew.
    assert made.metrics["test"]["accuracy"] > 0.95


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        ("failed", "mine has kept no weights to go on from: train a new run."),
        ("queued", "mine is queued: wait for its end, or stop it first."),
        (None, "There is no run 'mine' here; it may have been deleted."),
    ],
)
def test_a_run_that_cannot_be_trained_further_gets_one_sentence(state, sentence, runs):
    if state:
        change_state(create_run(TrainingConfig(), "mine"), state)

    process = run("train", "--continue", "mine")

    assert (process.returncode, process.stdout) == (1, "")
    assert process.stderr == f"Error: {sentence}\n"
    assert len(list(runs.glob("*"))) == bool(state)


def test_a_full_queue_takes_no_run_more(runs):
    create_run(TrainingConfig(), "first")

    process = run("train", "--queue", env=os.environ | {"DIGITLIB_MAX_QUEUED": "1"})

    assert (process.returncode, process.stdout) == (1, "")
    sentence = "The queue is full: 1 run waits already. Try again in a minute."
    assert process.stderr == f"Error: {sentence}\n"
    assert [found.id for found in list_runs().runs] == ["first"]


# runs, stop, delete


def make_run(name: str, state: str, message: str = "", turn: int = 0) -> Run:
    """A run of another network than the default, in some state, with what is left of it then."""
    made = create_run(TrainingConfig("softmax", epochs=2), name, turn=turn)
    if state == "running":
        rows = [",".join(BATCH_COLUMNS), "1,1,100,1,2.3,0.1", "1,50,100,2,1.3,0.6"]
        (made.folder / "batches.csv").write_text("\n".join(rows) + "\n")
    if state in ("done", "stopped"):
        shutil.copy(MODELS_FOLDER / "dense" / "metrics.json", made.folder)
    return change_state(made, state, message) if state != "queued" else made


def test_runs_tells_how_each_run_stands_the_newest_first():
    for name, state in (
        ("second", "queued"),
        ("first", "queued"),
        ("learning", "running"),
        ("learnt", "done"),
        ("halted", "stopped"),
        ("broken", "failed"),
    ):
        message = "The disk is full." if state == "failed" else ""
        make_run(name, state, message, turn=int(name == "second"))
        time.sleep(0.002)  # times are written in milliseconds
    damaged = make_run("damaged", "failed")
    (damaged.folder / "status.json").write_text("{")
    os.utime(damaged.folder, (0, 0))

    process = run("runs")

    assert process.returncode == 0
    header, *lines = process.stdout.splitlines()
    assert header.split() == ["run", "state"]
    accuracy = with_interval(10_000 - load_run("dense").metrics["test"]["mistakes"], 10_000)
    assert [tuple(line.split(maxsplit=2)) for line in lines] == [
        ("broken", "failed", "The disk is full."),
        ("halted", "stopped", f"{accuracy} of the test digits read right"),
        ("learnt", "done", f"{accuracy} of the test digits read right"),
        ("learning", "running", "25% of 2 epochs"),
        ("first", "queued", "number 1 of 2 in the queue"),
        ("second", "queued", "number 2 of 2 in the queue"),
    ]
    (problem,) = process.stderr.splitlines()
    assert str(damaged.folder) in problem


def test_before_the_first_run_there_are_none(runs):
    process = run("runs")

    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.split() == ["run", "state"]
    assert not runs.exists()


def test_stop_stops_what_waits_or_trains_and_nothing_else(monkeypatch):
    monkeypatch.delenv("DASK_SCHEDULER_ADDRESS", raising=False)
    for name, state in (("waiting", "queued"), ("learning", "running"), ("learnt", "done")):
        make_run(name, state)

    process = run("stop", "waiting", "learning", "learnt")

    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.splitlines() == [
        "waiting is told to stop.",
        "learning is told to stop.",
        "learnt is done already.",
    ]
    waiting = load_run("waiting").status
    assert (waiting.state, waiting.message) == ("stopped", "Stopped before it began.")
    assert load_run("learning").stop_requested
    assert not load_run("learnt").stop_requested


@pytest.mark.parametrize(("answer", "kept"), [("y\n", False), ("n\n", True)])
def test_delete_asks_first(answer, kept, runs):
    make_run("one", "done")
    make_run("two", "failed")

    process = run("delete", "one", "two", input=answer)

    assert "Delete one, two for good?" in process.stdout
    assert [(runs / name).exists() for name in ("one", "two")] == [kept, kept]
    assert ("one is deleted." in process.stdout) is not kept
    assert process.returncode == kept
    assert process.stderr.strip() == ("Stopped." if kept else "")


def test_delete_need_not_ask(runs):
    make_run("one", "done")

    process = run("delete", "--yes", "one", stdin=subprocess.DEVNULL)

    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout == "one is deleted.\n"
    assert list(runs.iterdir()) == []


STAYS = {
    "dense": "dense ships with the project and stays.",
    "learning": "learning is running: wait for its end, or stop it first.",
}


@pytest.mark.parametrize("name", STAYS)
def test_what_is_shipped_or_not_over_stays(name):
    make_run("learning", "running")

    process = run("delete", "--yes", name)

    assert (process.returncode, process.stdout) == (1, "")
    assert process.stderr == f"Error: {STAYS[name]}\n"
    assert (load_run(name).folder / "config.json").exists()


@pytest.mark.parametrize("command", [["stop"], ["delete", "--yes"]], ids=" ".join)
def test_an_unknown_run_is_named_before_anything_is_done(command, runs):
    make_run("waiting", "queued" if command == ["stop"] else "failed")
    before = load_run("waiting")

    process = run(*command, "waiting", "../waiting")

    assert (process.returncode, process.stdout) == (1, "")
    sentence = "There is no run '../waiting' here; it may have been deleted."
    assert process.stderr == f"Error: {sentence}\n"
    assert load_run("waiting") == before
    assert not before.stop_requested


# Usage


@pytest.mark.parametrize(
    "command",
    [[], ["train"], ["predict"], ["evaluate"], ["models"], ["runs"], ["stop"], ["delete"]],
)
def test_help_tells_what_there_is(command):
    process = run(*command, "--help")

    assert (process.returncode, process.stderr) == (0, "")
    assert process.stdout.startswith("Usage: python -m digitlib")
    expected = {
        "": ["train", "predict", "evaluate", "models", "runs", "stop", "delete"],
        "train": ["--network", "--epochs", "--learning-rate", "--continue", "--queue", "1 to 100"],
        "predict": ["PICTURES", "--model", "--json"],
        "evaluate": ["MODEL", "--samples", "--save", "--versus", "--report"],
        "models": ["shipped"],
        "runs": ["newest first"],
        "stop": ["RUN...", "at once in the queue"],
        "delete": ["RUN...", "--yes"],
    }
    for word in expected["".join(command)]:
        assert word in process.stdout


BAD_USAGE = {
    "": "Missing command",
    "fly": "No such command 'fly'",
    "--fly": "No such option '--fly'",
    "train --fly": "No such option '--fly'",
    "train extra": "unexpected extra argument",
    "train --network lenet": "no network 'lenet'; choose one of champion, cnn, dense",
    "train --epochs 0": "Epochs must be a whole number from 1 to 100, not 0",
    "train --epochs ten": "'ten' is not a valid integer",
    "train --epochs": "requires an argument",
    "train --learning-rate nan": "Learning rate must be a number",
    "train --optimiser lion": "no optimiser 'lion'",
    "train --epochs 0 --seed -1": "Epochs must be a whole number from 1 to 100, not 0. Seed must",
    "train --name ../mine": "no name for a run",
    "predict": "Missing argument 'PICTURES...'",
    "predict digit.png --model none": "no model 'none'",
    "predict digit.png --model ../models/cnn": "no model '../models/cnn'",
    "evaluate": "Missing argument 'MODEL'",
    "evaluate none": "no model 'none'",
    "evaluate cnn --samples 0": "0 is not in the range",
    "evaluate cnn --samples 101": "101 is not in the range",
    "evaluate cnn --samples 2 --seed -1": "-1 is not in the range",
    "evaluate cnn --save sheet.png": "--save needs --samples",
    "evaluate cnn --versus none": "no model 'none'",
    "evaluate cnn --versus cnn": "--versus needs another model",
    "models extra": "unexpected extra argument",
    "stop": "Missing argument 'RUN...'",
    "delete --yes": "Missing argument 'RUN...'",
    "train --queue --name mine": "--queue names the run by itself",
    "train --continue dense --network dense": "with its own network: leave out --network",
}


@pytest.mark.parametrize("usage", BAD_USAGE)
def test_bad_usage_gets_one_line_and_status_2(usage, runs):
    process = run(*usage.split())

    assert process.returncode == 2
    assert process.stdout == ""
    (line,) = process.stderr.splitlines()
    assert line.startswith("Error: ")
    assert BAD_USAGE[usage] in line
    assert not runs.exists()


# suspects


def test_labels_are_doubted_from_training_to_table(runs, tmp_path):
    labels = load_training_file().labels[:600].copy()
    labels[:3] = (labels[:3] + 1) % 10
    np.save(tmp_path / "labels.npy", labels)
    asked = ("train", "--network", "softmax", "--training-digits", "600", "--folds", "2")
    asked += ("--labels", tmp_path / "labels.npy", "--learning-rate", "0.01", "--name", "check")

    process = run(*asked)

    assert process.returncode == 0, process.stderr
    assert "of 600 digits are read as labelled by networks that have not learnt" in process.stdout
    assert "`python -m digitlib suspects check` shows the worst ones." in process.stdout
    assert "Epoch 10:" in process.stdout
    found = read_suspects(load_run("check"))
    assert (found["label"] == labels[found["place"]]).all()

    process = run("suspects", "check", "--count", "4", "--save", tmp_path / "sheet.png",
                  "--csv", tmp_path / "all.csv")  # fmt: skip

    assert process.returncode == 0, process.stderr
    rows = [line.split()[:4] for line in process.stdout.splitlines()[3:7]]
    assert rows == [
        [str(row.place), str(row.label), str(row.suggested), f"{row.quality:.4f}"]
        for row in found.head(4).itertuples()
    ]
    assert Image.open(tmp_path / "sheet.png").width > 400
    assert (tmp_path / "all.csv").read_text() == load_run("check").suspects_file.read_text()
    assert f"All {len(found)} are in" in process.stdout
    assert re.search(r"check +done +\d\d\.\d\d% of 600 digits", run("runs").stdout)
    assert "check" not in run("models").stdout


def test_the_suspects_that_ship_are_there_at_once():
    process = run("suspects", "label-check", "--count", "3")

    assert process.returncode == 0
    assert len(process.stdout.splitlines()) == 6
    assert process.stdout.splitlines()[3].endswith("looks wrong")


def test_ctrl_c_ends_a_cross_validation_with_nothing(runs):
    asked = ("train", "--network", "softmax", "--folds", "5", "--epochs", "20", "--name", "broken")
    process = subprocess.Popen([*COMMAND, *asked], cwd=PROJECT, stdout=subprocess.PIPE, text=True)
    while not (runs / "broken" / "batches.csv").exists() or load_run("broken").read_batches().empty:
        time.sleep(0.1)

    process.send_signal(signal.SIGINT)
    output, _ = process.communicate(timeout=100)

    assert process.returncode == 0
    assert "It was stopped; of a cross-validation that is not whole nothing is kept." in output
    assert not load_run("broken").suspects_file.exists()


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        (("suspects", "cnn"), 1, "cnn has no list of suspects: only a cross-validation that"),
        (("suspects", "nobody"), 1, "There is no run 'nobody' here; it may have been deleted."),
        (("suspects", "label-check", "--count", "0"), 2, "Invalid value for '--count'"),
        (("suspects", "label-check", "--save", "/no/sheet.png"), 1, "/no/sheet.png cannot be writ"),
        (("suspects", "label-check", "--csv", "/no/all.csv"), 1, "/no/all.csv cannot be written"),
        (("train", "--folds", "1"), 2, "Folds must be 2 to 10, or 0 for a training that makes a"),
        (("train", "--folds", "11"), 2, "Folds must be a whole number from 0 to 10, not 11."),
        (("train", "--folds", "5", "--labels", "no.npy"), 1, "There is no file no.npy."),
        (
            ("train", "--folds", "5", "--continue", "cnn"),
            2,
            "A cross-validation has fresh networks",
        ),
        (("evaluate", "label-check"), 2, "label-check is a cross-validation, which makes no model"),
        (("card", "label-check"), 2, "label-check is a cross-validation, which makes no model"),
        (("judge", "label-check"), 2, "label-check is a cross-validation, which makes no model"),
        (("ensemble", "label-check", "cnn"), 2, "label-check is a cross-validation, which makes"),
        (("train", "--continue", "label-check"), 1, "label-check has kept no weights to go on"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_suspected_gets_one_sentence(arguments, status, sentence, runs):
    process = run(*arguments)

    assert process.returncode == status
    assert process.stderr.startswith(f"Error: {sentence}")
    assert len(process.stderr.splitlines()) == 1
    assert not runs.exists() or not list(runs.glob("[a-z]*"))


def test_labels_that_do_not_fit_make_no_run(runs, tmp_path):
    np.save(tmp_path / "labels.npy", np.zeros(7, int))

    process = run("train", "--folds", "5", "--labels", tmp_path / "labels.npy")

    assert process.returncode == 1
    assert process.stderr == "Error: There are 60,000 digits, and 7 labels for them.\n"
    assert list_runs().runs == []
