"""Relay: calls its callees in turn, under a time limit and a retry policy.

Guards of `outgoing.order` stand around each try; a retry among them multiplies these.
"""

from dataclasses import dataclass
from functools import partial

import aiohttp
from aiohttp import web

from services.context import Context
from services.guarding import RETRY_AFTER, Guarded, seconds
from services.outgoing import Outgoing
from services.patterns.guards import Answer, Asked, Failed, PerKey
from services.patterns.retry import Backoff, Jitter, Retry, RetryBudget
from services.patterns.timeout import time_limit
from services.server import at_least, live


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Guarded):
    """A time limit for each attempt, how many tries in all, and what holds them back.

    `retry_budget` is the share of a callee's calls that may be retried; 0 means without limit, and
    so does a `timeout_ms` of 0. A change hits the requests that come later.
    """

    timeout_ms: float = live(1000)
    tries: int = live(1)
    backoff_ms: float = live(0)
    jitter: Jitter = live(Jitter.FULL)
    retry_budget: float = live(0)

    def __post_init__(self) -> None:
        at_least(1, tries=self.tries)
        at_least(
            0,
            timeout_ms=self.timeout_ms,
            backoff_ms=self.backoff_ms,
            retry_budget=self.retry_budget,
        )


class Unavailable(Failed):
    """A callee answered, with an error of its own."""

    def __init__(self, callee: str, answer: Answer) -> None:
        super().__init__(answer)
        self._said = f"{callee} answered {answer.status}"

    def __str__(self) -> str:
        return self._said


class Policy:
    """The retry policy of the settings as they are; a new budget has its burst again."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._ratio = 0.0
        self._budgets = PerKey(lambda _: RetryBudget(self._ratio))

    def now(self, callee: str) -> Retry:
        """Give the policy for a call of a request that has come now."""
        settings = self._ctx.settings
        if settings.retry_budget != self._ratio:
            self._ratio = settings.retry_budget
            self._budgets.clear()
        return Retry(
            tries=settings.tries,
            on=(TimeoutError, aiohttp.ClientError, Unavailable),
            backoff=Backoff(base_ms=settings.backoff_ms, jitter=settings.jitter),
            budget=self._budgets.of(callee) if self._ratio else None,
        )


def app(ctx: Context[Settings]) -> web.Application:
    """Serve `GET /`: 200 when every callee answered in time, 504 or 502 otherwise."""
    policy = Policy(ctx)
    outgoing = Outgoing(ctx)

    async def ask(callee: str, attempt: int, asked: Asked) -> Answer:
        call = ctx.call(asked.key, attempt=attempt + asked.attempt - 1)
        async with (
            time_limit(ctx.settings.timeout_ms),
            call.get("/", headers=outgoing.headers(asked)) as response,
        ):
            body = await response.read()
            again_s = seconds(response.headers.get(RETRY_AFTER))
        answer = Answer(body, response.status, again_s)
        if answer.status >= web.HTTPInternalServerError.status_code:
            raise Unavailable(callee, answer)
        return answer

    async def attempted(callee: str, attempt: int) -> Answer:
        return await outgoing.call(callee, partial(ask, callee, attempt))

    async def handle(_: web.Request) -> web.Response:
        try:
            for callee in ctx.callees:
                await policy.now(callee).run(partial(attempted, callee), ctx.rng)
        except TimeoutError:
            return web.Response(status=504, text="a callee did not answer in time\n")
        except (aiohttp.ClientError, Unavailable) as error:
            return web.Response(status=502, text=f"{error}\n")
        return web.Response(text="ok\n")

    application = web.Application()
    application.router.add_get("/", handle)
    return application
