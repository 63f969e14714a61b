"""redis-py, unmodified, against the simulated Redis: virtual time, faults, the same every time."""

import asyncio
import gc
import hashlib
import os
import random
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import fakeredis
import pytest
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import NoScriptError, ResponseError, WatchError
from redis.exceptions import TimeoutError as RedisTimeoutError

from harness.engines.sim.engine import DELAY_S
from harness.engines.sim.process import EPOCH_S
from harness.engines.sim.redis import PORT, SimConnection
from harness.model.fault import ToxicSpec
from tests.engines.sim.redis_world import ROUND_TRIP_S, RedisPy, RedisWorld, client
from tests.support import CLOSE, virtually

RELEASE = "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) end"
DRAW = "return {math.random(99), redis.call('time'), redis.call('smembers', 'set')}"


@asynccontextmanager
async def takes(world: RedisWorld, seconds: float) -> AsyncIterator[None]:
    """Expect the block to take just so long in virtual time."""
    start_s = world.loop.time()
    yield
    assert world.loop.time() - start_s == pytest.approx(seconds, abs=CLOSE)


def test_what_a_command_costs() -> None:
    """One round trip to connect, one for HELLO, one for each command or pipeline; none wasted."""

    async def scenario(world: RedisWorld) -> None:
        redis = world.client()
        async with takes(world, 3 * ROUND_TRIP_S):
            await redis.set("k", 1)
        async with takes(world, ROUND_TRIP_S):
            assert await redis.incr("k") == 2
        async with takes(world, ROUND_TRIP_S), redis.pipeline(transaction=True) as pipe:
            assert await pipe.incr("k").incr("k").get("k").execute() == [3, 4, "4"]

    RedisWorld().play(scenario)


def test_keys_expire_in_virtual_time() -> None:
    """A key is there until its time is over and not longer, be it a day."""

    async def scenario(world: RedisWorld) -> None:
        redis = world.client()
        await redis.ping()
        for ttl_s in (0.1, 86_400):
            await redis.set("k", "v", px=round(1000 * ttl_s))
            set_s = world.loop.time() - DELAY_S
            await asyncio.sleep(ttl_s - 0.01 - 2 * DELAY_S)
            assert await redis.pttl("k") == 10
            await asyncio.sleep(set_s + ttl_s - DELAY_S - CLOSE - world.loop.time())
            assert await redis.get("k") == "v"
            assert (await redis.get("k"), await redis.ttl("k"), await redis.dbsize()) == (
                None,
                -2,
                0,
            )

    RedisWorld().play(scenario)


def test_a_lease_of_one_host_keeps_out_another_until_it_ends() -> None:
    """`SET NX PX`, and a compare-and-delete in Lua that spares the next holder's lease."""

    async def scenario(world: RedisWorld) -> None:
        a, b = world.client("a"), world.client("b")
        assert await a.set("lock", "a", nx=True, px=5000)
        assert not await world.on("b", b.set("lock", "b", nx=True, px=5000))
        await asyncio.sleep(5)
        assert await world.on("b", b.set("lock", "b", nx=True, px=5000))
        release = a.register_script(RELEASE)
        assert await release(keys=["lock"], args=["a"]) is None
        assert await release(keys=["lock"], args=["b"]) == 1
        assert await a.evalsha(release.sha, 1, "lock", "b") is None

    RedisWorld().play(scenario)


def test_a_failed_script_spoils_nothing() -> None:
    """The next one runs, with dice that fall as they always do."""

    async def scenario(world: RedisWorld) -> None:
        redis = world.client()
        dice = await redis.eval("return math.random(1000000)", 0)
        with pytest.raises(ResponseError, match="global"):
            await redis.eval("oops = 1", 0)
        assert await redis.eval("return math.random(1000000)", 0) == dice

    RedisWorld().play(scenario)


def test_a_watched_key_that_changed_stops_the_transaction() -> None:
    """The loser of a race is told so, and nothing of it is done."""

    async def scenario(world: RedisWorld) -> None:
        a, b = world.client("a"), world.client("b")
        async with a.pipeline() as pipe:
            await pipe.watch("k")
            await world.on("b", b.set("k", "b"))
            pipe.multi()
            pipe.set("k", "a")
            with pytest.raises(WatchError):
                await pipe.execute()
        assert await a.get("k") == "b"

    RedisWorld().play(scenario)


def test_waiting_ends_with_a_push_or_at_its_time() -> None:
    """`BLPOP` is woken by another host at once, or gives up to the instant."""

    async def scenario(world: RedisWorld) -> None:
        a, b = world.client("a"), world.client("b")
        await asyncio.gather(a.ping(), world.on("b", b.ping()))
        async with takes(world, 1.5 + ROUND_TRIP_S):
            assert await a.blpop(["q"], 1.5) is None
        popping = asyncio.create_task(a.blpop(["q"]))
        await asyncio.sleep(3600)
        async with takes(world, ROUND_TRIP_S):
            await world.on("b", b.rpush("q", "x"))
            assert popping.done()
        assert await popping == ("q", "x")

    RedisWorld().play(scenario)


def test_who_has_hung_up_waits_no_more() -> None:
    """An element is not lost on a client that gave up while it waited for one."""

    async def scenario(world: RedisWorld) -> None:
        redis = world.client()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await redis.blpop(["q"])
        await asyncio.sleep(1)
        await redis.rpush("q", "x")
        assert await redis.lrange("q", 0, -1) == ["x"]

    RedisWorld().play(scenario)


def test_streams_idle_in_virtual_time() -> None:
    """Entries get the clock's ids, and what a dead worker took can be claimed after its time."""

    async def scenario(world: RedisWorld) -> None:
        redis = world.client()
        await redis.xgroup_create("jobs", "workers", mkstream=True)
        entry = await redis.xadd("jobs", {"n": 1})
        assert entry == f"{int(1000 * (world.wall() - DELAY_S))}-0"
        await redis.xreadgroup("workers", "one", {"jobs": ">"}, block=0)
        await asyncio.sleep(30 - 2 * ROUND_TRIP_S)
        (pending,) = await redis.xpending_range("jobs", "workers", "-", "+", 10)
        assert pending["time_since_delivered"] == 29_999
        assert (await redis.xautoclaim("jobs", "workers", "two", 30_001))[1] == []
        claimed = await redis.xautoclaim("jobs", "workers", "two", 30_000)
        assert claimed[1] == [(entry, {"n": "1"})]
        async with takes(world, 2 + ROUND_TRIP_S):
            assert not await redis.xreadgroup("workers", "two", {"jobs": ">"}, count=1, block=2000)
        assert await redis.xack("jobs", "workers", entry) == 1

    RedisWorld().play(scenario)


def test_a_message_reaches_another_host() -> None:
    """Published on one host, it is there one round trip later on the other."""

    async def scenario(world: RedisWorld) -> None:
        a, b = world.client("a"), world.client("b")
        await world.on("b", b.ping())
        async with a.pubsub(ignore_subscribe_messages=True) as listener:
            await listener.subscribe("news")
            assert await listener.get_message(timeout=1) is None
            async with takes(world, ROUND_TRIP_S):
                task = world.on("b", b.publish("news", "x"))
                assert (await listener.get_message(timeout=9))["data"] == "x"
            assert await task == 1

    RedisWorld().play(scenario)


def test_a_paused_redis_makes_clients_wait() -> None:
    """Who has a time limit runs into it; who has none gets the answer when Redis goes on."""

    async def scenario(world: RedisWorld) -> None:
        hasty, patient = world.client(socket_timeout=0.5), world.client()
        await asyncio.gather(hasty.ping(), patient.ping(), patient.ping())
        waiting = asyncio.create_task(patient.blpop(["none"], 1))
        await asyncio.sleep(0.5)
        world.pause("cache")
        async with takes(world, 0.5):
            with pytest.raises(RedisTimeoutError):
                await hasty.ping()
        answer = asyncio.create_task(patient.incr("n"))
        await asyncio.sleep(10)
        assert [answer.done(), waiting.done()] == [False, False]
        world.resume("cache")
        async with takes(world, DELAY_S):
            assert (await answer, await waiting) == (1, None)

    RedisWorld().play(scenario)


@pytest.mark.parametrize(("persistent", "kept"), [(False, None), (True, "v")])
def test_a_killed_redis(*, persistent: bool, kept: str | None) -> None:
    """Its clients learn of it, and reconnect when it is back; only what is on disk is there."""

    async def scenario(world: RedisWorld) -> None:
        redis = world.client()
        await redis.set("k", "v")
        await redis.set("brief", "v", ex=5)
        script = await redis.script_load("return 1")
        waiting = asyncio.create_task(redis.blpop(["q"]))
        await asyncio.sleep(1)
        world.kill()
        with pytest.raises(RedisConnectionError):
            await waiting
        with pytest.raises(RedisConnectionError):
            await redis.ping()
        await asyncio.sleep(5)
        await world.start()
        assert [await redis.get("k"), await redis.get("brief")] == [kept, None]
        with pytest.raises(NoScriptError):
            await redis.evalsha(script, 0)
        await redis.rpush("q", "for nobody that has gone")
        assert await redis.llen("q") == 1

    RedisWorld(persistent=persistent).play(scenario)


def test_a_killed_client_goes_without_a_word() -> None:
    """Redis drops what it waited for; nothing of it warns or closes when it is collected."""

    async def scenario(world: RedisWorld) -> asyncio.Task[None]:
        async def take() -> None:
            doomed = client("cache", PORT, connection_class=SimConnection)
            await doomed.set("k", "v")
            await doomed.blpop(["q"])

        task = world.on("b", take())
        await asyncio.sleep(1)
        world.kill("b")
        await asyncio.sleep(1)
        redis = world.client()
        assert (await redis.rpush("q", "x"), await redis.llen("q")) == (1, 1)
        return task

    async def collect() -> None:
        gc.collect()

    def forget(task: asyncio.Task[None]) -> None:
        task._log_destroy_pending = False  # type: ignore[attr-defined] # noqa: SLF001 - as the engine

    forget(RedisWorld().play(scenario))
    gc.collect()
    forget(RedisWorld().play(scenario))
    virtually(collect())


def test_a_listener_subscribes_again() -> None:
    """It learns of the end once; then it is on its channels again, without what it missed."""

    async def scenario(world: RedisWorld) -> None:
        redis = world.client()
        async with redis.pubsub(ignore_subscribe_messages=True) as listener:
            await listener.subscribe("news")
            world.kill()
            with pytest.raises(RedisConnectionError):
                await listener.get_message(timeout=1)
            await world.start()
            await redis.publish("news", "missed")
            assert await listener.get_message(timeout=1) is None
            await redis.publish("news", "heard")
            assert (await listener.get_message(timeout=1))["data"] == "heard"

    RedisWorld().play(scenario)


def toxic(kind: str, stream: str, **attributes: int) -> ToxicSpec:
    return ToxicSpec(name=kind, type=kind, stream=stream, toxicity=1, attributes=attributes)


def test_link_faults_reach_redis() -> None:
    """A megabyte comes through in slices; latency is paid; a link that is down refuses."""

    async def scenario(world: RedisWorld) -> None:
        redis, link = world.client(), world.links["a", "cache"]
        link.add(toxic("slicer", "upstream", average_size=1000, size_variation=100, delay=10))
        value = random.Random(0).randbytes(2**20).hex()[: 2**20]
        assert await redis.set("big", value)
        assert await redis.get("big") == value
        link.remove("slicer")
        link.add(toxic("latency", "downstream", latency=100, jitter=0))
        async with takes(world, 0.1 + ROUND_TRIP_S):
            await redis.ping()
        link.set_up(up=False)
        await asyncio.sleep(1)
        with pytest.raises(RedisConnectionError, match="refused"):
            await redis.ping()

    RedisWorld().play(scenario)


async def busy(world: RedisWorld) -> list[object]:
    """Do much of what could depend on a clock, on dice, or on an order in memory."""
    seen: list[object] = []

    async def note(answer: Any, who: str = "") -> None:
        heard = await answer
        # redis-py gives sets of Python, whose order is not the simulation's.
        heard = sorted(heard) if isinstance(heard, set) else heard
        seen.append((who, heard, world.loop.time()))

    async def listen(redis: RedisPy, name: str) -> None:
        async with redis.pubsub() as listener:
            await listener.subscribe("news")
            for _ in range(4):
                await note(listener.get_message(timeout=9), name)

    async def work(redis: RedisPy, rng: random.Random) -> None:
        for number in range(40):
            await asyncio.sleep(rng.expovariate(100))
            await redis.sadd("set", *(rng.randbytes(4).hex() for _ in range(5)))
            await redis.set(f"key:{number}", number, px=rng.randint(1, 500))
            await redis.rpush("queue", number)
            for command in ("srandmember set 3", "spop set", "randomkey", "smembers set", "keys *"):
                await note(redis.execute_command(*command.split()))
            await note(redis.xadd("log", {"at": number}))
            await note(redis.eval(DRAW, 0))
            await redis.publish("news", number)

    tasks: list[asyncio.Task[None]] = []
    for number, host in enumerate("abab"):
        redis = world.client(host)
        tasks.append(world.on(host, note(redis.blpop(["queue"], 5))))
        tasks.append(world.on(host, listen(redis, str(number))))
        tasks.append(world.on(host, work(redis, random.Random(number))))
    await asyncio.gather(*tasks)
    return seen


def digest() -> str:
    return hashlib.sha256(repr(RedisWorld(seed=1).play(busy)).encode()).hexdigest()


def test_the_same_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the real clock, nor Python's dice, nor what ran before has a say."""
    first = digest()

    def no_clock() -> float:
        raise AssertionError("the real clock was read")

    random.seed(7)
    monkeypatch.setattr(time, "time", no_clock)
    assert digest() == first


def test_the_same_in_another_interpreter() -> None:
    """Nor the order of Python's sets, which each interpreter shuffles anew."""
    script = "from tests.engines.sim.test_redis import digest; print(digest())"
    answers = {
        subprocess.run(  # noqa: S603 - our own interpreter
            [sys.executable, "-c", script],
            env={**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(sys.path)},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert answers == {digest()}


def test_fakeredis_is_left_as_it_was() -> None:
    """Who uses it beside a simulation finds the real clock in it."""

    async def scenario(world: RedisWorld) -> None:
        assert (await world.client().time())[0] == EPOCH_S

    RedisWorld().play(scenario)
    before_s = int(time.time())
    assert before_s <= fakeredis.FakeServer().lastsave <= time.time()
