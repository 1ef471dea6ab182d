"""Train: is it learning, and what does that look like?"""

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.ui.earlier_runs import show_earlier_runs
from digitlib.ui.live_run import show_run
from digitlib.ui.material import show_class_samples, show_layers
from digitlib.ui.page import open_page
from digitlib.ui.problems import show_problem
from digitlib.ui.settings import choose_config, choose_network
from digitlib.ui.shown_run import find_shown_run
from digitlib.ui.start import show_start_button, start_run
from digitlib.ui.warm import warm_up_training

open_page(
    "Train a network",
    "Choose a network, start it, and watch it learn to read. It goes on if you leave.",
)
warm_up_training()

network_column, words, start_column = st.columns([2, 4, 2], vertical_alignment="bottom")
with network_column:
    try:
        network = choose_network()
    except DigitLabError as error:
        show_problem(error)
        st.stop()
words.markdown(f"{network.summary} :gray[{network.parameters:,}\u00a0parameters.]")
config = choose_config(network)
with start_column:
    start = show_start_button(config)
if start:
    start_run(config)

run = find_shown_run()
if run is not None:
    show_run(run)
with st.expander("The digits it learns from", expanded=run is None):
    show_class_samples()
with st.expander("Its layers"):
    show_layers(network)
show_earlier_runs()
