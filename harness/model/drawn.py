"""Faults that are drawn: which host, when and for how long follows from the seed."""

import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from harness.model.fault import Fault, Timed


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """Faults that come at random moments, as chaos monkeys do: a Poisson process, drawn at a seed.

    From `start_s` to `end_s` one comes every `every_s` on average, hits one of `among`, and stays
    for a time between `least_s` and `most_s`. What would hit a target that still has one of them,
    or would not be over by `end_s`, does not happen.
    """

    fault: Callable[[str], Fault]
    among: tuple[str, ...]
    every_s: float
    start_s: float
    end_s: float
    least_s: float
    most_s: float

    def faults(self, seed: int, place: int) -> Iterator[Timed]:
        """Draw the faults of a run; `place` tells several such draws of a lab apart."""
        rng = random.Random(f"{seed}/faults/{place}")
        free_s = dict.fromkeys(self.among, self.start_s)
        at_s = self.start_s
        while True:
            # To the nanosecond: C libraries differ in a logarithm's last bit.
            at_s = round(at_s + rng.expovariate(1 / self.every_s), 9)
            target = rng.choice(self.among)
            until_s = round(at_s + rng.uniform(self.least_s, self.most_s), 9)
            if at_s >= self.end_s:
                return
            if until_s <= self.end_s and free_s[target] <= at_s:
                free_s[target] = until_s
                yield Timed(start_s=at_s, end_s=until_s, fault=self.fault(target))

    def samples(self) -> Iterator[Timed]:
        """Give the fault on each target, over the whole time, to be looked at before a run."""
        for target in self.among:
            yield Timed(start_s=self.start_s, end_s=self.end_s, fault=self.fault(target))

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if not self.among:
            yield "it hits nobody; name hosts in among="
        if not 0 < self.every_s < math.inf:
            yield f"every_s is {self.every_s:g}; it must be above 0"
        if not 0 < self.least_s <= self.most_s < self.end_s - self.start_s:
            yield (
                f"lasts {self.least_s:g} to {self.most_s:g} s; it must be above 0, and less than "
                f"its window of {self.end_s - self.start_s:g} s"
            )
