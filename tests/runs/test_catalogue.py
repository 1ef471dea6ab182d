import json

import pytest

from digitlib.errors import ConfigError, EngineError
from digitlib.runs import catalogue
from digitlib.runs.catalogue import check_config, default_config, describe_networks
from digitlib.runs.config import TrainingConfig


def test_the_parameter_counts_are_those_on_paper():
    networks = describe_networks()

    assert networks["softmax"].parameters == 784 * 10 + 10 == 7_850
    assert networks["dense"].parameters == 784 * 128 + 128 + 128 * 10 + 10 == 101_770
    # As in the output of Keras's own mnist_convnet example, with a hidden layer of 128 units more.
    convolutions = (9 * 1 * 32 + 32) + (9 * 32 * 64 + 64)
    head = (1_600 * 128 + 128) + (128 * 10 + 10)
    assert networks["cnn"].parameters == convolutions + head == 225_034


def test_a_network_is_described_layer_by_layer():
    cnn = describe_networks()["cnn"]

    assert [layer.name for layer in cnn.layers] == [
        "Conv2D", "MaxPooling2D", "Conv2D", "MaxPooling2D", "Flatten", "Dense", "Dropout", "Dense",
    ]  # fmt: skip
    assert cnn.layers[0].settings == "32 filters 3x3, relu"
    assert cnn.layers[0].output_shape == (26, 26, 32)
    assert cnn.layers[-1].output_shape == (10,)
    assert cnn.uses_dropout
    assert cnn.summary.endswith(".")


def test_softmax_takes_no_dropout():
    assert not describe_networks()["softmax"].uses_dropout


def test_the_defaults_of_every_network_can_be_trained():
    for name in describe_networks():
        config = default_config(name)
        check_config(config)
        assert config.network == name


def test_an_unknown_network_has_no_defaults():
    with pytest.raises(ConfigError, match="choose one of champion, cnn, dense"):
        default_config("lenet")


def test_a_config_is_checked_against_the_networks_there_are():
    with pytest.raises(ConfigError, match="no network 'lenet'"):
        check_config(TrainingConfig("lenet"))


def test_the_shipped_description_is_of_the_networks_as_they_are():
    # If this fails: python -m digitlib.training.describe --write
    shipped = json.loads(catalogue.SHIPPED_DESCRIPTION.read_text())

    assert shipped["source"] == catalogue.hash_source(catalogue.NETWORKS_SOURCE.read_bytes())


def test_line_endings_make_no_other_source():
    assert catalogue.hash_source(b"a\r\nb\r\n") == catalogue.hash_source(b"a\nb\n")
    assert catalogue.hash_source(b"a\nb\n") != catalogue.hash_source(b"a\nb")


@pytest.fixture
def changed_source(tmp_path, monkeypatch):
    """Stands for a networks.py that has been changed since it was described."""
    source = tmp_path / "networks.py"
    source.write_bytes(catalogue.NETWORKS_SOURCE.read_bytes() + b"\n# changed\n")
    monkeypatch.setattr(catalogue, "NETWORKS_SOURCE", source)
    return source


def kept_by_a_process_before(runs, source) -> dict:
    description = json.loads(catalogue.SHIPPED_DESCRIPTION.read_text())
    description["source"] = catalogue.hash_source(source.read_bytes())
    description["networks"] = description["networks"][:1]
    runs.mkdir()
    (runs / ".networks.json").write_text(json.dumps(description))
    return description


def test_a_description_kept_beside_the_runs_is_used(changed_source, runs):
    kept_by_a_process_before(runs, changed_source)

    assert list(describe_networks()) == ["softmax"]


def test_networks_that_cannot_be_loaded_get_a_sentence(changed_source, runs, monkeypatch):
    monkeypatch.setattr(catalogue, "PROJECT", runs.parent)  # where there is no digitlib
    monkeypatch.delenv("PYTHONPATH", raising=False)

    with pytest.raises(EngineError, match=r"networks\.py cannot be loaded: .*No module named"):
        describe_networks()


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "null", "{}", '{"source": 1}'],
    ids=["empty", "torn", "list", "null", "object", "half"],
)
def test_a_damaged_description_counts_as_none(content, tmp_path):
    path = tmp_path / "networks.json"
    path.write_text(content)

    assert catalogue._read_description(path) is None
