"""A page of Streamlit's with a heading and nothing else: what its own client takes to show it."""

import streamlit as st

st.title("A heading")
