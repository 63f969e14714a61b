"""How every service is served: spans, metrics and health around its own routes."""

import asyncio
import importlib
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Protocol, get_type_hints

from aiohttp import web
from prometheus_client import Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4

from services.context import Context, Platform
from services.tracing import CURRENT, HEADER, Span, SpanContext, parse

PORT = 8080
BACKLOG = 4096
"""The listen queue, as long as Linux allows by default, so that a frozen process makes callers
wait in it and not in retransmissions of their connects."""
DRAIN_S = 8.0
"""How long a service that is asked to stop waits for requests in progress: less than the ten
seconds after which Docker kills."""
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


class SettingError(ValueError):
    """A setting that a service does not have, or a value that it cannot take."""


def settings_of(module: ServiceModule, values: Mapping[str, Any]) -> Any:  # noqa: ANN401
    """Make the typed settings of a service.

    Raises:
        SettingError: what is wrong, and what there is.

    """
    kinds = get_type_hints(module.Settings)
    for name in values:
        if name not in kinds:
            raise SettingError(f"no setting {name!r}; there are {', '.join(kinds)}")
    converted = {name: _converted(name, value, kinds[name]) for name, value in values.items()}
    try:
        return module.Settings(**converted)
    except (TypeError, ValueError) as error:
        raise SettingError(str(error)) from error


def at_least(low: float, **values: float) -> None:
    """Check settings, in the `__post_init__` of a service's `Settings`.

    Raises:
        SettingError: one of them is below the bound, or is not a number.

    """
    for name, value in values.items():
        if not value >= low:
            raise SettingError(f"{name} is {value:g}; it must be at least {low:g}")


def _converted(name: str, value: object, kind: Any) -> object:  # noqa: ANN401 - any type there is
    if issubclass(kind, Enum):
        members = [str(member.value) for member in kind]
        if value not in members:
            raise SettingError(f"{name} is {value!r}; it may be {', '.join(members)}")
        return kind(value)
    # bool is an int to Python, and not to people.
    fits = isinstance(value, (int, float) if kind is float else kind)
    if not fits or (isinstance(value, bool) and kind is not bool):
        raise SettingError(f"{name} is {value!r}; it must be of type {kind.__name__}")
    return value


class Instruments:
    """The four golden signals of one process, under the same names for every service."""

    def __init__(self, context: Context[Any]) -> None:
        registry = context.metrics
        self.requests = Counter(
            "requests", "Requests answered, by status", ("status",), registry=registry
        )
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
    """A service that answers on `PORT`, and the way to stop it in order."""

    def __init__(self, context: Context[Any], crashes: Counter, runner: web.AppRunner) -> None:
        self.context = context
        self.crashes = crashes
        self._runner = runner

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
    application.middlewares.append(_traced(context, instruments))

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
            instruments.requests.labels(status).inc()
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


async def serve(app: str, platform: Platform, values: Mapping[str, Any]) -> Served:
    """Start a service; it answers on `PORT` when this returns, until its process ends."""
    module = load(app)
    context: Context[Any] = Context(platform, settings_of(module, values))
    instruments = Instruments(context)
    runner = web.AppRunner(
        build(module, context, instruments),
        access_log=None,
        handle_signals=False,
        shutdown_timeout=DRAIN_S / 2,  # aiohttp waits so long twice before it cancels.
    )
    await runner.setup()
    await web.TCPSite(runner, None, PORT, backlog=BACKLOG).start()
    return Served(context, instruments.crashes, runner)
