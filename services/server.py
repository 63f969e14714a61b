"""How every service is served: spans, metrics and health around its own routes."""

import asyncio
import importlib
from collections.abc import AsyncIterator, Callable, Collection, Coroutine, Mapping
from enum import Enum
from functools import cache, partial
from types import MappingProxyType
from typing import Any, Protocol

from aiohttp import web
from prometheus_client import Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from services.context import Context, Platform
from services.guarding import check_names
from services.incoming import incoming
from services.settings import SettingError, at_least, at_most, live, live_names, made, value_of
from services.tracing import CURRENT, HEADER, Span, SpanContext, parse

__all__ = [  # what a service needs beside its context
    "Served",
    "ServiceModule",
    "SettingError",
    "at_least",
    "at_most",
    "changed_settings",
    "in_background",
    "live",
    "live_settings",
    "load",
    "serve",
    "settings_of",
]

PORT = 8080
BACKLOG = 4096
"""The listen queue, as long as Linux allows by default, so that a frozen process makes callers
wait in it and not in retransmissions of their connects."""
DRAIN_S = 8.0
"""How long a service that is asked to stop waits for requests in progress: less than the ten
seconds after which Docker kills."""
UNCHANGED: Mapping[str, Any] = MappingProxyType({})
SECONDS_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class ServiceModule(Protocol):
    """What a module must define to be named as a service's `app`."""

    Settings: type[Any]
    app: Callable[[Context[Any]], web.Application]


def load(name: str) -> ServiceModule:
    """Import a service by its dotted name.

    Raises:
        ImportError: there is no such module, or it lacks `Settings` or `app`.

    """
    module: Any = importlib.import_module(name)
    for required in ("Settings", "app"):
        if not hasattr(module, required):
            raise ImportError(f"{name} defines no {required}")
    service: ServiceModule = module
    return service


def settings_of(module: ServiceModule, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Make the typed settings of a service.

    Raises:
        SettingError: what is wrong, and what there is.

    """
    return made(module.Settings, values)


def live_settings(module: ServiceModule) -> tuple[str, ...]:
    """Name the settings of a service that may be changed while it runs."""
    return tuple(live_names(module.Settings))


def changed_settings(
    module: ServiceModule, values: Mapping[str, Any], changes: Mapping[str, Any]
) -> Any:  # noqa: ANN401 - as above
    """Make the typed settings of a service with some of the live ones changed.

    Raises:
        SettingError: as above, or a setting is not live.

    """
    if not changes:
        return settings_of(module, values)
    there = live_settings(module)
    for name in changes:
        if name not in there:
            own_first = sorted(there, key=lambda one: "." in one)
            heads = dict.fromkeys(_head(one) for one in own_first)
            others = f"live are {', '.join(heads)}" if there else "none of this service is"
            raise SettingError(f"{name!r} is no live setting; {others}")
    return settings_of(module, {**values, **changes})


def _head(name: str) -> str:
    head, dot, _ = name.partition(".")
    return f"{head}.*" if dot else head


def _plain(value: object) -> object:
    return value.value if isinstance(value, Enum) else value


class Instruments:
    """The four golden signals of one process, under the same names for every service."""

    def __init__(self, context: Context[Any]) -> None:
        registry = context.metrics
        requests = Counter(
            "requests", "Requests answered, by status", ("status",), registry=registry
        )
        self.answered = cache(requests.labels)
        self.seconds = Histogram(
            "request_seconds",
            "Time from a request's arrival to its answer",
            buckets=SECONDS_BUCKETS,
            registry=registry,
        )
        self.in_flight = Gauge(
            "requests_in_flight", "Requests that are being served or wait to be", registry=registry
        )
        self.crashes = Counter(
            "crashes", "Errors that nobody caught: a 500, or a task that failed", registry=registry
        )


class Served:
    """A service that answers on `PORT`, and the ways to change it and to stop it in order."""

    def __init__(
        self,
        context: Context[Any],
        crashes: Counter,
        runner: web.AppRunner,
        configured: Callable[[Mapping[str, Any]], Any],
    ) -> None:
        self.context = context
        self.crashes = crashes
        self._runner = runner
        self._configured = configured
        self._changes: Collection[str] = ()

    def configure(self, changes: Mapping[str, Any]) -> None:
        """Change live settings, and put all others back.

        Raises:
            SettingError: a setting is not live, or cannot take the value.

        """
        self.context.settings = self._configured(changes)
        self._changes = tuple(changes)

    def changed(self) -> dict[str, Any]:
        """Give the settings that were changed, as the service reads them now."""
        now = self.context.settings
        return {name: _plain(value_of(now, name)) for name in self._changes}

    async def stop(self) -> None:
        """Stop listening, let requests in progress finish within `DRAIN_S`, clean up."""
        try:
            await self._runner.cleanup()
        finally:
            await self.context.close()


def build(
    module: ServiceModule, context: Context[Any], instruments: Instruments
) -> web.Application:
    """Give a service's application with its middleware, `/metrics` and `/healthz`."""
    application = module.app(context)
    application.middlewares.extend([_traced(context, instruments), incoming(context)])

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(
            body=generate_latest(context.metrics),
            headers={"Content-Type": CONTENT_TYPE_PLAIN_0_0_4},
        )

    async def healthy(_: web.Request) -> web.Response:
        return web.Response(text="ok\n")

    application.router.add_get("/metrics", metrics)
    application.router.add_get("/healthz", healthy)
    return application


def _traced(context: Context[Any], instruments: Instruments) -> Any:  # noqa: ANN401 - aiohttp's type
    async def measure(request: web.Request, handler: Any) -> web.StreamResponse:  # noqa: ANN401
        sender = parse(request.headers.get(HEADER))
        if sender is None:
            return await _counted(request, handler, instruments.crashes)
        start_s = context.now()
        own = SpanContext(sender.trace, context.span_ids.next())
        CURRENT.set(own)
        instruments.in_flight.inc()
        status = "500"
        try:
            response: web.StreamResponse = await handler(request)
            status = str(response.status)
        except web.HTTPException as answer:
            status = str(answer.status)
            raise
        except asyncio.CancelledError:
            status = "abandoned"
            raise
        except TimeoutError:
            status = "504"  # Which is what aiohttp makes of it.
            raise
        except Exception:
            instruments.crashes.inc()
            raise
        else:
            return response
        finally:
            end_s = context.now()
            instruments.in_flight.dec()
            instruments.answered(status).inc()
            instruments.seconds.observe(end_s - start_s)
            context.record(
                Span(
                    sender.trace,
                    own.span,
                    sender.span,
                    "server",
                    "",
                    context.host,
                    0,
                    start_s,
                    end_s,
                    status,
                )
            )

    return web.middleware(measure)


def in_background(
    application: web.Application, *loops: Callable[[], Coroutine[Any, Any, None]]
) -> None:
    """Run loops while an application serves; one that fails is a crash, and stays ended."""

    async def running(_: web.Application) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(loop()) for loop in loops]
        for task in tasks:
            task.add_done_callback(_tell_crash)
        yield
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    application.cleanup_ctx.append(running)


def _tell_crash(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (error := task.exception()):
        details = {"message": "a loop in the background failed", "exception": error}
        asyncio.get_running_loop().call_exception_handler(details)


async def _counted(
    request: web.Request,
    handler: Any,  # noqa: ANN401 - aiohttp's type
    crashes: Counter,
) -> web.StreamResponse:
    try:
        response: web.StreamResponse = await handler(request)
    except (web.HTTPException, TimeoutError):
        raise
    except Exception:
        crashes.inc()
        raise
    return response


async def serve(
    app: str, platform: Platform, values: Mapping[str, Any], changes: Mapping[str, Any] = UNCHANGED
) -> Served:
    """Start a service; it answers on `PORT` when this returns, until its process ends.

    `changes` are of live settings: what was changed on its host before this process began.
    """
    module = load(app)
    configured = partial(changed_settings, module, values)
    context: Context[Any] = Context(platform, configured(changes))
    check_names(context)
    instruments = Instruments(context)
    runner = web.AppRunner(
        build(module, context, instruments),
        access_log=None,
        handle_signals=False,
        shutdown_timeout=DRAIN_S / 2,  # aiohttp waits so long twice before it cancels.
    )
    await runner.setup()
    await web.TCPSite(runner, None, PORT, backlog=BACKLOG).start()
    served = Served(context, instruments.crashes, runner, configured)
    served.configure(changes)
    return served
