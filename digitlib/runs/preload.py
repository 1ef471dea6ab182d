"""What a worker of this machine does as it starts, by Dask's ``--preload``."""

import threading


def dask_setup(worker) -> None:
    """Load TensorFlow and the digits in the background, while the worker still finds its place."""
    threading.Thread(target=_load, daemon=True).start()


def _load() -> None:
    # Nothing of Keras's is used here: a training may begin at any moment in another thread.
    from digitlib.training.loop import load_digits

    for split in ("training", "validation", "test"):
        load_digits(split)
