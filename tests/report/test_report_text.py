import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harness.checks.verdict import Control, Kind
from harness.model import Fixed, Kill, Lab, Paced, Pause, Service, during
from harness.model.expect import Bound
from harness.model.numbers import MINUS
from harness.model.toxic import Down
from harness.report import text
from harness.report.seconds import faulted_callees
from harness.report.topology import astray, draw
from tests.cached import CACHED

CHAIN = Lab(
    title="A chain",
    question="What then?",
    services=(
        Service("web", app="services.relay", calls=("db",)),
        Service("db", app="services.worker"),
    ),
    load=Paced(rate_rps=70, to="web"),
    duration_s=25,
    faults=(during(5, 8, Pause("db")),),
    variants=(Fixed("only"),),
    expect=(),
)
GRAPH = replace(
    CHAIN,
    services=(
        Service("web", app="services.relay", calls=("cart", "stock")),
        Service("cart", app="services.relay", calls=("db",)),
        Service("stock", app="services.relay", calls=("db", "web")),
        Service("db", app="services.worker"),
        Service("cron", app="services.cron", calls=("db",)),
    ),
    faults=(during(5, 8, Pause("stock->db")), during(1, 2, Kill("moon"))),
)


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (4.0, "", "4.00"),
        (0.98663, "", "0.987"),
        (9.999, "s", "10.0 s"),
        (70, "/s", "70.0/s"),
        (1234.5, "ms", "1,234 ms"),
        (0.0004, "", "0.00040"),
        (0, "", "0.00"),
        (math.inf, "s", "never"),
        (math.inf, "", "∞"),
        (math.nan, "s", text.UNKNOWN),
    ],
)
def test_figure_says_about_three_digits(value: float, unit: str, said: str) -> None:
    """A value is said to three digits with its unit, and in words when it is none."""
    assert text.figure(value, unit) == said


@given(st.floats())
def test_figure_says_every_float(value: float) -> None:
    """There is no number at which the formatting breaks."""
    assert text.figure(value, "ms")
    assert text.margin(value, "ms")


def test_margin_has_a_sign() -> None:
    """Which side of the bound a value lies on is told without colour."""
    assert text.margin(0.04) == "+0.040"
    assert text.margin(-0.04) == f"{MINUS}0.040"
    assert text.margin(-math.inf) == "beyond"


def test_a_value_that_is_not_to_be_had_is_no_number() -> None:
    """A fault that was never seen shows a dash, and no bound is near or far from it."""
    control = Control(
        kind=Kind.READ_BACK,
        claim="pause db",
        variant="only",
        engine="sim",
        measure="seen to act, and to be gone",
        unit="",
        value=math.nan,
        bound=Bound(at_least=1),
        missing="it was never seen to act",
    )
    assert text.seen(control) == text.UNKNOWN
    assert text.margin(control.margin) == text.UNKNOWN
    assert text.wanted(control.bound) == "≥ 1"


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        (Bound(at_least=2), "≥ 2 s"),
        (Bound(at_least=2).complement(), "< 2 s"),
        (Bound.around(2), "2 s"),
        (Bound.around(2, chance=0.1), "2 ± 0.1 s"),
        (Bound.around(2, model=0.2, chance=0.1), "2 s ± 10 % model ± 0.1 s chance"),
        (Bound.around(2).complement(), "not 2 s"),
    ],
)
def test_a_bound_is_said_with_what_its_tolerance_is_of(bound: Bound, said: str) -> None:
    """What a theory leaves out and what chance does are two figures; an opposite says so."""
    assert text.wanted(bound, "s") == said


def test_sparkline_tells_nothing_from_little() -> None:
    """Zero, unknown and a little look different, and what is above the top is cut."""
    assert text.sparkline([0, 0.1, 35, 70, 700, math.nan], top=70) == "_▁▄██·"


def test_timeline_draws_each_fault_under_one_axis() -> None:
    """The window starts and ends where the axis says so."""
    axis, window = text.timeline(CHAIN, 60).splitlines()
    assert axis.endswith("25 s")
    assert window.startswith("db frozen ·")
    assert axis.index("5") == window.index("█")


@given(st.integers(min_value=1, max_value=200))
def test_timeline_respects_its_width(width: int) -> None:
    """No line is longer than asked for, however narrow."""
    assert all(len(line) <= width for line in text.timeline(GRAPH, width).splitlines())


def test_a_chain_is_one_line() -> None:
    """The simplest topology reads from left to right, its fault told below."""
    assert text.topology(CHAIN) == (
        "client ──70/s──▶ web (relay) ──▶ db (worker) ✗\n✗ db frozen, 5\N{EN DASH}8 s"
    )


def test_a_graph_branches_and_ends() -> None:
    """Fan-out, a shared callee, a cycle, a host without callers and a lost fault are all shown."""
    assert text.topology(GRAPH).splitlines() == [
        "client ──70/s──▶ web (relay)",
        "                  ├──▶ cart (relay) ──▶ db (worker)",
        "                  └──▶ stock (relay)",
        "                        ├─✗─▶ db ↑",
        "                        └──▶ web ↑",
        "cron (cron) ──▶ db ↑",
        "✗ stock->db frozen, 5\N{EN DASH}8 s",
        "✗ moon crashed, 1\N{EN DASH}2 s",
    ]


def test_replicas_are_drawn_as_one_unless_a_fault_tells_them_apart() -> None:
    """In text with what hits any of them; in the drawing, one that is hit alone has its own box."""
    shown = replace(
        CHAIN,
        services=(
            Service("web", app="services.relay", calls=("db-1", "db-2"), replicas=2),
            Service(
                "db",
                app="services.worker",
                replicas=3,
                settings={"size": 4},
                each={"service_ms": (1, 2, 3)},
            ),
        ),
        faults=(during(1, 2, Kill("db-2")), during(5, 8, Down("web-2->db-1"))),
    )
    assert text.topology(shown).splitlines() == [
        "client ──70/s──▶ web (relay x 2) ─✗─▶ db (worker x 3) ✗",
        "✗ db-2 crashed, 1\N{EN DASH}2 s",
        "✗ web-2->db-1 down, 5\N{EN DASH}8 s",
    ]
    drawing = draw(shown)
    assert sorted((box.name, box.role, box.hits) for box in drawing.boxes) == [
        ("client", "load", ()),
        ("db-1", "worker", ()),
        ("db-2", "worker", ("✗ db-2 crashed, 1\N{EN DASH}2 s",)),
        ("db-3", "worker", ()),
        ("web-1", "relay", ()),
        ("web-2", "relay", ()),
    ]
    boxes = {box.name: box for box in drawing.boxes}
    assert boxes["db-2"].lines == ("size 4", "service_ms 2")
    (struck,) = (arrow for arrow in drawing.arrows if arrow.hit)
    assert struck.hit == "web-2->db-1 down, 5\N{EN DASH}8 s"
    whole = draw(replace(shown, faults=(during(1, 2, Kill("web")),)))
    assert [(box.name, box.role) for box in whole.boxes] == [
        ("client", "load"),
        ("web", "relay x 2"),
        ("db", "worker x 3"),
    ]
    assert whole.boxes[2].lines == ("size 4", "service_ms 1 2 3")
    assert astray(shown) == []
    assert faulted_callees(shown) == ("db-1", "db-2")


def test_a_store_is_drawn_as_what_it_is() -> None:
    """A box and a place in the tree of its own, with what hits it; its calls tell of its faults."""
    assert text.topology(CACHED).splitlines() == [
        "client ──40/s──▶ front (cache)",
        "                  ├──▶ store (redis) ✗",
        "                  └──▶ back (worker)",
        "✗ store crashed, 3\N{EN DASH}5 s",
    ]
    drawing = draw(CACHED)
    assert [(box.name, box.role) for box in drawing.boxes if box.hits] == [("store", "redis")]
    assert len(drawing.arrows) == 3
    assert "front calls store" in drawing.words
    assert "store is hit: store crashed, 3\N{EN DASH}5 s" in drawing.words
    assert astray(CACHED) == []
    assert faulted_callees(CACHED) == ("store",)
    assert faulted_callees(CACHED.without_trigger()) == ("back", "store")


def test_what_is_said_in_the_same_words_of_several_hosts_is_drawn_once() -> None:
    """Under who calls whom, and on the time axis."""
    both = tuple(during(5, 8, Pause(host), said="all frozen") for host in ("web", "db"))
    lab = replace(CHAIN, faults=both)
    assert text.topology(lab).splitlines()[-1] == f"✗ all frozen, {text.between(5, 8)}"
    assert text.topology(lab).count("all frozen") == 1
    assert text.timeline(lab, 60).count("all frozen") == 1
