"""Sweeps the map of retry-storm on two Dask workers of this machine, and in the local pool.

Each worker does one run at a time; the pool has two processes. Both tables must be equal to the
byte, and so must be what is kept of each run. What a cluster costs is the CPU time of the
scheduler, the workers and their processes, and of the command itself, from when the workers are
ready: to start them is apart. Nothing is kept, so all is run twice.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import click
import psutil  # type: ignore[import-untyped] # Dask brings it
from rich.console import Console

from benchmarks.sweep import SLUG, whole_map
from harness import catalogue, store
from harness.cli.sweeping import Bench
from harness.cli.workers import Elsewhere
from harness.cluster import client
from harness.sweep import kept, tables
from tests.cluster.started_cluster import started

WORKERS = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What the map has come to: its table and what is kept, and the time that it took."""

    table: bytes
    lines: list[str]
    wall_s: float
    cpu_s: float

    def said(self, name: str) -> str:
        """Say the time in a line."""
        return f"{name}: {self.wall_s:.1f} s, {self.cpu_s:.1f} s of CPU"


def _used_s() -> float:
    """Give the CPU seconds of this process and of all below it, those that have ended included."""
    own = psutil.Process()
    return sum(sum(one.cpu_times()[:4]) for one in (own, *own.children(recursive=True)))


@contextmanager
def _bench(folder: Path, on: Elsewhere | None) -> Iterator[Bench]:
    store.RUNS = folder
    with kept.opened(SLUG) as results:
        keys = kept.Keys(catalogue.find(SLUG))
        yield Bench(results, keys, WORKERS, Console(file=sys.stderr), on)


def _cost(folder: Path, on: Elsewhere | None) -> Cost:
    began_s, used_s = time.monotonic(), _used_s()
    with _bench(folder, on) as bench:
        drawn = whole_map(bench)
    took_s, used_s = time.monotonic() - began_s, _used_s() - used_s
    lines = (kept.folder(SLUG) / kept.FILE).read_text().splitlines()
    return Cost(
        table=tables.csv_of(drawn).encode(), lines=sorted(lines), wall_s=took_s, cpu_s=used_s
    )


@click.command()
def main() -> None:
    """Run both; exit with 1 where they differ."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        began_s, used_s = time.monotonic(), _used_s()
        with (
            started(folder, WORKERS) as cluster,
            client.opened(cluster.address, lambda line: click.echo(line, err=True)) as there,
        ):
            ready_s, start_s = time.monotonic() - began_s, _used_s() - used_s
            spread = _cost(folder / "cluster", there)
        local = _cost(folder / "pool", None)
    click.echo(f"start of {WORKERS} workers: {ready_s:.1f} s, {start_s:.1f} s of CPU")
    click.echo(spread.said(f"{WORKERS} Dask workers"))
    click.echo(local.said(f"pool of {WORKERS} processes"))
    click.echo(
        f"the cluster takes {spread.wall_s / local.wall_s:.2f} of the pool's time, "
        f"{spread.cpu_s / local.cpu_s:.2f} of its CPU; {len(local.lines)} runs"
    )
    same = (spread.table, spread.lines) == (local.table, local.lines)
    click.echo("equal to the byte" if same else "they differ")
    sys.exit(not same)


if __name__ == "__main__":
    main()
