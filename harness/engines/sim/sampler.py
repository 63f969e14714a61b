"""Samples each host's prometheus-client registry, as a scrape once a second would."""

import math
from collections.abc import Mapping

from harness.engines.sim.process import Process, ProcessState
from harness.recording import SeriesKey, labels_text

UP = "up"
"""Prometheus' own series of a service's host: 1 where it answers, 0 where it does not."""


class Sampler:
    """Writes one value for each series at each call; NaN where a host does not answer."""

    def __init__(
        self, processes: Mapping[str, Process], series: dict[SeriesKey, list[float]]
    ) -> None:
        self._processes = processes
        self._series = series
        self._count = 0
        self._served: set[str] = set()

    def sample(self) -> None:
        """Take one sample of every host."""
        for host, process in self._processes.items():
            up = process.state is ProcessState.RUNNING and process.service is not None
            if up and process.service:
                self._served.add(host)
                self._scrape(host, process.service.metrics.collect())
            if host in self._served:
                self._keep(SeriesKey(host, UP, ""), float(up))
        self._count += 1
        for values in self._series.values():
            values.extend([math.nan] * (self._count - len(values)))

    def _scrape(self, host: str, families: object) -> None:
        for family in families:  # type: ignore[attr-defined]
            for sample in family.samples:
                if not sample.name.endswith("_created"):
                    labels = labels_text(sample.labels)
                    self._keep(SeriesKey(host, sample.name, labels), sample.value)

    def _keep(self, key: SeriesKey, value: float) -> None:
        values = self._series.setdefault(key, [])
        values.extend([math.nan] * (self._count - len(values)))
        values.append(value)
