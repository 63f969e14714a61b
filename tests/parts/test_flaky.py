"""Parts that are up or down by chance: how often, together with whom, and what needs them."""

from collections.abc import Mapping
from typing import Any

import pytest

from harness.errors import LabError
from harness.model import Paced, Send, Service
from harness.recording import Recording
from harness.theory import chance
from tests.support import lab, run

SABOTAGE = {
    "forgets what it has said": (
        "        if moment not in self._down:\n",
        "        if True:\n",
        "test_whoever_asks_about_a_moment_is_told_the_same",
    ),
    "is never down": (
        "self._ctx.rng.random() < self._ctx.settings.down_ratio",
        "False",
        "test_it_is_down_in_its_share_of_the_moments",
    ),
    "needs nothing": (
        "if not await self._has_what_it_needs(request.path)",
        "if False",
        "test_so_many_of_what_it_needs_must_be_up",
    ),
    "needs all": (
        "self._ctx.settings.least or len(needed)",
        "len(needed)",
        "test_so_many_of_what_it_needs_must_be_up",
    ),
    "asks on": (
        "if left == 0 or spare < 0",
        "if False",
        "test_it_asks_no_more_than_it_must",
    ),
    "needs all that it may call": (
        "needed = needed or list(callees)",
        "needed = list(callees)",
        "test_it_needs_the_parts_that_are_named",
    ),
}
PARTS = ("one", "two", "three")
SECONDS, RATE = 10, 30


def ran(down: Mapping[str, float], **settings: Any) -> Recording:
    """Ask about a new moment, thirty times a second; parts that are not named are never down."""
    value = lab(
        Service("whole", app="services.flaky", calls=PARTS, settings=settings),
        *(
            Service(name, app="services.flaky", settings={"down_ratio": down.get(name, 0)})
            for name in PARTS
        ),
        load=Paced(to="whole", rate_rps=RATE, mix=(Send(path="/moments/{number}"),)),
        duration_s=SECONDS,
    )
    return run(value)


def lost(recording: Recording) -> float:
    return sum(not one.good for one in recording.requests) / len(recording.requests)


def asked(recording: Recording) -> list[str]:
    return [span.callee for span in recording.spans if span.caller == "whole"]


def test_it_is_down_in_its_share_of_the_moments() -> None:
    """Give or take what chance does."""
    sd = chance.binomial_share_sd(share=0.3, trials=RATE * SECONDS)
    assert lost(ran({}, down_ratio=0.3)) == pytest.approx(0.3, abs=4 * sd)
    assert lost(ran({})) == 0
    assert lost(ran({}, down_ratio=1)) == 1


def test_whoever_asks_about_a_moment_is_told_the_same() -> None:
    """Ten requests about each of ten moments: each moment is all good or all bad."""
    value = lab(
        Service("whole", app="services.flaky", settings={"down_ratio": 0.5}),
        load=Paced(to="whole", rate_rps=RATE, mix=(Send(path="/moments/{key}"),), keys=10),
        duration_s=SECONDS,
    )
    statuses: dict[str, set[str]] = {}
    for one in run(value).requests:
        statuses.setdefault(one.path, set()).add(one.status)
    assert len(statuses) == 10
    assert all(len(found) == 1 for found in statuses.values())
    assert {status for found in statuses.values() for status in found} == {"200", "503"}


def test_so_many_of_what_it_needs_must_be_up() -> None:
    """One of three is always down: all, or three, are too many; two are not."""
    shares = [lost(ran({"two": 1}, least=least)) for least in (0, 1, 2, 3)]
    assert shares == [1, 0, 0, 1]


def test_it_asks_no_more_than_it_must() -> None:
    """One good answer is enough for one of three, one bad one for all of them."""
    any_of_three = ran({}, least=1)
    assert len(asked(any_of_three)) == len(any_of_three.requests)
    assert len(set(asked(any_of_three))) == len(PARTS)
    all_of_three = ran(dict.fromkeys(PARTS, 1.0))
    assert len(asked(all_of_three)) == len(all_of_three.requests)


def test_it_needs_the_parts_that_are_named() -> None:
    """And asks no other."""
    recording = ran({"two": 1}, needs="one, three")
    assert lost(recording) == 0
    assert set(asked(recording)) == {"one", "three"}


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"needs": "four"}, "needs has 'four'; calls= names one, two, three"),
        ({"least": 4}, "least is 4; it needs 3 parts"),
        ({"down_ratio": 1.5}, "down_ratio"),
    ],
)
def test_what_cannot_be_is_refused(settings: dict[str, Any], said: str) -> None:
    """In one line."""
    with pytest.raises(LabError, match=said):
        ran({}, **settings)
