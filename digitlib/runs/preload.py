"""What a worker of this machine does as it starts, by Dask's ``--preload``."""

import importlib
import threading


def dask_setup(worker) -> None:
    """Load the digits and TensorFlow in the background, while the worker still finds its place.

    Nothing of Keras's is used yet: a training may begin at any moment in another thread.
    """
    for task in (_load_digits, _load_tensorflow):
        threading.Thread(target=task, daemon=True).start()


def _load_digits() -> None:
    from digitlib.training.digits import load_digits

    load_digits("training")


def _load_tensorflow() -> None:
    importlib.import_module("digitlib.training.loop")
