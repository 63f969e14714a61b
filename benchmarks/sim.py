"""What a simulated request costs, beside two peers on the same work: `-m benchmarks.sim`."""

import gc
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from benchmarks.quiet import Quiet
from benchmarks.tables import Table, show, spread
from harness.conductor import conductor
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.engines.sim.events import EventLog
from labs.cascades.retry_storm.lab import LAB

HERE = Path(__file__).parent
PYTHON = HERE / ".venv" / "bin" / "python"
NEWER = HERE / ".venv-simloop" / "bin" / "python"
"""A Python from 3.12 on, which simloop needs."""
RUN_LIMIT_S = 600
CLOCK_S = 1e-6
"""async-solipsism's clock counts microseconds, so that each latency may be off by as much."""


@click.command()
@click.option("--pairs", default=5, show_default=True, help="Runs of each side, alternating.")
@click.option("--requests", default=10_000, show_default=True, help="In each run.")
@click.option("--long", default=1_000_000, show_default=True, help="Requests of the memory run.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Write the tables here too.")
def main(pairs: int, requests: int, long: int, markdown: Path | None) -> None:
    """Measure, and print tables."""
    if not PYTHON.exists():
        raise click.ClickException("no async-solipsism to compare with: run benchmarks/install")
    tables = [cost(pairs, requests)]
    if NEWER.exists():
        tables.append(newer(pairs, requests))
    else:
        click.echo("no simloop to compare with: it needs Python 3.12 or newer")
    tables += [memory(requests, long), storm(pairs), whole(pairs)]
    show(tables, markdown)


def newer(pairs: int, requests: int) -> Table:
    """Compare CPU time for a request and hop with simloop, on its own Python, `pairs` times."""
    runs = [
        [_run("benchmarks.mm1", side, requests, python=NEWER) for side in ("ours", "simloop")]
        for _ in range(pairs)
    ]
    if any(ours["latency_s"] != theirs["latency_s"] for ours, theirs in runs):
        raise click.ClickException("not the same work: mean latencies differ from simloop's")
    ours, theirs = ([run[side]["cpu_us"] for run in runs] for side in range(2))
    ratios = [one / other for one, other in zip(ours, theirs, strict=True)]
    table = Table(
        title=f"The same beside simloop, on Python {_version()}, {pairs} runs each",
        columns=("work", "µs, median (least-most)", "of simloop"),
    )
    table.add("bare aiohttp on simloop", spread(theirs), spread([1.0] * pairs, ".2f"))
    table.add("bare aiohttp on this simulator", spread(ours), spread(ratios, ".2f"))
    return table


def _version() -> str:
    said = [str(NEWER), "-c", "import platform; print(platform.python_version())"]
    return subprocess.check_output(said, text=True).strip()  # noqa: S603 - our own environment


def cost(pairs: int, requests: int) -> Table:
    """Compare CPU time for a request and hop, side after side, `pairs` times."""
    runs = list(_alternate(pairs, requests))
    ours, theirs, one, two = ([run[side]["cpu_us"] for run in runs] for side in range(4))
    table = Table(
        title=f"CPU for a request and hop, {requests:,} requests, {pairs} runs each",
        columns=("work", "µs, median (least-most)", "of async-solipsism"),
    )
    for name, values in (
        ("bare aiohttp on async-solipsism", theirs),
        ("bare aiohttp on this simulator", ours),
        ("whole engine, one hop", one),
        ("whole engine, two hops", two),
    ):
        ratios = [value / other for value, other in zip(values, theirs, strict=True)]
        table.add(name, spread(values), spread(ratios, ".2f"))
    table.add("mean latency, ours less theirs", f"{_agree(runs) * 1e9:.1f} ns", "")
    return table


def _alternate(pairs: int, requests: int) -> Iterator[list[dict[str, float]]]:
    for _ in range(pairs):
        yield [
            _run("benchmarks.mm1", "ours", requests),
            _run("benchmarks.mm1", "solipsism", requests),
            _run("benchmarks.stack", 1, requests),
            _run("benchmarks.stack", 2, requests // 2),
        ]


def _agree(runs: list[list[dict[str, float]]]) -> float:
    apart_s = {ours["latency_s"] - theirs["latency_s"] for ours, theirs, *_ in runs}
    if len(apart_s) > 1 or abs(max(apart_s)) > CLOCK_S:
        raise click.ClickException(f"not the same work: mean latencies differ by {apart_s} s")
    return apart_s.pop()


def memory(requests: int, long: int) -> Table:
    """Compare the peak of a short and a long run."""
    table = Table(title="Memory of a run, one hop", columns=("requests", "peak MiB", "KiB each"))
    short, many = (_run("benchmarks.stack", 1, count) for count in (requests, long))
    more_kib = (many["peak_mib"] - short["peak_mib"]) * 1024
    table.add(f"{short['requests']:,}", f"{short['peak_mib']:.0f}", "")
    each = more_kib / (many["requests"] - short["requests"])
    table.add(f"{many['requests']:,}", f"{many['peak_mib']:.0f}", f"{each:.2f}")
    return table


def storm(pairs: int) -> Table:
    """Measure each variant of retry-storm in this process, without and with a trace of events."""
    table = Table(
        title=f"retry-storm, {LAB.duration_s:g} s of virtual time, {pairs} runs each",
        columns=("variant", "CPU s", "virtual seconds a CPU second", "with events"),
    )
    for variant in LAB.variants:
        plan = Plan(slug="cascades/retry-storm", lab=LAB, variant=variant, seed=1)
        runs = [(_cpu_s(plan, events=False), _cpu_s(plan, events=True)) for _ in range(pairs + 1)]
        silent_s, told_s = zip(*runs[1:], strict=True)  # The first run imports and warms up.
        rates = [LAB.duration_s / one for one in silent_s]
        more = [told / silent for told, silent in zip(told_s, silent_s, strict=True)]
        table.add(variant.name, spread(silent_s, ".2f"), spread(rates, ".0f"), spread(more, ".2f"))
    return table


def _cpu_s(plan: Plan, *, events: bool) -> float:
    gc.collect()  # What the last run has left is not this one's cost.
    with tempfile.TemporaryFile("w") as file:
        start_s = time.process_time()
        SimEngine(events=EventLog(file) if events else None).run(
            plan, conductor(LAB.faults, LAB.duration_s), Quiet()
        )
        return time.process_time() - start_s


def whole(runs: int) -> Table:
    """Measure the command as a person meets it, and once more."""
    table = Table(
        title="./lab run retry-storm --engine sim", columns=("run", "wall s", "of it CPU")
    )
    command = [str(HERE.parent / "lab"), "run", "retry-storm", "--engine", "sim"]
    for name, options in (("with its report", []), ("as JSON", ["--json", "--no-report"])):
        walls_s, cpus_s = zip(*(_wall_s([*command, *options]) for _ in range(runs)), strict=True)
        table.add(name, spread(walls_s, ".1f"), spread(cpus_s, ".1f"))
    return table


def _wall_s(command: list[str]) -> tuple[float, float]:
    start_s, before = time.monotonic(), _children_s()
    subprocess.run(  # noqa: S603 - our own launcher
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
        timeout=RUN_LIMIT_S,
    )
    return time.monotonic() - start_s, _children_s() - before


def _children_s() -> float:
    times = os.times()
    return times.children_user + times.children_system


def _run(module: str, *arguments: object, python: Path = PYTHON) -> dict[str, Any]:
    done = subprocess.run(  # noqa: S603 - our own module, in the benchmark's environment
        [str(python), "-m", module, *map(str, arguments)],
        cwd=HERE.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL if python == NEWER else None,  # simloop tells of tasks left
        check=True,
        text=True,
        timeout=RUN_LIMIT_S,
    )
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


if __name__ == "__main__":
    main()
