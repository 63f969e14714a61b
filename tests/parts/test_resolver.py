"""Resolver and name cache: moves take as long as the time to live, and what stale answers save."""

import pytest

from harness.conductor import conductor
from harness.measures import success_ratio
from harness.measures.outcomes import calls
from harness.model import Configure, Kill, Paced, Service, during
from harness.model.fault import Timed
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

PART = "services.patterns.name_cache"
SABOTAGE = {
    "remembers nothing": (
        "if self._now() < until_s:",
        "if False:",
        "test_it_is_asked_once_for_each_time_to_live",
    ),
    "remembers for ever": (
        "self._now() + found.ttl_s",
        "self._now() + 1000",
        "test_a_move_takes_as_long_as_the_time_to_live",
    ),
    "never uses what has expired": (
        "if self._now() < until_s + stale_s:",
        "if False:",
        "test_without_its_resolver_all_is_down_unless_stale_answers_are_used",
    ),
}
MOVE = during(3.1, 7, Configure("resolver", names="shop=web-2"))


def asked(*faults: Timed, ttl_ms: float = 1000, stale_ms: float = 0) -> Recording:
    """Ask by a name, which leads to the first of two hosts."""
    web = (
        Service(host, app="services.worker", settings={"workers": 50, "service_ms": 5})
        for host in ("web-1", "web-2")
    )
    value = lab(
        Service("front", app="services.named", calls=("resolver", "web-1", "web-2"),
                settings={"resolver": "resolver", "name": "shop", "stale_ms": stale_ms}),
        Service("resolver", app="services.resolver",
                settings={"names": "shop=web-1", "ttl_ms": ttl_ms}),
        *web,
        load=Paced(to="front", rate_rps=20),
        faults=faults,
        duration_s=8,
    )  # fmt: skip
    return run(value, conductor(faults, value.duration_s))


def test_it_is_asked_once_for_each_time_to_live() -> None:
    """However many requests there are."""
    assert calls("resolver", 0, 8).of(asked()) == pytest.approx(8, abs=1)
    assert calls("resolver", 0, 8).of(asked(ttl_ms=0)) == pytest.approx(160, abs=1)


@pytest.mark.parametrize("ttl_ms", [500, 2000])
def test_moves(ttl_ms: float) -> None:
    """By the time to live, and no sooner than it was forgotten."""
    check_move(ttl_ms)


def check_move(ttl_ms: float) -> None:
    recording = asked(MOVE, ttl_ms=ttl_ms)
    moved = [span.start_s for span in recording.spans if span.callee == "web-2" and span.caller]
    assert 3.1 <= min(moved) <= 3.1 + ttl_ms / 1000 + 0.1
    late = 3.1 + ttl_ms / 1000 + 0.1
    assert calls("web-1", late, 7).of(recording) == 0


def test_a_move_takes_as_long_as_the_time_to_live() -> None:
    """At most; the old host is asked until then."""
    check_move(1000)


def test_without_its_resolver_all_is_down_unless_stale_answers_are_used() -> None:
    """Both hosts are well all the time."""
    away = during(2, 6, Kill("resolver"))
    assert success_ratio(3.2, 5.8).of(asked(away)) == 0
    assert success_ratio(0, 8).of(asked(away, stale_ms=10_000)) == 1


def test_an_entry_that_is_none_is_refused() -> None:
    """In one line."""
    with pytest.raises(SettingError, match="names has 'shop'; write name=host"):
        settings_of(load("services.resolver"), {"names": "shop"})
