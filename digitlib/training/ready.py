"""Networks kept ready: a process traces the training step of a network once, not for every run.

TensorFlow makes a graph of a network's training step the first time it is trained, which takes the
better part of a second. The graph depends on what the network is, not on its weights. So the model
of an ended run serves the next one of its kind, with everything it has learnt overwritten.
"""

from collections import OrderedDict

import keras

from digitlib.runs.config import TrainingConfig
from digitlib.training.precision import is_mixed

MOST_KEPT = 6
# The settings that are part of a graph.
GRAPH_SETTINGS = (
    "network",
    "optimiser",
    "weight_decay",
    "dropout",
    "label_smoothing",
    "weight_average",
)

_kept: OrderedDict[tuple, keras.Model] = OrderedDict()


def take_model(fresh: keras.Model, config: TrainingConfig) -> keras.Model:
    """Return a compiled model in the very state of a fresh one, whose graphs may be made already.

    Args:
        fresh: the model as built for this run; its optimiser's variables are made here.
        config: of the run.
    """
    # Beforehand, or TensorFlow traces the first step twice, once to make them.
    fresh.optimizer.build(fresh.trainable_variables)
    kind = (
        fresh.steps_per_execution,
        is_mixed(config),
        *(getattr(config, name) for name in GRAPH_SETTINGS),
    )
    ready = _kept.pop(kind, None)
    if ready is None or _shapes(ready) != _shapes(fresh):
        ready = fresh
    copy_state(fresh, ready)
    _kept[kind] = ready
    while len(_kept) > MOST_KEPT:
        _kept.popitem(last=False)
    return ready


def copy_state(source: keras.Model, target: keras.Model) -> None:
    """Put a compiled model in the very state of another one of the same network."""
    target.optimizer.build(target.trainable_variables)
    for old, new in zip(_variables(target), _variables(source), strict=True):
        if old is not new:
            old.assign(new)


def _variables(model: keras.Model) -> list[keras.Variable]:
    """Return all that a training changes: weights, states of chance, the optimiser's memory."""
    return [*model.variables, *model.optimizer.variables]


def _shapes(model: keras.Model) -> list[tuple]:
    return [tuple(variable.shape) for variable in _variables(model)]
