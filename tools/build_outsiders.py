"""Build digitlib/data/outsiders.npz: digits and what is none, to learn what to refuse.

::

    python tools/build_outsiders.py

takes a minute. Build it anew after a change to ``digitlib/data/pen.py``, ``others.py``,
``solids.py`` or ``digitlib/vision``, and then judge the models that ship again, and lay out their
maps: ``python -m digitlib judge NAME``, ``python -m digitlib study NAME``.
"""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from digitlib.data.outsiders import OUTSIDERS_FILE
from digitlib.vision.written import write_digits, write_others

DIGITS, OTHERS = 4_000, 4_000
SEED = 77

if __name__ == "__main__":
    np.savez_compressed(
        OUTSIDERS_FILE,
        digits=write_digits(DIGITS, SEED).images,
        others=write_others(OTHERS, SEED),
    )
    print(f"{OUTSIDERS_FILE}: {OUTSIDERS_FILE.stat().st_size / 1e6:.1f} MB")
