"""Which of a load's keys are asked for: all alike, some more than others, or one above all."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True, slots=True, kw_only=True)
class Zipf:
    """Key k, from 0 on, is asked for in proportion to `1 / (k + 1) ** s`.

    Source: Breslau and others, "Web Caching and Zipf-like Distributions" (1999), saw 0.64 to 0.83.
    """

    s: float = 1

    def weights(self, keys: int) -> list[float]:
        """Give the weights of the keys, which need not add up to anything."""
        return [(key + 1) ** -self.s for key in range(keys)]

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if not 0 < self.s < math.inf:
            yield f"Zipf: s is {self.s:g}; it must be above 0"


@dataclass(frozen=True, slots=True, kw_only=True)
class HotKey:
    """Key 0 gets a `share` of all requests; the others share the rest evenly."""

    share: float

    def weights(self, keys: int) -> list[float]:
        """Give the weights of the keys, which need not add up to anything."""
        return [self.share, *[(1 - self.share) / max(1, keys - 1)] * (keys - 1)]

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if not 0 < self.share <= 1:
            yield f"HotKey: share is {self.share:g}; it must be above 0, and at most 1"


Skew = Zipf | HotKey
SKEWS: dict[str, type[Skew]] = {"Zipf": Zipf, "HotKey": HotKey}


class Keys:
    """Draws keys, the same for the same generator."""

    def __init__(self, count: int, skew: Skew | None) -> None:
        self._count = count
        self._cumulated = list(accumulate(skew.weights(count))) if skew else None

    def draw(self, rng: random.Random) -> int:
        """Draw one, from 0 on."""
        if self._cumulated is None:
            return rng.randrange(self._count)
        (key,) = rng.choices(range(self._count), cum_weights=self._cumulated)
        return key
