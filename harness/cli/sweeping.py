"""Does the runs of a sweep, several at once: what is known is not run again."""

import random
from collections.abc import Sequence

from rich.console import Console

from harness.cli.sweep_progress import progress
from harness.cli.workers import Elsewhere, spread
from harness.engines.sim.collector import calm
from harness.sweep.cells import Found, Run, batches, lost, simulate, singly_at_last
from harness.sweep.kept import Kept, Keys


class Bench:
    """Simulates runs and keeps what they come to."""

    def __init__(
        self,
        kept: Kept,
        keys: Keys,
        processes: int,
        console: Console,
        on: Elsewhere | None = None,
    ) -> None:
        self._kept = kept
        self._keys = keys
        self._processes = processes
        self._console = console
        self._on = on
        self.done = 0
        """How many runs were simulated."""

    def known(self, runs: Sequence[Run]) -> int:
        """Count those that need not be run."""
        return sum(self._keys.key(run) in self._kept.known for run in runs)

    def found(self, runs: Sequence[Run]) -> list[Found]:
        """Give what runs come to, in their order; those that are missing are simulated now."""
        keys = {run: self._keys.key(run) for run in runs}
        left = [run for run, key in keys.items() if key not in self._kept.known]
        done = {found.run: found for found in self._simulated(left, keys)}
        return [done.get(run) or self._remembered(run, keys[run]) for run in runs]

    def _remembered(self, run: Run, key: str) -> Found:
        value, missing = self._kept.known[key]
        return Found(run=run, value=value, missing=missing)

    def _simulated(self, runs: Sequence[Run], keys: dict[Run, str]) -> list[Found]:
        with progress(self._console, len(runs)) as advance, calm():

            def finished(batch: tuple[Found, ...]) -> None:
                for found in batch:
                    self._kept.add(keys[found.run], found)
                    self.done += 1
                    advance()

            # Mixed: large values tend to take longest, and the time left is told from what is done.
            cells = batches(runs)
            mixed = random.Random(0).sample(cells, len(cells))
            work = singly_at_last(mixed, self._on.threads if self._on else self._processes)
            done = spread(
                work, simulate, self._processes, finished, lost=lost, cleans_up=False, on=self._on
            )
            return [found for batch in done for found in batch]
