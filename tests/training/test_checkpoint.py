"""Trainings that go on: after their process has died, or as a new run."""

import dataclasses
import shutil
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from digitlib.data import load_mnist
from digitlib.errors import TrainingAbandoned, TrainingError, TrainingInterrupted
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.config import OPTIMISERS, TrainingConfig
from digitlib.runs.files import write_json
from digitlib.runs.folder import (
    BATCH_COLUMNS,
    Run,
    change_state,
    continue_config,
    create_run,
    load_run,
    read_run,
    request_stop,
    write_status,
)
from digitlib.runs.lifecycle import MOST_PICKUPS, carry_out
from digitlib.runs.queue import admit_run
from digitlib.runs.snapshots import (
    Snapshot,
    list_snapshots,
    load_panel,
    read_snapshot,
    write_snapshot,
)
from digitlib.training import loop
from digitlib.training.checkpoint import Best, restore_checkpoint, restore_parent, write_checkpoint
from digitlib.training.digits import to_input
from digitlib.training.loop import build_model
from digitlib.training.networks import NETWORKS
from digitlib.training.progress import StopRequested, StopWatcher
from tests.training.conftest import BRIEF

SEED = 3  # of a training whose best epoch is not the last


def build(seed: int = 0, **settings) -> keras.Model:
    keras.utils.set_random_seed(seed)
    model = build_model(TrainingConfig(**{"network": "softmax"} | settings))
    model.optimizer.build(model.trainable_variables)
    return model


def shake(model: keras.Model, seed: int = 1) -> None:
    """Give a model weights, and its optimiser a memory, like those of no other."""
    dice = np.random.default_rng(seed)
    for variable in model.weights + model.optimizer.variables:
        value = dice.integers(1, 100) if "int" in variable.dtype else dice.random(variable.shape)
        variable.assign(np.asarray(value, variable.dtype))


def weights_of(model: keras.Model) -> list[np.ndarray]:
    return model.get_weights()


def memory_of(model: keras.Model) -> list[np.ndarray]:
    return [np.asarray(variable) for variable in model.optimizer.variables]


def check_equal(one: list[np.ndarray], other: list[np.ndarray]) -> None:
    assert [array.dtype for array in one] == [array.dtype for array in other]
    assert all(np.array_equal(left, right) for left, right in zip(one, other, strict=True))


def load_weights(file: Path) -> list[np.ndarray]:
    return keras.saving.load_model(file).get_weights()


def learn(model: keras.Model) -> None:
    model.train_on_batch(*to_input(load_mnist("validation").take(slice(32))))


@pytest.fixture(scope="module")
def left(tmp_path_factory) -> Run:
    """A run of three epochs whose process died in the third; later ``done`` finds it."""
    config = dataclasses.replace(BRIEF, epochs=3, learning_rate=0.1, seed=SEED)

    def die_in_the_third_epoch(row):
        if (row["epoch"], row["batch"]) == (3, 2):
            raise TrainingAbandoned

    run = create_run(config, "done", tmp_path_factory.mktemp("done"))
    return carry_out(run, on_row=die_in_the_third_epoch)


@pytest.fixture(scope="module")
def rows() -> list[dict]:
    """The rows that the second process of ``done`` has told of."""
    return []


@pytest.fixture(scope="module")
def done(left, rows) -> Run:
    """A run that was picked up and has come to its end; its best epoch is not the last."""
    assert read_run(left.folder).status.state == left.status.state == "running"
    assert left.read_epochs()["epoch"].tolist() == [1, 2]
    return carry_out(left, on_row=rows.append)


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory) -> Run:
    """A run that was interrupted in its second epoch."""
    run = create_run(
        dataclasses.replace(BRIEF, epochs=3), "interrupted", tmp_path_factory.mktemp("interrupted")
    )

    def interrupt():
        if len(run.read_epochs()) == 1:
            raise TrainingInterrupted("The worker was told to go.")

    return carry_out(run, on_batch=interrupt)


def copy(run: Run, to: Path) -> Run:
    return read_run(Path(shutil.copytree(run.folder, to / run.id)))


def lose(run: Run, pickups: int = 0) -> Run:
    """Make a run one whose process has died."""
    status = dataclasses.replace(run.status, state="running", finished=None, pickups=pickups)
    write_status(run.folder, status)
    return read_run(run.folder)


# Checkpoints


@pytest.mark.parametrize("optimiser", OPTIMISERS)
@pytest.mark.parametrize("network", NETWORKS)
def test_a_checkpoint_gives_back_every_bit(network, optimiser, make_run):
    run = make_run()
    model = build(network=network, optimiser=optimiser)
    shake(model)
    weights, memory = weights_of(model), memory_of(model)
    best = Best(3, 0.97531, [weight / 3 for weight in weights])
    write_checkpoint(model, run, 5, best)
    shake(model, seed=2)

    restored = build(1, network=network, optimiser=optimiser, learning_rate=0.5)
    epoch, restored_best = restore_checkpoint(restored, run)

    assert (epoch, restored_best.epoch, restored_best.accuracy) == (5, 3, 0.97531)
    check_equal(weights_of(restored), weights)
    check_equal(memory_of(restored), memory)
    check_equal(restored_best.weights, best.weights)


def test_a_restored_model_learns_as_the_one_before(make_run):
    run = make_run()
    one, other = build(), build(1)
    learn(one)
    write_checkpoint(one, run, 1, Best(1, 0.5, weights_of(one)))
    restore_checkpoint(other, run)

    learn(one)
    learn(other)

    check_equal(weights_of(other), weights_of(one))


def test_without_a_checkpoint_a_model_stays_as_it_is(make_run):
    model = build()
    before = weights_of(model)

    assert restore_checkpoint(model, make_run()) is None
    check_equal(weights_of(model), before)


def test_a_damaged_checkpoint_gets_a_sentence_and_leaves_the_model_alone(make_run):
    run, model = make_run(), build()
    write_checkpoint(model, run, 1, Best(1, 0.5, weights_of(model)))
    content, before = run.checkpoint_file.read_bytes(), weights_of(model)
    lengths = [0, 1, 100, *range(1_000, len(content), 4_001), len(content) - 1]
    middle = len(content) // 2
    changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    for damaged in [content[:length] for length in lengths] + [b"text", changed]:
        run.checkpoint_file.write_bytes(damaged)
        with pytest.raises(TrainingError, match=f"The checkpoint of {run.id} is damaged"):
            restore_checkpoint(model, run)
        check_equal(weights_of(model), before)


@pytest.mark.parametrize("missing", ["epoch", "best_accuracy", "weights_0"])
def test_a_checkpoint_that_lacks_something_gets_a_sentence(missing, make_run):
    run, model = make_run(), build()
    write_checkpoint(model, run, 1, Best(1, 0.5, weights_of(model)))
    with np.load(run.checkpoint_file) as archive:
        content = {name: archive[name] for name in archive.files if name != missing}
    np.savez(run.checkpoint_file, **content)

    with pytest.raises(TrainingError, match="train a new run"):
        restore_checkpoint(model, run)


def test_a_checkpoint_of_another_network_gets_a_sentence(make_run):
    run, other = make_run(), build(network="dense")
    write_checkpoint(other, run, 1, Best(1, 0.5, weights_of(other)))

    with pytest.raises(TrainingError, match=f"weights of {run.id} are those of another network"):
        restore_checkpoint(build(), run)


def test_a_run_with_a_damaged_checkpoint_fails_with_the_sentence(interrupted, runs):
    run = lose(copy(interrupted, runs))
    run.checkpoint_file.write_bytes(run.checkpoint_file.read_bytes()[:-100])

    with pytest.raises(TrainingError, match="is damaged: train a new run"):
        carry_out(run)

    status = load_run(run.id).status
    assert (status.state, status.pickups) == ("failed", 1)
    assert "is damaged: train a new run" in status.message


# Going on from another run


def test_a_finished_run_gives_weights_and_memory_but_not_its_learning_rate(done):
    model = build(7, learning_rate=0.02)

    restore_parent(model, done)

    kept = keras.saving.load_model(done.keras_file)
    check_equal(weights_of(model), weights_of(kept))
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)
    for mine, theirs in zip(model.optimizer.variables, kept.optimizer.variables, strict=True):
        if mine is not model.optimizer.learning_rate:
            assert np.array_equal(mine, theirs)
    assert int(model.optimizer.iterations) == 3 * 16


def test_an_interrupted_run_gives_its_last_checkpoint(interrupted):
    assert not interrupted.keras_file.exists()
    model = build(7, learning_rate=0.02)

    restore_parent(model, interrupted)

    with np.load(interrupted.checkpoint_file) as archive:
        assert np.array_equal(model.get_weights()[0], archive["weights_0"])
    assert int(model.optimizer.iterations) == 16
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)


@pytest.mark.parametrize("optimiser", [name for name in OPTIMISERS if name != "adam"])
def test_another_optimiser_goes_on_from_the_weights(optimiser, done):
    model = build(7, optimiser=optimiser, learning_rate=0.02)

    restore_parent(model, done)

    check_equal(weights_of(model), load_weights(done.keras_file))
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)
    # What Adam remembers is of use to AdamW alone, which takes the same steps.
    assert int(model.optimizer.iterations) == (48 if optimiser == "adamw" else 0)


def test_a_parent_of_another_network_gets_a_sentence(done):
    with pytest.raises(TrainingError, match="weights of done are those of another network"):
        restore_parent(build(network="dense"), done)


def test_a_parent_without_weights_gets_a_sentence(make_run):
    with pytest.raises(TrainingError, match="has kept no weights to go on from"):
        restore_parent(build(), make_run())


def test_a_parent_with_a_damaged_model_gets_a_sentence(done, tmp_path):
    damaged = copy(done, tmp_path)
    content = damaged.keras_file.read_bytes()
    middle = len(content) // 2
    changed = content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]
    for damage in (b"", b"text", content[:1_000], content[:-1], changed):
        damaged.keras_file.write_bytes(damage)
        with pytest.raises(TrainingError, match=r"model\.keras is damaged: train a new run"):
            restore_parent(build(), damaged)


@pytest.mark.parametrize(("parent", "died"), [("done", False), ("interrupted", True)])
def test_a_run_is_continued_as_another_run(parent, died, request, runs):
    parent = copy(request.getfixturevalue(parent), runs)
    assert parent.can_go_on
    before = sorted((path.name, path.stat().st_mtime_ns) for path in parent.folder.iterdir())
    child = create_run(dataclasses.replace(continue_config(parent), epochs=1))
    if died:  # in the first epoch, with no checkpoint yet
        lose(child)

    child = carry_out(child)

    assert child.status.state == "done"
    assert child.config == dataclasses.replace(parent.config, parent=parent.id, epochs=1)
    assert child.read_epochs()["epoch"].tolist() == [1]
    # It begins as good as its parent was after its last whole epoch.
    parents = {read_snapshot(path).epoch: path for path in list_snapshots(parent)}
    ended = read_snapshot(parents[len(parent.read_epochs())])
    began = read_snapshot(list_snapshots(child)[0])
    assert began.epoch == 0
    np.testing.assert_allclose(began.probabilities, ended.probabilities, atol=1e-5)
    files = sorted((path.name, path.stat().st_mtime_ns) for path in parent.folder.iterdir())
    assert files == before


def test_a_child_whose_parent_was_deleted_fails_with_a_sentence(make_run):
    run = make_run(parent="gone")

    with pytest.raises(TrainingError, match="The run it was to go on from, gone, has been deleted"):
        carry_out(run)


def test_each_stretch_goes_through_the_digits_in_an_order_of_its_own(done, runs, monkeypatch):
    seeds = [done.config.seed]

    def remember(digits, config, seed, first_epoch):
        seeds.append(seed)
        raise TrainingAbandoned

    monkeypatch.setattr(loop, "feed", remember)
    parent = copy(done, runs)
    for name in ("next", "last"):  # names as long as one another, as those of most runs are
        child = create_run(dataclasses.replace(done.config, parent=parent.id), name)
        carry_out(child)
        shutil.copy(done.keras_file, child.keras_file)
        parent = child

    assert len(set(seeds)) == len(seeds) == 3


# Going on in another process


def test_a_run_that_is_picked_up_has_learnt_every_epoch_once(done, left, rows):
    assert (done.status.state, done.status.pickups) == ("done", 1)
    assert done.status.started == left.status.started
    assert read_run(done.folder).status == done.status
    assert done.metrics["epochs"] == 3
    epochs, batches = done.read_epochs(), done.read_batches()
    assert epochs["epoch"].tolist() == [1, 2, 3]
    places = [(epoch, batch) for epoch in (1, 2, 3) for batch in range(1, 17)]
    assert list(zip(batches["epoch"], batches["batch"], strict=True)) == places
    assert epochs["seconds"].is_monotonic_increasing
    assert batches["seconds"].is_monotonic_increasing
    assert done.metrics["training_seconds"] >= epochs["seconds"].iloc[-1]
    assert [(row["epoch"], row["batch"]) for row in rows] == places[32:]
    assert [read_snapshot(path).epoch for path in list_snapshots(done)] == [
        0, 0.0625, 0.125, 0.25, 0.375, 0.5, 0.75, 1, 2, 3,
    ]  # fmt: skip
    assert sorted(path.name for path in done.folder.iterdir()) == [
        "answers", "batches.csv", "best.keras", "config.json", "epochs.csv", "judgement.json",
        "metrics.json", "model.keras", "model.tflite", "snapshots", "status.json",
        "test_probabilities.npy",
    ]  # fmt: skip


def test_a_run_whose_process_died_in_its_first_epoch_begins_again(make_run):
    run = make_run(seed=8)
    torn = ",".join(BATCH_COLUMNS) + "\n1,1,16,0.5,2.3,0.1\n1,2,16,0.6,2.2,0.2\n1,3,16,0"
    (run.folder / "batches.csv").write_text(torn)
    write_snapshot(run, Snapshot(0.3, np.zeros((24, 10)), np.zeros((0, 1, 1))))

    ended = carry_out(lose(run, pickups=MOST_PICKUPS - 1))

    assert (ended.status.state, ended.status.pickups) == ("done", MOST_PICKUPS)
    assert run.read_batches()["batch"].tolist() == list(range(1, 17))
    snapshots = [read_snapshot(path) for path in list_snapshots(run)]
    assert 0.3 not in [snapshot.epoch for snapshot in snapshots]
    fresh = build(seed=8)(to_input(load_panel())[0])
    np.testing.assert_allclose(snapshots[0].probabilities, fresh, atol=1e-6)


def test_a_run_whose_process_died_after_the_last_epoch_has_only_to_be_kept(interrupted, runs):
    run, rows = copy(interrupted, runs), []
    write_json(run.folder / "config.json", run.config.to_dict() | {"epochs": 1})
    with np.load(run.checkpoint_file) as archive:
        learnt = archive["weights_0"]

    ended = carry_out(lose(run), on_row=rows.append)

    assert (ended.status.state, rows) == ("done", [])
    assert np.array_equal(load_weights(run.keras_file)[0], learnt)
    assert ended.metrics["epochs"] == 1


def test_a_run_whose_processes_die_again_and_again_is_given_up(interrupted, runs):
    run = lose(copy(interrupted, runs), pickups=MOST_PICKUPS)

    with pytest.raises(TrainingError, match="The process that trained it died 3 times"):
        carry_out(run, on_model=lambda model: pytest.fail("it was trained again"))

    found = load_run(run.id)
    assert found.status.state == "failed"
    assert found.status.message == (
        "The process that trained it died 3 times. It may need more memory than there is: choose a "
        "smaller batch size or fewer training digits."
    )
    assert found.can_go_on


@pytest.mark.parametrize("state", ["done", "stopped", "failed", "interrupted"])
def test_a_run_that_has_ended_is_left_alone(state, make_run):
    run = make_run()
    write_status(run.folder, dataclasses.replace(run.status, state=state))

    left = carry_out(run, on_model=lambda model: pytest.fail("it was trained"))

    assert left.status.state == load_run(run.id).status.state == state


def test_a_run_told_to_stop_while_nobody_trained_it_keeps_what_it_had_learnt(interrupted, runs):
    run = lose(copy(interrupted, runs))
    request_stop(run)

    ended = carry_out(run)

    assert ended.status.state == "stopped"
    assert ended.metrics["epochs"] == 1
    assert ended.readable


# Ends before the end


def test_an_interrupted_run_says_so_and_can_go_on(interrupted):
    found = read_run(interrupted.folder)

    assert (found.status.state, found.status.message) == (
        "interrupted",
        "The worker was told to go.",
    )
    assert found.status.finished is not None
    assert found.can_go_on
    assert not found.readable
    assert not (found.folder / "heartbeat").exists()


def test_a_training_whose_time_is_up_keeps_a_model(make_run, monkeypatch):
    monkeypatch.setenv("DIGITLIB_MAX_TRAINING_SECONDS", "1")
    run = make_run(epochs=100, batch_size=8)

    ended = carry_out(run)

    assert (ended.status.state, ended.status.message) == (
        "stopped",
        "It was stopped because a training may take no more than 1 seconds here; the model is "
        "as good as it got.",
    )
    assert 1 <= ended.metrics["training_seconds"] < 10
    assert ended.readable


def test_the_limit_is_that_of_the_server_where_it_was_started(runs, monkeypatch):
    monkeypatch.setenv("DIGITLIB_MAX_TRAINING_SECONDS", "1")
    run = admit_run(replace(BRIEF, epochs=100, batch_size=8), "ada")
    monkeypatch.delenv("DIGITLIB_MAX_TRAINING_SECONDS")  # as in a worker elsewhere

    ended = carry_out(load_run(run.id))

    assert ended.status.state == "stopped"
    assert "a training may take no more than 1 seconds here" in ended.status.message


def test_the_time_before_a_process_died_counts(interrupted, runs, monkeypatch):
    run = lose(copy(interrupted, runs))
    epochs = run.read_epochs()
    epochs["seconds"] += 600
    epochs.to_csv(run.folder / "epochs.csv", index=False)
    monkeypatch.setenv("DIGITLIB_MAX_TRAINING_SECONDS", "300")

    ended = carry_out(run)

    assert (ended.status.state, ended.metrics["epochs"]) == ("stopped", 1)
    assert "a training may take no more than 5 minutes here" in ended.status.message


def test_a_run_is_stopped_before_it_reads_the_test_digits(make_run, monkeypatch):
    run = make_run(epochs=100)
    run.stop_file.touch()
    seen = []
    monkeypatch.setattr(
        loop, "Recogniser", lambda file: seen.append(read_run(run.folder)) or Recogniser(file)
    )

    # Not stopped while queued, but at the first batch.
    loop.train(run, on_stopped=lambda reason: change_state(run, "stopped", reason))

    assert [(found.status.state, found.unmeasured) for found in seen] == [("stopped", True)]
    assert not read_run(run.folder).unmeasured


def test_what_a_process_that_died_has_not_measured_another_does(make_run, monkeypatch):
    run = make_run(epochs=100)

    def die(run):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(loop, "measure_run", die)
        with pytest.raises(KeyboardInterrupt):
            carry_out(run, on_row=lambda row: row["epoch"] == 2 and run.stop_file.touch())
    left = read_run(run.folder)
    assert (left.status.state, left.unmeasured, left.readable) == ("stopped", True, False)

    ended = carry_out(left)

    assert (ended.status, ended.unmeasured, ended.readable) == (left.status, False, True)
    assert len(ended.judgement["weights"]) == 784 + 10
    assert ended.metrics["epochs"] == ended.metrics["best_epoch"] == 1
    assert not ended.checkpoint_file.exists()
    assert carry_out(ended).metrics == ended.metrics


def test_a_stop_is_heard_while_the_validation_digits_are_read(make_run):
    run = make_run(epochs=2)

    class StopAtValidation(keras.callbacks.Callback):
        def on_test_begin(self, logs=None):
            run.stop_file.touch()

    watcher = StopWatcher(run, seconds=100)
    model = build_model(run.config)
    digits, labels = to_input(load_mnist("validation"))
    with pytest.raises(StopRequested):
        model.evaluate(digits, labels, callbacks=[StopAtValidation(), watcher], verbose=0)


# The best and the last


def measure_accuracy(file: Path) -> float:
    digits, labels = to_input(load_mnist("validation"))
    answers = keras.saving.load_model(file)(digits)
    return (np.argmax(answers, axis=1) == labels).mean()


def test_the_best_epoch_is_kept_beside_the_last(done):
    accuracies = done.read_epochs()["validation_accuracy"].tolist()

    best = accuracies.index(max(accuracies)) + 1
    assert best < 3, "choose settings whose best epoch is not the last"
    assert done.metrics["best_epoch"] == best
    assert measure_accuracy(done.best_file) == pytest.approx(max(accuracies), abs=1e-4)
    assert measure_accuracy(done.keras_file) == pytest.approx(accuracies[-1], abs=1e-4)


def test_a_stopped_run_keeps_its_best_epoch_and_where_it_stopped(make_run):
    run = make_run(epochs=50, learning_rate=0.1, seed=SEED)

    def stop_in_the_fourth_epoch(row):
        if (row["epoch"], row["batch"]) == (4, 8):
            request_stop(run)

    ended = carry_out(run, on_row=stop_in_the_fourth_epoch)

    accuracies = ended.read_epochs()["validation_accuracy"].tolist()
    assert len(accuracies) == 3
    assert ended.metrics["best_epoch"] == accuracies.index(max(accuracies)) + 1
    assert measure_accuracy(run.best_file) == pytest.approx(max(accuracies), abs=1e-4)
    assert int(keras.saving.load_model(run.keras_file).optimizer.iterations) == 3 * 16 + 8


def test_a_run_interrupted_in_its_first_epoch_can_be_continued(make_run):
    def cut_off(row) -> None:
        raise TrainingInterrupted("Cut off.")

    interrupted = carry_out(make_run(), on_row=cut_off)

    assert interrupted.status.state == "interrupted"
    assert not interrupted.checkpoint_file.exists()
    assert interrupted.can_go_on
