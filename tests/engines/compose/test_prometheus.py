"""What the harness asks of Prometheus, against a server of the test's own."""

import asyncio
import json
import math
from typing import Any
from urllib.parse import parse_qsl

import pytest

from harness.engines.compose.prometheus import Prometheus
from harness.errors import EnvironmentNotReadyError
from harness.recording import SeriesKey

T = 1_000_000.25


def scraped(status: int, result: list[dict[str, Any]]) -> tuple[int, dict[str, str]]:
    """Ask for the scrapes at T; give the answer, and what the server was asked."""
    asked: dict[str, str] = {}

    def query(method: str, url: str) -> tuple[int, str]:
        path, _, text = url.partition("?")
        assert (method, path) == ("GET", "/api/v1/query")
        asked.update(parse_qsl(text))
        return status, json.dumps({"data": {"result": result}})

    return asyncio.run(Prometheus(query).scraped(T)), asked


def test_scrapes_count_from_half_a_second_before_to_half_a_second_after() -> None:
    """Of the targets alone, by `up`, which is there whether they answered or not."""
    count, asked = scraped(200, [{"metric": {}, "value": [T, "3"]}])
    assert count == 3
    assert asked == {
        "query": 'count(timestamp(up{job=~"services|toxiproxy"}) > 999999.750)',
        "time": "1000000.750",
    }


def test_no_scrape_yet_is_none() -> None:
    """A count over nothing has no result in Prometheus."""
    assert scraped(200, [])[0] == 0


def test_a_server_that_does_not_answer_well_ends_the_run() -> None:
    """In one line."""
    with pytest.raises(EnvironmentNotReadyError, match=r"Prometheus refused a query \(503\)"):
        scraped(503, [])


def test_a_server_that_does_not_answer_ends_the_run() -> None:
    """In one line too."""

    def gone(method: str, url: str) -> tuple[int, str]:
        raise ConnectionError(f"{method} {url[:7]}")

    with pytest.raises(EnvironmentNotReadyError, match=r"does not answer \(.*GET /api/v1"):
        asyncio.run(Prometheus(gone).scraped(T))


def test_some_seconds_of_a_run_are_read_while_it_goes_on() -> None:
    """The same as at its end; a second without a sample is NaN."""
    asked: dict[str, str] = {}

    def query(_: str, url: str) -> tuple[int, str]:
        asked.update(parse_qsl(url.partition("?")[2]))
        metric = {"__name__": "queue_depth", "job": "services", "instance": "back"}
        values = [[T + 3.5, "2"], [T + 5.5, "4"]]
        return 200, json.dumps({"data": {"result": [{"metric": metric, "values": values}]}})

    found = asyncio.run(Prometheus(query).between(T, 3, 5))
    assert (asked["start"], asked["end"], asked["step"]) == ("1000003.750", "1000005.750", "1")
    ((key, values),) = found.items()
    assert key == SeriesKey("back", "queue_depth", "")
    assert [values[0], math.isnan(values[1]), values[2]] == [2, True, 4]
