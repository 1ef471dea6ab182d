"""Describe the networks for those who must not load TensorFlow.

Prints what ``digitlib.runs.catalogue`` reads. After a change to networks.py::

    python -m digitlib.training.describe --write
"""

import json
import sys

import keras

from digitlib.runs import catalogue
from digitlib.training.networks import NETWORKS


def describe() -> dict:
    """Return the networks' layers, sizes and defaults, and the sum of their source."""
    return {
        "source": catalogue.hash_source(catalogue.NETWORKS_SOURCE.read_bytes()),
        "networks": [
            _describe_network(name, entry.build(entry.defaults), entry)
            for name, entry in NETWORKS.items()
        ],
    }


def _describe_network(name: str, model: keras.Model, entry) -> dict:
    layers = [layer for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    return {
        "name": name,
        "summary": entry.summary,
        "defaults": entry.defaults.to_dict(),
        "uses_dropout": any(isinstance(layer, keras.layers.Dropout) for layer in layers),
        "layers": [
            {
                "name": type(layer).__name__,
                "settings": _describe_settings(layer),
                "output_shape": layer.output.shape[1:],
                "parameters": layer.count_params(),
            }
            for layer in layers
        ],
    }


def _describe_settings(layer: keras.Layer) -> str:
    """Return what a reader of the layer's line in networks.py would find in its brackets."""
    settings = layer.get_config()
    parts = []
    if "filters" in settings:
        size = "x".join(str(side) for side in settings["kernel_size"])
        parts.append(f"{settings['filters']} filters {size}")
        if max(settings["strides"]) > 1:
            parts.append(f"steps of {settings['strides'][0]}")
    if "units" in settings:
        parts.append(f"{settings['units']} units")
    if "pool_size" in settings:
        parts.append("x".join(str(side) for side in settings["pool_size"]))
    if "rate" in settings:
        parts.append(f"{settings['rate']:.0%}")
    if settings.get("activation", "linear") != "linear":
        parts.append(str(settings["activation"]))
    return ", ".join(parts)


if __name__ == "__main__":
    text = json.dumps(describe(), indent=1) + "\n"
    if sys.argv[1:] == ["--write"]:
        catalogue.SHIPPED_DESCRIPTION.write_text(text, encoding="utf-8")
    else:
        print(text)
