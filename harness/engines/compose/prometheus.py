"""Prometheus' HTTP API: which hosts are up, and every series of a run, second by second."""

import math
from collections.abc import Mapping
from typing import Any

import aiohttp

from harness.errors import EnvironmentNotReadyError
from harness.recording import SeriesKey, labels_text

CALL_LIMIT_S = 10
HALF_STEP_S = 0.5
"""A second's value is the scrape nearest to it, so up to half a second later."""
OF_SERVICES = '{job="services",__name__!~"scrape_.*|.*_created"}'
NOT_A_LABEL = ("__name__", "job", "instance")


class Prometheus:
    """One server, reached on this machine."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session = session
        self._url = f"http://127.0.0.1:{port}/api/v1"

    async def up(self) -> set[str]:
        """Give the hosts that answered their last scrape; empty while the server starts."""
        try:
            found = await self._ask("query", {"query": 'up{job="services"} == 1'})
        except (TimeoutError, aiohttp.ClientError):
            return set()
        return {series["metric"]["instance"] for series in found}

    async def series(self, t0_s: float, duration_s: float) -> dict[SeriesKey, list[float]]:
        """Read every series of the services at 0, 1 ... `duration_s`; NaN where there is none.

        Raises:
            EnvironmentNotReadyError: the server does not answer as it should.

        """
        seconds = math.ceil(duration_s)
        start_s = t0_s + HALF_STEP_S
        window = {"start": f"{start_s:.3f}", "end": f"{start_s + seconds:.3f}", "step": "1"}
        try:
            found = await self._ask("query_range", {"query": OF_SERVICES, **window})
        except (TimeoutError, aiohttp.ClientError) as error:
            raise EnvironmentNotReadyError(
                f"Prometheus does not answer ({error!r}): run again, and see its log"
            ) from error
        return {_key(one["metric"]): _values(one["values"], start_s, seconds) for one in found}

    async def _ask(self, path: str, query: Mapping[str, str]) -> list[Any]:
        limit = aiohttp.ClientTimeout(total=CALL_LIMIT_S)
        async with self._session.get(f"{self._url}/{path}", params=query, timeout=limit) as answer:
            answer.raise_for_status()
            document = await answer.json()
        result: list[Any] = document["data"]["result"]
        return result


def _key(metric: Mapping[str, str]) -> SeriesKey:
    labels = {name: value for name, value in metric.items() if name not in NOT_A_LABEL}
    return SeriesKey(metric["instance"], metric["__name__"], labels_text(labels))


def _values(samples: list[tuple[float, str]], start_s: float, seconds: int) -> list[float]:
    values = [math.nan] * (seconds + 1)
    for at_s, value in samples:
        values[round(at_s - start_s)] = float(value)
    return values
