"""Load balancing: which of several replicas gets the next request, and by which figures.

Sources: two choices from Mitzenmacher, *The Power of Two Choices in Randomized Load Balancing*
(1996), and Vvedenskaya, Dobrushin and Karpelevich (1996); what old figures do to each policy from
Mitzenmacher, *How Useful Is Old Information?* (2000). In production: `least_conn` and `random two`
of NGINX, `random(2)` of HAProxy, Envoy's least request, Finagle's and tower's balancers.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import StrEnum
from itertools import cycle

from services.patterns.guards import Sabotage

Loads = Mapping[str, float]
"""How many requests each replica has, by its name."""

Pick = Callable[[Loads], str]


class Policy(StrEnum):
    """In turn; any; the least loaded of all; the less loaded of two that are drawn."""

    ROUND_ROBIN = "round-robin"
    RANDOM = "random"
    LEAST = "least"
    TWO_CHOICES = "two-choices"

    def of(self, replicas: Sequence[str], rng: random.Random) -> Pick:
        """Give the function that picks one of some replicas for each request."""
        match self:
            case Policy.ROUND_ROBIN:
                return in_turn(replicas)
            case Policy.RANDOM:
                return best_of(1, rng)
            case Policy.LEAST:
                return best_of(len(replicas), rng)
            case Policy.TWO_CHOICES:
                return best_of(2, rng)


def in_turn(replicas: Sequence[str]) -> Pick:
    """Pick one after the other, whatever their load."""
    turns = cycle(replicas)
    return lambda _: next(turns)


def best_of(count: int, rng: random.Random) -> Pick:
    """Draw some replicas, all different, and pick the least loaded of them.

    One is a random choice and all is the least loaded. The draw's order decides between equals:
    else the first of them would get all requests of an idle system.
    """

    def pick(loads: Loads) -> str:
        drawn = rng.sample(list(loads), min(count, len(loads)))
        return min(drawn, key=loads.__getitem__)

    return pick


class InFlight:
    """One's own count of the requests that one has sent and still waits for.

    It knows neither what others send nor what a replica still does for those who gave up.
    """

    def __init__(self, replicas: Sequence[str], now: Callable[[], float]) -> None:
        self.loads = dict.fromkeys(replicas, 0)
        self._now = now
        # All ends less all starts; with those in flight it is their time so far.
        self._balance_s = dict.fromkeys(replicas, 0.0)

    @contextmanager
    def at(self, replica: str) -> Iterator[None]:
        """Count one request, until it is answered or given up."""
        self.loads[replica] += 1
        self._balance_s[replica] -= self._now()
        try:
            yield
        finally:
            self.loads[replica] -= 1
            self._balance_s[replica] += self._now()

    def spent_s(self) -> dict[str, float]:
        """Give how long the requests to each replica have taken until now, all together."""
        now_s = self._now()
        return {name: self._balance_s[name] + count * now_s for name, count in self.loads.items()}


class Reports:
    """Reports of the mean number in flight since the one before, as a collector makes them.

    Between two of them nothing changes, whatever is sent where.
    """

    def __init__(self, in_flight: InFlight, now: Callable[[], float]) -> None:
        self._in_flight = in_flight
        self._now = now
        self._means: Loads = dict.fromkeys(in_flight.loads, 0.0)
        self._spent_s = in_flight.spent_s()
        self._made_s = now()

    def loads(self, every_s: float) -> Loads:
        """Give the last report; one that is `every_s` old is replaced first."""
        passed_s = self._now() - self._made_s
        if passed_s > 0 and passed_s >= every_s:
            spent_s = self._in_flight.spent_s()
            self._means = {
                name: (spent_s[name] - self._spent_s[name]) / passed_s for name in spent_s
            }
            self._spent_s = spent_s
            self._made_s += passed_s
        return self._means


def _nothing_spent(self: InFlight) -> dict[str, float]:
    return dict.fromkeys(self.loads, 0.0)


SABOTAGES = (Sabotage(InFlight, "spent_s", _nothing_spent),)
