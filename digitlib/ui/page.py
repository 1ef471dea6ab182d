"""What every page begins with."""

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from digitlib.ui.address import forget_changes

JUST_CAME = "just_came"  # in the session: whether this is the first run of a page since another's
_OPEN = "open_page"


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


def note_page(path: str) -> None:
    """Remember which page is open, so that others can tell whether a visitor just came to it.

    Args:
        path: of the page, as it stands in the address.
    """
    state = st.session_state
    state[JUST_CAME] = state.get(_OPEN) != path
    state[_OPEN] = path
    if state[JUST_CAME] or get_script_run_ctx().is_history_navigation:
        forget_changes()
