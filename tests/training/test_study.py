"""What is computed once for a model, for every network and for those that are several."""

import dataclasses

import numpy as np
import pytest

from digitlib.data import load_mnist
from digitlib.reading.features import FeatureReader
from digitlib.reading.layers import LayerReader
from digitlib.runs.catalogue import default_config
from digitlib.runs.folder import MODELS_FOLDER, create_run, read_run
from digitlib.runs.study_files import fingerprint, read_features, study_folder, write_part
from digitlib.study import make_study
from digitlib.training.ensemble import combine
from digitlib.training.export import save_model
from digitlib.training.loop import build_model
from digitlib.training.networks import NETWORKS


@pytest.mark.parametrize("network", NETWORKS)
def test_the_features_of_every_network_are_found(network, runs, validation):
    """As it is without a judgement, like those of earlier days."""
    run = create_run(dataclasses.replace(default_config(network), mixed_precision=False))
    model = build_model(run.config)
    save_model(model, run)
    digits = validation.images[:60]

    answers, features = FeatureReader(run.model_file.read_bytes(), run.id).read(digits)

    expected = LayerReader(run.model_file).read(digits)
    np.testing.assert_allclose(answers, expected.probabilities, atol=1e-5)
    np.testing.assert_allclose(features, expected.features, atol=1e-3, rtol=1e-3)
    assert features.shape[1] == model.layers[-1].kernel.shape[0]


@pytest.mark.parametrize(("kind", "width"), [("softmax", 784), ("ensemble", 256)])
def test_many_features_are_projected_and_so_is_a_digit(kind, width, train, validation):
    if kind == "softmax":
        run = train("softmax")
    else:
        run = combine([read_run(MODELS_FOLDER / name) for name in ("cnn", "dense")], "both")
    study_folder(run).mkdir()
    places = np.zeros((10_000, 2), np.float16)
    write_part(run, "map", fingerprint(run), places=places)  # it would take a minute

    make_study(run)

    features = read_features(run)
    assert features.points.shape == (55_000, 128)
    assert features.axes.shape == (width, 128)
    # A digit that lies among the training digits is projected to where it lies.
    digits = load_mnist("training").images[[0, 31_000, 54_999]]
    projected = features.project(LayerReader(run.model_file).read(digits).features)
    np.testing.assert_allclose(
        projected, features.points[[0, 31_000, 54_999]], atol=0.02, rtol=0.01
    )
