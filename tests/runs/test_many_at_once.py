"""Many processes at once, and many visitors: one engine, one order, each run trained once."""

import re
import socket
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

from digitlib.runs import engine
from digitlib.runs.engine import recover_queue, stop_run, submit_run
from digitlib.runs.folder import MODELS_FOLDER, list_runs, load_run
from digitlib.runs.queue import admit_run
from tests.runs.conftest import (
    BRIEF,
    LONG,
    PATIENCE,
    check_answers,
    check_rows,
    find_commands,
    find_trainer,
    kill_engine,
    submit,
    submit_code,
    wait_for_end,
    wait_until,
)

PROJECT = MODELS_FOLDER.parent
SOME_EPOCHS = replace(BRIEF, epochs=3)


def let_go(processes: list[subprocess.Popen]) -> None:
    """Let processes that wait for a line go on, all at the same moment."""
    for process in processes:
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        process.stdin.write("\n")
        process.stdin.flush()


def check_there_is_one_engine(runs: Path) -> None:
    assert len(find_commands(runs, "dask_scheduler")) == 1
    assert len(find_commands(runs, "dask_worker")) == 1


def test_two_that_submit_at_the_same_moment_start_one_engine(engine_runs, start_python):
    visitors = [start_python(submit_code(BRIEF)) for _ in range(2)]

    let_go(visitors)

    runs = [load_run(visitor.stdout.readline().strip()) for visitor in visitors]
    check_there_is_one_engine(engine_runs)
    assert [wait_for_end(run).status.state for run in runs] == ["done", "done"]
    check_there_is_one_engine(engine_runs)


def test_two_servers_and_the_terminal_share_the_runs_and_the_engine(engine_runs, start):
    kill_engine(engine_runs)
    with ThreadPoolExecutor() as threads:
        servers = list(threads.map(lambda _: serve(start), range(2)))
        # The page starts an engine where none runs.
        pages = threads.map(open_training_page, servers)
        queue = ["train", "--queue", "--network", "softmax", "--epochs", "1"]
        queue += ["--training-digits", "500"]
        queued = [threads.submit(run_terminal, *queue) for _ in range(2)]
        ours = submit(BRIEF)
        assert all("Train a network" in page for page in pages)
        theirs = [re.match(r"Run (\S+) is in the queue", future.result())[1] for future in queued]
        ids = [ours.id, *theirs]
        assert {run.id for run in list_runs().runs} >= set(ids)

        assert [wait_for_end(load_run(run_id)).status.state for run_id in ids] == ["done"] * 3
        shown = [*threads.map(open_training_page, servers), run_terminal("runs")]

    for run_id in ids:
        assert all(run_id in words for words in shown)
    check_there_is_one_engine(engine_runs)


def serve(start) -> str:
    """Start a server as people do and return where it is, once it answers."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        place = f"127.0.0.1:{free.getsockname()[1]}"
    command = [sys.executable, "-m", "streamlit", "run", str(PROJECT / "streamlit_app.py")]
    start(*command, "--server.headless", "true", "--server.port", place.rpartition(":")[2])
    wait_until(lambda: is_healthy(place))
    return place


def is_healthy(place: str) -> bool:
    with suppress(OSError), urllib.request.urlopen(f"http://{place}/_stcore/health") as answer:
        return answer.status == 200
    return False


def open_training_page(place: str) -> str:
    """Open the page Train as a browser does; return all that the server sends, as it comes."""
    sent = b""
    with connect(f"ws://{place}/_stcore/stream", subprotocols=["streamlit"], max_size=None) as link:
        visit = BackMsg()
        visit.rerun_script.page_name = "train"
        link.send(visit.SerializeToString())
        message = ForwardMsg()
        while message.WhichOneof("type") != "script_finished" or (
            message.script_finished == ForwardMsg.FINISHED_EARLY_FOR_RERUN
        ):
            sent += (received := link.recv(timeout=PATIENCE))
            message = ForwardMsg.FromString(received)
    return sent.decode(errors="replace")


def run_terminal(*arguments: str) -> str:
    process = subprocess.run(
        [sys.executable, "-m", "digitlib", *arguments],
        cwd=PROJECT, capture_output=True, text=True, check=True, timeout=PATIENCE,
    )  # fmt: skip
    return process.stdout


def test_nobodys_second_run_is_trained_before_anybodys_first(engine_runs):
    first = admit_run(LONG, "ada")
    submit_run(first)
    wait_until(lambda: load_run(first.id).status.state == "running")
    runs = {"ada1": first}
    for name in ("ada2", "ada3", "ben1", "eve1"):
        runs[name] = admit_run(BRIEF, name[:-1])
        submit_run(runs[name])

    stop_run(load_run(first.id))

    started = {name: wait_for_end(run).status.started for name, run in runs.items()}
    assert sorted(started, key=started.get) == ["ada1", "ben1", "eve1", "ada2", "ada3"]


def train_code(folder: Path, patience: float) -> str:
    """Return Python that says "ready", waits for a line and trains the run as a worker does."""
    return (
        "from digitlib.runs import lifecycle, worker;"
        f"lifecycle.HOLD_SECONDS = {patience};"
        "print('ready', flush=True); input();"
        f"worker.train_in_worker({str(folder)!r}, worker.CODE); print('over', flush=True)"
    )


def test_a_run_that_two_workers_take_up_at_once_is_trained_once(engine_runs, start_python):
    run = admit_run(SOME_EPOCHS, "ada")
    workers = [start_python(train_code(run.folder, patience=PATIENCE)) for _ in range(2)]

    let_go(workers)

    assert [worker.stdout.readline() for worker in workers] == ["over\n", "over\n"]
    run = load_run(run.id)
    assert (run.status.state, run.status.pickups) == ("done", 0)
    assert len(run.read_epochs()) == SOME_EPOCHS.epochs
    check_rows(run)
    check_answers(run)


def test_a_run_that_is_trained_already_is_left_to_its_worker(engine_runs, start_python):
    run = submit(LONG)
    wait_until(lambda: not run.read_batches().empty)
    trainer, status = find_trainer(run), load_run(run.id).status

    submit_run(run)
    other = start_python(train_code(run.folder, patience=0.1))
    let_go([other])

    assert other.stdout.readline() == "over\n"
    assert load_run(run.id).status == status
    assert find_trainer(run) == trainer
    rows = len(run.read_batches())
    wait_until(lambda: len(run.read_batches()) > rows)
    stop_run(load_run(run.id))
    run = wait_for_end(run)
    assert run.status.state == "stopped"
    check_rows(run)


def test_a_worker_that_is_slow_to_come_is_started_once(runs, monkeypatch):
    monkeypatch.setattr(engine, "WORKER_SECONDS", 0.1)  # it needs longer on any machine
    try:
        submit(BRIEF)
        for _ in range(3):  # pages that wait for the run
            recover_queue()
        check_there_is_one_engine(runs)
    finally:
        kill_engine(runs)
