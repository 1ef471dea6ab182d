"""What is missing or broken gets a sentence on the page, and the rest of the page stays."""

from functools import partial

import pytest
import streamlit as st

from digitlib.data import load_mnist
from digitlib.errors import EngineError
from digitlib.runs import catalogue
from digitlib.ui import loaders
from digitlib.ui.problems import escape_markdown


@pytest.fixture
def no_digits(monkeypatch, tmp_path):
    missing = partial(load_mnist, path=tmp_path / "mnist.npz")
    monkeypatch.setattr(loaders, "load_mnist", missing)
    st.cache_resource.clear()
    yield
    st.cache_resource.clear()


@pytest.mark.usefixtures("no_digits")
def test_missing_digits_leave_the_page_that_trains(open_page):
    app = open_page("train")
    assert not app.exception
    assert "The digits are missing" in app.error[0].value
    assert "Start training" in [button.label for button in app.button]


@pytest.mark.usefixtures("no_digits")
def test_missing_test_digits_leave_the_canvas(open_page, read_words):
    app = open_page()
    next(each for each in app.button if each.label == "Try a test digit").click().run()
    assert not app.exception
    assert "The digits are missing" in read_words(app.main)
    assert "Clear" in [button.label for button in app.button]


def test_networks_that_cannot_be_loaded_get_a_sentence(open_page, monkeypatch):
    def fail():
        raise EngineError("networks.py cannot be loaded: RuntimeError: my mistake")

    loaders.load_networks.clear()
    monkeypatch.setattr(catalogue, "describe_networks", fail)
    app = open_page("train")
    assert not app.exception
    assert "my mistake" in app.error[0].value
    loaders.load_networks.clear()


def test_sentences_are_shown_as_they_are():
    shown = escape_markdown("git checkout -- a_b.npz costs $5 or *$6*")
    assert shown == r"git checkout \-\- a_b.npz costs \$5 or \*\$6\*"
