"""The settings of guards: what they are where a lab says nothing, and what is refused."""

import math
from collections.abc import Iterator
from dataclasses import fields
from typing import Any, get_type_hints

import pytest

from services.guarding import Guards
from services.settings import SettingError, made, value_of

LIMITS: list[tuple[str, float, float, float]] = [
    ("adaptive.start", 10, 1, 1000),
    ("adaptive.least", 1, 1, 10),
    ("adaptive.most", 1000, 10, math.inf),
    ("adaptive.cut", 0.9, 0, 0.999),
    ("adaptive.late_ms", 200, 0, math.inf),
    ("adaptive.tolerance", 1.5, 1, math.inf),
    ("breaker.calls", 20, 1, math.inf),
    ("breaker.threshold", 0.5, 0, 1),
    ("breaker.span_ms", 10_000, 1, math.inf),
    ("breaker.open_ms", 5000, 0, math.inf),
    ("breaker.probes", 1, 1, math.inf),
    ("bulkhead.slots", 10, 1, math.inf),
    ("bulkhead.queue", 0, 0, math.inf),
    ("bulkhead.wait_ms", 0, 0, math.inf),
    ("cache.ttl_ms", 1000, 1, math.inf),
    ("cache.entries", 1000, 1, math.inf),
    ("cache.refresh", 0.2, 0, 1),
    ("cache.flush_ms", 100, 0, math.inf),
    ("cache.version", 0, 0, math.inf),
    ("deadline.budget_ms", 0, 0, math.inf),
    ("deadline.needs_ms", 0, 0, math.inf),
    ("fallback.stale_ms", 0, 0, math.inf),
    ("fallback.status", 200, 0, 599),
    ("hedge.after_ms", 100, 0, math.inf),
    ("hedge.quantile", 0, 0, 0.999),
    ("hedge.budget", 0.1, 0, math.inf),
    ("hedge.burst", 10, 1, math.inf),
    ("limiter.rate_rps", 100, 0.001, math.inf),
    ("limiter.burst", 10, 1, math.inf),
    ("limiter.window_ms", 1000, 1, math.inf),
    ("limiter.store_timeout_ms", 50, 1, math.inf),
    ("retry.tries", 3, 1, math.inf),
    ("retry.backoff_ms", 0, 0, math.inf),
    ("retry.cap_ms", 10_000, 0, math.inf),
    ("retry.budget", 0, 0, math.inf),
    ("retry.burst", 10, 0, math.inf),
    ("shed.slots", 10, 1, math.inf),
    ("shed.queue", 1000, 0, math.inf),
    ("shed.reserve", 0, 0, math.inf),
    ("shed.refusal_ms", 0, 0, math.inf),
    ("shed.target_ms", 0, 0, math.inf),
    ("shed.interval_ms", 100, 1, math.inf),
    ("shed.needs_ms", 0, 0, math.inf),
    ("throttle.k", 2, 1, math.inf),
    ("throttle.span_ms", 120_000, 1, math.inf),
    ("tied.after_ms", 1, 0, math.inf),
    ("timeout.ms", 1000, 0, math.inf),
]
"""Each number by its name: what it is by itself, the least and the most that it may be."""


def settings() -> Iterator[tuple[str, Any]]:
    """Give every setting of every guard, and what it is by itself."""
    for guard in fields(Guards):
        if guard.name != "order":
            default: Any = guard.default
            for one in fields(default):
                yield f"{guard.name}.{one.name}", getattr(default, one.name)


@pytest.mark.parametrize(("name", "default", "least", "most"), LIMITS, ids=str)
def test_a_number_has_a_default_and_limits(
    name: str, default: float, least: float, most: float
) -> None:
    """Both limits are allowed, and what lies beyond one is refused by the setting's name."""
    assert value_of(Guards(), name) == default
    guard, _, own = name.partition(".")
    kind = get_type_hints(type(getattr(Guards(), guard)))[own]
    step = 1 if kind is int else 1e-6
    assert value_of(made(Guards, {name: kind(least)}), name) == least
    with pytest.raises(SettingError, match=f"{own} is .*must be at least "):
        made(Guards, {name: kind(least - step)})
    if math.isfinite(most):
        assert value_of(made(Guards, {name: kind(most)}), name) == most
        with pytest.raises(SettingError, match="; it must be at "):
            made(Guards, {name: kind(most + step)})


def test_each_number_has_its_limits() -> None:
    """One that is written tomorrow belongs here, too."""
    numbers = {
        name
        for name, default in settings()
        if isinstance(default, int | float) and not isinstance(default, bool)
    }
    assert numbers == {name for name, *_ in LIMITS}


def test_what_is_no_number_has_a_default_as_well() -> None:
    """In plain words, as a lab would write it."""
    words = {
        "adaptive.by": "aimd", "breaker.opens": "last-calls", "breaker.per_key": True,
        "cache.strategy": "aside", "fallback.text": "later\n", "limiter.kind": "token-bucket",
        "limiter.store": "", "retry.jitter": "full", "retry.heed": True, "shed.order": "oldest",
        "shed.refuses": "least", "shed.drop_expired": True, "single_flight.on": True,
        "tied.among": "",
    }  # fmt: skip
    numbers = {name for name, *_ in LIMITS}
    assert {name: value for name, value in settings() if name not in numbers} == words


@pytest.mark.parametrize("status", [1, 99, 199, 600])
def test_an_answer_in_place_has_a_status_that_ends_a_request(status: int) -> None:
    """Or 0, which gives none."""
    with pytest.raises(SettingError, match=f"status is {status}; "):
        made(Guards, {"fallback.status": status})
    assert value_of(made(Guards, {"fallback.status": 599}), "fallback.status") == 599
    assert value_of(made(Guards, {"fallback.status": 200}), "fallback.status") == 200


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"kind": "leaky-bucket", "store": "shared"}, "a leaky-bucket is not kept in a store"),
        ({"kind": "concurrency", "store": "shared"}, "a concurrency is not kept in a store"),
        ({"kind": "fixed-window", "rate_rps": 0.5}, "rate_rps is 0.5; with a window_ms of 1000 "),
        ({"kind": "sliding-window", "window_ms": 9}, "rate_rps is 100; with a window_ms of 9 "),
    ],
)
def test_a_limiter_that_cannot_do_its_work_is_refused(values: dict[str, Any], why: str) -> None:
    """One that would let nothing through, for ever, is no limit but an outage."""
    with pytest.raises(SettingError, match=f"limiter.{why}"):
        made(Guards, {f"limiter.{name}": value for name, value in values.items()})
    for kind in ("fixed-window", "sliding-window"):
        made(Guards, {"limiter.kind": kind, "limiter.rate_rps": 1, "limiter.window_ms": 1000})
