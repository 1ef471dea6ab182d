import dataclasses
import os
import re
from pathlib import Path

import pytest

from digitlib.errors import ConfigError
from digitlib.runs import limits
from digitlib.runs.limits import Limits, read_collecting, read_limits

DEFAULTS = Limits(
    queued=60,
    queued_per_visitor=3,
    epochs=100,
    training_seconds=3_600,
    runs_megabytes=5_000,
    idle_seconds=600,
)


@pytest.fixture(autouse=True)
def secrets(monkeypatch, tmp_path) -> Path:
    """The file of secrets of a server that has none yet, and no limit in its environment."""
    for name in [name for name in os.environ if re.match("DIGITLIB_(MAX_|COLLECT$)", name)]:
        monkeypatch.delenv(name)
    file = tmp_path / "secrets.toml"
    monkeypatch.setattr(limits, "SECRETS_FILE", file)
    return file


def test_without_settings_a_server_has_room_for_a_class():
    assert read_limits() == DEFAULTS


def test_the_secrets_of_the_project_are_those_that_streamlit_reads(monkeypatch):
    monkeypatch.undo()
    project = Path(__file__).parents[2]
    assert limits.SECRETS_FILE.relative_to(project).as_posix() == ".streamlit/secrets.toml"


@pytest.mark.parametrize("name", [field.name for field in dataclasses.fields(Limits)])
def test_every_limit_has_a_variable_and_a_secret_of_its_name(name, secrets, monkeypatch):
    secrets.write_text(f"DIGITLIB_MAX_{name.upper()} = 41\n")
    assert read_limits() == dataclasses.replace(DEFAULTS, **{name: 41})

    monkeypatch.setenv(f"DIGITLIB_MAX_{name.upper()}", "42")
    assert read_limits() == dataclasses.replace(DEFAULTS, **{name: 42})


def test_secrets_may_hold_other_things_too(secrets):
    secrets.write_text('password = "x"\nDIGITLIB_MAX_EPOCHS = "1_000"\n[section]\nqueued = "no"\n')

    assert read_limits() == dataclasses.replace(DEFAULTS, epochs=1_000)


@pytest.mark.parametrize("value", ["0", "-1", "ten", "", "1.5", "1e3", "1 000", "None", "9" * 5000])
def test_a_value_that_is_no_whole_number_gets_a_sentence(value, monkeypatch):
    monkeypatch.setenv("DIGITLIB_MAX_EPOCHS", value)

    with pytest.raises(ConfigError) as caught:
        read_limits()
    assert caught.value.problems == [
        f"DIGITLIB_MAX_EPOCHS must be a whole number from 1 up, not {value!r}."
    ]


@pytest.mark.parametrize("value", ["0", "true", "1.5", "[1]", "2026-01-01"])
def test_a_secret_that_is_no_whole_number_gets_a_sentence(value, secrets):
    secrets.write_text(f"DIGITLIB_MAX_QUEUED = {value}\n")

    with pytest.raises(ConfigError, match="DIGITLIB_MAX_QUEUED must be a whole number from 1 up"):
        read_limits()


def test_every_mistake_gets_a_sentence(secrets, monkeypatch):
    secrets.write_text("DIGITLIB_MAX_QUEUED = 0\nDIGITLIB_MAX_IDLE_SECONDS = -5\n")
    monkeypatch.setenv("DIGITLIB_MAX_RUNS_MEGABYTES", "plenty")

    with pytest.raises(ConfigError) as caught:
        read_limits()
    assert [problem.split()[0] for problem in caught.value.problems] == [
        "DIGITLIB_MAX_QUEUED",
        "DIGITLIB_MAX_RUNS_MEGABYTES",
        "DIGITLIB_MAX_IDLE_SECONDS",
    ]


@pytest.mark.parametrize("content", [b"DIGITLIB_MAX_QUEUED = ", b"\xff\xfe", b"[", b"a = 1\na = 2"])
def test_a_damaged_file_is_named(content, secrets):
    secrets.write_bytes(content)

    with pytest.raises(ConfigError, match=f"^{secrets} cannot be read: "):
        read_limits()


def test_a_file_that_cannot_be_opened_is_named(secrets):
    secrets.mkdir()

    with pytest.raises(ConfigError, match=r"cannot be read: .*Is a directory"):
        read_limits()


def test_drawings_are_kept_unless_the_server_says_no(secrets, monkeypatch):
    assert read_collecting()
    secrets.write_text('DIGITLIB_COLLECT = "off"\n')
    assert not read_collecting()
    monkeypatch.setenv("DIGITLIB_COLLECT", "On")
    assert read_collecting()
    monkeypatch.setenv("DIGITLIB_COLLECT", "off")
    assert not read_collecting()


def test_a_secret_may_be_a_truth_of_toml(secrets):
    secrets.write_text("DIGITLIB_COLLECT = false\n")
    assert not read_collecting()


def test_what_is_neither_on_nor_off_gets_a_sentence(monkeypatch):
    monkeypatch.setenv("DIGITLIB_COLLECT", "of")

    with pytest.raises(ConfigError, match=r"^DIGITLIB_COLLECT must be on or off, not 'of'.$"):
        read_collecting()
