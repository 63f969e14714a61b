"""What has been seen of a run: a row for each look at it, and a picture of each whole second.

With them a page draws its curves however late it comes, and shows a moment that somebody goes back
to before it is played again. Why not a forked process for each moment: one that is played again
needs no memory beside the run's own, and is the same in a browser's tab, which cannot fork.
"""

import math
from dataclasses import asdict, dataclass
from typing import Any

from harness.live.moments import MICRO
from harness.live.snapshot import Look

MOST_PICTURES = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One moment of the curves: of the last second, and what waits at each host and for nobody."""

    at_s: float
    good: int
    failed: int
    p50_ms: float | None
    p99_ms: float | None
    waiting: tuple[int | None, ...]
    gone: tuple[int | None, ...]


class History:
    """The rows and pictures of one session; a row is told once, or all of them when asked for."""

    def __init__(self) -> None:
        self._rows: list[Row] = []
        self._pictures: dict[int, Look] = {}
        self._told = 0

    def keep(self, look: Look) -> None:
        """Keep a look; a second one at the same moment takes the place of the first."""
        row = _row(look)
        if self._rows and self._rows[-1].at_s == row.at_s:
            del self._rows[-1]
            self._told = min(self._told, len(self._rows))
        self._rows.append(row)
        if float(round(look.at_s, MICRO)).is_integer() and len(self._pictures) < MOST_PICTURES:
            self._pictures[round(look.at_s)] = look

    def fresh(self) -> list[dict[str, Any]]:
        """Give the rows that were not told yet."""
        rows, self._told = self._rows[self._told :], len(self._rows)
        return [asdict(row) for row in rows]

    def again(self) -> None:
        """Tell all rows anew."""
        self._told = 0

    def picture(self, at_s: float) -> Look | None:
        """Give the last picture at or before a moment; None where there is none."""
        seconds = [second for second in self._pictures if second <= at_s]
        return self._pictures[max(seconds)] if seconds and math.isfinite(at_s) else None


def _row(look: Look) -> Row:
    return Row(
        at_s=look.at_s,
        good=look.load.good,
        failed=sum(look.load.failed.values()),
        p50_ms=look.load.ended_p50_ms,
        p99_ms=look.load.ended_p99_ms,
        waiting=tuple(host.waiting for host in look.hosts),
        gone=tuple(host.gone for host in look.hosts),
    )
