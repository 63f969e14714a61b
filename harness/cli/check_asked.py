"""What a check is asked for: labs, seeds, engine, and how its parts are repeated."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from harness import shards, store
from harness.check_results import Checked, Job
from harness.cli import program
from harness.junit import Suite


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is to be checked, and how its parts are repeated."""

    labs: Sequence[str]
    seeds: Sequence[int]
    engine: str
    permute: bool
    shard: shards.Shard | None
    ledger: Sequence[Job] = ()
    """Seeds that have failed once, which come first."""

    def work(self) -> list[Job]:
        """Give all labs and seeds, each once."""
        every = [(slug, seed) for slug in self.labs for seed in self.seeds]
        return list(dict.fromkeys([*self.ledger, *every]))

    def replay(self, one: Checked) -> str:
        """Give the command that shows one of them again."""
        permuted = ("--permute", str(one.seed)) if self.permute else ()
        seed = ("--seed", str(one.seed))
        return program.command("run", one.slug, "--engine", self.engine, *seed, *permuted)

    def results(self) -> Path:
        """Give the file that keeps results where none is named."""
        part = f"-shard-{self.shard.number}-of-{self.shard.count}" if self.shard else ""
        return store.RUNS / f"check-{self.engine}{'-permute' if self.permute else ''}{part}.jsonl"

    def suite(self, one: Checked) -> Suite:
        """Give a result as JUnit has it."""
        return Suite(
            slug=one.slug,
            seed=one.seed,
            controls=one.controls,
            began=one.began,
            took_s=one.took_s,
            replay=self.replay(one),
            error=one.error,
        )
