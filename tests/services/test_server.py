"""What every service has around its own routes: settings, health, metrics, spans."""

import asyncio
from dataclasses import dataclass
from enum import StrEnum
from types import ModuleType
from typing import Any

import pytest
from aiohttp import web
from prometheus_client.parser import text_string_to_metric_families

from services import relay, worker
from services.context import Context
from services.patterns.retry import Jitter
from services.server import SettingError, at_least, live, load, serve, settings_of
from services.tracing import HEADER, Span, SpanContext
from tests.support import World, application, probe, session

TRACE = SpanContext("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331").header()


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


@dataclass(frozen=True, slots=True, kw_only=True)
class Painted:
    size: int = 1
    speed: float = 1.0
    loud: bool = False
    label: str = ""
    colour: Colour = Colour.RED


def painted(**values: object) -> Any:
    module = ModuleType("painted")
    vars(module).update(Settings=Painted, app=None)
    return settings_of(module, values)


def test_a_module_without_an_app_or_settings_cannot_be_served() -> None:
    """The message says which of the two is missing."""
    assert load("services.worker").Settings is worker.Settings
    with pytest.raises(ImportError, match=r"services\.tracing defines no Settings"):
        load("services.tracing")


def test_settings_have_the_types_that_the_service_declares() -> None:
    """Numbers, words of an enumeration, and defaults for what is not given."""
    assert painted() == Painted()
    assert painted(size=3, speed=2, loud=True, label="x", colour="blue") == Painted(
        size=3, speed=2, loud=True, label="x", colour=Colour.BLUE
    )
    assert settings_of(load("services.relay"), {"jitter": "equal"}) == relay.Settings(
        jitter=Jitter.EQUAL
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"sise": 3}, "no setting 'sise'; there are size, speed, loud, label, colour"),
        ({"size": "3"}, "size is '3'; it must be of type int"),
        ({"size": 1.5}, "size is 1.5; it must be of type int"),
        ({"size": True}, "size is True; it must be of type int"),
        ({"loud": 1}, "loud is 1; it must be of type bool"),
        ({"colour": "green"}, "colour is 'green'; it may be red, blue"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(values: dict[str, object], message: str) -> None:
    """With what there is, or what it must be."""
    with pytest.raises(SettingError, match=message):
        painted(**values)


class Desk:
    """A service on host `back` that answers as its path says, asked from host `front`."""

    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.world = World(("front", "back"))
        self.context: Context[Any]

    def app(self, ctx: Context[Any]) -> web.Application:
        self.context = ctx

        async def handle(request: web.Request) -> web.Response:
            match request.path:
                case "/missing":
                    raise web.HTTPNotFound
                case "/bug":
                    raise ZeroDivisionError
                case "/slow":
                    await asyncio.sleep(0.7)
            return web.Response()

        return application(handle)

    async def _serve(self) -> None:
        await serve(probe("desk", self.app), self.world.platform("back", self.spans), {})

    async def _ask(self, paths: tuple[str, ...], header: str) -> list[tuple[int, str]]:
        answers = []
        async with session() as client:
            for path in paths:
                headers = {HEADER: header} if header else {}
                async with client.get(f"http://back:8080{path}", headers=headers) as response:
                    answers.append((response.status, await response.text()))
        return answers

    def ask(self, *paths: str, header: str = TRACE) -> list[tuple[int, str]]:
        async def main() -> list[tuple[int, str]]:
            await self.world.on("back", self._serve())
            return await self.world.on("front", self._ask(paths, header))

        return self.world.run(main())


class BareDesk(Desk):
    """A service with no route of its own."""

    def app(self, ctx: Context[Any]) -> web.Application:
        self.context = ctx
        return web.Application()


@pytest.mark.parametrize(
    ("path", "status"), [("/", 200), ("/missing", 404), ("/bug", 500), ("/slow", 200)]
)
def test_a_request_leaves_one_span_with_its_status(path: str, status: int) -> None:
    """Also one that ends in an HTTP error, and one that ends in a bug."""
    desk = Desk()
    assert [answer for answer, _ in desk.ask(path)] == [status]
    (span,) = desk.spans
    assert (span.kind, span.callee, span.status) == ("server", "back", str(status))
    assert span.end_s - span.start_s == pytest.approx(0.7 if path == "/slow" else 0)


def test_health_and_metrics_are_served_and_are_no_requests() -> None:
    """A scrape must not change what it reads."""
    desk = BareDesk()
    (health, metrics, again) = desk.ask("/healthz", "/metrics", "/metrics", header="")
    assert health == (200, "ok\n")
    assert metrics[1] == again[1]
    assert desk.spans == []
    families = {family.name for family in text_string_to_metric_families(metrics[1])}
    assert {"requests", "request_seconds", "requests_in_flight", "attempts"} <= families


def test_the_golden_signals_are_counted() -> None:
    """Traffic and errors by status, latency in its bucket, and nothing left in flight."""
    desk = Desk()
    desk.ask("/", "/", "/missing", "/slow")
    value = desk.context.metrics.get_sample_value
    assert value("requests_total", {"status": "200"}) == 3
    assert value("requests_total", {"status": "404"}) == 1
    assert value("requests_in_flight") == 0
    assert value("request_seconds_count") == 4
    assert value("request_seconds_sum") == pytest.approx(0.7)
    assert value("request_seconds_bucket", {"le": "0.5"}) == 3
    assert value("request_seconds_bucket", {"le": "1.0"}) == 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunable:
    """One setting that is live and one that is not."""

    level: int = live(1)
    colour: Colour = live(Colour.RED)
    size: int = 1

    def __post_init__(self) -> None:
        at_least(0, level=self.level)


def test_live_settings_are_changed_as_a_whole_and_put_back() -> None:
    """The service finds new settings in its context; those of before stay as they are."""
    seen: list[Context[Any]] = []

    def app(ctx: Context[Any]) -> web.Application:
        seen.append(ctx)
        return web.Application()

    world = World(("front", "back"))

    async def main() -> None:
        serving = serve(
            probe("tunable", app, Tunable), world.platform("back"), {"size": 3}, {"level": 2}
        )
        served = await world.on("back", serving)
        (ctx,) = seen
        first = ctx.settings
        assert (first, served.changed()) == (Tunable(size=3, level=2), {"level": 2})
        served.configure({"colour": "blue"})
        assert ctx.settings == Tunable(size=3, colour=Colour.BLUE)
        assert served.changed() == {"colour": "blue"}
        with pytest.raises(SettingError, match="'size' is no live setting; live are level, colour"):
            served.configure({"size": 1})
        with pytest.raises(SettingError, match="level is -1; it must be at least 0"):
            served.configure({"level": -1})
        assert served.changed() == {"colour": "blue"}
        served.configure({})
        assert (ctx.settings, served.changed()) == (Tunable(size=3), {})
        assert first.level == 2

    world.run(main())
