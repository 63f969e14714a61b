"""What the load's container gets, by the rate of the load."""

from dataclasses import replace
from typing import Any

import pytest

from harness.engines.compose.render import LOAD, compose_file, load_workers
from harness.engines.protocol import Plan
from harness.model import Lab, Paced, Poisson
from labs.cascades.retry_storm.lab import LAB
from tests.support import At


def rated(rate_rps: float) -> Lab:
    return replace(LAB, load=Poisson(rate_rps=rate_rps, to="checkout"))


def rendered(lab: Lab, *, steered: bool = False) -> dict[str, Any]:
    plan = Plan(slug="retry-storm", lab=lab, variant=LAB.variant("naive"), seed=7)
    services: dict[str, Any] = compose_file(plan, steered=steered)["services"]
    return services


@pytest.mark.parametrize(
    ("rate_rps", "workers"),
    [(0.1, 1), (300, 1), (300.5, 2), (301, 2), (600, 2), (601, 3), (900, 3), (901, 4), (1e5, 8)],
)
def test_one_worker_for_each_300_requests_a_second(rate_rps: float, workers: int) -> None:
    """Up to eight, whatever machine renders the file: the load itself looks for cores."""
    assert load_workers(rated(rate_rps)) == workers
    assert load_workers(replace(LAB, load=Paced(rate_rps=rate_rps, to="checkout"))) == workers


def test_a_load_of_another_kind_is_judged_by_its_busiest_second() -> None:
    """What is spread evenly over a run needs no more than one."""
    burst = At(to="checkout", times_s=tuple(5 + number / 1000 for number in range(301)))
    assert load_workers(replace(LAB, load=burst)) == 2
    even = At(to="checkout", times_s=tuple(number / 100 for number in range(301)))
    assert load_workers(replace(LAB, load=even)) == 1


def test_the_file_tells_the_load_of_its_workers_only_where_there_are_several() -> None:
    """They get memory and CPU time by their number; all else is as it was."""
    one, three = rendered(rated(300)), rendered(rated(900))
    assert "CHAOSLAB_WORKERS" not in one[LOAD]["environment"]
    assert three[LOAD]["environment"].pop("CHAOSLAB_WORKERS") == "3"
    assert (one[LOAD]["mem_limit"], one[LOAD]["cpu_shares"]) == ("128m", 2048)
    assert (three[LOAD].pop("mem_limit"), three[LOAD].pop("cpu_shares")) == ("256m", 3 * 2048)
    assert one[LOAD].keys() - three[LOAD].keys() == {"mem_limit", "cpu_shares"}
    assert {name for name in one if one[name] != three[name]} == {LOAD}


@pytest.mark.parametrize(("rate_rps", "workers"), [(75, None), (76, "2"), (300, "4"), (1e5, "8")])
def test_a_load_that_is_steered_may_come_four_times_as_fast(
    rate_rps: float, workers: str | None
) -> None:
    """It has processes and memory for that, and an input; all else is as in a plain run."""
    plain, steered = rendered(rated(rate_rps)), rendered(rated(rate_rps), steered=True)
    load = steered[LOAD]
    assert load["environment"].pop("CHAOSLAB_STEERED") == "1"
    assert load.pop("stdin_open")
    assert load["environment"].pop("CHAOSLAB_WORKERS", None) == workers
    plain[LOAD]["environment"].pop("CHAOSLAB_WORKERS", None)
    assert load["mem_limit"] == f"{320 + 64 * (int(workers or 1) - 1)}m"
    for services in (plain, steered):
        for limit in ("mem_limit", "memswap_limit", "cpu_shares"):
            services[LOAD].pop(limit, None)
    assert steered == plain
