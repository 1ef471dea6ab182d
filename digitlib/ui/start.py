"""Starting a training: once, however often the button is clicked."""

import threading
import time

import streamlit as st

from digitlib.errors import ConfigError, DigitLabError
from digitlib.runs.catalogue import check_config
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import create_run
from digitlib.ui.problems import show_problem, show_warning
from digitlib.ui.training import remember_run

SECOND_CLICK_SECONDS = 3.0


def show_start_button(config: TrainingConfig) -> bool:
    """Show the button that trains, or what is wrong with the settings; return whether to start."""
    try:
        check_config(config)
    except ConfigError as error:
        st.button("Start training", type="primary", width="stretch", disabled=True)
        show_warning(error)
        return False
    # No callback: that would get the settings as they were when the page last ran to its end.
    return st.button(
        "Start training", type="primary", icon=":material/play_arrow:", width="stretch"
    )


def start_run(config: TrainingConfig) -> None:
    """Make a run and have it trained, or say why not; it becomes the one that is shown."""
    starter = st.session_state.setdefault("starter", _Starter())
    try:
        with st.spinner("Starting"):
            run_id = starter.start(config)
    except DigitLabError as error:
        show_problem(error)
    else:
        remember_run(run_id)


class _Starter:
    """Starts the trainings of one visitor, one after the other.

    At a click Streamlit runs the page in a new thread, even if the thread of the click before still
    waits for the engine to start. So clicks wait for each other here, and none of this is kept in
    the session, which the older thread may no longer touch.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._config, self._run_id, self._ended = None, "", 0.0

    def start(self, config: TrainingConfig) -> str:
        """Make a run and submit it; return its id, or that of the click just before.

        Raises:
            DigitLabError: the run cannot be made, or no engine takes it.
        """
        # Imported here: a visitor who does not train need not wait for Dask.
        from digitlib.runs.engine import submit_run

        with self._lock:
            since = time.monotonic() - self._ended
            if config == self._config and since < SECOND_CLICK_SECONDS:
                return self._run_id
            run = create_run(config)
            try:
                submit_run(run)
            finally:
                self._config, self._run_id, self._ended = config, run.id, time.monotonic()
            return run.id
