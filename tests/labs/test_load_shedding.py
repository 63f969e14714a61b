"""Load shedding, broken on purpose: each time the verdict turns."""

from dataclasses import replace

import pytest
from aiohttp import web

from harness import catalogue
from harness.proof.replacing import applied
from services import incoming
from services.patterns.guards import Asked
from services.patterns.shedding import SABOTAGES
from tests.labs.otherwise import failed

LAB = catalogue.find("load-shedding").lab


def sabotaged(attribute: str, variant: str) -> set[str]:
    """Name the claims that fail when the shedding no longer does one thing."""
    (one,) = (sabotage for sabotage in SABOTAGES if sabotage.attribute == attribute)
    with applied(one):
        return failed(LAB, variant)


@pytest.mark.parametrize("variant", ["displace", "reserve"])
def test_a_service_that_does_not_read_the_priority_is_found_out(
    variant: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """To such a one all requests are alike, and buyers are refused like visitors."""
    whole = incoming.asked_of

    def unread(request: web.Request, now_s: float) -> Asked:
        return replace(whole(request, now_s), priority=0)

    monkeypatch.setattr(incoming, "asked_of", unread)
    assert "serves nearly all buyers" in failed(LAB, variant)


def test_places_that_are_not_reserved_are_found_out() -> None:
    """The queue then is full of visitors, as with order alone."""
    assert sabotaged("places", "reserve") >= {
        "serves nearly all buyers",
        "nearly all get in past a reserve",
    }


def test_refusals_that_cost_nothing_are_found_out() -> None:
    """The variant is then the same as `displace`, and falls no more."""
    assert sabotaged("_refusing", "costly") == {
        "spends its time on refusing",
        "refusals take half of the work",
    }
