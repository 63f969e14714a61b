"""Fallback: a worse answer instead of none, the last good one or a fixed one.

It must not depend on what has failed, and it must be tried often enough to work on the day it is
needed. Sources: Nygard, *Release It!* (2007); RFC 5861, `stale-if-error`, for old answers; against
fallbacks that are rarely used, "Avoiding fallback in distributed systems" (Amazon Builders'
Library). In production: Polly's and resilience4j's fallback, `proxy_cache_use_stale` of NGINX.
"""

from collections.abc import Callable
from dataclasses import dataclass

from services.patterns.guards import (
    REFUSALS,
    Answer,
    Asked,
    Call,
    PerKey,
    Sabotage,
    Surroundings,
)
from services.settings import at_least, at_most, live

FIRST = 200
"""The first status that ends a request; those before it announce one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How old a last good answer may be (0: none is kept), and the text and status without one.

    A `status` of 0 gives no fixed answer: the failure goes on.
    """

    stale_ms: float = live(0)
    text: str = live("later\n")
    status: int = live(200)

    def __post_init__(self) -> None:
        at_least(0, stale_ms=self.stale_ms, status=self.status)
        at_most(599, status=self.status)
        if 0 < self.status < FIRST:
            raise ValueError(f"status is {self.status}; it must be 0, or from {FIRST} to 599")


@dataclass(slots=True)
class _Last:
    answer: Answer | None = None
    at_s: float = 0


class Fallback:
    """Answers in place of a call that failed or was refused."""

    def __init__(self, settings: Callable[[], Settings], around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._last = PerKey(lambda _: _Last())

    async def __call__(self, asked: Asked, call: Call, /) -> Answer:
        """Give the call's answer, else an old one of the same resource, else the fixed one."""
        last = self._last.of(f"{asked.key} {asked.resource}")
        try:
            answer = await call(asked)
        except REFUSALS:
            instead = None if asked.writes else self._stale(last)
            instead = instead or self._fixed()
            if instead is None:
                raise
            return instead
        if self._settings().stale_ms and not asked.writes:
            last.answer, last.at_s = answer, self._around.now()
        return answer

    def _stale(self, last: _Last) -> Answer | None:
        age_s = self._around.now() - last.at_s
        if last.answer is None or age_s > self._settings().stale_ms / 1000:
            return None
        self._around.count("stale")
        return last.answer

    def _fixed(self) -> Answer | None:
        settings = self._settings()
        if not settings.status:
            return None
        self._around.count("fixed")
        return Answer(settings.text.encode(), settings.status)


SABOTAGES = (
    Sabotage(Fallback, "_stale", lambda *_: None),
    Sabotage(Fallback, "_stale", lambda _, last: last.answer),
    Sabotage(Fallback, "_fixed", lambda _: None),
)
