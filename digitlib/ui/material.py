"""What there is to learn from and to learn with: the digits and the layers."""

import pandas as pd
import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.runs.catalogue import NetworkDescription
from digitlib.ui.digit_image import draw_in_ink
from digitlib.ui.loaders import load_class_samples
from digitlib.ui.problems import show_problem


def show_layers(network: NetworkDescription) -> None:
    """Show a network from the picture to the ten probabilities."""
    st.dataframe(
        pd.DataFrame({
            "Layer": [layer.name for layer in network.layers],
            "Settings": [layer.settings for layer in network.layers],
            "Output shape": [
                " × ".join(str(side) for side in layer.output_shape) for layer in network.layers
            ],
            "Parameters": [layer.parameters for layer in network.layers],
        }),
        hide_index=True,
        column_config={"Parameters": st.column_config.NumberColumn(format="localized")},
    )  # fmt: skip


def show_class_samples() -> None:
    """Show a row of training digits for each of the ten, and how many there are."""
    try:
        samples = load_class_samples()
    except DigitLabError as error:
        show_problem(error)
        return
    rows = "".join(
        f"<b>{digit}</b><div class='samples'>"
        + draw_in_ink(
            samples.images[digit].transpose(1, 0, 2).reshape(28, -1), 34, f"samples of {digit}"
        )
        + f"</div><span>{samples.counts[digit]:,}</span>"
        for digit in range(10)
    )
    st.html(f'<div class="sample-sheet">{rows}</div>')
