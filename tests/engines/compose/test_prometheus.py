"""What the harness asks of Prometheus, against a server of the test's own."""

import asyncio
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from harness.engines.compose.prometheus import Prometheus
from harness.errors import EnvironmentNotReadyError

T = 1_000_000.25


def scraped(status: int, result: list[dict[str, Any]]) -> tuple[int, dict[str, str]]:
    """Ask for the scrapes at T; give the answer, and what the server was asked."""
    asked: dict[str, str] = {}

    async def query(request: web.Request) -> web.Response:
        asked.update(request.query)
        return web.json_response({"data": {"result": result}}, status=status)

    async def both() -> int:
        app = web.Application()
        app.router.add_get("/api/v1/query", query)
        runner = web.AppRunner(app)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            async with aiohttp.ClientSession() as session:
                return await Prometheus(session, runner.addresses[0][1]).scraped(T)
        finally:
            await runner.cleanup()

    return asyncio.run(both()), asked


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
    with pytest.raises(EnvironmentNotReadyError, match=r"Prometheus does not answer \(.*503"):
        scraped(503, [])
