"""Who may come in, and what is brought back: as a real Redis has it, or refused."""

from pathlib import Path

import pytest

from tests.engines.sim.redis_server import NEEDS_SERVER, serving
from tests.engines.sim.redis_world import RedisPy, RedisWorld, told
from tests.engines.sim.test_redis_conformance import all_told, real, simulated

GREETINGS = (
    "ACL WHOAMI", "AUTH secret", "AUTH default secret", "AUTH nobody secret", "AUTH a b c",
    "HELLO x", "HELLO 4", "HELLO 3 AUTH nobody secret", "HELLO 3 auth nobody secret",
    "HELLO 3 AUTH default", "HELLO 3 SETNAME", "HELLO 3 NoSuch", "ACL WHOAMI", "CLIENT GETNAME",
)  # fmt: skip


async def greetings(a: RedisPy, _: RedisPy) -> list[object]:
    return await all_told(a, *GREETINGS)


@NEEDS_SERVER
@pytest.mark.parametrize("protocol", [2, 3])
def test_nobody_is_let_in_whom_redis_would_not_know(tmp_path: Path, protocol: int) -> None:
    """There is one user, without a password; a wrong name is an error, as on containers."""
    with serving(tmp_path) as port:
        assert simulated(greetings, protocol) == real(port, greetings, protocol)


def test_a_client_with_a_wrong_name_cannot_do_anything() -> None:
    """redis-py names its user when it connects."""

    async def scenario(world: RedisWorld) -> list[object]:
        mine, other = world.client(username="default"), world.client(username="nobody")
        return [await told(mine.set("k", "v")), await told(other.get("k"))]

    done, error = RedisWorld().play(scenario)
    assert done is True
    assert "invalid username-password pair" in str(error)


def test_what_is_brought_back_ends_at_the_time_that_was_given() -> None:
    """`ABSTTL` gives milliseconds since 1970, and not from now on; 0 is for ever either way."""

    async def scenario(world: RedisWorld) -> list[object]:
        redis = world.client(decode_responses=False)
        await redis.set("k", "v")
        dumped = await redis.dump("k")
        end_ms = round((world.wall() + 100) * 1000)
        for name, ttl_ms in (("absolute", end_ms), ("for ever", 0), ("past", end_ms - 200_000)):
            await redis.restore(name, ttl_ms, dumped, absttl=True)
        await redis.restore("relative", 5000, dumped, replace=True)
        names = ("absolute", "for ever", "past", "relative")
        return [(await redis.get(name), await redis.ttl(name)) for name in names]

    ends = [(b"v", 100), (b"v", -1), (None, -2), (b"v", 5)]
    assert RedisWorld().play(scenario) == ends
