"""Alerting: when a share of bad events is worth waking somebody.

A threshold on a short window pages for every blip and is deaf to a slow leak. A burn rate asks how
many times faster than allowed the error budget is spent: over a long window, so that it matters,
and over a short one as well, so that the alert ends soon after its cause. Source: *The Site
Reliability Workbook* (2018), chapter 5, "Alerting on SLOs". In production: Prometheus' rules, made
by Sloth or Pyrra.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """A share of bad events in one window, or the budget's burn rate in two."""

    THRESHOLD = "threshold"
    BURN = "burn"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """When to page; windows in seconds.

    By threshold: more than the share `limit` of a short window is bad. By burn rate: the budget,
    1 - `slo`, is spent more than `limit` times as fast as allowed, in both windows.
    """

    kind: Kind
    limit: float
    short_s: float
    long_s: float
    slo: float

    def fires(self, bad_ratio: Callable[[float], float]) -> bool:
        """Say whether to page, by the share of bad events in the last so many seconds."""
        if self.kind is Kind.THRESHOLD:
            return bad_ratio(self.short_s) > self.limit
        # Rounded: a budget spent exactly as fast as the limit says is within it.
        most = round(self.limit * (1 - self.slo), 12)
        return bad_ratio(self.short_s) > most and bad_ratio(self.long_s) > most


class Events:
    """Good and bad events of the last `keep_s` seconds."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._kept: deque[tuple[float, float, float]] = deque()

    def add(self, *, good: float = 0, bad: float = 0, keep_s: float) -> None:
        """Count events of now, and forget those that are older than `keep_s`."""
        self._kept.append((self._now(), good, bad))
        while self._kept[0][0] < self._now() - keep_s:
            self._kept.popleft()

    def bad_ratio(self, span_s: float) -> float:
        """Give the share of bad ones in the last so many seconds; 0 where there were none."""
        since_s = self._now() - span_s
        recent = [one for one in self._kept if one[0] > since_s]
        every = sum(good + bad for _, good, bad in recent)
        return sum(bad for _, _, bad in recent) / every if every else 0.0
