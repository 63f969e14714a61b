"""The load in virtual time: an open loop of aiohttp requests, each in a task of its own."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from contextvars import Context, copy_context
from typing import TYPE_CHECKING, Any

import aiohttp

from harness.engines.protocol import Plan
from harness.engines.sim.connector import SimConnector
from harness.model.send import Arrival, body_of
from harness.model.steered_load import SteeredLoad
from harness.recording import Request, RequestLog, asked, root_context
from harness.rows import Rows
from services.context import outcome
from services.server import PORT
from services.tracing import HEADER

if TYPE_CHECKING:
    from harness.engines.sim.tally import Tally


class SimLoad:
    """Sends a plan's arrivals at their times and keeps what came of each.

    `spawn` starts a task of the client's. There is one task, and another where the load goes on
    after it was over, because its pace was changed or a request is sent by hand.
    """

    def __init__(
        self,
        plan: Plan,
        now: Callable[[], float],
        spawn: Callable[[Coroutine[Any, Any, None]], "asyncio.Task[None]"],
    ) -> None:
        self._plan = plan
        self._now = now
        self._spawn = spawn
        self._log = RequestLog()
        self._keeps = plan.lab.load.keeps_answers()
        self._good: Counter[int] = Counter()
        self._load = SteeredLoad(plan.lab.load, plan.seed, plan.lab.duration_s)
        self._alarm: asyncio.Future[bool] | None = None
        self._open: tuple[aiohttp.ClientSession, asyncio.TaskGroup, Context] | None = None
        self._is_drawing = False
        self.tap: Tally | None = None
        """Hears of each request that is sent, and of its end."""
        self.tasks: list[asyncio.Task[None]] = []
        """What sends; all of them are over when all requests are."""

    def start(self) -> None:
        """Begin to send what was drawn."""
        self._is_drawing = True
        self.tasks.append(self._spawn(self._run((), draws=True)))

    async def over(self) -> Rows[Request]:
        """Wait for every answer or time limit, and give the log: by number, those by hand last."""
        for task in self.tasks:
            await task
        return self._log.all()

    async def pace(self, times: float) -> float:
        """Come so many times as fast as drawn, from now on."""
        now_s = self._now()
        self._load.pace(now_s, times)
        if not self._is_drawing:
            self.start()
        elif self._alarm is not None and not self._alarm.done():
            self._alarm.set_result(True)
        return now_s

    async def send_now(self, count: int, *, to: str, path: str, method: str) -> None:
        """Send requests beside those that were drawn; what is not given is drawn as theirs."""
        arrivals = [*self._load.by_hand(self._now(), count, to=to, path=path, method=method)]
        if self._open is None:
            self.tasks.append(self._spawn(self._run(arrivals, draws=False)))
            return
        session, group, context = self._open
        for arrival in arrivals:
            group.create_task(self._send(session, arrival), context=context.copy())

    def next_arrival(self) -> Arrival | None:
        """Give the request that is sent next; None when no more are."""
        return self._load.due()

    def so_far(self) -> list[Request]:
        """Give the requests that have ended so far, by number."""
        return self._log.so_far()

    async def _run(self, first: Sequence[Arrival], *, draws: bool) -> None:
        async with aiohttp.ClientSession(
            connector=SimConnector(),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None),
        ) as session:
            session._retry_connection = False  # noqa: SLF001 - as `Context.session`
            try:
                async with asyncio.TaskGroup() as group:
                    self._open = own = session, group, copy_context()
                    for arrival in first:
                        group.create_task(self._send(session, arrival))
                    if draws:
                        await self._draw(session, group)
            finally:
                self._open = None if self._open is own else self._open

    async def _draw(self, session: aiohttp.ClientSession, group: asyncio.TaskGroup) -> None:
        """Send what is due, as long as anything is; time stands still in no other place."""
        while (arrival := self._load.due()) is not None:
            if await self._is_woken(arrival.at_s - self._now()):
                continue
            self._load.take()
            group.create_task(self._send(session, arrival))
        self._is_drawing = False

    async def _is_woken(self, delay_s: float) -> bool:
        """Sleep, as `asyncio.sleep` does; say whether a change of the pace came first."""
        if delay_s <= 0:
            await asyncio.sleep(0)
            return False
        loop = asyncio.get_running_loop()
        self._alarm = alarm = loop.create_future()
        timer = loop.call_later(delay_s, _ring, alarm)
        try:
            is_woken: bool = await alarm
        finally:
            timer.cancel()
            self._alarm = None
        return is_woken

    def good_in(self, second: int) -> int:
        """Count the good answers that came in one second."""
        return self._good[second]

    async def _send(self, session: aiohttp.ClientSession, arrival: Arrival) -> None:
        sent_s = self._now()
        if self.tap is not None:
            self.tap.sent_request(arrival)
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
        if self.tap is not None:
            self.tap.ended_request(request, self._now())


def _ring(alarm: asyncio.Future[bool]) -> None:
    if not alarm.done():
        alarm.set_result(False)
