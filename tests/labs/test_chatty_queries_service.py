"""Shop and database: how many queries a page makes, and what each of them costs."""

from collections import Counter

import pytest

from harness.errors import LabError
from harness.model import Paced, Send, Service
from harness.model.fault import Setting
from harness.recording import Recording
from services.server import SettingError, load, settings_of
from tests.support import lab, run

PART = "labs.traffic.chatty_queries"
DATABASE = Service("database", app=f"{PART}.service_database")


def shown(**settings: Setting) -> Recording:
    """Show a page of four orders twice a second; a replica is there as well."""
    return run(
        lab(
            Service(
                "shop",
                app=f"{PART}.service_shop",
                calls=("database", "replica"),
                settings={"orders": 4, **settings},
            ),
            DATABASE,
            Service("replica", app=DATABASE.app),
            load=Paced(to="shop", rate_rps=2, keep_answers=True),
        )
    )


def queries(made: Recording) -> Counter[str]:
    """Count the queries of the first page, by the database and what is asked for."""
    calls = [one for one in made.spans if (one.kind, one.caller) == ("client", "shop")]
    first = calls[0].trace
    return Counter(f"{one.callee} {one.route}" for one in calls if one.trace == first)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({}, {"database orders": 1, "database customers": 4}),
        ({"loading": "in-list"}, {"database orders": 1, "database customers": 1}),
        ({"loading": "join"}, {"database joined": 1}),
        ({"customers_from": "replica"}, {"database orders": 1, "replica customers": 4}),
    ],
)
def test_a_page_makes_the_queries_of_its_loading(
    settings: dict[str, Setting], expected: dict[str, int]
) -> None:
    """However they are asked for, a page names the customers of four orders."""
    made = shown(**settings)
    assert queries(made) == expected
    assert all(one.good for one in made.requests)
    assert all(len(one.answer.splitlines()) == 4 for one in made.requests)


@pytest.mark.parametrize(
    ("path", "expected_ms"),
    [("/orders/10", 28), ("/customers/7", 10), ("/customers/7,8,9", 14), ("/joined/10", 48)],
)
def test_a_query_costs_its_own_share_and_one_for_each_row(path: str, expected_ms: float) -> None:
    """8 ms, and 2 ms a row; a join gives rows of both tables."""
    made = run(lab(DATABASE, load=Paced(to="database", rate_rps=2, mix=(Send(path=path),))))
    for one in made.requests:
        assert 1000 * one.latency_s == pytest.approx(expected_ms, abs=2)


def test_what_is_no_number_is_refused() -> None:
    """As a bad request, and not as an error of the database."""
    wrong = Paced(to="database", rate_rps=2, mix=(Send(path="/customers/7,ada"),))
    made = run(lab(DATABASE, load=wrong))
    assert {one.status for one in made.requests} == {"400"}


def test_a_database_that_fails_is_no_page() -> None:
    """The shop says so, and does not show half a page."""
    made = run(
        lab(
            Service("shop", app=f"{PART}.service_shop", calls=("database",)),
            Service("database", app="services.worker"),
            load=Paced(to="shop", rate_rps=2),
        )
    )
    assert {one.status for one in made.requests} == {"502"}


def test_a_shop_without_a_database_does_not_start() -> None:
    """It says what is missing."""
    with pytest.raises(LabError, match="calls= names no database"):
        run(lab(Service("shop", app=f"{PART}.service_shop"), load=Paced(to="shop", rate_rps=2)))


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("service_shop", {"orders": 0}),
        ("service_shop", {"loading": "lazy"}),
        ("service_database", {"cores": 0}),
        ("service_database", {"query_ms": -1}),
    ],
)
def test_settings_that_cannot_be_are_refused(name: str, wrong: dict[str, Setting]) -> None:
    """In a line that names the setting."""
    with pytest.raises(SettingError, match=next(iter(wrong))):
        settings_of(load(f"{PART}.{name}"), wrong)
