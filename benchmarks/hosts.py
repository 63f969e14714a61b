"""What a lab's hosts take on containers: memory and CPU of 6, 10 and 14 beside all else."""

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click
from docker import DockerClient

from benchmarks.tables import Table, show
from benchmarks.usage import Usage
from harness.conductor import conducted
from harness.engines.compose.client import engine
from harness.engines.compose.engine import ComposeEngine
from harness.engines.protocol import Plan
from harness.model import Broken, Lab, Paced, Service

if TYPE_CHECKING:
    from concurrent.futures import Future

COUNTS = (6, 10, 14)
RATE_RPS = 100
DURATION_S = 10.0
BESIDE = ("toxiproxy", "prometheus", "load")


def lab(hosts: int) -> Lab:
    """Make a front that asks one of many workers in turn, so that each request is two hops."""
    workers = Service("back", app="services.worker", replicas=hosts - 2, settings={"service_ms": 5})
    last = Service("store", app="services.worker", settings={"service_ms": 5})
    front = Service("front", app="services.relay", calls=("back",))
    return Lab(
        title="Hosts",
        question="What do so many take?",
        services=(front, workers, last),
        load=Paced(to="front", rate_rps=RATE_RPS),
        duration_s=DURATION_S,
        faults=(),
        variants=(Broken("only"),),
        expect=(),
    )


class Memory(Usage):
    """Reads memory as well, without what the page cache could give back."""

    def __init__(self, client: DockerClient) -> None:
        super().__init__(client, last=int(DURATION_S) - 2)
        self._used: dict[str, Future[int]] = {}

    def second(self, number: int, good: int) -> None:
        """Read all containers in the middle of the run."""
        super().second(number, good)
        if number == DURATION_S // 2:
            for name, container in self.ids.items():
                self._used[name] = self.pool.submit(self._memory, container)

    def bytes(self) -> dict[str, int]:
        """Give what each container used."""
        return {name: used.result() for name, used in self._used.items()}

    def _memory(self, container: str) -> int:
        told = self.client.api.stats(container, stream=False, one_shot=True)["memory_stats"]
        cached: int = told["stats"].get("total_inactive_file") or told["stats"]["inactive_file"]
        return int(told["usage"]) - cached


@click.command()
@click.option("--markdown", type=click.Path(path_type=Path), help="Write the table here too.")
def main(markdown: Path | None) -> None:
    """Measure on this machine's Docker engine, and print a table."""
    table = Table(
        title=f"Hosts of a lab at {RATE_RPS} requests a second, two hops each",
        columns=(
            *("hosts", "memory of a host, MiB", "of all hosts, MiB", "of all beside, MiB"),
            *("CPU of all hosts, of a core", "of all beside, of a core", "good answers"),
        ),
    )
    with tempfile.TemporaryDirectory(prefix="chaoslab-benchmark-") as folder, engine() as client:
        for count in COUNTS:
            made, watch = lab(count), Memory(client)
            plan = Plan(slug="hosts", lab=made, variant=made.variants[0], seed=1)
            recording = ComposeEngine(Path(folder) / str(count)).run(plan, conducted(made), watch)
            used = watch.bytes()
            own = [used[name] for name in made.hosts()]
            shares = watch.shares()
            good = sum(request.good for request in recording.requests)
            table.add(
                str(count),
                f"{sum(own) / len(own) / 2**20:.0f}",
                f"{sum(own) / 2**20:.0f}",
                f"{sum(used[name] for name in BESIDE) / 2**20:.0f}",
                f"{sum(share for name, share in shares.items() if name in made.hosts()):.2f}",
                f"{sum(shares[name] for name in BESIDE):.2f}",
                f"{good} of {len(recording.requests)}",
            )
    show([table], markdown)


if __name__ == "__main__":
    main()
