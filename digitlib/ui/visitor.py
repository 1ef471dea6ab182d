"""Who visits: a word for each browser, so that limits and turns survive a reload."""

import re
import secrets

import streamlit as st

COOKIE = "digitlib_visitor"
_WORD = re.compile(r"[0-9a-f]{12}")

_keep_word = st.components.v2.component(
    "digitlib_visitor",
    js=f"""export default ({{data}}) => {{
        document.cookie = `{COOKIE}=${{data}}; path=/; max-age=31536000; samesite=lax`;
    }}""",
)


def name_visitor() -> str:
    """Return a word for this visitor, the same in every tab of a browser."""
    if "visitor" not in st.session_state:
        kept = st.context.cookies.get(COOKIE, "")
        st.session_state.visitor = kept if _WORD.fullmatch(kept) else secrets.token_hex(6)
    return st.session_state.visitor


def remember_visitor() -> None:
    """Have the browser keep the visitor's word, in a cookie that says nothing else."""
    _keep_word(data=name_visitor(), key="keep-visitor")
