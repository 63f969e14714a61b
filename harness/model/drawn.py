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

    `count` is the blast radius: so many are hit at the same moment, for the same time. Of two draws
    that differ in it alone, the larger one hits those of the smaller one and more. With `rest_s`,
    none comes before the last one has been over for so long, as Chaos Monkey's minimum time between
    terminations has it; without, they may add up.
    """

    fault: Callable[[str], Fault]
    among: tuple[str, ...]
    every_s: float
    start_s: float
    end_s: float
    least_s: float
    most_s: float
    count: int = 1
    rest_s: float | None = None

    @property
    def said(self) -> str:
        """What happens in all its time, as a person would say it: "2 of 4 crashed"."""
        one = self.among[0]
        return self.fault(one).said.replace(one, f"{self.count} of {len(self.among)}")

    def may_be(self, name: str, start_s: float) -> bool:
        """Say whether a fault of some name that came at some moment may be one of these."""
        return self.start_s <= start_s < self.end_s and name in {
            self.fault(target).name for target in self.among
        }

    def faults(self, seed: int, place: int) -> Iterator[Timed]:
        """Draw the faults of a run; `place` tells several such draws of a lab apart."""
        rng = random.Random(f"{seed}/faults/{place}")
        free_s = dict.fromkeys(self.among, self.start_s)
        at_s = rested_s = self.start_s
        while True:
            # To the nanosecond: C libraries differ in a logarithm's last bit.
            at_s = round(at_s + rng.expovariate(1 / self.every_s), 9)
            targets = rng.sample(self.among, len(self.among))[: self.count]
            until_s = round(at_s + rng.uniform(self.least_s, self.most_s), 9)
            if at_s >= self.end_s:
                return
            free = at_s >= max(rested_s, *(free_s[target] for target in targets))
            if free and until_s <= self.end_s:
                free_s |= dict.fromkeys(targets, until_s)
                rested_s = rested_s if self.rest_s is None else until_s + self.rest_s
                for target in targets:
                    yield Timed(start_s=at_s, end_s=until_s, fault=self.fault(target))

    def samples(self) -> Iterator[Timed]:
        """Give the fault on each target, over the whole time, to be looked at before a run."""
        for target in self.among:
            yield Timed(start_s=self.start_s, end_s=self.end_s, fault=self.fault(target))

    def problems(self) -> Iterator[str]:
        """Say what is wrong with the values, if anything."""
        if not self.among:
            yield "it hits nobody; name hosts in among="
        elif not 1 <= self.count <= len(self.among):
            yield f"count is {self.count}; it must be from 1 to the {len(self.among)} of among="
        if self.rest_s is not None and not 0 <= self.rest_s < math.inf:
            yield f"rest_s is {self.rest_s:g}; it must be 0 or more, or None"
        if not 0 < self.every_s < math.inf:
            yield f"every_s is {self.every_s:g}; it must be above 0"
        if not 0 < self.least_s <= self.most_s < self.end_s - self.start_s:
            yield (
                f"lasts {self.least_s:g} to {self.most_s:g} s; it must be above 0, and less than "
                f"its window of {self.end_s - self.start_s:g} s"
            )
