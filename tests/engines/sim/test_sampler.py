"""Samples of metrics: one a second, in the form that a scrape would give."""

import math
from dataclasses import dataclass
from typing import Any

import pytest
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from harness.engines.sim.process import Process, ProcessState
from harness.engines.sim.sampler import Sampler
from harness.recording import SeriesKey, labels_text

NAN = pytest.approx(math.nan, nan_ok=True)


@dataclass
class Service:
    """As much of a service as a scrape sees."""

    metrics: CollectorRegistry


class Bench:
    """Hosts with registries of their own, and a sampler over them."""

    def __init__(self, *hosts: str) -> None:
        self.registries = {host: CollectorRegistry() for host in hosts}
        self.processes: dict[str, Process] = {}
        self.series: dict[SeriesKey, list[float]] = {}
        for host in hosts:
            self.start(host)
        self.sampler = Sampler(self.processes, self.series)

    def start(self, host: str) -> None:
        process = Process(host, 0)
        service: Any = Service(self.registries[host])
        process.service = service
        self.processes[host] = process

    def values(self, host: str, metric: str, labels: str = "") -> list[float]:
        return self.series[SeriesKey(host, metric, labels)]


def test_each_sample_adds_one_value_to_each_series() -> None:
    """As it stands at that moment."""
    bench = Bench("a")
    gauge = Gauge("depth", "x", registry=bench.registries["a"])
    counter = Counter("done", "x", ("status",), registry=bench.registries["a"])
    for number in range(3):
        gauge.set(number)
        counter.labels("200").inc(10)
        bench.sampler.sample()
    assert bench.values("a", "depth") == [0, 1, 2]
    assert bench.values("a", "done_total", 'status="200"') == [10, 20, 30]


def test_a_series_that_appears_late_was_not_there_before() -> None:
    """NaN for the seconds before; every series is as long as the run so far."""
    bench = Bench("a")
    counter = Counter("done", "x", ("status",), registry=bench.registries["a"])
    bench.sampler.sample()
    bench.sampler.sample()
    counter.labels("500").inc()
    bench.sampler.sample()
    assert bench.values("a", "done_total", 'status="500"') == [NAN, NAN, 1]


@pytest.mark.parametrize("state", [ProcessState.PAUSED, ProcessState.DEAD])
def test_a_host_that_does_not_answer_has_no_value(state: ProcessState) -> None:
    """A scrape of a frozen or a dead process fails; the others' go on."""
    bench = Bench("a", "b")
    for host in "ab":
        Gauge("depth", "x", registry=bench.registries[host]).set(7)
    bench.sampler.sample()
    bench.processes["a"].state = state
    bench.sampler.sample()
    bench.processes["a"].state = ProcessState.RUNNING
    bench.sampler.sample()
    assert bench.values("a", "depth") == [7, NAN, 7]
    assert bench.values("b", "depth") == [7, 7, 7]


def test_a_new_process_goes_on_in_the_same_series() -> None:
    """From its own zero, as Prometheus sees a counter's reset."""
    bench = Bench("a")
    Counter("done", "x", registry=bench.registries["a"]).inc(5)
    bench.sampler.sample()
    bench.registries["a"] = CollectorRegistry()
    Counter("done", "x", registry=bench.registries["a"])
    bench.start("a")
    bench.sampler.sample()
    assert bench.values("a", "done_total") == [5, 0]


def test_a_process_that_is_still_starting_has_no_value() -> None:
    """It does not serve its metrics yet."""
    bench = Bench("a")
    bench.processes["a"].service = None
    bench.sampler.sample()
    assert bench.series == {}


def test_histograms_have_buckets_and_times_of_making_are_left_out() -> None:
    """When a series was created is the machine's clock, which must not get into a recording."""
    bench = Bench("a")
    Histogram("wait", "x", buckets=(0.1, 1), registry=bench.registries["a"]).observe(0.5)
    bench.sampler.sample()
    assert bench.values("a", "wait_bucket", 'le="0.1"') == [0]
    assert bench.values("a", "wait_bucket", 'le="1.0"') == [1]
    assert bench.values("a", "wait_bucket", 'le="+Inf"') == [1]
    assert bench.values("a", "wait_sum") == [0.5]
    assert not [key for key in bench.series if key.metric.endswith("_created")]


def test_labels_are_written_as_in_an_exposition() -> None:
    """Sorted by name; nothing when there are none."""
    assert labels_text({}) == ""
    assert labels_text({"status": "200", "callee": "db"}) == 'callee="db",status="200"'


def test_a_process_that_serves_no_more_is_not_up() -> None:
    """It runs, and nobody can scrape it: its port is closed while it ends."""
    bench = Bench("a")
    bench.sampler.sample()
    bench.processes["a"].service = None
    bench.sampler.sample()
    assert bench.values("a", "up") == [1, 0]
