"""Small changes that leave a digit what it is: a network that saw them reads sloppier hands."""

import keras

ROTATION_DEGREES = 10
SHIFT = 0.08  # of the side: about two pixels
ZOOM = 0.1


def build_augmentation(seed: int) -> keras.Sequential:
    """Build the layers that turn, move and scale digits at random, each digit on its own.

    They take and give float32 (n, 28, 28, 1), paper is 0; call them with ``training=True``.
    """
    ground = {"fill_mode": "constant", "fill_value": 0.0}
    return keras.Sequential(
        [
            keras.layers.RandomRotation(ROTATION_DEGREES / 360, seed=seed, **ground),
            keras.layers.RandomTranslation(SHIFT, SHIFT, seed=seed + 1, **ground),
            keras.layers.RandomZoom(ZOOM, seed=seed + 2, **ground),
        ]
    )
