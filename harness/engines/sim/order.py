"""Other orders of what happens at one instant, drawn from a seed: they bring races to light."""

import asyncio
import random
from collections import deque
from collections.abc import Collection, Sequence

from harness.engines.sim.process import PROCESS


class Permutation:
    """Merges the timers of one instant anew; those of one process or one socket keep their order.

    What stays in order would stay so in reality too: a process runs its own timers as they were
    set, and bytes on one connection do not overtake each other. `only` names the instants that are
    reordered, by their number; all others keep their order. `instants` counts those so far at which
    there was anything to reorder.
    """

    def __init__(self, seed: int, only: Collection[int] | None = None) -> None:
        self._rng = random.Random(f"{seed}/order")
        self._only = only
        self.instants = 0

    def __call__(self, due: Sequence[asyncio.TimerHandle]) -> list[asyncio.TimerHandle]:
        """Give timers of one instant in another order."""
        queues: dict[int, deque[asyncio.TimerHandle]] = {}
        owners = [id(_owner(handle)) for handle in due]
        for owner, handle in zip(owners, due, strict=True):
            queues.setdefault(owner, deque()).append(handle)
        # Shuffled by place and not by owner: an id differs from run to run.
        places = {owner: place for place, owner in enumerate(queues)}
        turns = [places[owner] for owner in owners]
        # Drawn for every instant, so that leaving one out changes none of the others.
        before = turns.copy()
        self._rng.shuffle(turns)
        if len(queues) > 1:
            self.instants += 1
            if self._only is not None and self.instants not in self._only:
                turns = before
        lines = list(queues.values())
        return [lines[turn].popleft() for turn in turns]


def _owner(handle: asyncio.TimerHandle) -> object:
    process = handle._context.get(PROCESS)  # type: ignore[attr-defined] # noqa: SLF001
    callback = handle._callback  # type: ignore[attr-defined] # noqa: SLF001
    return process or getattr(callback, "__self__", None) or handle
