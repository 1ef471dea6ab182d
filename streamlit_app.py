"""Digit Lab's front door: `streamlit run streamlit_app.py`."""

import streamlit as st

from digitlib.ui.collection import is_collecting
from digitlib.ui.page import note_page
from digitlib.ui.style import ICON, apply_style
from digitlib.ui.warm import warm_up

st.set_page_config(page_title="Digit Lab", page_icon=ICON, layout="centered")
pages = [
    st.Page("pages/draw.py", title="Draw", icon=":material/draw:", default=True),
    st.Page("pages/train.py", title="Train", icon=":material/model_training:"),
    st.Page("pages/mistakes.py", title="Mistakes", icon=":material/search:"),
]
if is_collecting():
    pages.append(st.Page("pages/drawings.py", title="Class drawings", icon=":material/groups:"))
page = st.navigation(pages, position="top")
note_page(page.url_path)
apply_style()
warm_up()
page.run()
