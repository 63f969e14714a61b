"""Outgoing: the guards around all calls of a service, and around its commands to a Redis."""

from collections.abc import Mapping
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import aiohttp

from services.context import Context
from services.guarding import (
    ASKED,
    CLIENT,
    PRIORITY,
    READS,
    RETRY_AFTER,
    TIE,
    Guarding,
    in_order,
    seconds,
    surroundings,
)
from services.patterns.deadline import HEADER as DEADLINE
from services.patterns.deadline import header as deadline_header
from services.patterns.guards import Answer, Asked, Call, Failed
from services.patterns.timeout import time_limit

if TYPE_CHECKING:
    from redis.asyncio import Redis

NO_HEADERS: Mapping[str, str] = MappingProxyType({})


class UnreachableError(ConnectionError):
    """The callee gave no answer; its cause is the client's own error."""


class _ToldError(Failed):
    """An answer that the service did not take for a failure, and that guards do."""


class Outgoing:
    """The guards around all calls of a service.

    `request` sends one. `call` takes a function that asks the host `key`, which a guard may have
    chosen, and gives its answer or raises as aiohttp's client does; what the guards let out of a
    failure is that error again. A refusal that the service does not catch is its answer.
    """

    def __init__(self, ctx: Context[Any]) -> None:
        self._ctx = ctx
        self.guards = Guarding(lambda: ctx.settings.outgoing, surroundings(ctx, "outgoing"))

    @property
    def stand(self) -> bool:
        """Whether there are any guards now."""
        return bool(in_order(self._ctx.settings.outgoing.order))

    async def request(  # noqa: PLR0913 - what a request has
        self,
        method: str,
        callee: str,
        path: str = "/",
        *,
        timeout_ms: float,
        attempt: int = 1,
        route: str = "",
        headers: Mapping[str, str] = NO_HEADERS,
        body: bytes = b"",
    ) -> Answer:
        """Send a request inside the guards, each try within a time limit (0: none).

        Raises:
            one of `NO_ANSWER`: there was none. One of any status is an answer.

        """

        async def ask(asked: Asked) -> Answer:
            call = self._ctx.call(asked.key, attempt=attempt + asked.attempt - 1, route=route)
            carried = {**headers, **self.headers(asked)}
            # Not `data=b""`: a request without a body says nothing of one.
            sent = call.request(method, path, headers=carried, data=body or None)
            async with time_limit(timeout_ms), sent as response:
                content = await response.read()
            again_s = seconds(response.headers.get(RETRY_AFTER))
            kind = response.headers.get("Content-Type", Answer.kind)
            return Answer(content, response.status, again_s, kind)

        return await self.call(callee, ask, path=path, writes=method not in READS, body=body)

    async def call(
        self, callee: str, ask: Call, *, path: str = "/", writes: bool = False, body: bytes = b""
    ) -> Answer:
        """Ask a callee inside the guards.

        Raises:
            aiohttp.ClientError, TimeoutError, Failed: the call failed.
            Refused: a guard did not make it.

        """
        asked = self.asked(callee, path=path, writes=writes, body=body)
        if not self.stand:
            return await ask(asked)
        try:
            answer = await self.guards(asked, _telling(ask))
        except UnreachableError as error:
            raise error.__cause__ or error from None
        except _ToldError as failure:
            answer = failure.answer
        if answer.cause:
            raise answer.cause
        return answer

    def redis(self, name: str) -> "Redis":
        """Give the client of a Redis whose commands and pipelines go through the guards.

        What they refuse is a `redis.RedisError`, as where the Redis is away. One that listens or
        watches is past them from then on.
        """
        # Every service imports this module, and few have a Redis, which takes half a second.
        made: Redis = import_module("services.stores").guarded(self._ctx.redis(name), self, name)
        return made

    def asked(self, callee: str, *, path: str, writes: bool, body: bytes = b"") -> Asked:
        """Say what is asked of a callee, for the request that is being served."""
        cause = ASKED.get() or Asked()
        # What is asked of it is this callee's own: no tie, and nobody waits for its beginning.
        return Asked(
            key=callee,
            client=cause.client,
            resource=path,
            priority=cause.priority,
            deadline_s=cause.deadline_s,
            writes=writes,
            body=body,
        )

    def headers(self, asked: Asked) -> dict[str, str]:
        """Give the headers that a request takes along: deadline, client and priority."""
        carried = {
            DEADLINE: deadline_header(asked.deadline_s, self._ctx.now()),
            CLIENT: asked.client or None,
            PRIORITY: str(asked.priority) if asked.priority else None,
            TIE: asked.tie or None,
        }
        return {name: value for name, value in carried.items() if value is not None}


def _telling(ask: Call) -> Call:
    """Make the client's errors those that guards know."""

    async def call(asked: Asked) -> Answer:
        try:
            answer = await ask(asked)
        except aiohttp.ClientResponseError as error:
            again_s = seconds(error.headers.get(RETRY_AFTER) if error.headers else None)
            answer = Answer(error.message.encode(), error.status, again_s, cause=error)
        except aiohttp.ClientError as error:
            raise UnreachableError(str(error)) from error
        if answer.failed:
            raise _ToldError(answer)
        return answer

    return call
