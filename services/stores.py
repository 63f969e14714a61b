"""Stores: the guards of a service around its commands to a Redis, as around its calls over HTTP.

A Redis that is away, loads or does not answer in time is a failure that guards see; one that
answers with an error has answered, and trying again would not change it. A fallback's fixed text is
no reply of a Redis, so the failure goes on; a reply that is kept, stale or cached, is one.
"""

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from redis.asyncio import Redis
from redis.exceptions import AuthenticationError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from services.outgoing import Outgoing, UnreachableError
from services.patterns.guards import Answer, Asked, Refused
from services.redis import Send, TracedRedis, Words

if TYPE_CHECKING:
    from services.patterns.guards import Call

READS = frozenset(
    (
        *("EXISTS", "GET", "GETRANGE", "MGET", "PTTL", "STRLEN", "TTL", "TYPE"),
        *("HEXISTS", "HGET", "HGETALL", "HKEYS", "HLEN", "HMGET", "HVALS"),
        *("LINDEX", "LLEN", "LRANGE", "SCARD", "SISMEMBER", "SMEMBERS"),
        *("XINFO", "XLEN", "XPENDING", "XRANGE", "XREVRANGE"),
        *("ZCARD", "ZCOUNT", "ZRANGE", "ZRANK", "ZSCORE"),
    )
)
"""Commands that change nothing, so that their replies may be shared and kept."""


@dataclass(frozen=True)
class Reply(Answer):
    """What a Redis has replied, as its client gives it."""

    value: Any = None


class CommandRefusedError(RedisConnectionError):
    """A guard did not let a command through, so the Redis is away for the service."""


def guarded(client: Redis, outgoing: Outgoing, name: str) -> Redis:
    """Give a client of the same connections whose commands go through a service's guards."""
    if not isinstance(client, TracedRedis):
        raise TypeError(f"{name}: guards need a client of services.redis")
    return client.guarded(partial(_guarded, outgoing, name))


async def _guarded(outgoing: Outgoing, name: str, words: Words, send: Send) -> Any:  # noqa: ANN401
    if not outgoing.stand:
        return await send()
    command = str(words[0]).upper()
    text = " ".join(map(str, words))
    asked = outgoing.asked(name, path=text, writes=command not in READS)
    try:
        answer = await outgoing.guards(asked, _replying(send))
    except UnreachableError as error:
        raise error.__cause__ or error from None
    except Refused as refusal:
        raise CommandRefusedError(f"{command} was not sent: {refusal}") from refusal
    if not isinstance(answer, Reply):
        raise CommandRefusedError(f"{command} has no reply, and a fallback's text is none")
    return answer.value


def _replying(send: Send) -> "Call":
    """Make the client's errors those that guards know, and its reply an answer."""

    async def call(_: Asked) -> Answer:
        try:
            return Reply(value=await send())
        except AuthenticationError:
            raise
        except (RedisConnectionError, RedisTimeoutError) as error:
            raise UnreachableError(str(error)) from error

    return call
