"""Networks of any make are judged, and their files say the same as the judgement does."""

import keras
import numpy as np
import pytest
from keras import layers

from digitlib.data import load_mnist
from digitlib.reading.judgement import KEPT, Evidence
from digitlib.reading.recogniser import Recogniser
from digitlib.training.export import to_litert
from digitlib.training.judging import MOST_FEATURES, judge_network, open_network


def sequential(*stack) -> keras.Model:
    keras.utils.set_random_seed(2)
    return keras.Sequential([layers.Input((28, 28, 1)), layers.Flatten(), *stack])


NETWORKS = {
    "dense softmax": (sequential(layers.Dense(10, activation="softmax")), 784),
    "a softmax of its own": (sequential(layers.Dense(10), layers.Softmax()), 10),
    "wide": (sequential(layers.Dense(2 * MOST_FEATURES), layers.Dense(10, activation="softmax")),
             MOST_FEATURES),
}  # fmt: skip


@pytest.mark.parametrize(("model", "width"), NETWORKS.values(), ids=NETWORKS)
def test_a_network_shows_what_it_weighs_and_its_logits(model, width, test_input):
    features, logits = (np.asarray(each) for each in open_network(model)(test_input[:20]))

    assert features.shape == (20, width)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(shares, model(test_input[:20]), atol=1e-5)


@pytest.mark.parametrize(("model", "width"), NETWORKS.values(), ids=NETWORKS)
def test_the_file_answers_as_the_judgement_says(model, width, test_input, tmp_path):
    judgement = judge_network(model)
    path = tmp_path / "model.tflite"
    path.write_bytes(to_litert(model, judgement))
    recogniser = Recogniser(path)

    some, validation = load_mnist("test").images[:200], load_mnist("validation").images
    probabilities, scores = recogniser.read_scored(some)

    evidence = Evidence(*(np.asarray(each) for each in open_network(model)(test_input[:200])))
    np.testing.assert_allclose(scores, judgement.score(evidence), atol=2e-3)
    cooled = np.asarray(evidence.logits) / judgement.temperature
    shares = np.exp(cooled) / np.exp(cooled).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(probabilities, shares, atol=1e-5)
    kept = (recogniser.read_scored(validation)[1] >= 0).mean()
    assert kept == pytest.approx(KEPT, abs=0.002)


def test_one_digit_scores_as_many_do(tmp_path, validation):
    model, _ = NETWORKS["dense softmax"]
    path = tmp_path / "model.tflite"
    path.write_bytes(to_litert(model, judge_network(model)))
    recogniser = Recogniser(path)

    _, scores = recogniser.read_scored(validation.images[:51])

    for place in (0, 49, 50):
        answer = recogniser.answer(validation.images[place])
        assert answer.score == pytest.approx(scores[place], abs=1e-4)
        assert answer.accepted == (answer.score >= 0)
