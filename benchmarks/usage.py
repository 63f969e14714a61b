"""An observer that reads the CPU time of a run: of its containers, and of this process."""

import os
import resource
import time
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import NamedTuple

from docker import DockerClient

from benchmarks.quiet import Quiet
from harness.engines.compose.stack import SERVICE_LABEL

HARNESS = "harness"


class Reading(NamedTuple):
    """What CPU time something had taken since its start, and when that was so, in seconds."""

    at_s: float
    cpu_s: float


class Usage(Quiet):
    """Reads when the first second is over, and again when `last` is; the load must go on then."""

    def __init__(self, client: DockerClient, last: int) -> None:
        super().__init__()
        self.client = client
        self._last = last
        self.ids: dict[str, str] = {}
        self.pool = ThreadPoolExecutor()
        self._asked: dict[str, list[Future[Reading]]] = defaultdict(list)
        self._own: list[Reading] = []

    def step(self, what: str) -> None:
        """Take the time; look up the containers before the load begins."""
        super().step(what)
        if what == "loading":
            label = f"chaoslab.owner-pid={os.getpid()}"
            rows = self.client.api.containers(filters={"label": label})
            self.ids = {row["Labels"][SERVICE_LABEL]: row["Id"] for row in rows}

    def second(self, number: int, good: int) -> None:
        """Read this process when no answer of the engine's is due, which may take a second."""
        del good
        if number in (2, self._last):
            self._own.append(Reading(time.monotonic(), time.process_time()))
        if number in (0, self._last):
            for name, container in self.ids.items():
                self._asked[name].append(self.pool.submit(self._read, container))

    def readings(self) -> dict[str, list[Reading]]:
        """Give the first reading and the last of each, by a container's service."""
        asked = {name: [one.result() for one in both] for name, both in self._asked.items()}
        return {**asked, HARNESS: self._own}

    def shares(self) -> dict[str, float]:
        """Give the CPU seconds that each took in a second between its readings."""
        return {
            name: (last.cpu_s - first.cpu_s) / (last.at_s - first.at_s)
            for name, (first, last) in self.readings().items()
        }

    def _read(self, container: str) -> Reading:
        told = self.client.api.stats(container, stream=False, one_shot=True)
        at = datetime.fromisoformat(told["read"])
        return Reading(at.timestamp(), told["cpu_stats"]["cpu_usage"]["total_usage"] / 1e9)


def spent_s() -> float:
    """Give the CPU seconds of this process and of those that it has waited for."""
    kinds = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in kinds)
