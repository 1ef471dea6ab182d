"""A queue whose engine or worker has gone away gets another, while pages look on."""

import threading
import time

import streamlit as st

from digitlib.errors import DigitLabError

SECONDS = 10.0  # between two looks, however many pages are open


def watch_queue() -> str:
    """See to it that somebody trains what waits; return what is wrong if that cannot be had.

    It is done in the background, since an engine takes seconds to start: a page that asks again
    gets to know how it went.
    """
    return _get_watch().look()


class _Watch:
    def __init__(self):
        self._lock = threading.Lock()
        self._next_look = 0.0
        self._problem = ""

    def look(self) -> str:
        with self._lock:
            if time.monotonic() >= self._next_look:
                self._next_look = float("inf")  # until this look is over
                threading.Thread(target=self._recover, daemon=True).start()
        return self._problem

    def _recover(self) -> None:
        from digitlib.runs.engine import recover_queue

        try:
            recover_queue()
            self._problem = ""
        except DigitLabError as error:
            self._problem = str(error)
        finally:
            self._next_look = time.monotonic() + SECONDS


@st.cache_resource(show_spinner=False)
def _get_watch() -> _Watch:
    return _Watch()
