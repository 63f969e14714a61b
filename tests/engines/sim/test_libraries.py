"""Libraries that a service may use: in the simulation they keep its time and throw its dice."""

import asyncio
import email.utils
from collections.abc import Awaitable, Callable
from contextlib import suppress
from http.cookies import SimpleCookie
from typing import Any

import aiohttp
import backoff
import cachetools
import circuitbreaker
import prometheus_client
import tenacity
from aiohttp import web
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff
from redis.exceptions import ConnectionError as GoneError
from yarl import URL

from harness.engines.sim.process import EPOCH_S
from harness.model import Service
from harness.recording import Recording
from services.context import Context
from tests.support import At, application, lab, probe, run

AT_S = 2.0


class DownError(Exception):
    """What fails here."""


def within(act: Callable[[Context[Any]], Awaitable[object]], *, seed: int = 0) -> Any:
    """Let a service do something in virtual time, and give what came of it."""
    results: list[object] = []

    def app(ctx: Context[Any]) -> web.Application:
        async def handle(_: web.Request) -> web.Response:
            results.append(await act(ctx))
            return web.Response()

        return application(handle)

    host = Service("host", app=probe("library", app))
    recording = run(
        lab(host, load=At(to="host", times_s=(AT_S,), timeout_ms=60_000), duration_s=60), seed=seed
    )
    assert ([one.status for one in recording.requests], recording.notes) == (["200"], [])
    return results[0]


def now() -> float:
    return asyncio.get_running_loop().time()


def test_tenacity_stops_after_a_delay() -> None:
    """Tries at 0, 0.2 ... 1.0 s: the sixth is the first to find that a second has passed."""

    async def act(_: object) -> tuple[int, float]:
        begun_s, tries = now(), 0
        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_delay(1) | tenacity.stop_after_attempt(50),
            wait=tenacity.wait_fixed(0.2),
        )
        with suppress(tenacity.RetryError):
            async for attempt in retrying:
                with attempt:
                    tries += 1
                    raise DownError
        return tries, round(now() - begun_s, 6)

    assert within(act) == (6, 1.0)


def test_tenacity_draws_its_jitter_from_the_seed() -> None:
    """The same waits for a seed, others for another one."""

    async def act(_: object) -> list[float]:
        tried_s = []

        @tenacity.retry(
            stop=tenacity.stop_after_attempt(5), wait=tenacity.wait_random_exponential(max=8)
        )
        async def call() -> None:
            tried_s.append(now())
            raise DownError

        with suppress(tenacity.RetryError):
            await call()
        return tried_s

    first = within(act)
    assert len(set(first)) == 5
    assert within(act) == first
    assert within(act, seed=1) != first


def test_cachetools_forgets_after_its_time() -> None:
    """A TTL of 1 s: what is there after 0.9 s is gone after 1.1 s."""

    async def act(_: object) -> list[bool]:
        cache: Any = cachetools.TTLCache(maxsize=10, ttl=1)
        cache["k"] = 1
        found = []
        for wait_s in (0.9, 0.2):
            await asyncio.sleep(wait_s)
            found.append("k" in cache)
        return found

    assert within(act) == [True, False]


def test_circuitbreaker_half_opens() -> None:
    """After `recovery_timeout`, and not before."""

    async def act(_: object) -> list[str]:
        fails = True

        @circuitbreaker.circuit(  # type: ignore[untyped-decorator]
            failure_threshold=1, recovery_timeout=1, expected_exception=DownError, name="test"
        )
        async def call() -> None:
            if fails:
                raise DownError

        seen = []
        for wait_s in (0, 0, 0.9, 0.2):
            await asyncio.sleep(wait_s)
            try:
                await call()
                seen.append("ok")
            except DownError:
                seen.append("failed")
                fails = False
            except circuitbreaker.CircuitBreakerError:
                seen.append("open")
        return seen

    assert within(act) == ["failed", "open", "open", "ok"]


def test_backoff_gives_up_and_draws_from_the_seed() -> None:
    """`max_time` counts virtual seconds, and its full jitter is the run's."""

    async def act(_: object) -> list[float]:
        tried_s = []

        @backoff.on_exception(backoff.expo, DownError, max_time=5, max_tries=100, logger=None)
        async def call() -> None:
            tried_s.append(now())
            raise DownError

        with suppress(DownError):
            await call()
        return tried_s

    first = within(act)
    assert 2 < len(first) < 100
    assert first[-1] - first[0] <= 5.001
    assert within(act) == first
    assert within(act, seed=1) != first


def test_prometheus_client_times_and_dates() -> None:
    """Its timers count virtual seconds, and `set_to_current_time` is the host's clock."""

    async def act(_: object) -> tuple[float, float]:
        registry = prometheus_client.CollectorRegistry()
        took = prometheus_client.Summary("took", "s", registry=registry)
        last = prometheus_client.Gauge("last", "s", registry=registry)
        with took.time():
            await asyncio.sleep(0.75)
        last.set_to_current_time()
        sum_s, at_s = registry.get_sample_value("took_sum"), registry.get_sample_value("last")
        assert sum_s is not None
        assert at_s is not None
        return round(sum_s, 6), round(at_s - EPOCH_S)

    assert within(act) == (0.75, 3)


def test_redis_py_draws_its_jitter_from_the_seed() -> None:
    """Of a `Retry` that a service makes itself."""

    async def act(_: object) -> list[float]:
        tried_s: list[float] = []

        async def call() -> None:
            tried_s.append(now())
            raise GoneError

        async def pass_over(_: object) -> None:
            pass

        retry: Any = Retry(ExponentialWithJitterBackoff(base=0.1, cap=5), 4)
        with suppress(GoneError):
            await retry.call_with_retry(call, pass_over)
        return tried_s

    first = within(act)
    assert len(set(first)) == 5
    assert within(act) == first
    assert within(act, seed=1) != first


def dated(times_s: tuple[float, ...]) -> tuple[Recording, list[float]]:
    """Let a host ask another one, and collect the dates of the answers."""
    dates: list[float] = []

    def front(ctx: Context[Any]) -> web.Application:
        async def handle(_: web.Request) -> web.Response:
            async with ctx.call("back").get("/") as response:
                date = email.utils.parsedate_to_datetime(response.headers["Date"])
            dates.append(date.timestamp() - EPOCH_S)
            return web.Response()

        return application(handle)

    async def answer(_: web.Request) -> web.Response:
        return web.Response()

    services = (
        Service("front", app=probe("front", front), calls=("back",)),
        Service("back", app=probe("back", lambda _: application(answer))),
    )
    return run(lab(*services, load=At(to="front", times_s=times_s))), dates


def test_aiohttp_dates_its_answers() -> None:
    """`Date` is the host's wall clock, in whole seconds."""
    recording, dates = dated((1.0, 5.0, 8.5))
    assert [one.status for one in recording.requests] == ["200"] * 3
    assert dates == [1, 5, 8]


def test_aiohttp_lets_cookies_expire() -> None:
    """`Max-Age` counts virtual seconds, in a jar of the service's own."""

    async def act(_: object) -> list[int]:
        jar = aiohttp.CookieJar(unsafe=True)
        jar.update_cookies({"a": "1"})
        morsel = SimpleCookie("b=2; Max-Age=3")["b"]
        jar.update_cookies({"b": morsel})
        found = []
        for wait_s in (0, 2.5, 1.0):
            await asyncio.sleep(wait_s)
            found.append(len(jar.filter_cookies(URL("http://host/"))))
        return found

    assert within(act) == [2, 2, 1]
