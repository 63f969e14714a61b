"""Staged rollout: a new value goes to one host, then to twice as many, while all is well.

The hosts that have it are the canary of those that have not. A value that makes hosts fail is taken
back from all of them and never handed out again. Sources: Google, *Site Reliability Engineering*
(2016), chapter 8, and *The Site Reliability Workbook* (2018), chapter 16, "Canarying Releases". In
production: Argo Rollouts, Flagger, LaunchDarkly; for configuration, Meta's Configerator.
"""

from collections.abc import Callable, Collection

from services.patterns.guards import Sabotage


class Rollout:
    """Says which of two values a host gets: the one that has proven itself, or the one on trial.

    `stage_s` is how long each number of hosts has the new value before it is doubled, by the clock
    `now`; with 0 all get it at once.
    """

    def __init__(self, value: str, *, stage_s: float, now: Callable[[], float]) -> None:
        self._proven = value
        self._trial = value
        self._since_s = 0.0
        self._rejected: set[str] = set()
        self._stage_s = stage_s
        self._now = now

    def offer(self, value: str) -> None:
        """Start to hand out a value, unless it is handed out already or was rejected."""
        if value != self._trial and value not in self._rejected:
            self._trial = value
            self._since_s = self._now()

    def reject(self, value: str) -> bool:
        """Take a value back for good; False when it is gone already, or has proven itself."""
        if value != self._trial or value == self._proven:
            return False
        self._rejected.add(value)
        self._trial = self._proven
        return True

    def value_for(self, host: str, hosts: Collection[str]) -> str:
        """Give the value for one of the hosts that there are."""
        if self._is_over(len(hosts)):
            self._proven = self._trial
        reached = self._reached(len(hosts))
        return self._trial if sorted(hosts).index(host) < reached else self._proven

    def _reached(self, count: int) -> int:
        if self._stage_s <= 0:
            return count
        stage = int((self._now() - self._since_s) / self._stage_s)
        # Beyond the last stage a power of two would only grow out of hand.
        return min(count, 1 << min(stage, count))

    def _is_over(self, count: int) -> bool:
        stages = max(0, count - 1).bit_length() + 1
        return self._now() - self._since_s >= stages * self._stage_s


def _forgets(_: Rollout, value: str) -> bool:
    del value
    return False


def _at_once(_: Rollout, count: int) -> int:
    return count


SABOTAGES = (Sabotage(Rollout, "reject", _forgets), Sabotage(Rollout, "_reached", _at_once))
