"""Files that one process reads while another writes them."""

import json
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from digitlib.data.files import replacing


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ValueError: the file is missing or holds no object; the text names the file.
        OSError: the file cannot be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ValueError(f"{path.name} is missing") from error
    except ValueError as error:
        raise ValueError(f"{path.name} is no JSON") from error
    if not isinstance(content, dict):
        raise ValueError(f"{path.name} holds no object")
    return content


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write a JSON file in one piece: a reader finds the old content or the new, never half."""
    with replacing(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_rows(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    """Read a .csv file of numbers that may be growing.

    A torn last row is left out, and so is a damaged one or one that holds no finite number.
    """
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    whole_lines = text[: text.rfind("\n") + 1].partition("\n")[2]
    if not whole_lines:
        return pd.DataFrame([], columns=list(columns), dtype=float).astype(_whole_numbers(columns))
    try:
        rows = np.loadtxt(whole_lines.splitlines(), delimiter=",", ndmin=2, comments=None)
        whole = rows.shape[1] == len(columns)
    except (ValueError, IndexError):
        whole = False
    if not whole:
        rows = np.array(_read_one_by_one(whole_lines, len(columns))).reshape(-1, len(columns))
    frame = pd.DataFrame(rows[np.isfinite(rows).all(axis=1)], columns=list(columns))
    return frame.astype(_whole_numbers(columns))


def _whole_numbers(columns: tuple[str, ...]) -> dict[str, type]:
    return {name: int for name in columns if name in ("epoch", "batch", "batches")}


def _read_one_by_one(lines: str, width: int) -> list[list[float]]:
    """Return the rows that are whole, of a table where one is not."""
    rows = []
    for line in lines.splitlines():
        with suppress(ValueError):
            row = [float(cell) for cell in line.split(",")]
            if len(row) == width:
                rows.append(row)
    return rows


def seconds_since_change(path: Path) -> float:
    """Return the age of a file or folder; 0 if it is gone, as a deleted run's may be."""
    try:
        return time.time() - path.stat().st_mtime
    except OSError:
        return 0.0


def read_time_of_change(path: Path) -> float:
    """Return when a file or folder was last changed, as ``time.time()``; 0 if it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
