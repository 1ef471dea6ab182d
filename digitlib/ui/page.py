"""What every page begins with."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager


def open_page(title: str, caption: str) -> None:
    """Show a page's title and one line of what to do there."""
    _enter_by_front_door()
    with st.container(key="page-head"):
        st.title(title)
        st.caption(caption)


def _enter_by_front_door() -> None:
    """Begin again with streamlit_app.py where Streamlit has passed it by.

    A folder called pages/ makes Streamlit run its files by themselves until st.navigation has been
    called once. So the first visitor of a fresh server who comes by a link to /train would see the
    page without the app around it.
    """
    first = not st.session_state.setdefault("entered", False)
    st.session_state.entered = True
    if first and PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()
