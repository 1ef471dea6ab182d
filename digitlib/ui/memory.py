"""Give memory back to the system as soon as it is free."""

import ctypes
import sys
from contextlib import suppress

# The names of the settings in malloc.h, of the C library of Linux.
MMAP_THRESHOLD, ARENA_MAX = -3, -8
LARGE = 500_000  # bytes
ARENAS = 2


def return_free_memory() -> None:
    """Keep little memory that holds nothing.

    The C library of Linux keeps a heap for each of the threads that runs a page, up to eight for
    each core, and in them larger and larger blocks that were free before: after a lesson's visitors
    a third of the web process. Here there are two heaps, and blocks of half a megabyte and more go
    back to the system when nobody needs them. Elsewhere nothing happens.
    """
    if sys.platform == "linux":
        with suppress(AttributeError):  # a C library that has no such settings
            library = ctypes.CDLL(None)
            library.mallopt(ARENA_MAX, ARENAS)
            library.mallopt(MMAP_THRESHOLD, LARGE)
