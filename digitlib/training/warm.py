"""All that a first training does once in a process, done ahead of it."""

import gc
from functools import cache

from digitlib.runs.config import TrainingConfig
from digitlib.runs.snapshots import load_panel
from digitlib.training.export import to_litert
from digitlib.training.loop import build_model, load_digits, to_input


@cache
def warm_up() -> None:
    """Load the digits, and build, train and export a small network that nobody will see."""
    for split in ("training", "validation", "test"):
        load_digits(split)
    load_panel()
    model = build_model(TrainingConfig("dense"))
    model.fit(*to_input(load_digits("training").take(slice(64))), verbose=0)
    to_litert(model)
    # All of TensorFlow is searched for garbage before each training otherwise: 0.3 s.
    gc.collect()
    gc.freeze()
