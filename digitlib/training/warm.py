"""All that a first training does once in a process, done ahead of it."""

import gc
from functools import cache

from digitlib.runs.catalogue import default_config
from digitlib.training.digits import load_digits
from digitlib.training.export import to_litert
from digitlib.training.judging import judge_network
from digitlib.training.loop import build_model, feed, feed_in_order, to_single_precision
from digitlib.training.ready import take_model


@cache
def warm_up(network: str) -> None:
    """Build, trace and export a network, whose graphs then serve the first run."""
    config = default_config(network)
    model = take_model(build_model(config), config)
    few = load_digits("training").take(slice(config.batch_size * 8))
    model.fit(
        feed(few, config, seed=0),
        shuffle=False,
        validation_data=feed_in_order(load_digits("validation").take(slice(500)), config),
        verbose=0,
    )
    single = to_single_precision(model, config)
    to_litert(single, judge_network(single))
    # All of TensorFlow is searched for garbage before each training otherwise: 0.3 s.
    gc.collect()
    gc.freeze()
