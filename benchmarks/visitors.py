"""Many visitors at once, without a browser each: they speak Streamlit's own protocol.

A browser sends the server ``BackMsg``s and gets ``ForwardMsg``s over a web socket. Thirty Chromiums
would take the machine from the server they are to measure.
"""

import asyncio
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.asyncio.client import ClientConnection, connect

LARGEST = 50 * 2**20  # bytes of a message


class Visitor:
    """One visitor's session.

    Attributes:
        deltas: how many elements the server has sent.
        finished: how often the page's script has come to an end.
        texts: the HTML and the headings since the last ``send``, one after the other.
    """

    def __init__(self, socket: ClientConnection):
        self._socket = socket
        self._reruns: dict[str, asyncio.Task] = {}
        self._page = ""
        self._ended = asyncio.Event()
        self.deltas, self.finished, self.texts = 0, 0, ""

    async def send(self, message: BackMsg) -> None:
        """Send a message and wait until the script that it sets going has ended."""
        self._ended.clear()
        self.texts = ""
        await self._socket.send(message.SerializeToString())
        ended = asyncio.create_task(self._ended.wait())
        done, _ = await asyncio.wait([ended, self.listening], return_when=asyncio.FIRST_COMPLETED)
        if self.listening in done:
            self.listening.result()  # why it listens no more

    async def listen(self) -> None:
        """Take in what the server sends, and ask again for the parts that renew themselves."""
        async for payload in self._socket:
            message = ForwardMsg.FromString(payload)
            kind = message.WhichOneof("type")
            if kind == "delta":
                self.deltas += 1
                element = message.delta.new_element
                self.texts += element.html.body + element.heading.body
            elif kind == "new_session":
                self._page = message.new_session.page_script_hash
                if not message.metadata.run.fragment_ids:
                    self._forget_parts()  # as a browser does; those still there say so again
            elif kind == "auto_rerun":
                self._repeat(message.auto_rerun.fragment_id, message.auto_rerun.interval)
            elif kind == "stop_auto_rerun":
                for fragment in message.stop_auto_rerun.fragment_ids:
                    if fragment in self._reruns:
                        self._reruns.pop(fragment).cancel()
            elif kind == "script_finished":
                self.finished += 1
                self._ended.set()

    def close(self) -> None:
        self._forget_parts()

    def _forget_parts(self) -> None:
        for rerun in self._reruns.values():
            rerun.cancel()
        self._reruns.clear()

    def _repeat(self, fragment: str, seconds: float) -> None:
        if fragment not in self._reruns:
            self._reruns[fragment] = asyncio.create_task(self._rerun(fragment, seconds))

    async def _rerun(self, fragment: str, seconds: float) -> None:
        message = BackMsg()
        message.rerun_script.fragment_id = fragment
        message.rerun_script.is_auto_rerun = True
        message.rerun_script.page_script_hash = self._page
        while True:
            await asyncio.sleep(seconds)
            await self._socket.send(message.SerializeToString())


@contextmanager
def visiting(address: str, page: str, queries: Sequence[str]) -> Iterator[Callable[[], list[int]]]:
    """Open a page as many visitors and let it renew itself until the end of the block.

    Args:
        address: of the server.
        page: its name in an address.
        queries: what comes after it, such as ``run=mine``, for each visitor.

    Gives:
        A function that returns how many elements each visitor has been sent so far.
    """
    visitors: list[Visitor] = []
    ready, done = threading.Event(), threading.Event()

    async def stay() -> None:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(visit(query)) for query in queries]
            while len(visitors) < len(queries) or not all(visitor.finished for visitor in visitors):
                await asyncio.sleep(0.05)
            ready.set()
            await asyncio.to_thread(done.wait)
            for visitor in visitors:
                visitor.close()
            for task in tasks:
                task.cancel()

    async def visit(query: str) -> None:
        async with open_session(address) as visitor:
            visitors.append(visitor)
            await visitor.send(first_message(page, query))
            await visitor.listening  # for ever, unless it fails

    def run() -> None:
        with suppress(asyncio.CancelledError):
            asyncio.run(stay())

    thread = threading.Thread(target=run)
    thread.start()
    try:
        ready.wait(timeout=120)
        yield lambda: [visitor.deltas for visitor in visitors]
    finally:
        done.set()
        thread.join()


class open_session:
    """Connect to a server as a browser does: ``async with open_session(address) as visitor``."""

    def __init__(self, address: str):
        self._address = address.replace("http", "ws", 1) + "/_stcore/stream"

    async def __aenter__(self) -> Visitor:
        self._socket = await connect(
            self._address,
            subprotocols=["streamlit"],
            max_size=LARGEST,
            ping_interval=None,
            open_timeout=120,
        )
        self._visitor = Visitor(self._socket)
        self._listening = self._visitor.listening = asyncio.create_task(self._visitor.listen())
        return self._visitor

    async def __aexit__(self, *_) -> None:
        self._visitor.close()
        self._listening.cancel()
        await self._socket.close()


def first_message(page: str, query: str = "") -> BackMsg:
    """Return what a browser sends when it opens a page."""
    message = BackMsg()
    message.rerun_script.page_name = page
    message.rerun_script.query_string = query
    return message
