"""The peer: a Streamlit app that reads drawn digits with Keras, written in the obvious way.

It is what most tutorials arrive at: the drawing made smaller with Pillow, ``model.predict``, a bar
chart. Nothing in it is slowed down. It loads the same network that Digit Lab reads with.
"""

from pathlib import Path

import keras
import numpy as np
import streamlit as st
from PIL import Image
from streamlit_drawable_canvas import st_canvas

MODEL_FILE = Path(__file__).resolve().parents[2] / "models" / "cnn" / "model.keras"


@st.cache_resource
def load_model():
    return keras.models.load_model(MODEL_FILE)


st.title("Digit recogniser")
model = load_model()
canvas = st_canvas(
    stroke_width=18,
    stroke_color="#FFFFFF",
    background_color="#000000",
    width=280,
    height=280,
    return_image_data=True,
    key="canvas",
)
if canvas.image_data is not None and canvas.json_data["objects"]:
    image = Image.fromarray(canvas.image_data).convert("L").resize((28, 28))
    pixels = np.asarray(image, np.float32).reshape(1, 28, 28, 1) / 255
    probabilities = model.predict(pixels)[0]
    st.header(f"Prediction: {probabilities.argmax()}")
    st.bar_chart(probabilities)
