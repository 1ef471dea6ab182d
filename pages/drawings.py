"""Class drawings: what has the class drawn, and what does a model learn from it?"""

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.ui.class_drawings import show_collection
from digitlib.ui.collection import load_drawings
from digitlib.ui.drawing_sheet import choose_drawings, show_opened_drawing, show_sheet
from digitlib.ui.lesson import (
    choose_other,
    compare,
    show_failure,
    show_learning,
    show_result,
    show_teach_button,
)
from digitlib.ui.models import choose_model
from digitlib.ui.page import open_page
from digitlib.ui.problems import show_problem

title, picker = st.columns([2, 1], vertical_alignment="bottom")
with title:
    open_page(
        "Class drawings",
        "What was drawn and labelled here. Teach a model with it, and see before and after.",
    )
with picker:
    model = choose_model()
try:
    drawings = load_drawings()
except DigitLabError as error:
    show_problem(error)
    st.stop()

show_collection(drawings)
if not drawings:
    st.info("There are none yet. Draw a digit, and tell what it is below the answer.")
    st.stop()
if model is None:
    st.stop()

teach_column, compare_column = st.columns([2, 1], gap="small")
with compare_column:
    other = choose_other(model)
with teach_column:
    show_teach_button(model, drawings)
show_failure()
if other is not None and not other.readable:
    show_learning(other)
    other = None
try:
    comparison = compare(model, other, drawings)
except DigitLabError as error:
    show_problem(error)
    st.stop()
show_result(model, other, comparison)
show_sheet(drawings, comparison, choose_drawings(comparison))
show_opened_drawing(drawings, comparison)
