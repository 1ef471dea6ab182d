"""The real server and a real Chromium, and an eye on everything that must not happen in them."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from digitlib.runs.folder import MODELS_FOLDER

PROJECT = MODELS_FOLDER.parent
# Milliseconds; a machine that trains beside the browser, or does other work, is slow.
PATIENCE = 45_000

# Opened by the address of one of its pages, Streamlit's client first asks below that page for the
# server: https://github.com/streamlit/streamlit/issues/7074.
PROBES = re.compile(r"/(train|mistakes|drawings)/_stcore/(health|host-config)")

SWITCHES = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
]

DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

expect.set_options(timeout=PATIENCE)


def pytest_collection_modifyitems(items):
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@dataclass(frozen=True)
class Server:
    """A running app: where it is, its process, and the folder of its runs."""

    url: str
    process: subprocess.Popen
    runs: Path


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """Start the app as ``streamlit run`` does, and leave no process of it behind."""
    runs = folder / "runs"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "DIGITLIB_RUNS": str(runs)}
    environment.pop("DASK_SCHEDULER_ADDRESS", None)
    command = [sys.executable, "-m", "streamlit", "run", "streamlit_app.py"]
    command += ["--server.headless", "true", "--server.port", str(port)]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=log, stderr=log, start_new_session=True
        )
    url = f"http://localhost:{port}"
    try:
        _wait_until_healthy(url, process, folder / "server.log")
        yield Server(url, process, runs)
    finally:
        # Again until none is left, because a worker that dies is started anew by its nanny.
        while found := find_processes(runs):
            for process in found:
                process.kill()
            psutil.wait_procs(found, timeout=10)


def _wait_until_healthy(url: str, process: subprocess.Popen, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE / 1000
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/_stcore/health", timeout=5)
            return
        except OSError:
            time.sleep(0.1)
    pytest.fail(f"The server did not start:\n{log.read_text()}")


def find_processes(runs: Path) -> list[psutil.Process]:
    """Return the server and the engine it started: all that was told of this folder of runs."""

    def belongs(process: psutil.Process) -> bool:
        try:
            return process.environ().get("DIGITLIB_RUNS") == str(runs)
        except (psutil.Error, OSError):
            return False

    return [process for process in psutil.process_iter() if belongs(process)]


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with serve(tmp_path_factory.mktemp("server")) as server:
        yield server


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        installed = shutil.which("chromium")  # else Playwright's own
        yield playwright.chromium.launch(executable_path=installed, args=SWITCHES)


@pytest.fixture(scope="session")
def trained(server: Server, chromium: Browser) -> str:
    """The id of a small run that was started on the page and is done."""
    from tests.browser.trainer import live, start

    page = chromium.new_page()
    page.goto(f"{server.url}/train")
    settle(page)
    run = start(page, epochs=1, digits=2_000)
    expect(live(page)).to_contain_text("of the test digits read right", timeout=3 * PATIENCE)
    page.close()
    return run


@pytest.fixture
def open_page(server: Server, chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Open a page of the app for a new visitor: ``open_page("train", PHONE, "dark")``.

    In the end whatever was opened must have stayed on this machine and without complaints.
    """
    contexts, complaints = [], []

    def open_page(address: str = "", size=DESKTOP, theme: str = "light", **options) -> Page:
        context = chromium.new_context(viewport=size, color_scheme=theme, **options)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        watch(page, complaints)
        page.goto(address if "://" in address else f"{server.url}/{address}")
        settle(page)
        return page

    yield open_page
    for context in contexts:
        for page in context.pages:
            complaints += find_faults(page)
        context.close()
    assert complaints == []


def watch(page: Page, complaints: list[str]) -> None:
    """Collect what goes wrong on a page: errors on its console, calls to other machines."""

    def hear(message) -> None:
        probe = PROBES.fullmatch(urlsplit(message.location.get("url", "")).path)
        if message.type == "error" and not (probe and "404" in message.text):
            complaints.append(f"console: {message.text} {message.location}")

    def check(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname != "localhost":
            complaints.append(f"request to {url}")

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(f"error: {error}"))
    page.on("request", lambda request: check(request.url))
    page.on("websocket", lambda socket: check(socket.url))


def download(page: Page, kind: str, folder: Path) -> Path:
    """Click what ends in so many letters, such as ``.csv``; return the file under its own name."""
    with page.expect_download() as found:
        page.get_by_role("button", name=kind).click()
    path = folder / found.value.suggested_filename
    found.value.save_as(path)
    return path


def find_faults(page: Page) -> list[str]:
    """Return what is wrong with a page as it stands: tracebacks, things beyond its edges.

    A dialog that is open lies outside the page's main part and has edges of its own.
    """
    faults = page.evaluate(
        """() => {
            const faults = [], main = document.querySelector("[data-testid=stMain]");
            if (document.querySelector("[data-testid=stException]")) faults.push("an exception");
            if (!main) return ["no page"];
            if (/Traceback|Oh no/.test(document.body.innerText)) faults.push("a traceback");
            const dialogs = [...document.querySelectorAll("[role=dialog]")];
            for (const box of [document.documentElement, main, ...dialogs])
                if (box.scrollWidth > box.clientWidth)
                    faults.push(`scrolls sideways: ${box.scrollWidth} in ${box.clientWidth}`);
            const parts = "button, canvas, svg.marks, .bars, .digit, [data-testid=stSelectbox]";
            const screen = {left: 0, right: innerWidth};
            for (const place of [main, ...dialogs]) {
                const edges = place === main ? screen : place.getBoundingClientRect();
                for (const part of place.querySelectorAll(parts)) {
                    const {width, left, right} = part.getBoundingClientRect();
                    const inTable = part.closest("[data-testid=stDataFrame]");
                    if (!inTable && width && (left < edges.left || right > edges.right))
                        faults.push(`${part.outerHTML.slice(0, 80)}: ${left} to ${right}`);
                }
                for (const text of place.querySelectorAll("svg.marks text")) {
                    const {right, bottom} = text.closest("svg").getBoundingClientRect();
                    const box = text.getBoundingClientRect();
                    if (box.right > right + 1 || box.bottom > bottom + 1)
                        faults.push(`"${text.textContent}" is cut off`);
                }
            }
            for (const dialog of dialogs) {
                const {left, right} = dialog.getBoundingClientRect(), range = new Range();
                const walker = document.createTreeWalker(dialog, NodeFilter.SHOW_TEXT);
                while (walker.nextNode()) {
                    range.selectNodeContents(walker.currentNode);
                    for (const line of range.getClientRects())
                        if (line.left < left || line.right > right)
                            faults.push(`"${walker.currentNode.data}" is cut off`);
                }
            }
            return faults;
        }"""
    )
    return [f"{page.url}: {fault}" for fault in faults]


def settle(page: Page) -> None:
    """Wait until the page stands and its script has come to an end."""
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    # While a training is watched the script runs again and again: its progress is then enough.
    ended = page.locator("[data-test-script-state=notRunning]")
    watched = page.locator(".st-key-live [role=progressbar]")
    expect(ended.or_(watched).first).to_be_attached()
    expect(page.get_by_test_id("stSkeleton")).to_have_count(0)


def wait_until(condition: Callable[[], bool], page: Page, timeout: int = PATIENCE) -> None:
    """Wait for something that no locator tells."""
    deadline = time.monotonic() + timeout / 1000
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        page.wait_for_timeout(100)
