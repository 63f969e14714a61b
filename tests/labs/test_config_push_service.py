"""Shop: what it charges, whose word it takes for the rate, and what it does about a bad one."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from harness.conductor import conductor
from harness.model import Configure, Down, Paced, Pause, Service, during
from harness.model.fault import Timed
from harness.recording import Recording
from services.context import Context
from services.server import SettingError, load, settings_of
from tests.support import application, lab, probe, run

SHOP = "labs.delivery.config_push.service"
BAD = during(3, 7, Configure("config", value="0,20"))
CONFIG = Service("config", app="services.config", settings={"value": "0.19"})


def asked(*faults: Timed, config: Service = CONFIG, **settings: str | float | bool) -> Recording:
    """Ask a shop twenty times a second for a price."""
    value = lab(
        Service("shop", app=SHOP, calls=("config",), settings={"poll_ms": 200, **settings}),
        config,
        load=Paced(to="shop", rate_rps=20, keep_answers=True),
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def prices(recording: Recording, start_s: float, end_s: float) -> set[str]:
    return {one.answer.strip() for one in recording.due(start_s, end_s)}


def failed(recording: Recording) -> list[float]:
    return [one.intended_s for one in recording.requests if one.status == "500"]


def test_a_price_has_the_rate_on_it() -> None:
    """The one it begins with, until the first fetch; then the one that is configured."""
    own = asked(during(0, 5, Down("shop->config")), rate="0.5")
    assert prices(own, 0, 5) == {"150.00"}
    assert prices(own, 5.5, 10) == {"119.00"}


def test_a_push_is_in_force_within_a_poll() -> None:
    """And its end too."""
    made = asked(during(3, 7, Configure("config", value="0.2")))
    assert prices(made, 0, 3) == {"119.00"}
    assert prices(made, 3.25, 7) == {"120.00"}
    assert prices(made, 7.25, 10) == {"119.00"}


def test_a_rate_that_is_no_number_fails_every_request() -> None:
    """500, from the poll that brought it to the one that takes it away."""
    made = asked(BAD)
    assert prices(made, 3.25, 7) == {"no price"}
    assert prices(made, 0, 3) | prices(made, 7.25, 10) == {"119.00"}


@pytest.mark.parametrize("fault", [Down("shop->config"), Pause("config")], ids=["down", "silent"])
def test_without_an_answer_the_rate_stays(fault: Down | Pause) -> None:
    """And is fetched again, when there is an answer again."""
    away = during(3, 6, fault)
    made = asked(during(4, 9, Configure("config", value="0.2")), away, timeout_ms=100)
    assert prices(made, 0, 6) == {"119.00"}
    assert prices(made, 6.5, 9) == {"120.00"}


def test_a_fetch_that_takes_too_long_is_given_up() -> None:
    """The next one may be answered: it does not wait for ever for one."""
    fetches: list[str] = []

    def app(ctx: Context[Any]) -> web.Application:
        del ctx

        async def handle(_: web.Request) -> web.Response:
            fetches.append("one more")
            if len(fetches) == 1:
                await asyncio.sleep(60)
            return web.Response(text="0.2")

        return application(handle)

    made = asked(config=Service("config", app=probe("hanging_config", app)), timeout_ms=100)
    assert prices(made, 1, 10) == {"120.00"}


def test_an_error_is_not_taken_for_a_rate() -> None:
    """Whatever its text says."""

    def app(ctx: Context[Any]) -> web.Application:
        del ctx

        async def handle(_: web.Request) -> web.Response:
            return web.Response(status=500, text="0.5")

        return application(handle)

    made = asked(config=Service("config", app=probe("failing_config", app)))
    assert prices(made, 0, 10) == {"119.00"}


def test_it_tells_which_rate_it_runs_and_how_that_goes() -> None:
    """Each answer is told once, under the rate that gave it."""
    lines: list[dict[str, str]] = []

    def app(ctx: Context[Any]) -> web.Application:
        async def handle(request: web.Request) -> web.Response:
            lines.append(dict(request.query))
            return web.Response(text="0,20" if 3 <= ctx.now() < 7 else "0.19")

        return application(handle)

    made = asked(config=Service("config", app=probe("listening_config", app)))
    assert {line["host"] for line in lines} == {"shop"}
    for runs, name, other in (("0.19", "served", "failed"), ("0,20", "failed", "served")):
        of = [line for line in lines if line["runs"] == runs]
        assert {int(line[other]) for line in of} == {0}
        assert sum(int(line[name]) for line in of) > 0
    assert sum(int(line["failed"]) for line in lines) == len(failed(made))


def test_who_validates_does_not_take_what_is_no_number() -> None:
    """Not one request fails; a good rate is taken as before."""
    made = asked(BAD, during(8, 10, Configure("config", value="0.2")), validate=True)
    assert failed(made) == []
    assert prices(made, 0, 8) == {"119.00"}
    assert prices(made, 8.25, 9.9) == {"120.00"}


@pytest.mark.parametrize("trial_errors", [1, 5])
def test_so_many_errors_bring_the_last_good_rate_back(trial_errors: int) -> None:
    """Not the one it began with; and the bad one, still configured, is not tried again."""
    made = asked(BAD, trial_errors=trial_errors, rate="0.5")
    assert len(failed(made)) == trial_errors
    assert prices(made, 4, 10) == {"119.00"}


def test_every_bad_rate_has_its_own_trial() -> None:
    """And who has refused some still takes a good one."""
    made = asked(
        during(1, 3, Configure("config", value="0,20")),
        during(3, 5, Configure("config", value="a fifth")),
        during(5, 7, Configure("config", value="0,20")),
        during(7, 10, Configure("config", value="0.2")),
        trial_errors=4,
    )
    assert [sum(start <= at_s < start + 2 for at_s in failed(made)) for start in (1, 3, 5, 7)] == [
        4, 4, 0, 0,
    ]  # fmt: skip
    assert prices(made, 7.25, 9.9) == {"120.00"}


@pytest.mark.parametrize("wrong", [{"poll_ms": 0}, {"timeout_ms": -1}, {"trial_errors": -1}])
def test_it_says_which_setting_is_wrong(wrong: dict[str, Any]) -> None:
    """A poll takes time, and counts are not negative."""
    (name,) = wrong
    with pytest.raises(SettingError, match=name):
        settings_of(load(SHOP), wrong)
