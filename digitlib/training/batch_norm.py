"""Batch norm's means, taken anew from the digits that a network is to read.

While it trains, batch norm notes the mean and variance of what goes through it: of digits as
augmentation changes them, under weights that are not the averaged ones which are kept. Both make it
wrong for the digits it reads later. Hence they are measured again, as in Izmailov et al.,
*Averaging Weights Leads to Wider Optima and Better Generalization* (2018), on digits as they are.
"""

import keras
import numpy as np

from digitlib.data import Digits
from digitlib.training.digits import to_input

BATCHES, BATCH_SIZE = 8, 512


class BatchNormSettler(keras.callbacks.Callback):
    """Measures the means and variances of batch norm anew before each validation.

    Args:
        digits: what is trained on; up to 4,096 of them are measured with.
    """

    def __init__(self, digits: Digits):
        super().__init__()
        places = np.linspace(0, len(digits) - 1, min(len(digits), BATCHES * BATCH_SIZE))
        self._some = digits.take(places.astype(int))

    def on_test_begin(self, logs=None):
        self.settle()

    def settle(self) -> None:
        """Measure now."""
        layers = [each for each in self.model.layers if _is_batch_norm(each)]
        if not layers:
            return
        usual = [layer.momentum for layer in layers]
        for layer in layers:
            layer.momentum = 0.0  # they take what they see for the whole truth
        found = [self._measure(layers, start) for start in range(0, len(self._some), BATCH_SIZE)]
        for place, (layer, momentum) in enumerate(zip(layers, usual, strict=True)):
            means, variances = (
                np.stack(each) for each in zip(*(one[place] for one in found), strict=True)
            )
            mean = means.mean(axis=0)
            layer.moving_mean.assign(mean)
            layer.moving_variance.assign((variances + means**2).mean(axis=0) - mean**2)
            layer.momentum = momentum

    def _measure(self, layers: list, start: int) -> list[tuple[np.ndarray, np.ndarray]]:
        pixels, _ = to_input(self._some.take(slice(start, start + BATCH_SIZE)))
        self.model(pixels, training=True)
        return [
            (np.asarray(layer.moving_mean), np.asarray(layer.moving_variance)) for layer in layers
        ]


def _is_batch_norm(layer: keras.Layer) -> bool:
    return isinstance(layer, keras.layers.BatchNormalization)
