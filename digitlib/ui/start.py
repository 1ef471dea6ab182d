"""Starting a training: once, however often the button is clicked."""

import threading
import time
from contextlib import suppress

import streamlit as st

from digitlib.data import Digits
from digitlib.data.collection import choose_lesson
from digitlib.errors import ConfigError, DigitLabError, EngineError, QueueFullError
from digitlib.runs.catalogue import check_config
from digitlib.runs.config import TrainingConfig
from digitlib.runs.limits import read_limits
from digitlib.runs.queue import admit_run, check_length
from digitlib.ui.collection import load_drawings
from digitlib.ui.loaders import load_refusal, load_runs
from digitlib.ui.problems import escape_markdown, show_problem, show_warning
from digitlib.ui.shown_run import remember_run
from digitlib.ui.visitor import name_visitor, remember_visitor
from digitlib.ui.warm import wait_for_engine

SECOND_CLICK_SECONDS = 3.0
REFUSED_SECONDS = 3.0


def show_start_button(config: TrainingConfig) -> bool:
    """Show the button that trains, or what is in the way; return whether to start."""
    remember_visitor()
    try:
        check_config(config)
        check_length(config, read_limits())
    except ConfigError as error:
        st.button("Start training", type="primary", width="stretch", disabled=True)
        show_warning(error)
        return False
    if load_refusal(name_visitor()):
        st.fragment(_wait_for_room, run_every=REFUSED_SECONDS)()
        return False
    # No callback: that would get the settings as they were when the page last ran to its end.
    return st.button(
        "Start training", type="primary", icon=":material/play_arrow:", width="stretch"
    )


def start_run(config: TrainingConfig, drawings: Digits | None = None) -> bool:
    """Make a run and have it trained; it becomes the one that is shown. Return whether it was made.

    Args:
        config, drawings: as in ``queue_run``.
    """
    run_id = queue_run(config, drawings)
    if run_id is None:
        return False
    remember_run(run_id)
    if load_refusal(name_visitor()):
        st.rerun()  # it took the last place, and the button is still there
    return True


def queue_run(config: TrainingConfig, drawings: Digits | None = None) -> str | None:
    """Make a run and have it trained; return its id. None if that cannot be, and then it says why.

    Args:
        config: what is asked.
        drawings: to learn from; those of the class just now, or those of the run it goes on from,
            if left out.
    """
    starter = st.session_state.setdefault("starter", _Starter(name_visitor()))
    try:
        if config.drawn_digits and not config.parent and drawings is None:
            drawings = choose_lesson(load_drawings())
        with st.spinner("Starting"):
            return starter.start(config, drawings)
    except QueueFullError as error:
        show_warning(error)
    except DigitLabError as error:
        show_problem(error)
    finally:
        load_refusal.clear()  # as things stood when the button was drawn
        load_runs.clear()
    return None


def _wait_for_room() -> None:
    """Show that there is no room for one more run, until there is."""
    refusal = load_refusal(name_visitor())
    if not refusal:
        st.rerun()
    st.button("Start training", type="primary", width="stretch", disabled=True)
    st.caption(escape_markdown(refusal))


class _Starter:
    """Starts the trainings of one visitor, one after the other.

    At a click Streamlit runs the page in a new thread, even if the thread of the click before still
    waits for the engine to start. So clicks wait for each other here, and none of this is kept in
    the session, which the older thread may no longer touch.
    """

    def __init__(self, visitor: str):
        self._visitor = visitor
        self._lock = threading.Lock()
        self._config, self._run_id, self._ended = None, "", 0.0

    def start(self, config: TrainingConfig, drawings: Digits | None = None) -> str:
        """Make a run and submit it; return its id, or that of the click just before.

        Raises:
            DigitLabError: there is no room for the run, it cannot be made, or no engine takes it.
        """
        with self._lock:
            since = time.monotonic() - self._ended
            if config == self._config and since < SECOND_CLICK_SECONDS:
                return self._run_id
            run = admit_run(config, self._visitor, drawings)
            try:
                with suppress(EngineError):  # it is met again below
                    wait_for_engine()
                # Imported here: a visitor who does not train need not wait for Dask.
                from digitlib.runs.engine import submit_run

                submit_run(run)
            finally:
                self._config, self._run_id, self._ended = config, run.id, time.monotonic()
            return run.id
