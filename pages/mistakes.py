"""Mistakes: what does a model get wrong?"""

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.ui.charts import confusion_chart
from digitlib.ui.gallery import choose_mistakes, show_gallery, show_opened_digit
from digitlib.ui.loaders import load_evaluation
from digitlib.ui.map_choice import show_map_and_chosen
from digitlib.ui.models import choose_model, show_card
from digitlib.ui.page import open_page
from digitlib.ui.problems import show_problem
from digitlib.ui.style import get_palette
from digitlib.ui.suspects import show_suspects
from digitlib.ui.tables import show_headline, show_per_digit

title, picker = st.columns([2, 1], vertical_alignment="bottom")
with title:
    open_page("Mistakes", "Which of the 10,000 test digits does a model misread? Click one.")
with picker:
    model = choose_model()
if model is None:
    st.stop()
try:
    evaluation = load_evaluation(model)
except DigitLabError as error:
    show_problem(error)
    st.stop()

show_headline(evaluation)
matrix_column, gallery_column = st.columns([5, 6], gap="large")
with matrix_column.container(key="confusion"):
    st.altair_chart(confusion_chart(evaluation.confusion, get_palette()), key="confusion-chart")
with gallery_column, st.container(key="gallery"):
    show_gallery(model, choose_mistakes(evaluation))
show_opened_digit(model)
show_per_digit(evaluation)
show_map_and_chosen(model)
show_card(model)
show_suspects()
