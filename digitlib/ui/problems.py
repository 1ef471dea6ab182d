"""What went wrong, as the sentence that it is."""

import re

import streamlit as st


def show_problem(problem: Exception | str) -> None:
    """Show a sentence about what went wrong and what to do."""
    st.error(escape_markdown(str(problem)), icon=":material/error:")


def show_warning(problem: Exception | str) -> None:
    """Show a sentence about something that is amiss and stops nobody."""
    st.caption(f":material/warning: {escape_markdown(str(problem))}")


def escape_markdown(text: str) -> str:
    """Return text that Streamlit shows as it is: paths and commands hold its special characters.

    Example: in ``git checkout -- a_b.npz`` two hyphens would become a dash.
    """
    return re.sub(r"([\\`*{}\[\]#~$<>|]|\b_\B|\B_\b|-(?=-)|(?<=-)-)", r"\\\1", text)
