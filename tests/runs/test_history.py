import shutil

import pytest

from digitlib.runs.config import TrainingConfig
from digitlib.runs.folder import BATCH_COLUMNS, EPOCH_COLUMNS, MODELS_FOLDER, Run, create_run
from digitlib.runs.history import MOST_GENERATIONS, find_line, read_history


def learn(name: str, learnt: float, parent: str = "", epochs: int = 2) -> Run:
    """A run that has learnt so many epochs of 4 batches, with a row for each batch."""
    run = create_run(TrainingConfig(epochs=epochs, parent=parent), name)
    batches = [",".join(BATCH_COLUMNS)]
    for done in range(round(4 * learnt)):
        batches.append(f"{done // 4 + 1},{done % 4 + 1},4,{done},1.0,0.5")
    (run.folder / "batches.csv").write_text("\n".join(batches) + "\n")
    rows = [",".join(EPOCH_COLUMNS)]
    rows += [f"{epoch},{epoch},1.0,0.5,1.0,0.5" for epoch in range(1, int(learnt) + 1)]
    (run.folder / "epochs.csv").write_text("\n".join(rows) + "\n")
    if learnt == epochs or learnt % 1:
        run.keras_file.touch()
    return run


QUARTERS = [quarter / 4 for quarter in range(1, 100)]


def test_a_run_alone_begins_at_zero(runs):
    history = read_history(learn("one", 2))

    assert history.batches["at"].tolist() == QUARTERS[:8]
    assert history.epochs["at"].tolist() == [1, 2]
    assert (history.joints, history.end) == ((), 2)
    assert list(history.batches)[:6] == list(BATCH_COLUMNS)
    assert list(history.epochs)[:6] == list(EPOCH_COLUMNS)


def test_a_run_that_has_not_begun_has_an_axis(runs):
    history = read_history(create_run(TrainingConfig(epochs=3)))

    assert history.batches.empty
    assert history.epochs.empty
    assert (history.joints, history.end) == ((), 3)


def test_a_child_goes_on_where_its_parent_ended(runs):
    learn("one", 2)

    history = read_history(learn("two", 1, parent="one", epochs=3))

    assert history.batches["at"].tolist() == QUARTERS[:12]
    assert history.epochs["at"].tolist() == [1, 2, 3]
    assert history.epochs["epoch"].tolist() == [1, 2, 1]
    assert (history.joints, history.end) == ((2,), 5)


def test_a_child_that_waits_shows_its_parents_curve(runs):
    learn("one", 2)

    history = read_history(create_run(TrainingConfig(epochs=3, parent="one")))

    assert history.batches["at"].tolist() == QUARTERS[:8]
    assert (history.joints, history.end) == ((2,), 5)


def test_a_grandchild_goes_on_from_both(runs):
    learn("one", 2)
    learn("two", 1, parent="one", epochs=1)

    history = read_history(learn("three", 2, parent="two", epochs=4))

    assert history.batches["at"].tolist() == QUARTERS[:20]
    assert history.epochs["at"].tolist() == [1, 2, 3, 4, 5]
    assert (history.joints, history.end) == ((2, 3), 7)


def test_a_parent_stopped_in_mid_epoch_joins_there(runs):
    learn("one", 1.75, epochs=5)

    history = read_history(learn("two", 2, parent="one"))

    assert history.batches["at"].tolist() == QUARTERS[:15]
    assert history.epochs["at"].tolist() == [1, 2.75, 3.75]
    assert (history.joints, history.end) == ((1.75,), 3.75)


def test_a_parent_that_was_interrupted_joins_at_its_last_whole_epoch(runs):
    one = learn("one", 1.75, epochs=5)
    one.keras_file.rename(one.checkpoint_file)  # which is what a child goes on from then

    history = read_history(learn("two", 2, parent="one"))

    assert history.batches["at"].tolist() == QUARTERS[:12]
    assert history.epochs["at"].tolist() == [1, 2, 3]
    assert (history.joints, history.end) == ((1,), 3)


def test_a_shipped_parent_is_found(runs):
    child = learn("mine", 1, parent="dense")

    assert [run.folder.parent for run in find_line(child)] == [MODELS_FOLDER, runs]
    assert read_history(child).joints == (5,)


@pytest.mark.parametrize("damage", ["deleted", "damaged"])
def test_of_a_parent_that_is_gone_nothing_is_known(damage, runs):
    learn("one", 2)
    two = learn("two", 1, parent="one")
    three = learn("three", 1, parent="two")
    if damage == "deleted":
        shutil.rmtree(runs / "one")
    else:
        (runs / "one" / "status.json").write_text("{")

    assert [run.id for run in find_line(three)] == ["two", "three"]
    assert read_history(three).joints == (1,)
    history = read_history(two)
    assert history.batches["at"].tolist() == QUARTERS[:4]
    assert (history.joints, history.end) == ((), 2)


@pytest.mark.parametrize("loop", [["one"], ["two", "one"]], ids=["itself", "each other"])
def test_runs_that_go_on_from_each_other_come_to_an_end(loop, runs):
    for name, parent in zip(["one", "two"], loop, strict=False):
        run = learn(name, 1, parent=parent)

    assert len(find_line(run)) == MOST_GENERATIONS
    assert read_history(run).end == MOST_GENERATIONS - 1 + 2
