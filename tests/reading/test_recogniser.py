import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from digitlib.data import load_mnist
from digitlib.errors import ModelError
from digitlib.reading.recogniser import Answer, Recogniser, format_share
from digitlib.runs.folder import MODELS_FOLDER, list_shipped, read_run

CNN = MODELS_FOLDER / "cnn" / "model.tflite"


@pytest.mark.parametrize("count", [0, 1, 2, 49, 50, 51, 100, 101])
def test_any_number_of_digits_is_read_as_one_by_one(count, cnn, validation):
    digits = validation.images[:count]

    probabilities = cnn.read(digits)

    assert probabilities.shape == (count, 10)
    assert probabilities.dtype == np.float32
    one_by_one = [cnn.read(digit[np.newaxis])[0] for digit in digits]
    if one_by_one:
        np.testing.assert_allclose(probabilities, one_by_one, atol=1e-6)


def test_probabilities_add_up_to_1(cnn, validation):
    probabilities = cnn.read(validation.images[:200])

    assert (probabilities >= 0).all()
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("name", [run.id for run in list_shipped().runs])
def test_the_answers_that_ship_are_those_of_the_model_that_ships(name):
    answers = Recogniser(MODELS_FOLDER / name / "model.tflite").read(load_mnist("test").images)

    shipped = read_run(MODELS_FOLDER / name).read_test_probabilities()
    np.testing.assert_allclose(answers, shipped, atol=1e-5)


def test_many_threads_may_share_one(cnn, validation):
    pieces = [validation.images[start : start + size] for start, size in enumerate([1, 3, 50] * 60)]
    expected = [cnn.read(piece) for piece in pieces]

    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(cnn.read, pieces))

    for one, other in zip(found, expected, strict=True):
        assert np.array_equal(one, other)


def test_what_was_read_does_not_change_with_the_next_reading(cnn, validation):
    first = cnn.read(validation.images[:1])
    kept = first.copy()

    cnn.read(validation.images[1:2])

    assert np.array_equal(first, kept)


def test_an_answer_names_the_digit_and_the_next_best():
    probabilities = np.array([0, 0.1, 0, 0, 0.25, 0, 0, 0, 0, 0.65], np.float32)

    answer = Answer(probabilities)

    assert (answer.digit, answer.second) == (9, 4)
    assert answer.confidence == pytest.approx(0.65)


def test_one_digit_is_answered(cnn, validation):
    answer = cnn.answer(validation.images[0])

    assert np.array_equal(answer.probabilities, cnn.read(validation.images[:1])[0])


@pytest.mark.parametrize(
    "digits",
    [
        np.zeros((28, 28), np.uint8),
        np.zeros((1, 28, 28), np.float32),
        np.zeros((1, 28, 28, 1), np.uint8),
        np.zeros((1, 784), np.uint8),
    ],
    ids=["one without a batch", "floats", "channels", "flat"],
)
def test_what_is_no_batch_of_digits_is_refused(digits, cnn):
    with pytest.raises(ValueError, match="expected uint8"):
        cnn.read(digits)


DAMAGE = {
    "empty": lambda content: b"",
    "text": lambda content: b"not a model\n" * 100,
    "cut in half": lambda content: content[: len(content) // 2],
    "a byte short": lambda content: content[:-1],
    "its beginning overwritten": lambda content: b"\0" * 100 + content[100:],
    "its end overwritten": lambda content: content[:-2_000] + b"\0" * 2_000,
    "a Keras file": lambda content: (MODELS_FOLDER / "cnn" / "model.keras").read_bytes(),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_model_gets_a_sentence(damage, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(damage(CNN.read_bytes()))

    with pytest.raises(ModelError, match=r"model\.tflite is damaged\. Choose another model"):
        Recogniser(path)


def test_a_missing_model_gets_a_sentence(tmp_path):
    with pytest.raises(ModelError, match=r"model\.tflite is missing\. Choose another model"):
        Recogniser(tmp_path / "model.tflite")


def test_a_folder_is_no_model(tmp_path):
    with pytest.raises(ModelError, match=r"cannot be read \(Is a directory\)"):
        Recogniser(tmp_path)


def test_a_path_may_hold_any_letters(tmp_path):
    path = tmp_path / "Zahlen für Ümläute 数字" / "model.tflite"
    path.parent.mkdir()
    path.write_bytes(CNN.read_bytes())

    assert Recogniser(path).read(np.zeros((1, 28, 28), np.uint8)).shape == (1, 10)


def test_a_model_is_served_on_after_its_file_is_gone(tmp_path, validation):
    # A run may be deleted, or trained anew, while visitors draw with it.
    path = tmp_path / "model.tflite"
    path.write_bytes(CNN.read_bytes())
    code = (
        "import numpy as np, sys; from pathlib import Path;"
        "from digitlib.reading.recogniser import Recogniser;"
        "path = Path(sys.argv[1]); recogniser = Recogniser(path);"
        "digits = np.zeros((60, 28, 28), np.uint8);"
        "before = recogniser.read(digits); path.write_bytes(b''); path.unlink();"
        "assert np.array_equal(before, recogniser.read(digits))"
    )

    # In a process of its own, since one that maps a file that was cut off is ended by the system.
    process = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)

    assert process.returncode == 0, process.stderr


@pytest.mark.parametrize(
    ("share", "words"),
    [
        (1.0, ">99.9%"),
        (0.99951, ">99.9%"),
        (0.999, "99.9%"),
        (0.9644, "96.4%"),
        (0.031, "3.1%"),
        (0.0006, "0.1%"),
        (0.0004, "<0.1%"),
        (0.0, "0%"),
    ],
)
def test_a_share_is_never_rounded_to_certainty(share, words):
    assert format_share(share) == words
