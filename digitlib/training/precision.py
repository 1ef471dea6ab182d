"""Mixed precision: multiply in bfloat16 where the processor can, keep the weights in float32.

A bfloat16 has the range of a float32 and 8 bits of its precision. Processors that multiply them two
at a time train the larger networks nearly twice as fast; others imitate it, many times slower, and
are spared it. After Micikevicius et al., *Mixed Precision Training* (2018).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import keras

from digitlib.runs.config import TrainingConfig

# What Linux calls the instructions, of Intel and AMD.
INSTRUCTIONS = {"avx512_bf16", "amx_bf16"}


@contextmanager
def use_precision(config: TrainingConfig) -> Iterator[None]:
    """Have the layers that are made meanwhile compute as a config asks for."""
    before = keras.config.dtype_policy()
    if is_mixed(config):
        keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def is_mixed(config: TrainingConfig) -> bool:
    """Return whether a config is trained in mixed precision on this machine."""
    return config.mixed_precision and multiplies_bfloat16()


@cache
def multiplies_bfloat16() -> bool:
    """Return whether this processor multiplies bfloat16; false where it does not say."""
    try:
        words = Path("/proc/cpuinfo").read_text(encoding="utf-8").split()
    except OSError:  # not Linux
        return False
    return not INSTRUCTIONS.isdisjoint(words)
