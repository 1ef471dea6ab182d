"""Trainings that go wrong: each leaves a sentence in its folder."""

import errno
import os
import shutil

import keras
import pytest

from digitlib.errors import TrainingError
from digitlib.runs import folder
from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import create_run, load_run, request_stop
from digitlib.runs.lifecycle import carry_out
from digitlib.training import loop, networks


def fail(run, sentence: str, **calls) -> None:
    """Train, and check that it ends as failed with a sentence that matches."""
    with pytest.raises(TrainingError, match=sentence) as caught:
        carry_out(run, **calls)
    status = load_run(run.id).status
    assert status.state == "failed"
    assert status.message == str(caught.value)
    assert status.finished is not None
    assert not (run.folder / "heartbeat").exists()


def test_a_loss_out_of_bounds_ends_the_training(make_run, monkeypatch):
    def exploding(config):
        return keras.Sequential([
            keras.layers.Input((28, 28, 1)),
            keras.layers.Rescaling(1e30),
            keras.layers.Flatten(),
            keras.layers.Dense(10, activation="softmax"),
        ])  # fmt: skip

    registered = networks.Network(exploding, networks.NETWORKS["softmax"].defaults)
    monkeypatch.setitem(networks.NETWORKS, "softmax", registered)
    run = make_run(learning_rate=1.0, optimiser="sgd", epochs=20)

    fail(run, "grew beyond all bounds. Choose a smaller learning rate")

    assert run.read_epochs().empty


def test_a_network_that_is_gone_is_named(make_run):
    fail(make_run(network="lenet"), "no network 'lenet'; choose one of champion, cnn, dense")


def test_every_setting_out_of_range_is_named(runs):
    run = create_run(TrainingConfig("softmax", epochs=0, seed=-1))

    with pytest.raises(TrainingError, match=r"Epochs must be .* Seed must be"):
        carry_out(run)
    assert '"failed"' in (run.folder / "status.json").read_text()


def disk_is_full(*_, **__):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


@pytest.mark.parametrize("step", ["save_model", "write_probabilities", "write_json"])
def test_a_full_disk_is_named(step, make_run, monkeypatch):
    monkeypatch.setattr(loop, step, disk_is_full)

    fail(make_run(), "The disk is full. Make room, then train again.")


def test_a_disk_that_filled_up_while_the_run_waited_is_named(make_run, monkeypatch):
    write_status = folder.write_status

    def write_if_there_is_room(path, status) -> None:
        if (path / "reserve").exists():
            disk_is_full()
        write_status(path, status)

    run = make_run()
    assert (run.folder / "reserve").stat().st_size > 10_000
    monkeypatch.setattr(folder, "write_status", write_if_there_is_room)

    fail(run, "The disk is full. Make room, then train again.")


def test_a_disk_that_fills_up_while_training_is_named(make_run):
    fail(make_run(), "The disk is full", on_row=disk_is_full)


def test_too_little_memory_is_named(make_run, monkeypatch):
    def no_memory(config):
        raise MemoryError

    monkeypatch.setattr(loop, "build_model", no_memory)

    fail(make_run(), "not enough memory. Choose a smaller batch size")


def test_an_error_nobody_thought_of_is_named_in_one_line(make_run):
    def surprise(row):
        raise KeyError("first line\nsecond line")

    fail(make_run(), "^The training broke off with KeyError: [^\n]*$", on_row=surprise)


def test_a_run_whose_folder_is_deleted_ends_in_a_sentence(make_run):
    run = make_run()

    with pytest.raises(TrainingError, match="run folder cannot be written: No such file"):
        carry_out(run, on_row=lambda row: shutil.rmtree(run.folder, ignore_errors=True))
    assert not run.folder.exists()


def test_a_run_told_to_stop_before_it_began_trains_nothing(make_run):
    run = make_run()
    request_stop(run)

    ended = carry_out(run, on_model=lambda model: pytest.fail("a model was built"))

    assert ended.status.state == "stopped"
    assert "before it began" in load_run(run.id).status.message
    assert not run.model_file.exists()
