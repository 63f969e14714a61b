"""The load in virtual time: an open loop of aiohttp requests, each in a task of its own."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable

import aiohttp

from harness.engines.protocol import Plan
from harness.engines.sim.connector import SimConnector
from harness.model.send import Arrival, body_of
from harness.recording import Request, RequestLog, asked, root_context
from harness.rows import Rows
from services.context import outcome
from services.server import PORT
from services.tracing import HEADER


class SimLoad:
    """Sends a plan's arrivals at their times and keeps what came of each."""

    def __init__(self, plan: Plan, now: Callable[[], float]) -> None:
        self._plan = plan
        self._now = now
        self._log = RequestLog()
        self._keeps = plan.lab.load.keeps_answers()
        self._good: Counter[int] = Counter()

    async def run(self) -> Rows[Request]:
        """Send everything, wait for every answer or time limit, and give the log in order."""
        lab = self._plan.lab
        async with (
            aiohttp.ClientSession(
                connector=SimConnector(),
                cookie_jar=aiohttp.DummyCookieJar(),
                timeout=aiohttp.ClientTimeout(total=None),
            ) as session,
            asyncio.TaskGroup() as group,
        ):
            session._retry_connection = False  # noqa: SLF001 - as `Context.session`
            for arrival in lab.load.arrivals(self._plan.seed, lab.duration_s):
                await asyncio.sleep(arrival.at_s - self._now())
                group.create_task(self._send(session, arrival))
        return self._log.all()

    def good_in(self, second: int) -> int:
        """Count the good answers that came in one second."""
        return self._good[second]

    async def _send(self, session: aiohttp.ClientSession, arrival: Arrival) -> None:
        sent_s = self._now()
        answered_s = math.nan
        headers = {HEADER: root_context(self._plan.seed, arrival.number).header()}
        url = f"http://{arrival.to}:{PORT}{arrival.path}"
        answer = ""
        try:
            async with (
                asyncio.timeout(arrival.timeout_ms / 1000),
                session.request(
                    arrival.method, url, headers=headers, data=body_of(arrival)
                ) as response,
            ):
                body = await response.read()
                status = str(response.status)
            answer = body.decode(errors="replace") if self._keeps else ""
            answered_s = self._now()
        except (TimeoutError, aiohttp.ClientError) as error:
            status = outcome(error)
        request = asked(arrival, sent_s, answered_s, status, answer)
        self._log.add(request)
        if request.good:
            self._good[int(answered_s)] += 1
