"""Files that are whole or not there, whatever happens while they are written."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a file to write beside ``path``, which takes its place once it is whole."""
    # Its name ends as that of the file: some writers look there for the format.
    temporary = path.with_name(f".{os.getpid()}-{secrets.token_hex(2)}-{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
