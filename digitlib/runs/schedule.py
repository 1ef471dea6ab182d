"""Schedules: how the learning rate goes while a network learns."""

import math

WARM_UP = 0.25  # share of a one-cycle training in which the rate rises
FIRST, LAST = 1 / 25, 1 / 1000  # of the largest rate


def constant(share: float) -> float:
    """The same all the while."""
    return 1.0


def steps(share: float) -> float:
    """A tenth after half of the training, a hundredth after three quarters."""
    return 1.0 if share < 0.5 else 0.1 if share < 0.75 else 0.01


def cosine(share: float) -> float:
    """Falls along half a wave, slowly at first and at the end."""
    return LAST + (1 - LAST) * (1 + math.cos(math.pi * share)) / 2


def one_cycle(share: float) -> float:
    """Rises for a quarter of the training, then falls to almost nothing.

    After Smith and Topin, *Super-Convergence* (2018).
    """
    if share < WARM_UP:
        return FIRST + (1 - FIRST) * (1 - math.cos(math.pi * share / WARM_UP)) / 2
    return cosine((share - WARM_UP) / (1 - WARM_UP))


# By name: of the share of the training that is over, 0 to 1, the share of the largest rate.
SCHEDULES = {"constant": constant, "steps": steps, "cosine": cosine, "one-cycle": one_cycle}
