"""Model cards, written from the folders of the shipped models."""

import json
import shutil

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from digitlib.card import describe_model
from digitlib.errors import RunError
from digitlib.runs.folder import MODELS_FOLDER, list_shipped, load_run, read_run

CNN = MODELS_FOLDER / "cnn"


@pytest.fixture
def mine(runs):
    """The shipped cnn as a run of one's own."""
    shutil.copytree(CNN, runs / "mine")
    (runs / "mine" / "robustness.json").unlink(missing_ok=True)
    return load_run("mine")


def test_a_card_says_how_a_model_was_made_and_how_well_it_reads(mine):
    card = describe_model(mine)

    assert card.startswith("# mine\n\nTwo convolutions look for strokes")
    assert "- **Command:** `python -m digitlib train --network cnn`\n" in card
    assert "- **Parameters:** 225,034\n" in card
    assert "- **Learnt:** 10 epochs of 55,000 digits\n" in card
    test = mine.metrics["test"]
    low, high = proportion_confint(10_000 - test["mistakes"], 10_000, method="wilson")
    interval = f"({100 * low:.2f}–{high:.2%})"
    assert f"{test['accuracy']:.2%} {interval}, {test['mistakes']} of 10,000 misread\n" in card
    assert "## Beyond MNIST" not in card  # nothing was measured
    confusion = np.array(test["confusion"]) * (1 - np.eye(10, dtype=int))
    truth, answer = np.unravel_index(confusion.argmax(), (10, 10))
    failures = card.partition("## Known failures")[2]
    assert f"- {confusion.max()} times a {truth} is read as {answer}." in failures
    assert "None" not in card


def test_a_card_tells_of_written_digits(mine):
    config = json.loads((mine.folder / "config.json").read_text())
    (mine.folder / "config.json").write_text(
        json.dumps(config | {"written_digits": 11_000, "plain_epochs": 4})
    )

    card = describe_model(load_run("mine"))

    assert "and 11,000 that a simulated pen wrote, the last 4 nearly as they are\n" in card
    assert "--written-digits 11000 --plain-epochs 4`" in card


def test_a_card_tells_of_drawings(mine):
    config = json.loads((mine.folder / "config.json").read_text())
    (mine.folder / "config.json").write_text(json.dumps(config | {"drawn_digits": 1_000}))

    card = describe_model(load_run("mine"))

    assert "digits and 1,000 times one of the class's drawings\n" in card
    assert "--drawn-digits 1000 --drawings drawings.npz`" in card


def test_a_card_tells_of_other_pictures_where_they_were_measured(mine):
    content = {
        "corruptions": {"fog": 0.1, "shear": 0.98},
        "handwriting": {"pen": {"count": 7494, "accuracy": 0.9712}},
    }
    (mine.folder / "robustness.json").write_text(json.dumps(content))

    card = describe_model(load_run("mine"))

    assert (
        "| fog | 10.0% (9.4–10.6%) |\n| shear | 98.0% (97.7–98.3%) |\n| **mean** | **54.0%** |"
        in card
    )
    assert "| pen | 7,494 | 97.1% (96.7–97.5%) |" in card
    assert "- Fog: 10.0%." in card
    assert "- Shear" not in card


@pytest.mark.parametrize("name", ["robustness", "judgement"])
def test_a_damaged_file_is_named(mine, name):
    (mine.folder / f"{name}.json").write_text("{")

    with pytest.raises(RunError, match=rf"{name}\.json is damaged"):
        describe_model(load_run("mine"))


def test_a_card_says_what_a_model_refuses(mine):
    others = {"letters": {"count": 1_200, "auroc": 0.98765, "refused": 0.951}}
    (mine.folder / "robustness.json").write_text(json.dumps({"others": others}))

    card = describe_model(load_run("mine"))

    assert f"a temperature of {mine.judgement['temperature']:.2f}." in card
    assert "5% of the validation digits do." in card
    assert "| letters | 1,200 | 0.988 | 95.1% |" in card
    assert "everything for a digit" not in card


def test_the_card_of_a_run_without_a_judgement_says_that_it_refuses_nothing(mine):
    mine.judgement_file.unlink()

    card = describe_model(load_run("mine"))

    assert "- It takes everything for a digit, also what is none." in card
    assert "## What it refuses" not in card


@pytest.mark.parametrize("name", [run.id for run in list_shipped().runs])
def test_the_cards_that_ship_are_true(name):
    # If this fails: python -m digitlib card NAME
    run = read_run(MODELS_FOLDER / name)

    assert (run.folder / "card.md").read_text(encoding="utf-8") == describe_model(run)
    assert len(run.robustness["corruptions"]) == 15
    assert all(found["auroc"] > 0.9 for found in run.robustness["others"].values())
