"""What the container engine adds, and how exact its load and faults are."""

import os
import secrets
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import click

from benchmarks.quiet import Quiet
from benchmarks.tables import Table, quantile, show, spread
from benchmarks.usage import HARNESS, Usage, spent_s
from harness.conductor import conductor
from harness.engines.compose.client import engine
from harness.engines.compose.engine import ComposeEngine
from harness.engines.compose.render import LOAD, load_workers
from harness.engines.protocol import Plan
from harness.model import Broken, Lab, Latency, Paced, Pause, Service, during
from harness.model.fault import Timed
from harness.recording import Recording

DURATION_S = 10.0
"""Long enough that Prometheus scrapes by itself at the end, as in the labs."""
RATES_RPS = (100, 300, 500)
COMMAND_LIMIT_S = 120
CPU_OF = (
    *("load, µs a request", "harness, µs a request"),
    *("load, of a core", "harness, of a core", "all other containers, of a core"),
    *("load, its start and a second or two, s", "harness and Compose, whole run, s"),
)
FAULTS = (
    during(1, 1.5, Pause("worker")),
    during(2, 2.5, Latency("client->worker", latency_ms=20)),
    during(3, 3.5, Pause("worker")),
    during(4, 4.5, Latency("client->worker", latency_ms=20)),
)


@click.command()
@click.option("--pairs", default=5, show_default=True, help="Runs of each side, alternating.")
@click.option("--markdown", type=click.Path(path_type=Path), help="Write the tables here too.")
def main(pairs: int, markdown: Path | None) -> None:
    """Measure on this machine's Docker engine, and print tables."""
    with tempfile.TemporaryDirectory(prefix="chaoslab-benchmark-") as folder:
        timing, recordings = overhead(pairs, Path(folder))
        show([timing, lag(recordings), *rates(Path(folder))], markdown)


def overhead(pairs: int, folder: Path) -> tuple[Table, list[Recording]]:
    """Compare the harness's start and stop with plain Compose's, side after side."""
    rows, recordings = [], []
    for number in range(pairs):
        own, watch = folder / str(number), Quiet()
        recordings.append(run(plan(RATES_RPS[0], FAULTS), own, watch))
        rows.append((*between(dict(watch.steps)), *plain(next(own.glob("**/compose.yaml")))))
    start, gate, stop, up, down = zip(*rows, strict=True)
    table = Table(
        title=f"Start and stop of one worker with its load, {pairs} runs each",
        columns=("step", "s, median (least-most)", "of plain Compose"),
    )
    table.add("docker compose up -d --wait", spread(up, ".2f"), "1")
    table.add("create and start", spread(start, ".2f"), ratio(start, up))
    table.add("and wait until all is scraped", spread(total(start, gate), ".2f"), "")
    table.add("docker compose down --timeout 0", spread(down, ".2f"), "1")
    table.add("read back, stop, remove", spread(stop, ".2f"), ratio(stop, down))
    both = ratio(total(start, gate, stop), total(up, down))
    table.add("all of it", spread(total(start, gate, stop), ".2f"), both)
    return table, recordings


def total(*parts: Sequence[float]) -> list[float]:
    """Add up the parts of each run."""
    return [sum(of_run) for of_run in zip(*parts, strict=True)]


def ratio(values: Sequence[float], others: Sequence[float]) -> str:
    """Compare run by run."""
    return spread([one / other for one, other in zip(values, others, strict=True)], ".2f")


def between(steps: dict[str, float]) -> tuple[float, float, float]:
    """Give how long starting, waiting and stopping took; the run's own time counts for none."""
    created_s = steps["waiting until every service is up"] - steps["starting containers"]
    gated_s = steps["loading"] - steps["waiting until every service is up"]
    return created_s, gated_s, steps["end"] - steps["reading back"]


def plain(file: Path) -> tuple[float, float]:
    """Start and stop the same file with Compose alone."""
    compose = ["docker", "compose", "-p", f"benchmark-{secrets.token_hex(3)}", "-f", str(file)]
    try:
        up_s = took([*compose, "up", "--detach", "--wait", "--no-build", "--pull", "never"])
    finally:
        down_s = took([*compose, "down", "--volumes", "--timeout", "0"])
    return up_s, down_s


def took(command: list[str]) -> float:
    """Run a command to its end."""
    start_s = time.monotonic()
    subprocess.run(  # noqa: S603 - Compose on a file that the harness has rendered
        command, check=True, timeout=COMMAND_LIMIT_S, capture_output=True
    )
    return time.monotonic() - start_s


def lag(recordings: Sequence[Recording]) -> Table:
    """Tell how late faults were there and gone."""
    table = Table(
        title=f"Lag of faults, {len(recordings)} runs of {len(FAULTS)}",
        columns=("what", "p50 ms", "p95 ms", "most ms"),
    )
    faults = [fault for recording in recordings for fault in recording.faults]
    for name, late_s in (
        ("there after it was due", [fault.applied_s - fault.start_s for fault in faults]),
        ("read back as there", [fault.seen_s - fault.start_s for fault in faults]),
        ("read back as gone", [fault.removed_s - fault.end_s for fault in faults]),
    ):
        table.add(name, *(f"{quantile(late_s, share) * 1e3:.0f}" for share in (0.5, 0.95, 1)))
    return table


def rates(folder: Path) -> tuple[Table, Table]:
    """Tell how far from their times requests are sent at several rates, and what CPU that takes."""
    late = Table(
        title=f"Open-loop schedule, {DURATION_S:g} s each: sent after it was due",
        columns=("requests/s", "processes", "p50 ms", "p99 ms", "most ms", "answered"),
    )
    columns = []
    with engine() as client:
        for rate_rps in RATES_RPS:
            wanted, watch = plan(rate_rps, ()), Usage(client, last=int(DURATION_S) - 3)
            before_s = spent_s()
            recording = run(wanted, folder / f"rate-{rate_rps}", watch)
            columns.append((*usage(watch, rate_rps), f"{spent_s() - before_s:.2f}"))
            processes = min(load_workers(wanted.lab), os.cpu_count() or 1)
            late.add(f"{rate_rps}", f"{processes}", *lateness(recording))
    cpu = Table(
        title="CPU of the load and of the harness in these runs",
        columns=("requests/s", *map(str, RATES_RPS)),
    )
    for what, *cells in zip(CPU_OF, *columns, strict=True):
        cpu.add(what, *cells)
    return late, cpu


def lateness(recording: Recording) -> tuple[str, ...]:
    """Give quantiles of how late requests were sent, and the share that was answered well."""
    late_s = [request.sent_s - request.intended_s for request in recording.requests]
    good = sum(request.good for request in recording.requests) / len(recording.requests)
    return (*(f"{quantile(late_s, share) * 1e3:.1f}" for share in (0.5, 0.99, 1)), f"{good:.1%}")


def usage(watch: Usage, rate_rps: float) -> tuple[str, ...]:
    """Give what the load took, the harness and all others; and the load until its first reading."""
    shares = watch.shares()
    load, harness = shares.pop(LOAD), shares.pop(HARNESS)
    begun_s = watch.readings()[LOAD][0].cpu_s
    each = [f"{one / rate_rps * 1e6:.0f}" for one in (load, harness)]
    of_a_core = [f"{one:.1%}" for one in (load, harness, sum(shares.values()))]
    return (*each, *of_a_core, f"{begun_s:.2f}")


def plan(rate_rps: float, faults: tuple[Timed, ...]) -> Plan:
    """Give one worker that copes with the load."""
    lab = Lab(
        title="One worker",
        question="What does the engine itself take?",
        services=(Service("worker", app="services.worker", settings={"workers": 100}),),
        load=Paced(rate_rps=rate_rps, to="worker", timeout_ms=2000),
        duration_s=DURATION_S,
        variants=(Broken("plain", {}),),
        faults=faults,
        expect=(),
        predict=(),
    )
    return Plan(slug="benchmarks/worker", lab=lab, variant=lab.variants[0], seed=1)


def run(plan: Plan, folder: Path, watch: Quiet) -> Recording:
    """Run a plan on containers, while somebody takes the time at which each step begins."""
    folder.mkdir()
    conduct = conductor(plan.lab.faults, plan.lab.duration_s)
    recording = ComposeEngine(folder).run(plan, conduct, watch)
    watch.step("end")
    return recording


if __name__ == "__main__":
    main()
