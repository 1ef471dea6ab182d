import json

import keras
import numpy as np
import pytest

from digitlib.data import Digits, load_mnist
from digitlib.data.augmentation import STRONG, UNCHANGED, Augmentation
from digitlib.errors import TrainingError
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.config import OPTIMISERS, TrainingConfig
from digitlib.runs.epoch_answers import list_answered_epochs, read_epoch_answers
from digitlib.runs.folder import (
    MODELS_FOLDER,
    load_run,
    read_run,
    request_stop,
)
from digitlib.runs.lifecycle import carry_out
from digitlib.runs.schedule import SCHEDULES
from digitlib.training import ready
from digitlib.training.digits import collect_digits, to_input
from digitlib.training.loop import build_model, count_multiplications, feed, feed_in_order
from digitlib.training.loop import train as train_run
from digitlib.training.networks import NETWORKS
from digitlib.vision.written import write_digits


def load_weights(run, best: bool = False) -> list[np.ndarray]:
    return keras.saving.load_model(run.best_file if best else run.keras_file).get_weights()


@pytest.mark.parametrize("network", NETWORKS)
def test_every_network_trains_into_a_whole_run_folder(network, make_run, test_input, calibrate):
    rate = NETWORKS[network].defaults.learning_rate
    run = make_run(network=network, batch_size=10, learning_rate=rate)
    models, rows = [], []

    returned = carry_out(run, on_model=models.append, on_row=rows.append)

    assert returned.status.state == "done"
    assert load_run(run.id).status == returned.status
    assert sorted(path.name for path in run.folder.iterdir()) == [
        "answers", "batches.csv", "best.keras", "config.json", "epochs.csv", "judgement.json",
        "metrics.json", "model.keras", "model.tflite", "snapshots", "status.json",
        "test_probabilities.npy",
    ]  # fmt: skip

    (model,) = models
    assert returned.metrics["parameters"] == model.count_params()
    assert returned.metrics["epochs"] == 1
    assert returned.metrics["test"]["count"] == 10_000
    assert returned.metrics["test"]["accuracy"] > 0.2  # chance gives 0.1

    batches = run.read_batches()
    assert batches.to_dict("records") == rows
    assert batches["batch"].tolist() == list(range(1, 51))  # 500 digits, ten at a time
    assert (batches["batches"] == 50).all()
    assert batches["seconds"].is_monotonic_increasing
    (epoch,) = run.read_epochs().to_dict("records")
    assert epoch["epoch"] == 1

    recogniser = Recogniser(run.model_file)
    answers = run.read_test_probabilities()
    np.testing.assert_allclose(recogniser.read(load_mnist("test").images), answers, atol=1e-6)
    kept = keras.saving.load_model(run.keras_file)
    by_keras = calibrate(kept.predict(test_input, verbose=0), run)
    np.testing.assert_allclose(answers[:1_000], by_keras, atol=1e-4)


@pytest.mark.parametrize("name", ["cnn", "dense"])
def test_litert_answers_as_keras_does(name, test_input, calibrate):
    run = read_run(MODELS_FOLDER / name)

    kept = keras.saving.load_model(run.keras_file)
    by_keras = calibrate(kept.predict(test_input, verbose=0), run)

    by_litert = Recogniser(run.model_file).read(load_mnist("test").images[:1_000])
    np.testing.assert_allclose(by_litert, by_keras, atol=1e-4)
    np.testing.assert_allclose(run.read_test_probabilities()[:1_000], by_keras, atol=1e-4)


def test_an_epochs_row_is_what_keras_measures(train):
    run = train(epochs=2)

    model = keras.saving.load_model(run.keras_file)
    loss, accuracy = model.evaluate(*to_input(load_mnist("validation")), verbose=0)
    last = run.read_epochs().iloc[-1]
    assert last["validation_loss"] == pytest.approx(loss, abs=1e-4)
    assert last["validation_accuracy"] == pytest.approx(accuracy, abs=1e-4)


def test_a_row_of_batches_is_the_mean_since_the_row_before(train):
    run = train(training_digits=2_000, batch_size=8)  # 250 batches, in rows of 5

    batches, epoch = run.read_batches(), run.read_epochs().iloc[0]
    sizes = np.diff(batches["batch"], prepend=0)
    assert len(batches) == 50
    for name in ("loss", "accuracy"):
        # All batches are of one size, so that their mean is the epoch's.
        assert np.average(batches[name], weights=sizes) == pytest.approx(epoch[name], abs=1e-3)


@pytest.mark.parametrize("augmentation", [UNCHANGED, STRONG])
def test_the_same_seed_gives_the_same_model(augmentation, train):
    settings = {"network": "dense", "epochs": 2, "augmentation": augmentation, "dropout": 0.3}

    one, same = train(seed=5, **settings), train(seed=5, **settings)

    for left, right in zip(load_weights(one), load_weights(same), strict=True):
        assert np.array_equal(left, right)
    columns = ["epoch", "loss", "accuracy", "validation_loss", "validation_accuracy"]
    assert one.read_epochs()[columns].equals(same.read_epochs()[columns])


def test_written_digits_are_added_to_those_of_mnist(train):
    config = TrainingConfig(training_digits=200, written_digits=30, seed=4)

    digits, mnist = collect_digits(config), load_mnist("training")

    np.testing.assert_array_equal(digits.images[:200], mnist.images[:200])
    np.testing.assert_array_equal(digits.images[200:], write_digits(30, seed=4).images)
    assert digits.labels[200:].tolist() == [*range(10)] * 3
    run = train(training_digits=200, written_digits=30, batch_size=10)
    assert (run.read_batches()["batches"] == 23).all()


def test_drawings_take_turns_until_there_are_enough():
    drawings = load_mnist("validation").take(slice(7))
    config = TrainingConfig(training_digits=200, written_digits=30, drawn_digits=17)

    digits = collect_digits(config, drawings)

    assert len(digits) == 247 == config.digits_per_epoch
    np.testing.assert_array_equal(digits.images[:200], load_mnist("training").images[:200])
    pixels = [image.tobytes() for image in drawings.images]
    seen = [pixels.index(image.tobytes()) for image in digits.images[230:]]
    assert digits.labels[230:].tolist() == drawings.labels[seen].tolist()
    assert set(np.bincount(seen)) == {2, 3}


def test_a_few_of_many_drawings_are_a_fair_sample():
    drawings = load_mnist("validation")
    drawings = drawings.take(np.argsort(drawings.labels))  # as the collection has them

    digits = collect_digits(TrainingConfig(training_digits=100, drawn_digits=500), drawings)

    assert np.bincount(digits.labels[100:], minlength=10).min() > 20


def test_a_network_learns_drawings_that_other_digits_do_not_show(train):
    """Sixes upside down are no nines to whoever has been told so."""
    sixes = load_mnist("validation")
    sixes = sixes.take(sixes.labels == 6).take(slice(20))
    turned = Digits(np.ascontiguousarray(sixes.images[:, ::-1, ::-1]), sixes.labels)

    def share_read_as_six(**settings) -> float:
        run = train(drawings=turned, epochs=3, training_digits=2_000, **settings)
        return (Recogniser(run.model_file).read(turned.images).argmax(axis=1) == 6).mean()

    assert share_read_as_six() < 0.2
    assert share_read_as_six(drawn_digits=500) > 0.8


def test_a_run_whose_drawings_are_gone_fails_with_a_sentence(make_run):
    run = make_run(drawings=load_mnist("validation").take(slice(7)), drawn_digits=50)
    run.drawings_file.unlink()

    with pytest.raises(TrainingError, match="The drawings to learn from are gone"):
        carry_out(run)


@pytest.mark.parametrize("first_epoch", [0, 2])
def test_the_last_epochs_are_plain(first_epoch):
    """Also where a broken off training goes on."""
    config = TrainingConfig(
        epochs=3, plain_epochs=1, training_digits=100, batch_size=50,
        augmentation=Augmentation(elastic=2.0, thickness=1.0, erasing=1.0),
    )  # fmt: skip
    digits = load_mnist("training").take(slice(100))

    batches = feed(digits, config, 0, first_epoch)

    pixels = digits.images.astype(np.float32) / 255
    for epoch in range(first_epoch, 3):
        shown = np.concatenate([images[..., 0] for images, _ in batches])
        known = (np.abs(shown[:, None] - pixels).max(axis=(2, 3)) < 1e-6).any(axis=1)
        assert known.mean() == 1.0 if epoch == 2 else known.mean() < 0.5


def test_nothing_is_tuned_beside_a_training():
    """The thread that does so may sleep for seconds after its epoch's end."""
    config, digits = TrainingConfig(), load_mnist("validation").take(slice(600))

    for batches in (feed(digits, config, seed=0), feed_in_order(digits, config)):
        assert batches.options().autotune.enabled is False


def test_digits_to_measure_on_come_as_they_are():
    digits = load_mnist("validation").take(slice(600))

    images, labels = zip(*feed_in_order(digits, TrainingConfig()), strict=True)

    assert [len(batch) for batch in images] == [500, 100]
    np.testing.assert_array_equal(np.concatenate(images), to_input(digits)[0])
    np.testing.assert_array_equal(np.concatenate(labels), digits.labels)


def test_another_seed_gives_another_model(train):
    one, other = train(seed=5), train(seed=6)

    assert not np.array_equal(load_weights(one)[0], load_weights(other)[0])


def test_the_limits_can_be_trained(train):
    run = train(training_digits=100, batch_size=1024, seed=2**31 - 1, augmentation=STRONG)

    assert run.read_batches()["batches"].tolist() == [1]
    assert run.status.state == "done"


@pytest.mark.parametrize("optimiser", OPTIMISERS)
def test_every_optimiser_is_the_one_of_its_name(optimiser):
    model = build_model(TrainingConfig("softmax", optimiser=optimiser, learning_rate=0.02))

    kind = type(model.optimizer).__name__.lower()
    assert kind == {"momentum": "sgd"}.get(optimiser, optimiser)
    assert getattr(model.optimizer, "momentum", 0) == (0.9 if optimiser == "momentum" else 0)
    assert float(model.optimizer.learning_rate) == pytest.approx(0.02)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_learning_rate_follows_its_schedule(schedule, make_run):
    ready._kept.clear()  # or one that is ready would be trained, not the one that is shown
    run = make_run(schedule=schedule, epochs=2, batch_size=100, learning_rate=0.02)
    rates, models = [], []

    train_run(
        run,
        on_model=models.append,
        on_row=lambda row: rates.append(float(models[0].optimizer.learning_rate)),
    )

    shares = [step / 10 for step in range(10)]  # what was set before each of ten batches
    assert rates == pytest.approx([0.02 * SCHEDULES[schedule](share) for share in shares])


def test_weights_fade_where_they_are_to():
    def sum_weights(**settings) -> float:
        model = build_model(TrainingConfig("softmax", learning_rate=0.1, **settings))
        paper = np.zeros((8, 28, 28, 1), np.float32)  # from which no weight is learnt
        model.fit(paper, np.zeros(8), epochs=5, verbose=0)
        return float(np.abs(model.get_weights()[0]).sum())

    keras.utils.set_random_seed(0)
    kept = sum_weights(optimiser="adam")
    for optimiser in ("adam", "adamw", "sgd", "momentum", "rmsprop"):
        keras.utils.set_random_seed(0)
        faded = sum_weights(optimiser=optimiser, weight_decay=0.5)
        assert faded == pytest.approx(kept * (1 - 0.5 * 0.1) ** 5, rel=1e-3)


def test_smoothed_labels_keep_the_network_less_sure(train, test_input):
    settings = {"network": "dense", "epochs": 8, "training_digits": 500, "dropout": 0.0}

    runs = [train(label_smoothing=share, **settings) for share in (0.0, 0.3)]

    sure, less_sure = (
        keras.saving.load_model(run.keras_file).predict(test_input, verbose=0).max(axis=1).mean()
        for run in runs
    )
    assert less_sure < sure - 0.1
    # Which the temperature puts right.
    assert runs[1].judgement["temperature"] < runs[0].judgement["temperature"]


def test_averaged_weights_are_the_mean_that_they_are_said_to_be(make_run):
    ready._kept.clear()
    run = make_run(weight_average=0.9, epochs=2, batch_size=100, optimiser="sgd")
    seen, models = [], []

    def look(row):
        seen.append([array.copy() for array in models[0].get_weights()])

    train_run(run, on_model=models.append, on_row=look)

    mean = seen[0]
    for weights in seen[1:]:
        mean = [0.9 * old + 0.1 * new for old, new in zip(mean, weights, strict=True)]
    for array, expected in zip(load_weights(run), mean, strict=True):
        np.testing.assert_allclose(array, expected, atol=1e-6)
    for array, expected in zip(load_weights(run, best=True), mean, strict=True):
        if run.metrics["best_epoch"] == 2:
            np.testing.assert_allclose(array, expected, atol=1e-6)


def test_a_stopped_training_keeps_the_averaged_weights(make_run):
    ready._kept.clear()
    run = make_run(weight_average=0.9, epochs=50)
    trained, models = [], []

    def stop_in_the_second_epoch(row):
        if (row["epoch"], row["batch"]) == (2, 3):
            trained.append(models[0].get_weights()[0].copy())
            request_stop(run)

    carry_out(run, on_model=models.append, on_row=stop_in_the_second_epoch)

    change = np.abs(load_weights(run)[0] - trained[0]).max()
    assert change > 1e-3  # not those that were trained
    assert load_run(run.id).metrics["test"]["accuracy"] > 0.2


def test_multiplications_are_counted_as_on_paper():
    cnn = 26 * 26 * 32 * 9 + 11 * 11 * 64 * 9 * 32 + 1_600 * 128 + 128 * 10
    # The same filters are put on 14x14, 7x7 and 3x3 places.
    look = 20 * 25 + 20 * 20  # each picture by itself, then all of them point by point
    tiny = 28 * 28 * 20 * 25 + (2 * 14 * 14 + 7 * 7 + 3 * 3) * look + 20 * 10

    for network, count in (("softmax", 7_840), ("cnn", cnn), ("tiny", tiny)):
        assert count_multiplications(build_model(TrainingConfig(network))) == count


@pytest.mark.parametrize(
    ("network", "batch_size", "digits", "steps"),
    [
        ("dense", 32, 55_000, 8),
        ("dense", 32, 5_000, 3),  # or its chart would have few points
        ("dense", 32, 500, 1),
        ("cnn", 64, 55_000, 8),
        ("cnn", 256, 55_000, 2),  # or a person who stops it would wait
        ("champion", 128, 55_000, 1),
    ],
)
def test_the_more_a_batch_takes_the_fewer_are_taken_at_once(network, batch_size, digits, steps):
    config = TrainingConfig(network, batch_size=batch_size, training_digits=digits)

    assert build_model(config).steps_per_execution == steps


def test_dropout_is_set():
    model = build_model(TrainingConfig("cnn", dropout=0.35))

    assert [layer.rate for layer in model.layers if hasattr(layer, "rate")] == [0.35]


def test_a_run_told_to_stop_keeps_a_model(make_run):
    run = make_run(epochs=50)

    def stop_in_the_second_epoch(row):
        assert load_run(run.id).status.state == "running"
        assert (run.folder / "heartbeat").exists()
        if (row["epoch"], row["batch"]) == (2, 3):
            request_stop(run)

    stopped = carry_out(run, on_row=stop_in_the_second_epoch)

    assert stopped.status.state == "stopped"
    assert stopped.status.message
    last = run.read_batches().iloc[-1]
    assert (last["epoch"], last["batch"]) == (2, 3)
    assert stopped.metrics["epochs"] == len(run.read_epochs()) == 1
    assert stopped.metrics["test"]["accuracy"] > 0.2
    assert Recogniser(run.model_file).read(load_mnist("test").images[:5]).shape == (5, 10)
    assert load_run(run.id).readable


def test_a_stop_before_the_first_epoch_ends_keeps_a_model_too(make_run):
    run = make_run()

    stopped = carry_out(run, on_row=lambda row: request_stop(run))

    assert stopped.status.state == "stopped"
    assert run.read_epochs().empty
    assert stopped.metrics["epochs"] == 0
    assert json.loads((run.folder / "metrics.json").read_text())["test"]["count"] == 10_000


def test_the_answers_after_each_epoch_are_kept(train):
    run = train("softmax", epochs=3, training_digits=2_000)

    assert list_answered_epochs(run) == [1, 2, 3]
    labels = load_mnist("test").labels
    right = [(read_epoch_answers(run, each).argmax(axis=1) == labels).mean() for each in (1, 3)]
    assert 0.5 < right[0] < right[1]
    assert right[1] == pytest.approx(run.metrics["test"]["accuracy"], abs=0.002)
