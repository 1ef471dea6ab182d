from pathlib import Path

import psutil
from playwright.sync_api import expect

from tests.browser.conftest import find_processes
from tests.browser.pen import draw

# Bytes. A first visitor's drawing, browsing and training take 260 MB; here dozens have been before.
ENOUGH = 400 * 2**20


def loads_tensorflow(process: psutil.Process) -> bool:
    """Whether a process has mapped TensorFlow's library into its memory."""
    return "libtensorflow" in Path(f"/proc/{process.pid}/maps").read_text()


def test_drawing_browsing_and_training_load_no_tensorflow_into_it(open_page, server, trained):
    page = open_page(f"mistakes?model={trained}")
    expect(page.locator(".st-key-gallery-sheet .sheet button").first).to_be_visible()
    page.get_by_role("link", name="Draw", exact=True).click()
    draw(page, 3)
    expect(page.locator(".answer-digit")).to_be_visible()

    web = psutil.Process(server.process.pid)
    assert not loads_tensorflow(web)
    assert web.memory_info().rss < ENOUGH
    engine = [process for process in find_processes(server.runs) if process != web]
    assert any(loads_tensorflow(process) for process in engine)  # or this test sees nothing
