"""Intake and consumers: orders through a stream, also those that nobody can read."""

from dataclasses import replace

import pytest

from harness.conductor import conductor
from harness.model import Configure, Kill, Paced, Redis, Send, Service, during
from harness.model.fault import Timed
from harness.recording import Recording, number_of
from tests.support import lab, run

POISON = during(3, 3.5, Configure("intake", malformed=1))


def ordered(*faults: Timed, rate_rps: float = 20, **settings: str | float) -> Recording:
    """Order for ten seconds, with two consumers, each of which starts again after a second."""
    stores = (Redis("store", persistent=True),)
    value = replace(
        lab(
            Service("intake", app="services.intake", calls=("store",), settings={"store": "store"}),
            Service(
                "consumer",
                app="services.consumer",
                replicas=2,
                calls=("store", "books"),
                settings={"store": "store", **settings},
                restart_after_s=1,
            ),
            Service("books", app="services.worker", settings={"workers": 4, "service_ms": 10}),
            load=Paced(
                to="intake",
                rate_rps=rate_rps,
                mix=(Send(method="POST", path="/orders/{number}"),),
            ),
            faults=faults,
        ),
        stores=stores,
    )
    return run(value, conductor(faults, value.duration_s))


def booked(recording: Recording) -> list[int]:
    """Give the numbers of the orders that were booked, in that order."""
    return [
        number_of(span.trace)
        for span in recording.spans
        if span.kind == "client" and span.callee == "books" and span.status == "200"
    ]


def crashes(recording: Recording) -> int:
    return sum("ended with code 1" in note for note in recording.notes)


def buried(recording: Recording) -> float:
    return sum(
        max(value for value in values if value == value)  # noqa: PLR0124 - NaN
        for key, values in recording.series.items()
        if key.metric == "dead_letters_total"
    )


def test_every_order_is_booked_once() -> None:
    """By one of the two, as a part of the request that it came with."""
    recording = ordered()
    assert sorted(booked(recording)) == [one.number for one in recording.requests]
    callers = {span.caller for span in recording.spans if span.callee == "books" and span.caller}
    assert callers == {"consumer-1", "consumer-2"}
    assert {one.status for one in recording.requests} == {"202"}


def test_an_order_that_cannot_be_read_ends_everybody_in_turn() -> None:
    """Without a limit nothing is booked any more, and the clients hear nothing of it."""
    recording = ordered(POISON)
    assert crashes(recording) >= 10
    assert max(booked(recording)) < 70
    assert {one.status for one in recording.requests} == {"202"}


@pytest.mark.parametrize("deliveries", [1, 2, 3])
def test_a_delivery_limit_bounds_the_crashes(deliveries: int) -> None:
    """So many, then the order is buried; all others are booked, once."""
    recording = ordered(POISON, deliveries=deliveries)
    numbers = booked(recording)
    missing = {one.number for one in recording.requests} - set(numbers)
    assert crashes(recording) == deliveries
    assert len(missing) == 1
    assert len(numbers) == len(set(numbers))
    assert buried(recording) == 1


def test_a_good_order_is_not_given_up_with_the_bad_one_of_its_batch() -> None:
    """Busy consumers read several at a time; who claims takes one, so only the bad one counts."""
    recording = ordered(POISON, deliveries=2, rate_rps=180)
    assert len(booked(recording)) > 1500
    assert buried(recording) == 1


def test_an_error_that_is_caught_costs_one_order() -> None:
    """And no crash."""
    recording = ordered(POISON, on_error="bury")
    assert crashes(recording) == 0
    assert len(booked(recording)) == len(recording.requests) - 1


def test_what_is_put_back_unmended_kills_again() -> None:
    """Each redrive is a new message, with a count of deliveries of its own."""
    once = ordered(POISON, deliveries=2)
    again = ordered(POISON, deliveries=2, redrive_ms=2000)
    assert crashes(again) > crashes(once)


def test_a_consumer_that_dies_leaves_its_orders_to_the_other() -> None:
    """Killed, not poisoned: what it had is claimed, booked, and never buried."""
    recording = ordered(during(4, 9, Kill("consumer-1")), deliveries=3, rate_rps=50)
    assert set(booked(recording)) == {one.number for one in recording.requests}
    assert buried(recording) == 0


def test_without_the_stream_no_order_is_taken() -> None:
    """503, so that the client knows; what was taken before is kept, and booked afterwards."""
    recording = ordered(during(4, 6, Kill("store")))
    refused = {one.number for one in recording.requests if one.status == "503"}
    taken = {one.number for one in recording.requests if one.status == "202"}
    assert len(refused) == pytest.approx(40, abs=3)
    assert taken <= set(booked(recording))
