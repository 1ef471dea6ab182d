"""Digit Lab's library: everything that the pages and the command line show is computed here.

Imports run one way: ``ui -> reading, runs, vision -> data -> errors``. Only ``digitlib.training``
imports TensorFlow, and only ``digitlib.ui`` imports Streamlit.
"""
