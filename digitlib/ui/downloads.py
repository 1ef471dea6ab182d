"""The selected digits to take home, as a table and as a picture; made when they are asked for."""

import io

import numpy as np
import pandas as pd
import streamlit as st

from digitlib.reading.sheet import draw_sheet
from digitlib.ui.answers import Reader
from digitlib.ui.digit_sets import DigitSet

MOST_DRAWN = 1_000  # digits on a sheet: 1,080 by 12,800 pixels


def offer_downloads(
    reader: Reader, table: pd.DataFrame, places: np.ndarray, which: str, key: str = "download"
) -> None:
    """Offer all that is selected, whatever page is shown, as CSV and as a sheet in PNG.

    Args:
        reader: who has read the digits.
        table: as in Evaluation, with a second model where there is one.
        places: rows of the table, in their order.
        which: what these are, for the names of the files, such as ``misread-4-as-9``.
        key: of the button on the page.
    """
    models = filter(None, (reader.name.replace(" ", "-"), reader.second))
    name = "-".join((*models, reader.digits.key, which))
    with st.popover("Download", icon=":material/download:", key=key):
        st.download_button(
            f"Table of {len(places):,} digits, .csv",
            lambda: encode_table(reader.digits, table, places),
            file_name=f"{name}.csv",
            mime="text/csv",
            on_click="ignore",
            key=f"{key}-csv",
        )
        drawn = min(len(places), MOST_DRAWN)
        which = f"the first {drawn:,} digits" if drawn < len(places) else f"{drawn:,} digits"
        st.download_button(
            f"Sheet of {which}, .png",
            lambda: encode_sheet(reader.digits, table, places[:MOST_DRAWN]),
            file_name=f"{name}.png",
            mime="image/png",
            on_click="ignore",
            key=f"{key}-png",
        )


def encode_table(digits: DigitSet, table: pd.DataFrame, places: np.ndarray) -> bytes:
    """Return rows of a table as CSV, with the name of each digit and what people see in it."""
    rows = table.iloc[places]
    named = rows.assign(
        digit=[digits.name(place) for place in places],
        label_in_doubt=[digits.describe_doubt(place) for place in places],
    )
    first = ["digit", "index"]
    columns = first + [name for name in named if name not in first]
    return named[columns].to_csv(index=False, float_format="%.6g").encode()


def encode_sheet(digits: DigitSet, table: pd.DataFrame, places: np.ndarray) -> bytes:
    """Return digits with what each is and was read as, as a PNG."""
    rows, buffer = table.iloc[places], io.BytesIO()
    sheet = draw_sheet(
        digits.take_images(places), rows["truth"].to_numpy(), rows["answer"].to_numpy()
    )
    sheet.save(buffer, format="PNG")
    return buffer.getvalue()
