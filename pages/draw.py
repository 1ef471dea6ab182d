"""Draw: what does the network read, how sure is it, and why?"""

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.ui.answer import show_answer, show_no_answer, show_seen
from digitlib.ui.explanation import show_explanation
from digitlib.ui.inputs import choose_picture
from digitlib.ui.models import choose_model, show_card
from digitlib.ui.page import open_page
from digitlib.ui.reading import get_chosen_glyph, read_chosen
from digitlib.ui.steps import show_steps
from digitlib.ui.teach import show_teach

title, picker = st.columns([2, 1], vertical_alignment="bottom")
with title:
    open_page(
        "Draw a digit",
        "Write one digit or several with the mouse or a finger and see what a neural network "
        "reads.",
    )
with picker:
    model = choose_model()
if model is None:
    st.stop()

drawing_column, answer_column, seen_column = st.columns([300, 400, 240], gap="medium")
shown, problem = None, "Draw one digit, or several side by side. Large ones are read best."
try:
    with drawing_column:
        chosen = choose_picture()
    if chosen is not None:
        shown = read_chosen(chosen, model)
except DigitLabError as error:
    problem = str(error)

if shown is None:
    with answer_column.container(key="answer"):
        show_no_answer(problem)
else:
    place = get_chosen_glyph(shown)
    read = shown.glyphs[place].read
    with answer_column:
        with st.container(key="answer"):
            show_answer(shown, place)
        if chosen.truth is None:  # a test digit that is learnt would be none any more
            show_teach(read.glyph.digit, read.answer.digit)
    with seen_column.container(key="seen"):
        show_seen(shown, place)
    with st.expander("How it got there", expanded=True, key="steps"):
        show_steps(shown, place)
    show_explanation(read.glyph.digit, read.answer, model)
show_card(model)
