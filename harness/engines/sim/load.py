"""The load in virtual time: an open loop of aiohttp requests, each in a task of its own."""

import asyncio
import math
from collections import Counter
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextvars import Context, copy_context
from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, Any

import aiohttp

from harness.engines.protocol import Plan
from harness.engines.sim.connector import SimConnector
from harness.model.load import Due
from harness.model.send import Arrival, Send, body_of
from harness.recording import Request, RequestLog, asked, root_context
from harness.rows import Rows
from services.context import outcome
from services.server import PORT
from services.tracing import HEADER

if TYPE_CHECKING:
    from harness.engines.sim.tally import Tally

EXTRA = 1_000_000_000
"""The number of the first request that is sent by hand: beyond all that a load draws."""


SEARCHED = 100_000
"""How many requests are drawn to find those for one service."""


class Pace:
    """How the load's own time goes by: as it was drawn, until it is changed."""

    def __init__(self) -> None:
        self._since_s = self._drawn_s = 0.0
        self._times = 1.0
        self.is_own = True
        """Whether it was never changed."""

    def change(self, now_s: float, times: float) -> None:
        """Let it go so many times as fast, from now on."""
        self._drawn_s += (now_s - self._since_s) * self._times
        self._since_s, self._times = now_s, times
        self.is_own = False

    def due_s(self, drawn_s: float) -> float:
        """Give when a request is due that was drawn for a moment; never, where it stands still."""
        if self.is_own:
            return drawn_s
        if not self._times:
            return math.inf
        due_s = self._since_s + (drawn_s - self._drawn_s) / self._times
        return max(self._since_s, round(due_s, 9))


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
        self._pace = Pace()
        self._drawn: Iterator[Arrival] = plan.lab.load.arrivals(plan.seed, plan.lab.duration_s)
        self._taken = 0
        self._next: Arrival | None = None
        self._alarm: asyncio.Future[bool] | None = None
        self._open: tuple[aiohttp.ClientSession, asyncio.TaskGroup, Context] | None = None
        self._is_drawing = False
        self._extra = self._batches = 0
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

    def pace(self, times: float) -> None:
        """Come so many times as fast as drawn, from now on."""
        if self._pace.is_own:
            # A load that comes faster needs more than was to be sent in the run.
            more = self._plan.lab.load.arrivals(self._plan.seed, math.inf)
            self._drawn = islice(more, self._taken, None)
        self._pace.change(self._now(), times)
        if not self._is_drawing:
            self.start()
        elif self._alarm is not None and not self._alarm.done():
            self._alarm.set_result(True)

    def send_now(self, count: int, *, to: str, path: str, method: str) -> None:
        """Send requests beside those that were drawn; what is not given is drawn as theirs."""
        arrivals = [*self._by_hand(count, to, path, method)]
        if self._open is None:
            self.tasks.append(self._spawn(self._run(arrivals, draws=False)))
            return
        session, group, context = self._open
        for arrival in arrivals:
            group.create_task(self._send(session, arrival), context=context.copy())

    def next_arrival(self) -> Arrival | None:
        """Give the request that is sent next; None when no more are."""
        return self._next

    def so_far(self) -> list[Request]:
        """Give the requests that have ended so far, by number."""
        return self._log.so_far()

    def _by_hand(self, count: int, to: str, path: str, method: str) -> Iterator[Arrival]:
        load = self._plan.lab.load
        self._batches += 1
        drawn = load.dues(f"{self._plan.seed}/by hand/{self._batches}", math.inf)
        # A flow that is over comes no more, so that a search for its requests must end too.
        fitting = (due for due in islice(drawn, SEARCHED) if to in ("", due.to))
        plain = repeat(Due(0, Send(), 0, load.flows()[0]))
        for due in islice(chain(fitting, plain), count):
            arrival = due.arrival(EXTRA + self._extra)
            self._extra += 1
            yield arrival._replace(
                at_s=self._now(),
                to=to or arrival.to,
                path=path or arrival.path,
                method=method or arrival.method,
            )

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
        while (arrival := self._peek()) is not None:
            due_s = self._pace.due_s(arrival.at_s)
            if due_s >= self._plan.lab.duration_s and not self._pace.is_own:
                break
            if await self._is_woken(due_s - self._now()):
                continue
            self._next = None
            group.create_task(self._send(session, arrival._replace(at_s=due_s)))
        self._is_drawing = False

    def _peek(self) -> Arrival | None:
        if self._next is None:
            self._next = next(self._drawn, None)
            self._taken += self._next is not None
        return self._next

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
