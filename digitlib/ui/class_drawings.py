"""The class's collection as a whole: how many there are, taking them out, in, and away."""

import streamlit as st

from digitlib.data.archives import decode_digits, encode_npz, encode_zip
from digitlib.data.collection import Drawings
from digitlib.errors import DigitLabError
from digitlib.ui.collection import get_collection, load_drawings
from digitlib.ui.problems import show_problem, show_warning


def show_collection(drawings: Drawings) -> None:
    """Show how many drawings there are of each digit, and what can be done with all of them."""
    for problem in drawings.problems:
        show_warning(problem)
    if drawings:
        _show_counts(drawings)
    with st.container(horizontal=True, gap="xsmall", key="collection"):
        if drawings:
            _offer_export(drawings)
        _offer_import()
        if drawings or drawings.problems:
            _offer_clear(drawings)
    if said := st.session_state.pop("collection_said", None):
        st.caption(said)
    if problem := st.session_state.pop("collection_problem", None):
        show_problem(problem)


def _show_counts(drawings: Drawings) -> None:
    counts = [int((drawings.digits.labels == digit).sum()) for digit in range(10)]
    cells = "".join(
        f"<div><b>{digit}</b><span>{count:,}</span></div>" for digit, count in enumerate(counts)
    )
    head = f'<div class="headline">{_count(len(drawings))}</div>'
    st.html(f'{head}<div class="digit-counts">{cells}</div>')


def _offer_export(drawings: Drawings) -> None:
    with st.popover("Export", icon=":material/download:"):
        for kind, words, encode in (
            ("npz", ".npz, for NumPy and to import again", encode_npz),
            ("zip", ".zip of PNGs in folders 0 to 9, to look at", encode_zip),
        ):
            st.download_button(
                words,
                lambda encode=encode: encode(drawings.digits),
                file_name=f"drawings.{kind}",
                mime="application/zip",
                on_click="ignore",
                key=f"export-{kind}",
            )


def _offer_import() -> None:
    with st.popover("Import", icon=":material/upload:"):
        st.file_uploader(
            "Drawings that were exported here: an .npz or a .zip of PNGs",
            ["npz", "zip"],
            key=_upload_key(),
            on_change=_import,
        )


def _import() -> None:
    state = st.session_state
    upload = state.get(_upload_key())
    if upload is None:
        return
    try:
        digits = decode_digits(upload.getvalue())
        new = get_collection().add_all(digits)
    except DigitLabError as error:
        state.collection_problem = f"{upload.name} was not imported. {error}"
        return
    finally:
        state.import_number = state.get("import_number", 0) + 1  # a new uploader is empty
    known = len(digits) - new
    there = f"; {known:,} {'was' if known == 1 else 'were'} there already" if known else ""
    state.collection_said = f"{_count(new)} imported{there}."
    load_drawings.clear()


def _upload_key() -> str:
    return f"import-{st.session_state.get('import_number', 0)}"


def _offer_clear(drawings: Drawings) -> None:
    with st.popover("Clear", icon=":material/delete:"):
        st.markdown(
            "This takes all drawings away from the whole class, for good. Export them first if "
            "they may be wanted again. Networks that have learnt from them stay, each with a copy "
            "of those it has learnt from."
        )
        st.button(
            f"Clear {_count(len(drawings))}",
            type="primary",
            key="clear-drawings",
            on_click=_clear,
            args=(drawings,),
        )


def _clear(drawings: Drawings) -> None:
    """Clear the drawings that were shown: what another visitor told meanwhile is not lost."""
    try:
        get_collection().clear(drawings)
    except DigitLabError as error:
        st.session_state.collection_problem = str(error)
        return
    finally:
        load_drawings.clear()
    st.session_state.pop("told", None)


def _count(number: int) -> str:
    return f"{number:,} {'drawing' if number == 1 else 'drawings'}"
