"""Mistakes: what does a model get wrong, and why?"""

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.ui.answers import EmptySetError, Reader, UnreadError
from digitlib.ui.digit_sets import load_digit_set
from digitlib.ui.map_choice import show_map_and_chosen
from digitlib.ui.mistakes import load_work, show_mistakes
from digitlib.ui.models import choose_model, choose_second_model, show_card
from digitlib.ui.page import open_page
from digitlib.ui.problems import show_problem
from digitlib.ui.reader_choice import await_reading, choose_digit_set, choose_epoch
from digitlib.ui.suspects import show_suspects
from digitlib.ui.tables import show_headline, show_per_digit

title, pickers = st.columns([3, 8], vertical_alignment="bottom")
with title:
    open_page("Mistakes", "What does it get wrong, and why?")
with pickers, st.container(horizontal=True, key="pickers"):
    model = choose_model()
    if model is None:
        st.stop()
    second = choose_second_model(model)
    key = choose_digit_set()
headline, slider = st.columns([3, 1])
try:
    with slider:
        epoch = choose_epoch(model, key)
    work = load_work(Reader(load_digit_set(key), model, epoch, second))
except EmptySetError as empty:
    st.info(str(empty))
    st.stop()
except UnreadError as unread:
    await_reading(unread)
    st.stop()
except DigitLabError as error:
    show_problem(error)
    st.stop()

with headline:
    show_headline(work.reader, work.evaluation, work.second_evaluation)
show_mistakes(work)
show_per_digit(work.evaluation)
if key == "test":
    show_map_and_chosen(work)
show_suspects()
show_card(model)
