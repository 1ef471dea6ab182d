"""A page of Streamlit's with a list and a heading that tells what was chosen, and nothing else.

What its own client takes to show a page, and to answer a choice.
"""

import streamlit as st

st.title(st.selectbox("Model", ["first", "second", "third"]))
