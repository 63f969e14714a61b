"""Adaptive concurrency: find by trying how many requests a callee can work on.

Above its capacity a callee's latency grows and its throughput does not. AIMD adds one a round and
cuts when a call is late or fails, as TCP does; the gradient compares the latency with the lowest
seen, as Vegas does. Sources: Chiu and Jain (1989); Netflix, "Performance Under Load" (2018) for the
gradient. In production: Netflix' concurrency-limits, Envoy's adaptive concurrency filter.
"""

import asyncio
import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from services.patterns.guards import (
    FAILURES,
    Answer,
    Asked,
    Call,
    PerKey,
    Refused,
    Sabotage,
    Surroundings,
    overloaded,
)
from services.settings import at_least, at_most, live


class CrowdedError(Refused):
    """As many requests are under way as the callee can work on."""


class By(StrEnum):
    """What the limit follows: late and failed calls, or the growth of latency."""

    AIMD = "aimd"
    GRADIENT = "gradient"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Bounds of the limit, where it starts, and when it is cut.

    AIMD multiplies it by `cut` when a call failed or took more than `late_ms`; the gradient
    tolerates `tolerance` times the lowest latency.
    """

    by: By = live(By.AIMD)
    start: int = live(10)
    least: int = live(1)
    most: int = live(1000)
    cut: float = live(0.9)
    late_ms: float = live(200)
    tolerance: float = live(1.5)

    def __post_init__(self) -> None:
        at_least(1, least=self.least, tolerance=self.tolerance)
        at_least(self.least, start=self.start)
        at_least(self.start, most=self.most)
        at_least(0, late_ms=self.late_ms, cut=self.cut)
        at_most(0.999, cut=self.cut)


class Limit:
    """A limit on calls under way that learns from the end of each; seconds throughout."""

    SMOOTHING = 0.2

    def __init__(self, start: float) -> None:
        self.value = start
        self.under_way = 0
        self._lowest_s = math.inf
        self._cut_s = -math.inf

    def learn(
        self, settings: Settings, *, start_s: float, now_s: float, failed: bool, crowd: int
    ) -> None:
        """Learn from a call that began when `crowd` were under way, itself among them."""
        if settings.by is By.AIMD:
            self._aimd(settings, start_s=start_s, now_s=now_s, failed=failed, crowd=crowd)
        else:
            self._gradient(settings, took_s=now_s - start_s, failed=failed, crowd=crowd)
        self.value = min(settings.most, max(settings.least, self.value))

    def _aimd(
        self, settings: Settings, *, start_s: float, now_s: float, failed: bool, crowd: int
    ) -> None:
        if failed or now_s - start_s > settings.late_ms / 1000:
            if start_s >= self._cut_s:  # Those that began before the last cut knew nothing of it.
                self.value *= settings.cut
                self._cut_s = now_s
        elif 2 * crowd >= self.value:  # Else nothing is known of a higher limit.
            self.value += 1 / self.value

    def _gradient(self, settings: Settings, *, took_s: float, failed: bool, crowd: int) -> None:
        if failed:
            self.value *= settings.cut
            return
        self._lowest_s = min(self._lowest_s, took_s)
        if took_s <= 0 or 2 * crowd < self.value:
            return
        slope = min(1.0, max(0.5, settings.tolerance * self._lowest_s / took_s))
        aim = self.value * slope + math.sqrt(self.value)
        self.value += self.SMOOTHING * (aim - self.value)


class AdaptiveLimit:
    """A limit for each key, and nobody waits."""

    def __init__(self, settings: Callable[[], Settings], around: Surroundings) -> None:
        self._settings = settings
        self._around = around
        self._limits = PerKey(lambda _: Limit(settings().start))

    def limit(self, key: str) -> float:
        """Give the present limit of a key."""
        return self._limits.of(key).value

    async def __call__(self, asked: Asked, call: Call, /) -> Answer:
        """Make the call if fewer are under way than the limit.

        Raises:
            CrowdedError: as many as the limit are.

        """
        limit = self._limits.of(asked.key)
        if limit.under_way >= int(limit.value):
            self._around.count("crowded")
            raise CrowdedError("as many requests are under way as the callee can work on")
        limit.under_way += 1
        crowd, start_s, failed = limit.under_way, self._around.now(), False
        try:
            return await call(asked)
        except FAILURES as failure:
            failed = overloaded(failure)
            raise
        except asyncio.CancelledError:  # A time limit around the guard has ended it.
            failed = True
            raise
        finally:
            limit.under_way -= 1
            now_s = self._around.now()
            limit.learn(self._settings(), start_s=start_s, now_s=now_s, failed=failed, crowd=crowd)


def _nothing(*_: object, **__: object) -> None:
    pass


SABOTAGES = (
    Sabotage(Limit, "learn", _nothing),
    Sabotage(Limit, "_aimd", _nothing),
    Sabotage(Limit, "_gradient", _nothing),
)
