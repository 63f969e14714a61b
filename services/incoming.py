"""Incoming: the guards around all handlers of a service, and what a request says of itself.

A refusal is an answer: its status, its reason, and when to come again. `/metrics` and `/healthz`
are never guarded, so that an overloaded service is seen to be up.
"""

import math
from dataclasses import fields
from typing import Any

from aiohttp import web

from services.context import Context
from services.guarding import (
    ASKED,
    CLIENT,
    PRIORITY,
    READS,
    RETRY_AFTER,
    TIE,
    Guarding,
    seconds,
    surroundings,
)
from services.patterns.deadline import HEADER as DEADLINE
from services.patterns.deadline import deadline_of
from services.patterns.guards import Answer, Asked, Call, Failed, Refused

TOO_LATE = 504
UNGUARDED = ("/metrics", "/healthz")


def incoming(ctx: Context[Any]) -> Any:  # noqa: ANN401 - aiohttp's type
    """Make the middleware that stands around all handlers of a service."""
    sides = {field.name for field in fields(ctx.settings)}
    guards = Guarding(lambda: ctx.settings.incoming, surroundings(ctx, "incoming"))

    async def guard(request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401
        asked = asked_of(request, ctx.now())
        ASKED.set(asked)
        has_guards = "incoming" in sides and ctx.settings.incoming.order
        try:
            if not has_guards or request.path in UNGUARDED:
                response: web.StreamResponse = await handler(request)
                return response
            return _response(await guards(asked, _handling(request, handler)))
        except Refused as refusal:
            refused = Answer(f"{refusal}\n".encode(), refusal.status, refusal.retry_after_s)
            return _response(refused)
        except Failed as failure:
            return _response(failure.answer)
        except TimeoutError:
            if not has_guards:
                raise
            return _response(Answer(b"not done in time\n", TOO_LATE))

    return web.middleware(guard)


def asked_of(request: web.Request, now_s: float) -> Asked:
    """Give what a request says of itself; its key is its client."""
    client = request.headers.get(CLIENT) or request.query.get(CLIENT, "")
    priority = request.headers.get(PRIORITY) or request.query.get(PRIORITY, "")
    return Asked(
        key=client,
        client=client,
        resource=request.path_qs,
        priority=int(priority) if priority.isdecimal() else 0,
        tie=request.headers.get(TIE, ""),
        deadline_s=deadline_of(request.headers.get(DEADLINE), now_s),
        writes=request.method not in READS,
    )


def _handling(request: web.Request, handler: Any) -> Call:  # noqa: ANN401 - aiohttp's type
    async def call(asked: Asked) -> Answer:
        ASKED.set(asked)
        try:
            response = await handler(request)
        except web.HTTPException as error:
            response = error
        if not isinstance(response.body, bytes | None):
            raise TypeError(f"{request.path}: incoming guards need an answer of bytes")
        again_s = seconds(response.headers.get(RETRY_AFTER))
        kind = response.headers.get("Content-Type", Answer.kind)
        answer = Answer(response.body or b"", response.status, again_s, kind)
        if answer.failed:
            raise Failed(answer)
        return answer

    return call


def _response(answer: Answer) -> web.Response:
    headers = {"Content-Type": answer.kind}
    if answer.retry_after_s > 0:
        # Whole seconds, as the header has them: never sooner than meant.
        headers[RETRY_AFTER] = str(math.ceil(answer.retry_after_s))
    return web.Response(body=answer.body, status=answer.status, headers=headers)
