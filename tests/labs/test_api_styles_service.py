"""Mobile and api: how many requests a screen makes, what it gets, and when it is there."""

import pytest

from harness.errors import LabError
from harness.model import Paced, Send, Service, Together
from harness.model.fault import Setting
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

PART = "labs.traffic.api_styles"
API = Service("api", app=f"{PART}.service_api", settings={"header_bytes": 0, "rate_kbps": 100})
CACHE: dict[str, Setting] = {"outgoing.order": "cache", "outgoing.cache.ttl_ms": 60_000}


def shown(api: Service = API, /, **settings: Setting) -> Recording:
    """Show a screen of four resources to somebody, and again a second later."""
    mobile = Service(
        "mobile",
        app=f"{PART}.service_mobile",
        calls=("api",),
        settings={"resources": 4, "connections": 2, **CACHE, **settings},
    )
    loads = tuple(
        Paced(
            to="mobile",
            rate_rps=0.5,
            start_s=start_s,
            keep_answers=True,
            mix=(Send(path=path),),
        )
        for path, start_s in (("/new", 0), ("/again", 1))
    )
    return run(lab(mobile, api, load=Together(of=loads)))


def answers(made: Recording, path: str) -> set[str]:
    return {one.answer.strip() for one in made.requests if one.path == path}


@pytest.mark.parametrize(
    ("style", "new", "again"),
    [
        ("in-turn", "4 requests, 16000 bytes", "1 requests, 4000 bytes"),
        ("parallel", "4 requests, 16000 bytes", "1 requests, 4000 bytes"),
        ("batch", "1 requests, 16000 bytes", "1 requests, 16000 bytes"),
        ("query", "1 requests, 3200 bytes", "1 requests, 3200 bytes"),
        ("screen", "1 requests, 2000 bytes", "1 requests, 2000 bytes"),
    ],
)
def test_a_style_makes_its_requests_and_gets_its_bytes(style: str, new: str, again: str) -> None:
    """A cache keeps what was read, for the same person, and no answer of a `POST`."""
    made = shown(style=style)
    assert answers(made, "/new") == {new}
    assert answers(made, "/again") == {again}


@pytest.mark.parametrize(("changing", "requests"), [(0, 0), (3, 3), (9, 4)])
def test_what_has_changed_is_asked_for_again(changing: int, requests: int) -> None:
    """And at most all of it."""
    again = answers(shown(changing=changing), "/again")
    assert again == {f"{requests} requests, {4000 * requests} bytes"}


def test_without_a_cache_all_is_asked_for_again() -> None:
    """Nothing else remembers anything."""
    assert answers(shown(**{"outgoing.order": ""}), "/again") == {"4 requests, 16000 bytes"}


@pytest.mark.parametrize("style", ["in-turn", "parallel", "batch"])
def test_the_link_sends_one_answer_after_the_other(style: str) -> None:
    """16 kB at 100 kB a second take 160 ms, however they are asked for."""
    times_ms = [1000 * one.latency_s for one in shown(style=style).requests if one.path == "/new"]
    assert min(times_ms) == pytest.approx(160, abs=10)
    assert max(times_ms) == pytest.approx(160, abs=10)


def test_headers_go_over_the_link_too() -> None:
    """Of each answer: four of them here."""
    api = API.given({"header_bytes": 1000})
    one = next(one for one in shown(api, style="in-turn").requests if one.path == "/new")
    assert 1000 * one.latency_s == pytest.approx(200, abs=10)


def test_a_screen_with_a_part_missing_is_an_error() -> None:
    """The program says so."""
    made = shown(Service("api", app="services.worker"))
    assert {one.status for one in made.requests} == {"502"}


def test_what_is_no_number_is_refused() -> None:
    """As a bad request."""
    wrong = Paced(to="api", rate_rps=2, mix=(Send(path="/batch", method="POST", body_bytes=3),))
    assert {one.status for one in run(lab(API, load=wrong)).requests} == {"400"}


def test_a_program_has_one_api() -> None:
    """It says what to change."""
    mobile = Service("mobile", app=f"{PART}.service_mobile")
    with pytest.raises(LabError, match="calls= must name one service"):
        run(lab(mobile, load=Paced(to="mobile", rate_rps=2)))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("service_mobile", {"style": "soap"}),
        ("service_mobile", {"resources": 0}),
        ("service_mobile", {"changing": -1}),
        ("service_api", {"full_bytes": -1}),
        ("service_api", {"rate_kbps": 0}),
    ],
)
def test_settings_that_cannot_be_are_refused(name: str, wrong: dict[str, Setting]) -> None:
    """In a line that names the setting."""
    with pytest.raises(SettingError, match=next(iter(wrong))):
        settings_of(load(f"{PART}.{name}"), wrong)
