"""Reader: a member of a stream's group, which does for each message what its callee is asked to.

*Acknowledge before* the work, and a crash loses what was under way; *after* it, and the same is
done again: at most once, or at least once. What makes the second look like once is a receiver that
knows what it has done: with `dedupe`, this process remembers the messages that it has done, on its
disk, and does none twice. Where two members do a message, only their callee can tell.
Sources: Kreps and others, "Kafka" (NetDB 2011); Helland, "Idempotence Is Not a Medical Condition"
(2012). In production: aiokafka, Faust, or the consumer of your stream.
"""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from aiohttp import web
from prometheus_client import Counter

from services.context import Context
from services.guarding import NO_ANSWER, Calling
from services.outgoing import Outgoing
from services.server import SettingError, at_least, in_background, live
from services.tracing import CURRENT, HEADER, parse

MEMORY = "done"
GIVEN = web.HTTPOk.status_code
NOT_YOURS = web.HTTPConflict.status_code


class Acknowledge(StrEnum):
    """When a message counts as done: before the work, or after it."""

    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings(Calling):
    """Which stream it reads, for which group, and what it does with each message.

    `path` of the callee is asked for by POST, with `{key}` and `{body}` filled in. A message that
    fails is tried again every `pause_ms`, `tries` times in all (0: for ever, and all behind it in
    its partition wait). It asks the stream for more every `poll_ms` where there was nothing.
    """

    stream: str
    group: str = "readers"
    path: str = "/effects/{body}"
    acknowledge: Acknowledge = live(Acknowledge.AFTER)
    dedupe: bool = live(default=False)
    tries: int = live(0)
    pause_ms: float = live(200)
    poll_ms: float = live(100)
    timeout_ms: float = live(1000)

    def __post_init__(self) -> None:
        at_least(0, tries=self.tries)
        at_least(1, pause_ms=self.pause_ms, poll_ms=self.poll_ms, timeout_ms=self.timeout_ms)
        try:
            self.path.format(key="", body="")
        except (LookupError, ValueError) as error:
            raise SettingError(
                f"path is {self.path!r}; it may have {{key}} and {{body}} in it"
            ) from error


class Reader:
    """One member: asks for messages, and does them in order."""

    def __init__(self, ctx: Context[Settings]) -> None:
        self._ctx = ctx
        self._outgoing = Outgoing(ctx)
        callees = [name for name in ctx.callees if name != ctx.settings.stream]
        if ctx.settings.stream not in ctx.callees or len(callees) != 1:
            raise SettingError(
                f"calls= must name the stream {ctx.settings.stream!r} and one other service; "
                f"it names {', '.join(ctx.callees) or 'none'}"
            )
        (self._callee,) = callees
        # After a crash it is another member: what the one before was at must be read again.
        self._member = f"{ctx.host}@{round(ctx.now() * 1_000_000)}"
        kept = ctx.volume.read(MEMORY)
        self._done: set[str] = set(json.loads(kept)) if kept else set()
        self._ended = Counter("messages_read", "By how", ("outcome",), registry=ctx.metrics)
        for outcome in ("done", "given up", "known"):
            self._ended.labels(outcome)  # So that each begins at 0.

    async def run(self) -> None:
        """Read for ever; a stream that is away is asked again."""
        while True:
            batch = await self._next()
            # In one partition after the other, each in its order.
            for message in batch:
                if not await self._handle(message):
                    break  # It is another member's now, and so is what is behind it.
            if not batch:
                await asyncio.sleep(self._ctx.settings.poll_ms / 1000)

    async def _handle(self, message: Mapping[str, Any]) -> bool:
        if self._ctx.settings.acknowledge is Acknowledge.BEFORE:
            mine = await self._acknowledge(message)
            if mine:
                await self._do(message)
            return mine
        await self._do(message)
        return await self._acknowledge(message)

    async def _do(self, message: Mapping[str, Any]) -> None:
        name = f"{message['partition']}/{message['place']}"
        if self._ctx.settings.dedupe and name in self._done:
            self._ended.labels("known").inc()
            return
        # The work belongs to the request that has brought the message.
        CURRENT.set(parse(message[HEADER]))
        path = self._ctx.settings.path.format(key=message["key"], body=message["body"])
        tried = 1
        while not await self._work(path, tried):
            if tried == self._ctx.settings.tries:
                self._ended.labels("given up").inc()
                break
            tried += 1
            await asyncio.sleep(self._ctx.settings.pause_ms / 1000)
        else:
            self._ended.labels("done").inc()
        CURRENT.set(None)
        if self._ctx.settings.dedupe:
            self._done.add(name)
            self._ctx.volume.write(MEMORY, json.dumps(sorted(self._done)).encode())

    async def _work(self, path: str, attempt: int) -> bool:
        settings = self._ctx.settings
        try:
            answer = await self._outgoing.request(
                "POST",
                self._callee,
                path,
                timeout_ms=settings.timeout_ms,
                attempt=attempt,
                route=settings.path,
            )
        except NO_ANSWER:
            return False
        return answer.ok

    async def _next(self) -> list[Mapping[str, Any]]:
        """Ask the stream what to do; nothing where it does not answer."""
        try:
            status, text = await self._ask("GET", self._place())
        except NO_ANSWER:
            return []
        messages: list[Mapping[str, Any]] = json.loads(text) if status == GIVEN else []
        return messages

    async def _acknowledge(self, message: Mapping[str, Any]) -> bool:
        """Say that a message is done; False when it was not this member's to do."""
        path = f"{self._place()}/{message['partition']}/{message['place']}"
        while True:
            try:
                status, _ = await self._ask("PUT", path)
            except NO_ANSWER:
                status = 0
            if status in {GIVEN, NOT_YOURS}:
                return status == GIVEN
            await asyncio.sleep(self._ctx.settings.pause_ms / 1000)

    async def _ask(self, method: str, path: str) -> tuple[int, str]:
        settings = self._ctx.settings
        answer = await self._outgoing.request(
            method,
            settings.stream,
            path,
            timeout_ms=settings.timeout_ms,
            route=f"/groups/{settings.group}",
        )
        return answer.status, answer.text

    def _place(self) -> str:
        return f"/groups/{self._ctx.settings.group}/{self._member}"


def app(ctx: Context[Settings]) -> web.Application:
    """Serve nothing but health and metrics; the work is in the background."""
    application = web.Application()
    in_background(application, Reader(ctx).run)
    return application
