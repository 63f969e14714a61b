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


def seconds(
    name: str, nearest: list[tuple[float, str]], scrapes: list[tuple[float, str]]
) -> tuple[list[float], list[dict[str, str]]]:
    """Read seconds 3 to 5 of a metric, at T and so many seconds; give what was asked as well."""
    asked: list[dict[str, str]] = []
    metric = {"__name__": name, "job": "services", "instance": "back"}

    def query(_: str, url: str) -> tuple[int, str]:
        path, _, text = url.partition("?")
        asked.append(dict(parse_qsl(text)))
        told = nearest if path.endswith("query_range") else scrapes
        values = [[T + at_s, value] for at_s, value in told]
        return 200, json.dumps({"data": {"result": [{"metric": metric, "values": values}]}})

    found = asyncio.run(Prometheus(query).between(T, 3, 5))
    assert list(found) == [SeriesKey("back", name, "")]
    return found[SeriesKey("back", name, "")], asked


def test_some_seconds_of_a_run_are_read_while_it_goes_on() -> None:
    """The same as at its end; a second without a sample is NaN."""
    values, asked = seconds("queue_depth", [(3.5, "2"), (5.5, "4")], [])
    assert asked[0].items() >= {"start": "1000003.750", "end": "1000005.750", "step": "1"}.items()
    assert asked[1]["time"] == "1000006.750"
    assert [values[0], math.isnan(values[1]), values[2]] == [2, True, 4]


COUNTED = [(3.5, "40"), (4.5, "80"), (5.5, "80")]


def test_a_counter_is_read_between_scrapes() -> None:
    """Forty a second; at second 5 Prometheus has taken over, and scrapes at another moment."""
    scrapes = [(2.6, "24"), (3.6, "64"), (4.6, "104"), (4.9, "116"), (5.9, "156")]
    values, _ = seconds("asked_total", COUNTED, scrapes)
    assert values == [40, 80, 120]
    waited, _ = seconds("waited_seconds_total", COUNTED, [(2.6, "0.1"), (3.6, "0.6")])
    assert waited == [pytest.approx(0.3), 80, 80]


@pytest.mark.parametrize(
    "scrapes",
    [
        [(2.6, "90"), (3.4, "4")],
        [(2.2, "24"), (3.8, "64")],
        [(2.6, "NaN"), (3.6, "NaN")],
        [(2.1, "1"), (2.9, "2")],
        [],
    ],
    ids=["began anew", "one is missing", "no value", "none after it", "none"],
)
def test_without_scrapes_around_a_second_the_nearest_tells(
    scrapes: list[tuple[float, str]],
) -> None:
    """As for a gauge."""
    assert seconds("asked_total", COUNTED, scrapes)[0] == [40, 80, 80]


def test_one_thing_that_happened_has_happened_or_not() -> None:
    """A count stays whole: what happened between two scrapes is of the nearer second."""
    scrapes = [(2.6, "0"), (3.6, "1"), (4.6, "1"), (5.6, "2")]
    assert seconds("crashes_total", COUNTED, scrapes)[0] == [0, 1, 1]
