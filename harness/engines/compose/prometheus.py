"""Prometheus' HTTP API: every series of a run, second by second."""

import asyncio
import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from itertools import pairwise
from typing import Any
from urllib.parse import urlencode

from harness.errors import EnvironmentNotReadyError
from harness.recording import SeriesKey, labels_text

HALF_STEP_S = 0.5
"""A second's value is of the scrape nearest to it, which is up to half a second later."""
APART_S = 1.5
"""How far two scrapes are from each other between which none is missing, at most."""
HANDOVER_S = 1.3
"""A scrape's interval and some: what was scraped when Prometheus came, it has after this."""
OF_A_RUN = (
    '{job="services",__name__!~"scrape_.*|.*_created"}'
    ' or {job="toxiproxy",__name__=~"toxiproxy_.*"}'
)
COUNTERS = '{job=~"services|toxiproxy",__name__=~".*_(total|count|sum|bucket)"}'
SCRAPED = 'up{job=~"services|toxiproxy"}'
"""What Prometheus itself adds to each scrape, when it stores all that the scrape gave."""
NOT_A_LABEL = ("__name__", "job", "instance")


@dataclass(slots=True, kw_only=True)
class ScrapeLog:
    """What `first_seconds` has said so far."""

    up: set[str] = field(default_factory=set)
    """The hosts that have answered a scrape."""
    at_s: float = math.nan
    """When Prometheus came, in seconds since 1970."""

    @property
    def taken_over(self) -> bool:
        """Whether Prometheus itself scrapes."""
        return not math.isnan(self.at_s)

    def take(self, line: str) -> None:
        """Read one line of the log; what Prometheus says itself is passed over."""
        told = json.loads(line) if line.startswith('{"event"') else {}
        match told.get("event"):
            case "scraped":
                self.up.add(told["instance"])
            case "taken over":
                self.at_s = told["at"]


class Prometheus:
    """One server, asked by a function that takes a method and a path, and blocks."""

    def __init__(self, ask: Callable[[str, str], tuple[int, str]]) -> None:
        self._ask_server = ask

    async def series(self, t0_s: float, duration_s: float) -> dict[SeriesKey, list[float]]:
        """Read what services and Toxiproxy tell at 0, 1 ... `duration_s`; NaN where there is none.

        Raises:
            EnvironmentNotReadyError: the server does not answer as it should.

        """
        return await self.between(t0_s, 0, math.ceil(duration_s))

    async def between(self, t0_s: float, first: int, last: int) -> dict[SeriesKey, list[float]]:
        """Read as above the seconds `first` to `last` of the run, both included.

        A gauge is what the nearest scrape told. Scrapes come at any moment of a second, and at
        another one once Prometheus has taken over, so what two of them tell of a counter is its
        growth in up to a second more or less than was asked for: a counter is read between scrapes.

        Raises:
            EnvironmentNotReadyError: as above.

        """
        start_s, seconds = t0_s + HALF_STEP_S + first, last - first
        window = {"start": f"{start_s:.3f}", "end": f"{start_s + seconds:.3f}", "step": "1"}
        found = await self._ask("query_range", {"query": OF_A_RUN, **window})
        series = {_key(one["metric"]): _values(one["values"], start_s, seconds) for one in found}
        scrapes = {"query": f"{COUNTERS}[{seconds + 3}s]", "time": f"{start_s + seconds + 1:.3f}"}
        for one in await self._ask("query", scrapes):
            if values := series.get(_key(one["metric"])):
                _grown(values, one["values"], t0_s + first)
        return series

    async def scraped(self, at_s: float) -> int:
        """Count the targets whose scrape for a moment is over, whether they answered or not.

        Raises:
            EnvironmentNotReadyError: the server does not answer as it should.

        """
        query = f"count(timestamp({SCRAPED}) > {at_s - HALF_STEP_S:.3f})"
        found = await self._ask("query", {"query": query, "time": f"{at_s + HALF_STEP_S:.3f}"})
        return int(found[0]["value"][1]) if found else 0

    async def _ask(self, path: str, query: Mapping[str, str]) -> list[Any]:
        url = f"/api/v1/{path}?{urlencode(query)}"
        try:
            status, text = await asyncio.to_thread(self._ask_server, "GET", url)
        except OSError as error:
            raise EnvironmentNotReadyError(
                f"Prometheus does not answer ({error!r}): run again, and see its log"
            ) from error
        if status != HTTPStatus.OK:
            raise EnvironmentNotReadyError(
                f"Prometheus refused a query ({status}): run again, and see its log"
            )
        result: list[Any] = json.loads(text)["data"]["result"]
        return result


def _key(metric: Mapping[str, str]) -> SeriesKey:
    labels = {name: value for name, value in metric.items() if name not in NOT_A_LABEL}
    return SeriesKey(metric["instance"], metric["__name__"], labels_text(labels))


def _values(samples: list[tuple[float, str]], start_s: float, seconds: int) -> list[float]:
    values = [math.nan] * (seconds + 1)
    for at_s, value in samples:
        values[round(at_s - start_s)] = float(value)
    return values


def _grown(values: list[float], scrapes: list[tuple[float, str]], first_s: float) -> None:
    """Put the values of a counter between the scrapes around each second, where there are two.

    It is taken to grow evenly between them; a count of whole things stays one.
    """
    read = [(at_s, float(value)) for at_s, value in scrapes]
    for (before_s, before), (after_s, after) in pairwise(read):
        if not (before <= after and after_s - before_s < APART_S):
            continue  # it began anew, has no value, or a scrape between them is missing
        is_whole = before.is_integer() and after.is_integer()
        last = min(len(values), math.ceil(after_s - first_s))
        for number in range(max(0, math.ceil(before_s - first_s)), last):
            passed = (first_s + number - before_s) / (after_s - before_s)
            grown = before + passed * (after - before)
            values[number] = float(round(grown)) if is_whole else grown
