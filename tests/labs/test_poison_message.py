"""The poison message's lab, broken on purpose: each time the verdict turns."""

from dataclasses import replace

import pytest

from harness import catalogue
from harness.checks.verdict import Verdict
from services.patterns.consumer_group import ConsumerGroup, Message
from tests.labs.otherwise import after, failed

LAB = catalogue.find("poison-message").lab
BOOKED = "all orders but the bad one are booked"
BLOCKED = "not one more order is booked"


def test_without_the_bad_order_nothing_is_blocked() -> None:
    """And nothing is buried."""
    assert failed(LAB, "naive", runs=LAB.without_trigger()) == {BLOCKED}


def test_without_a_limit_nothing_more_is_booked() -> None:
    """The mend undone, under the mended variant's name."""
    bare = replace(LAB, variants=tuple(replace(one, settings={}) for one in LAB.variants))
    assert BOOKED in failed(LAB, "dead-letter", runs=bare)


def test_burying_without_acknowledging_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """The message stays pending, is claimed again and buried again, for ever."""

    async def only_copies(group: ConsumerGroup, message: Message) -> None:
        del group, message

    monkeypatch.setattr(ConsumerGroup, "bury", only_copies)
    assert "one order is buried" in failed(LAB, "dead-letter")


@pytest.mark.parametrize(
    ("command", "claim"),
    [
        ("dead-letter consumer.redrive_ms=3000", "one order is buried"),
        ("dead-letter consumer.deliveries=20", "blocked until one is back"),
        ("naive consumer.claim_ms=60000", BLOCKED),
    ],
)
def test_the_lessons_commands_turn_the_verdict(command: str, claim: str) -> None:
    """What is said under "Break the mend" is what comes out."""
    verdict, claims = after("poison-message", command)
    assert verdict is Verdict.FAIL
    assert claim in claims
