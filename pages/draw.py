"""Draw: what does the network read, and how sure is it?"""

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.ui.answer import show_answer, show_no_answer, show_seen
from digitlib.ui.inputs import choose_digit
from digitlib.ui.loaders import load_recogniser
from digitlib.ui.models import choose_model, show_card
from digitlib.ui.page import open_page
from digitlib.ui.teach import show_teach

title, picker = st.columns([2, 1], vertical_alignment="bottom")
with title:
    open_page(
        "Draw a digit",
        "Write one digit with the mouse or a finger and see what a neural network reads.",
    )
with picker:
    model = choose_model()
if model is None:
    st.stop()

drawing_column, answer_column, seen_column = st.columns([300, 420, 200], gap="medium")
read, problem = None, "Draw one digit, large, in one go or several."
with drawing_column:
    try:
        read = choose_digit()
    except DigitLabError as error:
        problem = str(error)
with answer_column.container(key="answer"):
    if read is None:
        show_no_answer(problem)
    else:
        try:
            answer = load_recogniser(model).answer(read.digit)
            show_answer(answer, read)
            if read.truth is None:  # a test digit that is learnt would be none any more
                show_teach(read.digit, answer.digit)
        except DigitLabError as error:
            show_no_answer(str(error))
if read is not None:
    with seen_column.container(key="seen"):
        show_seen(read)
show_card(model)
