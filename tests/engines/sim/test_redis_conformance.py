"""The simulated Redis and a real one give redis-py the same answers.

Each conversation is held twice, with the real server in real time, so waits are short. What
differs is asserted at the end, so that a newer fakeredis tells when it no longer does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from redis.exceptions import WatchError

from harness.engines.sim.redis_commands import ARITY, CONTAINERS
from harness.engines.sim.redis_support import problem
from tests.engines.sim.redis_server import NEEDS_SERVER, serving
from tests.engines.sim.redis_world import RedisPy, RedisWorld, client, told

pytestmark = NEEDS_SERVER

Conversation = Callable[[RedisPy, RedisPy], Awaitable[list[object]]]


async def all_told(redis: RedisPy, *lines: str) -> list[object]:
    return [await told(redis.execute_command(*line.split())) for line in lines]


async def plain_commands(a: RedisPy, _: RedisPy) -> list[object]:
    return await all_told(
        a,
        *(
            "SET k v",
            "GET k",
            "SET k w NX",
            "SET k w XX GET",
            "SETNX k x",
            "MGET k none",
            "STRLEN k",
        ),
        *(
            "INCR n",
            "INCRBY n 5",
            "DECR n",
            "INCR k",
            "INCRBYFLOAT n 0.5",
            "APPEND k 1",
            "GETDEL k",
        ),
        *("EXISTS n", "TYPE n", "DEL n none", "TTL none", "EXPIRE none 1", "GET", "nosuch"),
        *("HSET h a 1 b 2", "HGETALL h", "HINCRBY h a 5", "HMGET h a z", "HDEL h a", "GET h"),
        *("LPUSH l a b c", "RPUSH l z", "LRANGE l 0 -1", "LPOP l 2", "LMOVE l m LEFT RIGHT"),
        *("LMPOP 1 l LEFT", "EXISTS l", "LLEN m", "LPOP none", "LREM m 0 a", "EXISTS m"),
        *("SADD s 3 1 2", "SADD t 3 4", "SISMEMBER s 1", "SCARD s", "SREM s 1", "SINTERCARD 2 s t"),
        *("ZADD z 1 a 2.5 b 3 c", "ZADD z GT CH 2 a", "ZRANGE z 0 -1 WITHSCORES", "ZSCORE z b"),
        *("ZINCRBY z 1.5 b", "ZRANK z a", "ZRANGE z (2 +inf BYSCORE", "ZCARD z", "ZPOPMIN z"),
        *(
            "ZREMRANGEBYSCORE z -inf +inf",
            "EXISTS z",
            "SETBIT b 7 1",
            "BITCOUNT b",
            "PING",
            "ECHO hi",
        ),
    )


async def sets(a: RedisPy, _: RedisPy) -> list[object]:
    await a.sadd("s", "x", "y", "z")
    await a.sadd("t", "z", "w")
    return [await a.smembers("s"), *(sorted(each) for each in (await a.sinter("s", "t"),))]


async def expiry(a: RedisPy, _: RedisPy) -> list[object]:
    answers: list[object] = [await a.set("k", "v", px=250), await a.set("k", "w", keepttl=True)]
    await a.set("long", "v", ex=100)
    answers += [await a.ttl("long"), await a.persist("long"), await a.ttl("long")]
    await asyncio.sleep(0.03)
    answers += [await a.get("k"), 0 < await a.pttl("k") <= 250]
    await asyncio.sleep(0.25)
    return [*answers, await a.get("k"), await a.pttl("k"), await a.exists("k"), await a.dbsize()]


async def leases(a: RedisPy, b: RedisPy) -> list[object]:
    answers: list[object] = [await a.set("lock", "a", nx=True, px=150)]
    answers += [await b.set("lock", "b", nx=True, px=60)]
    await asyncio.sleep(0.18)
    return [*answers, await b.set("lock", "b", nx=True, px=1000), await a.get("lock")]


async def transactions(a: RedisPy, b: RedisPy) -> list[object]:
    answers: list[object] = []
    async with a.pipeline(transaction=True) as pipe:
        answers += [await pipe.set("k", 1).incr("k").lpush("k", "x").execute(raise_on_error=False)]
    answers[-1] = [str(each) for each in answers[-1]]  # type: ignore[attr-defined]
    for rival in (None, "9"):
        async with a.pipeline() as pipe:
            await pipe.watch("k")
            seen = int(await pipe.get("k") or 0)
            if rival:
                await b.set("k", rival)
            pipe.multi()
            pipe.set("k", seen + 1)
            try:
                answers.append(await pipe.execute())
            except WatchError as error:
                answers.append(str(error))
    async with a.client() as one:
        answers += await all_told(one, "MULTI", "nosuch", "SET k 1", "EXEC", "EXEC", "DISCARD")
        answers += await all_told(one, "MULTI", "BLPOP none 0", "WAIT 1 0", "EXEC")
    return [*answers, await a.get("k")]


async def scripts(a: RedisPy, _: RedisPy) -> list[object]:
    release = "if redis.call('get',KEYS[1]) == ARGV[1] then return redis.call('del',KEYS[1]) end"
    answers: list[object] = [await a.set("lock", "me"), await a.eval(release, 1, "lock", "you")]
    answers += [await a.get("lock"), await a.eval(release, 1, "lock", "me"), await a.get("lock")]
    digest = await a.script_load("return {KEYS[1], ARGV[1], 3.99, true, false, 'after nil'}")
    answers += [digest, await a.script_exists(digest), await a.evalsha(digest, 1, "key", "arg")]
    answers += [await told(a.evalsha("f" * 40, 0))]
    for script in (
        "return {ok='fine'}",
        "return redis.error_reply('MY own')",
        "return redis.call('set', KEYS[1], 'v', 'PX', 1000, 'NX')",
        "return redis.call('set', KEYS[1], 'v', 'PX', 1000, 'NX')",
        "return type(redis.call('get', 'none'))",
        "return redis.pcall('lpush', KEYS[1], 'x')['err']",
        "return cjson.encode({1, 2})",
        "return tonumber(redis.call('time')[1]) > 1700000000",
    ):
        answers.append(await told(a.eval(script, 1, "k")))
    bucket = a.register_script("return redis.call('decrby', KEYS[1], ARGV[1])")
    return [*answers, await bucket(keys=["tokens"], args=[2])]


async def scripts_that_fail(a: RedisPy, _: RedisPy) -> list[object]:
    return [
        await told(a.eval(script, 1, "k"))
        for script in (
            "retrun 1",
            "return (",
            "error('of the script itself')",
            "local n = 1\nerror('in line ' .. 2)",
            "return nosuch",
            "local n = 1\n\nif no_such then return n end",
            "return redis.call('BLPOP', KEYS[1], 0)",
            "return redis.call('EVAL', 'return 1', 0)",
            "return redis.pcall('EVAL', 'return 1', 0)['err']",
            "return pcall(function() return nosuch end)",
            "return cjson.decode('[1, 2.5, null]')",
            "return cjson.null",
            "return 'goes on'",
        )
    ]


async def small_print(a: RedisPy, _: RedisPy) -> list[object]:
    answers = await all_told(
        a,
        *("GETEX none EX 0", "GETEX none EX x", "GETEX none NX", "SET k v", "GETEX k EX 0"),
        *("XADD x 1-1 f 1", "XADD x 1-2 f 2", "XGROUP CREATE x g 0", "XPENDING x g"),
        *("XREADGROUP GROUP g c COUNT 1 STREAMS x >", "XREADGROUP GROUP g d STREAMS x >"),
        *("XPENDING x g", "XPENDING x nosuch", "XACK x g 1-1 1-2", "XPENDING x g"),
    )
    return [*answers, *(sorted(one) for one in await a.xinfo_consumers("x", "g"))]


async def waiting_for_keys(a: RedisPy, b: RedisPy) -> list[object]:
    answers: list[object] = []
    await a.xgroup_create("x", "g", mkstream=True)
    for waits, wakes in (
        ("BLPOP q p 2", "RPUSH p 1"),
        ("BRPOP q 2", "RPUSH q 1 2"),
        ("BLMOVE r s LEFT RIGHT 2", "RPUSH r 1"),
        ("BRPOPLPUSH r s 2", "RPUSH r 2"),
        ("BLMPOP 2 1 t LEFT COUNT 2", "RPUSH t 1 2 3"),
        ("BZPOPMIN z 2", "ZADD z 2 b 1.5 a"),
        ("BZMPOP 2 1 y MAX", "ZADD y 2 b 1 a"),
        ("XREAD BLOCK 2000 STREAMS x $", "XADD x 1-1 f 1"),
        ("XREADGROUP GROUP g me COUNT 2 BLOCK 2000 STREAMS x >", "PING"),
        ("XREADGROUP GROUP g me BLOCK 2000 STREAMS x >", "XADD x 1-2 f 2"),
        ("BLPOP w 2", "SET other 1"),
    ):
        waiting = asyncio.create_task(told(a.execute_command(*waits.split())))
        await asyncio.sleep(0.03)
        done = waiting.done()
        answers += [done, *await all_told(b, wakes)]
        if waits == "BLPOP w 2":
            await b.rpush("w", "at last")
        answers.append(await waiting)
    keys = ("p", "q", "r", "s", "t", "w", "y", "z", "x")
    return [*answers, [await a.exists(key) for key in keys], await a.xpending("x", "g")]


async def waiting_in_vain(a: RedisPy, b: RedisPy) -> list[object]:
    await a.xgroup_create("x", "g", mkstream=True)
    answers = await all_told(
        a,
        *("BLPOP q 0.04", "BLMOVE q r LEFT LEFT 0.04", "BZPOPMIN z 0.04", "BLMPOP 0.04 1 q LEFT"),
        *("XREAD BLOCK 40 STREAMS x $", "XREADGROUP GROUP g c BLOCK 40 STREAMS x >", "WAIT 0 40"),
        *("XREADGROUP GROUP g c COUNT 1 BLOCK 40 STREAMS x >", "WAIT 1 40", "BLPOP q -1"),
        *(
            "XREADGROUP GROUP g c STREAMS x >",
            "XREAD STREAMS x 0",
            "XREADGROUP GROUP g c STREAMS x 0",
        ),
    )
    async with a.client() as one:
        number = await one.client_id()
        for reason in (False, True):
            waiting = asyncio.create_task(told(one.blpop(["q"], 2)))
            await asyncio.sleep(0.02)
            answers += [await b.client_unblock(number, error=reason), await waiting]
    return answers


async def first_come_first_served(a: RedisPy, b: RedisPy) -> list[object]:
    tasks = []
    for _ in range(3):
        tasks.append(asyncio.create_task(a.blpop(["q"], 2)))
        await asyncio.sleep(0.02)
    pushed = await b.rpush("q", "1", "2")
    await asyncio.sleep(0.02)
    answers = [pushed, *(task.done() for task in tasks), await b.llen("q")]
    async with b.pipeline(transaction=True) as pipe:
        answers.append(await pipe.rpush("q", "3").lpop("q").rpush("q", "4").execute())
    return [*answers, *[await task for task in tasks]]


async def streams(a: RedisPy, _: RedisPy) -> list[object]:
    answers: list[object] = [await a.xadd("x", {"n": n}, id=f"1-{n}") for n in range(1, 4)]
    answers += [await told(a.xadd("x", {"n": 0}, id="1-1")), await a.xlen("x")]
    answers += [await a.xgroup_create("x", "g", id="0"), await told(a.xgroup_create("x", "g"))]
    answers += [await a.xreadgroup("g", "one", {"x": ">"}, count=2), await a.xack("x", "g", "1-1")]
    answers += [await a.xreadgroup("g", "two", {"x": ">"}), await a.xpending("x", "g")]
    answers += [await a.xreadgroup("g", "one", {"x": "0"})]
    await asyncio.sleep(0.03)
    answers += [await a.xclaim("x", "g", "two", 60_000, ["1-2"])]
    answers += [
        await a.xclaim("x", "g", "two", 20, ["1-2"]),
        await a.xautoclaim("x", "g", "one", 60_000),
    ]
    answers += [await a.xautoclaim("x", "g", "three", 0, count=1)]
    pending: list[dict[str, Any]] = await a.xpending_range("x", "g", "-", "+", 10)
    answers += [[(each["consumer"], each["times_delivered"]) for each in pending]]
    answers += [await a.xrange("x"), await a.xtrim("x", maxlen=1), await a.xrevrange("x")]
    answers += [await told(a.xreadgroup("none", "c", {"x": ">"}))]
    return [*answers, await a.xinfo_groups("x")]


async def channels(a: RedisPy, b: RedisPy) -> list[object]:
    answers: list[object] = [await b.publish("news", "to nobody")]
    async with a.pubsub() as listener:
        await listener.subscribe("news")
        await listener.psubscribe("n*")
        answers += [await listener.get_message(timeout=1) for _ in range(2)]
        answers += [await b.publish("news", "hello"), await b.pubsub_numsub("news")]
        answers += [await listener.get_message(timeout=1) for _ in range(2)]
        await listener.unsubscribe("news")
        answers += [await listener.get_message(timeout=1), await b.publish("news", "again")]
        answers += [await listener.get_message(timeout=1), await listener.get_message(timeout=0.02)]
    return answers


async def many_at_once(a: RedisPy, _: RedisPy) -> list[object]:
    async with a.pipeline(transaction=False) as pipe:
        for number in range(500):
            pipe.set(f"k{number}", "x" * number)
            pipe.strlen(f"k{number}")
        answers = await pipe.execute()
    big = "y" * 2**20
    return [*answers, await a.set("big", big), await a.get("big") == big, await a.dbsize()]


async def ending_connections(a: RedisPy, b: RedisPy) -> list[object]:
    async with a.client() as one:
        number = await one.client_id()
        waiting = asyncio.create_task(told(one.blpop(["q"], 2)))
        await asyncio.sleep(0.02)
        answers: list[object] = [await b.client_kill_filter(_id=number), await waiting]
    return [*answers, await a.ping()]


CONVERSATIONS = (
    plain_commands, sets, expiry, leases, transactions, scripts, scripts_that_fail, small_print,
    waiting_for_keys, waiting_in_vain, first_come_first_served, streams, channels, many_at_once,
    ending_connections,
)  # fmt: skip


def simulated(conversation: Conversation, protocol: int | None) -> list[object]:
    async def scenario(world: RedisWorld) -> list[object]:
        a, b = world.client(protocol=protocol), world.client(protocol=protocol)
        return await conversation(a, b)

    return RedisWorld().play(scenario)


def real(port: int, conversation: Conversation, protocol: int | None) -> list[object]:
    async def scenario() -> list[object]:
        async with (
            client("127.0.0.1", port, protocol=protocol) as a,
            client("127.0.0.1", port, protocol=protocol) as b,
        ):
            await a.flushall()
            return await conversation(a, b)

    return asyncio.run(scenario())


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with serving(tmp_path_factory.mktemp("redis")) as number:
        yield number


@pytest.mark.parametrize("protocol", [2, 3, None])
@pytest.mark.parametrize("conversation", CONVERSATIONS, ids=lambda each: each.__name__)
def test_same_conversation(port: int, conversation: Conversation, protocol: int | None) -> None:
    """What redis-py gets from the simulation is what it gets from Redis, in RESP2 and RESP3."""
    assert simulated(conversation, protocol) == real(port, conversation, protocol)


DIFFERENT = (
    "EVAL return(math.random()*1000) 0",  # other dice, though they fall the same every time, too
)


@pytest.mark.parametrize("line", DIFFERENT)
def test_what_differs(port: int, line: str) -> None:
    """No lab may lean on these; when one agrees at last, strike it off."""

    async def say(a: RedisPy, _: RedisPy) -> list[object]:
        await a.mset({"k": "v", "f": "0.1"})
        return await all_told(a, line)

    assert simulated(say, 2) != real(port, say, 2)


def test_every_command_of_redis_is_done_or_refused_by_name(port: int) -> None:
    """None is unknown; and the table of commands is that of the server that containers run."""

    async def told_by_server(a: RedisPy, _: RedisPy) -> list[object]:
        said: dict[str, Any] = await a.execute_command("COMMAND")
        return [said]

    for name, arity in ARITY.items():
        if name in CONTAINERS:
            continue
        words = name.encode().split(b"|")
        error = problem([*words, *[b"x"] * (abs(arity) - len(words))])
        assert error is None or "not simulated" in error.value, error
    (said,) = real(port, told_by_server, 2)
    assert isinstance(said, dict)
    assert {name: ARITY[name] for name in said} == {
        name: one["arity"] for name, one in said.items()
    }


REFUSED_LINES = (
    "INFO", "CONFIG GET maxmemory", "CONFIG SET maxmemory 1mb", "MEMORY USAGE k", "ROLE", "MONITOR",
    "OBJECT ENCODING k", "SLOWLOG GET", "LATENCY LATEST", "CLIENT PAUSE 500", "CLIENT UNPAUSE",
    "CLIENT LIST", "CLIENT TRACKING ON", "CLIENT KILL 127.0.0.1:5", "CLIENT KILL ADDR x:1", "SAVE",
    "BGSAVE", "REPLICAOF NO ONE", "FAILOVER", "CLUSTER INFO", "SHUTDOWN NOSAVE", "DEBUG SLEEP 0",
    "XSETID k 1-1", "BITFIELD_RO k GET u8 0", "EVAL_RO return(1) 0", "COMMAND DOCS", "MODULE LIST",
    "EVAL return(struct.pack('>I',1)) 0", "EVAL return(cmsgpack.pack(1)) 0",
    "EVAL return(redis.call('INFO')) 0", "ACL SETUSER u on nopass", "ACL GENPASS", "ACL LOG",
    "GEOADD places 13.361389 38.115556 Palermo", "GEOSEARCH places FROMMEMBER a BYRADIUS 1 km",
    "XINFO STREAM none FULL", "RESTORE k 0 x FREQ 5", "EVAL return(redis.call('GEOPOS','k','a')) 0",
)  # fmt: skip


@pytest.mark.parametrize("line", REFUSED_LINES)
def test_what_is_not_simulated_is_refused_by_name(line: str) -> None:
    """In words that nobody takes for Redis's own, and with what to do."""

    async def say(a: RedisPy, _: RedisPy) -> list[object]:
        return await all_told(a, line, "PING")

    answer, ping = simulated(say, 2)
    assert "not simulated" in str(answer)
    assert "use --engine compose" in str(answer)
    assert ping is True


def test_what_redis_lacks_is_unknown(port: int) -> None:
    """Also what fakeredis has of newer versions and of modules."""

    async def say(a: RedisPy, _: RedisPy) -> list[object]:
        return await all_told(
            a, "WAITAOF 0 0 0", "HEXPIRE h 5 FIELDS 1 a", "JSON.GET k", "BF.ADD k v", "XACKDEL x",
            "CLIENT SETINFO LIB-NAME x", "NoSuch " + "word " * 60, "CLIENT NoSuch", "TS.ADD k 1 1",
        )  # fmt: skip

    assert simulated(say, 2) == real(port, say, 2)
