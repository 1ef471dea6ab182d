"""The two apps that are measured, each started as a person starts it: ``streamlit run``."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

PROJECT = Path(__file__).resolve().parents[1]
PORTS = range(8900, 9000)
START_SECONDS = 60.0


@dataclass(frozen=True)
class App:
    """An app to measure.

    Attributes:
        script: what ``streamlit run`` is given, relative to the project.
        answer: CSS selector of the element that holds the digit read, there only after an answer.
    """

    script: str
    answer: str


OURS = App("streamlit_app.py", ".answer-digit")
PEER = App("benchmarks/peer/app.py", "h2")


@dataclass(frozen=True)
class Server:
    """An app that runs.

    Attributes:
        address: where a browser finds it.
        process: the web process.
        started: when the process was started, by ``time.monotonic()``.
    """

    address: str
    process: psutil.Process
    started: float

    def seconds_since_start(self) -> float:
        return time.monotonic() - self.started


@contextmanager
def serve(app: App, runs: Path) -> Iterator[Server]:
    """Run an app until the end of the block, then end it and all that it started.

    Args:
        runs: the folder that trainings go to.
    """
    port = _find_port()
    script = PROJECT / app.script
    command = [sys.executable, "-m", "streamlit", "run", script.name]
    options = ["--server.headless", "true", "--server.port", str(port)]
    environment = os.environ | {"DIGITLIB_RUNS": str(runs), "TF_CPP_MIN_LOG_LEVEL": "2"}
    environment.pop("DASK_SCHEDULER_ADDRESS", None)
    started = time.monotonic()
    process = psutil.Popen(
        command + options,
        cwd=script.parent,  # where Streamlit looks for settings: the peer has none
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        server = Server(f"http://127.0.0.1:{port}", process, started)
        _wait_until_healthy(server)
        yield server
    finally:
        _end(process)


def _find_port() -> int:
    """Return a port that nobody listens on."""
    for port in PORTS:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise RuntimeError(f"every port of {PORTS} is taken")


def _wait_until_healthy(server: Server) -> None:
    while time.monotonic() < server.started + START_SECONDS:
        try:
            with urllib.request.urlopen(f"{server.address}/_stcore/health", timeout=5):
                return
        except urllib.error.URLError:
            time.sleep(0.02)
        if not server.process.is_running():
            break
    raise RuntimeError(f"the app at {server.address} did not start")


def _end(process: psutil.Process) -> None:
    """End a process and those it started: Dask's scheduler and worker would live on for a while."""
    family = [*process.children(recursive=True), process]
    for member in family:
        if member.is_running():
            member.terminate()
    _, alive = psutil.wait_procs(family, timeout=5)
    for member in alive:
        member.kill()
    process.wait()
