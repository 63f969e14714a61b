"""The retry storm, broken on purpose: each time the verdict turns."""

from dataclasses import replace

import pytest

from harness import catalogue
from harness.checks.verdict import Verdict
from services.patterns.retry import Retry, RetryBudget
from tests.labs.otherwise import after, failed

LAB = catalogue.find("retry-storm").lab
NEVER, RECOVERS = "never comes back", "recovers by itself"


def test_without_the_freeze_there_is_no_storm() -> None:
    """Four tries are never needed then, and cost nothing."""
    claims = failed(LAB, "naive", runs=LAB.without_trigger())
    assert {NEVER, "every try is used up", "the storm feeds itself"} <= claims


def test_without_the_mend_nothing_recovers() -> None:
    """Four tries under the mended variant's name."""
    bare = replace(LAB.variant("budget"), settings=LAB.variant("naive").settings)
    others = tuple(one for one in LAB.variants if one.name != "budget")
    assert RECOVERS in failed(LAB, "budget", runs=replace(LAB, variants=(*others, bare)))


def test_a_budget_that_pays_for_everything_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no budget."""
    monkeypatch.setattr(RetryBudget, "withdraw", lambda _: True)
    assert RECOVERS in failed(LAB, "budget")


def test_a_retry_that_gives_up_at_once_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is tried again, whatever is configured, and there is no storm."""
    run = Retry.run
    monkeypatch.setattr(Retry, "run", lambda self, *given: run(replace(self, tries=1), *given))
    assert {NEVER, "every try is used up"} <= failed(LAB, "naive")


@pytest.mark.parametrize(
    ("command", "verdict", "claims"),
    [
        ("budget checkout.retry_budget=0.5", Verdict.FAIL, {RECOVERS}),
        ("naive checkout.backoff_ms=200", Verdict.PASS, set[str]()),
        ("naive load.rate_rps=20", Verdict.FAIL, {NEVER}),
    ],
)
def test_the_lessons_commands_do_what_it_says(
    command: str, verdict: Verdict, claims: set[str]
) -> None:
    """What is said under "Break the mend" is what comes out."""
    found, failing = after("retry-storm", command)
    assert found is verdict
    assert claims <= failing
