"""Schedulers and workers on machines of one's own, started with Dask's commands.

Where root may make network namespaces, each process has a host of its own: an address, a loopback
and no way to another but the network. They share the disk, as such machines have to.
"""

import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

import psutil
import pytest

from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import MODELS_FOLDER, list_runs, load_run
from digitlib.runs.local_engine import answers
from tests.runs.conftest import (
    BRIEF,
    check_answers,
    check_rows,
    find_trainer,
    kill,
    run_python,
    wait_for_end,
    wait_for_epoch,
    wait_for_last_word,
    wait_until,
)

PROJECT = MODELS_FOLDER.parent
DASK = Path(sys.executable).with_name("dask")  # as README says
SHORT = replace(BRIEF, training_digits=2_000)
LONGER = replace(BRIEF, epochs=8, training_digits=10_000)
NETWORK = f"10.213.{os.getpid() % 256}"  # two test runs at once are in no one's way
HOSTS = 4


@dataclass(frozen=True)
class Host:
    """Where processes are started: its address, and the command that leads there, if any."""

    address: str
    enter: tuple[str, ...] = ()


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


def make_hosts(name: str) -> list[Host]:
    """Make network namespaces that reach each other and this machine over a bridge.

    Raises:
        OSError, CalledProcessError: that is not possible here.
    """
    ip("link", "add", name, "type", "bridge")
    ip("address", "add", f"{NETWORK}.254/24", "dev", name)
    ip("link", "set", name, "up")
    hosts = []
    for number in range(1, HOSTS + 1):
        host, outside = f"{name}-{number}", f"{name}v{number}"
        ip("netns", "add", host)
        ip("link", "add", outside, "type", "veth", "peer", "name", "eth0", "netns", host)
        ip("link", "set", outside, "master", name, "up")
        ip("-n", host, "address", "add", f"{NETWORK}.{number}/24", "dev", "eth0")
        ip("-n", host, "link", "set", "eth0", "up")
        ip("-n", host, "link", "set", "lo", "up")
        hosts.append(Host(f"{NETWORK}.{number}", ("ip", "netns", "exec", host)))
    check_they_meet(hosts)
    return hosts


def check_they_meet(hosts: list[Host]) -> None:
    """Raise CalledProcessError unless one host reaches another; a firewall may be in between."""
    listen = (
        "import socket, time; server = socket.create_server(('0.0.0.0', 7));"
        "print('ready', flush=True); time.sleep(60)"
    )
    call = f"import socket; socket.create_connection(('{hosts[0].address}', 7), timeout=5)"
    with subprocess.Popen(
        [*hosts[0].enter, sys.executable, "-c", listen], stdout=subprocess.PIPE
    ) as server:
        server.stdout.readline()
        try:
            for caller in ((), hosts[1].enter):
                subprocess.run(
                    [*caller, sys.executable, "-c", call], check=True, capture_output=True
                )
        finally:
            server.kill()


def drop_hosts(name: str) -> None:
    for number in range(1, HOSTS + 1):
        for words in (
            ("netns", "delete", f"{name}-{number}"),
            ("link", "delete", f"{name}v{number}"),
        ):
            with suppress(OSError, subprocess.CalledProcessError):
                ip(*words)
    with suppress(OSError, subprocess.CalledProcessError):
        ip("link", "delete", name)


@pytest.fixture(scope="module")
def hosts() -> Iterator[list[Host]]:
    name = f"dl{os.getpid() % 1_000_000}"
    try:
        try:
            found = make_hosts(name)
            print(f"Four hosts in network namespaces, {NETWORK}.1 to {NETWORK}.{HOSTS}")
        except (OSError, subprocess.CalledProcessError) as error:
            drop_hosts(name)
            found = [Host("127.0.0.1")] * HOSTS
            print(f"All on this host, for no network namespaces can be made ({error})")
        yield found
    finally:
        drop_hosts(name)


@pytest.fixture
def start_dask(tmp_path: Path) -> Iterator[Callable[..., psutil.Process]]:
    """Start ``dask scheduler`` or ``dask worker`` on a host; none outlives the test."""
    started = []

    def start_dask(host: Host, *words: str, **environment: str) -> psutil.Process:
        with (tmp_path / "dask.log").open("a") as log:
            process = subprocess.Popen(
                [*host.enter, str(DASK), *words, "--no-dashboard"],
                cwd=PROJECT, env=os.environ | {"PYTHONPATH": "."} | environment,
                stdout=log, stderr=log,
            )  # fmt: skip
        started.append(psutil.Process(process.pid))
        return started[-1]

    yield start_dask
    kill([each for process in started for each in family(process)])


def family(process: psutil.Process) -> list[psutil.Process]:
    try:
        return [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


@pytest.fixture
def worker_words(tmp_path: Path) -> list[str]:
    folder = tmp_path / "scratch"
    return [
        "--no-nanny",
        "--nthreads",
        "1",
        "--memory-limit",
        "0",
        "--local-directory",
        str(folder),
    ]


def submit_all_code(configs: list[TrainingConfig]) -> str:
    """Return Python that submits runs and says which, or why not."""
    return (
        "from digitlib.errors import EngineError\n"
        "from digitlib.runs.config import TrainingConfig\n"
        "from digitlib.runs.engine import submit_run\n"
        "from digitlib.runs.folder import create_run\n"
        f"for settings in {[config.to_dict() for config in configs]}:\n"
        "    run = create_run(TrainingConfig(**settings))\n"
        "    try:\n"
        "        submit_run(run)\n"
        "        print(run.id)\n"
        "    except EngineError as error:\n"
        "        print(error)\n"
    )


def find_free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_three_workers_train_six_runs_though_one_of_them_dies(
    hosts, start_dask, worker_words, runs, monkeypatch
):
    place, port = hosts[0], str(find_free_port())
    address = f"tcp://{place.address}:{port}"
    start_dask(place, "scheduler", "--host", place.address, "--port", port)
    wait_until(lambda: answers(address))
    monkeypatch.setenv("DASK_SCHEDULER_ADDRESS", address)
    for host in hosts[1:]:
        start_dask(host, "worker", address, "--host", host.address, *worker_words)

    ids = run_python(submit_all_code([LONGER] * 3 + [SHORT] * 3)).split()
    waited_for = load_run(ids[0])
    wait_for_epoch(waited_for)
    kill([find_trainer(waited_for)])

    ended = [wait_for_last_word(load_run(run_id)) for run_id in ids]
    assert [run.status.state for run in ended] == ["done"] * 6
    assert ended[0].status.pickups == 1
    for run in ended:
        check_rows(run)
        check_answers(run)
    assert not (runs / ".engine").exists()


def test_a_scheduler_without_the_project_or_without_a_worker_gets_a_sentence(
    start_dask, worker_words, runs, monkeypatch
):
    here, port = Host("127.0.0.1"), str(find_free_port())
    address = f"tcp://127.0.0.1:{port}"
    scheduler = start_dask(here, "scheduler", "--port", port, PYTHONPATH="")
    wait_until(lambda: answers(address))

    said = run_python(submit_all_code([SHORT]), DASK_SCHEDULER_ADDRESS=address)
    assert said.startswith(f"The scheduler at {address} does not find this project: start it in")

    kill([scheduler])
    start_dask(here, "scheduler", "--port", port)
    wait_until(lambda: answers(address))
    run = load_run(run_python(submit_all_code([SHORT]), DASK_SCHEDULER_ADDRESS=address))
    recover = "from digitlib.runs.engine import recover_queue; recover_queue()"
    with pytest.raises(subprocess.CalledProcessError) as caught:
        run_python(recover, DASK_SCHEDULER_ADDRESS=address)
    sentence = f"EngineError: The scheduler at {address} has no worker, so nothing is trained"
    assert sentence in caught.value.stderr

    start_dask(here, "worker", address, *worker_words)
    assert wait_for_end(run).status.state == "done"


@pytest.fixture
def certificates(tmp_path: Path) -> dict[str, str]:
    """Dask's own variables, which name a key and a certificate that vouches for itself."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]
    command += ["-subj", "/CN=digit-lab", "-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(key), "-out", str(certificate)]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        pytest.skip("there is no openssl to make certificates with")
    tls = {"CA_FILE": certificate}
    for role in ("SCHEDULER", "WORKER", "CLIENT"):
        tls |= {f"{role}__CERT": certificate, f"{role}__KEY": key}
    variables = {f"DASK_DISTRIBUTED__COMM__TLS__{name}": str(path) for name, path in tls.items()}
    return variables | {"DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "true"}


def test_runs_go_to_a_scheduler_that_speaks_tls(start_dask, worker_words, runs, certificates):
    here, port = Host("127.0.0.1"), str(find_free_port())
    address = f"tls://127.0.0.1:{port}"
    start_dask(
        here,
        "scheduler",
        "--host",
        here.address,
        "--protocol",
        "tls",
        "--port",
        port,
        **certificates,
    )
    start_dask(here, "worker", address, "--protocol", "tls", *worker_words, **certificates)
    wait_until(lambda: answers(address))

    said = run_python(submit_all_code([SHORT]), DASK_SCHEDULER_ADDRESS=address)
    assert said.startswith(f"Something listens at {address}, but it is no scheduler that can be")
    assert [run.status.state for run in list_runs().runs] == ["failed"]

    run_id = run_python(submit_all_code([SHORT]), DASK_SCHEDULER_ADDRESS=address, **certificates)
    run = wait_for_end(load_run(run_id))
    assert run.status.state == "done"
    check_answers(run)
