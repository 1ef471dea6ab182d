"""What came of a run: its accuracy, its files, and the ways to go on."""

import streamlit as st

from digitlib.errors import DigitLabError
from digitlib.reading.statistics import Accuracy
from digitlib.runs.folder import Run, continue_config
from digitlib.runs.out_of_sample import is_whole
from digitlib.ui.collection import is_collecting
from digitlib.ui.loaders import load_refusal
from digitlib.ui.problems import escape_markdown, show_problem, show_warning
from digitlib.ui.start import start_run
from digitlib.ui.times import format_seconds
from digitlib.ui.visitor import name_visitor


def show_outcome(run: Run) -> None:
    """Show how a run ended and what can be done with it."""
    state, message = run.status.state, run.status.message
    test = run.metrics.get("test")
    if state in ("failed", "interrupted"):
        words = f"**{run.id}** {state}. {escape_markdown(message)}"
        if state == "interrupted":
            kept = "Continue it from what it has kept." if run.can_go_on else "Start it again."
            words += f" {kept}"
        st.error(words, icon=":material/error:")
    elif is_whole(run):
        _show_check(run)
    elif test is None:
        unread = " It reads the 10,000 test digits now." if run.unmeasured else ""
        st.info(f"**{run.id}** · {escape_markdown(message)}{unread}")
    else:
        st.markdown(
            f"### {test['accuracy']:.2%} of the test digits read right\n"
            f"**{run.id}** {'was stopped after' if state == 'stopped' else 'learnt in'} "
            f"{format_seconds(run.metrics['training_seconds'])} · 95% interval "
            f"{Accuracy.from_summary(test).format_interval()} · {test['mistakes']:,} of "
            f"{test['count']:,} misread · {run.metrics['parameters']:,} parameters"
        )
        if state == "stopped":
            st.caption(escape_markdown(message))
    with st.container(horizontal=True, vertical_alignment="center"):
        if test is not None:
            _show_links(run)
        if run.can_go_on:
            _offer_continue(run)
        if test is not None:
            _show_files(run)


def _show_check(run: Run) -> None:
    metrics, accuracy = run.metrics, Accuracy.from_summary(run.metrics["out_of_sample"])
    st.markdown(
        f"### {metrics['counted']:,} of {accuracy.count:,} training labels look wrong\n"
        f"**{run.id}** took {format_seconds(metrics['training_seconds'])} · "
        f"{accuracy} are read as labelled by networks that have not learnt from them"
    )
    st.caption("Each dashed line is the beginning of another network, which knows nothing yet.")
    st.page_link("pages/mistakes.py", label="Look at the suspects", icon=":material/search:")


def _show_links(run: Run) -> None:
    chosen = {"model": run.id}
    st.page_link(
        "pages/mistakes.py",
        label="Look at its mistakes",
        icon=":material/search:",
        query_params=chosen,
    )
    st.page_link("pages/draw.py", label="Draw with it", icon=":material/draw:", query_params=chosen)
    if run.config.drawn_digits and is_collecting():
        before = {"model": run.config.parent, "compare": run.id} if run.config.parent else chosen
        st.page_link(
            "pages/drawings.py",
            label="Before and after" if run.config.parent else "Read the class's drawings",
            icon=":material/groups:",
            query_params=before,
        )


def _offer_continue(run: Run) -> None:
    with st.popover("Continue", icon=":material/resume:"):
        epochs = st.slider("Further epochs", 1, 30, min(30, run.config.epochs), key="further")
        st.caption("It goes on from these weights, as a new run; this one stays as it is.")
        refusal = load_refusal(name_visitor())
        if refusal:
            show_warning(refusal)
        if st.button(
            "Continue training",
            type="primary",
            icon=":material/play_arrow:",
            disabled=bool(refusal),
        ):
            _continue(run, epochs)


def _continue(run: Run, epochs: int) -> None:
    try:
        config = continue_config(run)
    except DigitLabError as error:
        show_problem(error)
        return
    if start_run(type(config).from_dict(config.to_dict() | {"epochs": epochs})):
        st.rerun()


def _show_files(run: Run) -> None:
    files = [(".keras", run.keras_file, ".keras"), (".tflite", run.model_file, ".tflite")]
    best = run.metrics.get("best_epoch")
    if best and best < run.metrics["epochs"]:
        files.append((f"Best, of epoch {best}", run.best_file, "-best.keras"))
    for label, file, ending in files:
        if file.exists():
            st.download_button(
                label,
                file.read_bytes,
                file_name=run.id + ending,
                mime="application/octet-stream",
                icon=":material/download:",
                on_click="ignore",
            )
