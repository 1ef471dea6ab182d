import numpy as np
import pytest

from digitlib.errors import ConfigError, ModelError
from digitlib.reading.recogniser import Recogniser
from digitlib.runs.folder import MODELS_FOLDER, load_run, read_run
from digitlib.training.ensemble import combine

SHIPPED = [read_run(MODELS_FOLDER / name) for name in ("cnn", "dense")]


def test_an_ensemble_answers_with_the_mean_of_its_members(runs, test_digits):
    made = combine(SHIPPED, "both")

    run = load_run("both")
    assert run.status == made.status
    assert (run.status.state, run.readable, run.can_go_on) == ("done", True, False)
    assert run.config.members == ("cnn", "dense")
    assert run.metrics["parameters"] == sum(each.metrics["parameters"] for each in SHIPPED)
    mean = np.mean([each.read_test_probabilities() for each in SHIPPED], axis=0)
    np.testing.assert_allclose(run.read_test_probabilities(), mean, atol=1e-5)
    some = test_digits.images[:50]
    np.testing.assert_allclose(Recogniser(run.model_file).read(some), mean[:50], atol=1e-5)


@pytest.mark.parametrize("members", [[], SHIPPED[:1], SHIPPED[:1] * 2, SHIPPED * 3])
def test_an_ensemble_has_two_to_five_members_each_another(runs, members):
    with pytest.raises(ConfigError, match="2 to 5 members, each another run"):
        combine(members)
    assert not runs.exists()


def test_a_member_without_weights_is_named(runs):
    both = combine(SHIPPED, "both")

    with pytest.raises(ModelError, match=r"both has no model\.keras that can be loaded"):
        combine([both, SHIPPED[0]])
