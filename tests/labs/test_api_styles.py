"""Api styles, broken on purpose: each time the verdict turns."""

from dataclasses import replace

import pytest

from harness import catalogue
from harness.checks.verdict import failures, judge
from harness.conductor import conducted
from labs.traffic.api_styles import service_api
from services.patterns.caching import Caching
from services.patterns.guards import Answer, Asked, Call
from services.table import Cores
from tests.labs.otherwise import SEED
from tests.support import run

LAB = catalogue.find("api-styles").lab


def failed(variant: str) -> set[str]:
    """Name the claims about a variant that fail, its distance from the api included."""
    own = LAB.facing(LAB.variant(variant), SEED)
    recording = run(own, conducted(own), variant=variant, seed=SEED)
    return {control.claim for control in failures(judge(own, recording))}


def test_a_link_for_each_connection_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six at a time would be quicker; one at a time, and one answer, stay as they are."""
    monkeypatch.setattr(service_api, "Cores", lambda _: Cores(12))
    assert failed("parallel") == {"a link that is full", "takes over a second"}
    assert failed("in-turn") == failed("batch") == set()


def test_a_cache_that_keeps_the_answers_of_posts_is_found_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It would show a batch again without asking anybody."""
    whole = Caching.__call__

    async def keeps(self: Caching, asked: Asked, call: Call, /) -> Answer:
        return await whole(self, replace(asked, writes=False), call)

    monkeypatch.setattr(Caching, "__call__", keeps)
    assert "gets all of it again" in failed("batch")
