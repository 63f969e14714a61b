"""Client-side throttling: who is mostly refused refuses part of its own requests.

A backend that only refuses is still kept busy by refusing. Each client sends with the probability
that keeps requests at `k` times what is accepted; 2 wastes some, and notices soon when the backend
is well. Source: *Site Reliability Engineering* (2016), chapter 21, "Client-Side Throttling". In
production: Google's clients, Envoy's admission control filter.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from services.patterns.guards import (
    FAILURES,
    Answer,
    Asked,
    Call,
    PerKey,
    Recent,
    Refused,
    Sabotage,
    Surroundings,
    overloaded,
)
from services.settings import at_least, live


class ThrottledError(Refused):
    """The client did not send, for the callee has too much to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How many requests are sent for each that was accepted in the last `span_ms`."""

    k: float = live(2)
    span_ms: float = live(120_000)

    def __post_init__(self) -> None:
        at_least(1, k=self.k, span_ms=self.span_ms)


def refuse_ratio(requests: float, accepts: float, k: float) -> float:
    """Give the probability with which a client refuses its own request."""
    return max(0.0, (requests - k * accepts) / (requests + 1))


class Throttling:
    """Counts for each key what was asked and what was accepted."""

    def __init__(self, settings: Callable[[], Settings], around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._recent = PerKey(lambda _: Recent(around.now))

    async def __call__(self, asked: Asked, call: Call, /) -> Answer:
        """Make the call, unless the dice say that it would be refused anyway.

        Raises:
            ThrottledError: they do; the request is counted as one that was asked.

        """
        span_s = self._settings().span_ms / 1000
        recent = self._recent.of(asked.key)
        counts = recent.counts(span_s=span_s)
        accepted = counts.get("accepted", 0)
        requests = accepted + counts.get("refused", 0)
        if self._around.rng.random() < refuse_ratio(requests, accepted, self._settings().k):
            recent.add("refused", span_s=span_s)
            self._around.count("throttled")
            raise ThrottledError("the callee refuses too many requests")
        try:
            answer = await call(asked)
        except FAILURES as failure:
            recent.add("refused" if overloaded(failure) else "accepted", span_s=span_s)
            raise
        except asyncio.CancelledError:  # A time limit around the guard has ended it.
            recent.add("refused", span_s=span_s)
            raise
        recent.add("accepted", span_s=span_s)
        return answer


SABOTAGES = (
    Sabotage(Recent, "add", lambda *_, **__: None),
    Sabotage(Recent, "_forget", lambda *_: 0),
)
