"""The address of a vote as a QR code, for phones that would have to type it."""

from collections.abc import Iterator
from itertools import groupby
from typing import Any

import segno

QUIET = 4
"""Light modules around a code, as ISO/IEC 18004 has them."""


def code_of(address: str) -> dict[str, Any]:
    """Draw a code: its side in modules, and the path of an SVG whose stroke is a module wide."""
    rows = segno.make_qr(address, error="m").matrix
    runs = ((y + 0.5, *run) for y, row in enumerate(rows, QUIET) for run in _dark(row))
    path = "".join(f"M{start} {y}H{end}" for y, start, end in runs)
    return {"side": len(rows) + 2 * QUIET, "path": path}


def _dark(row: bytearray) -> Iterator[tuple[int, int]]:
    """Give the runs of dark modules of a row, each from its first to after its last."""
    at = QUIET
    for is_dark, run in groupby(row):
        start, at = at, at + len(list(run))
        if is_dark:
            yield start, at
