"""A system put together by hand: what a form may hold, its lab, and the file that is saved."""

import ast
from copy import deepcopy
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import LabError
from harness.live.library import STORE, apps, library, needs
from harness.live.sandbox import made_of
from harness.live.sandbox_form import Form, LoadForm, labels, start
from harness.live.sandbox_source import source_of
from harness.live.session import Session
from harness.model.experiment import Experiment, OwnFaults
from harness.model.fault_json import FAULTS
from harness.model.lab import Lab
from harness.model.validate import problems
from tests.live.saved_lab import checked


def form(**changes: Any) -> dict[str, Any]:
    """Give the first form with some of its values changed; a path such as `hosts.0.name`."""
    made = deepcopy(start())
    for path, value in changes.items():
        *above, last = path.split("__")
        part: Any = made
        for name in above:
            part = part[int(name) if name.isdigit() else name]
        part[int(last) if last.isdigit() else last] = deepcopy(value)
    return made


CACHED = [
    {"name": "shop", "service": "cache", "calls": ["stock", "store"], "replicas": 1,
     "settings": {"store": "store", "timeout_ms": 500}, "guards": {"ttl_ms": 30_000}},
    start()["hosts"][1],
    {"name": "store", "service": "redis", "calls": [], "replicas": 1,
     "settings": {"persistent": True}, "guards": {}},
]  # fmt: skip
"""A cache of answers in a Redis, which the guarded design keeps for longer than the outage."""


def lab_in(source: str) -> Lab:
    """Run a lab file that was written, and give its lab."""
    module: dict[str, Any] = {}
    exec(compile(source, "lab.py", "exec"), module)  # noqa: S102 - what the file is for
    made = module["LAB"]
    assert isinstance(made, Lab)
    return made


def same(one: Lab, other: Lab) -> bool:
    """Hold two labs against each other in all that can be compared."""
    claims = [[(e.claim, e.measure.name, e.bound) for e in lab.expect] for lab in (one, other)]
    parts = ("title", "question", "services", "stores", "load", "duration_s", "faults", "variants")
    return claims[0] == claims[1] and all(getattr(one, p) == getattr(other, p) for p in parts)


def test_the_first_system_falls_and_its_guarded_design_holds() -> None:
    """As its form claims, so that a person begins with something to see."""
    made = made_of(start())
    ratios = []
    for variant in ("plain", "guarded"):
        given = Experiment(variant=variant, faults=OwnFaults.LAB)
        with Session("sandbox", made.lab, given) as run:
            recording = run.finish()
        baseline, *claims = made.lab.expect
        assert baseline.bound.holds(baseline.measure.compute(recording))
        (claim,) = [one for one in claims if variant in one.variants]
        assert claim.bound.holds(claim.measure.compute(recording))
        ratios.append(claim.measure.compute(recording))
    assert ratios[0] < ratios[1]


def test_check_accepts_the_lab_that_is_saved(tmp_path: Path) -> None:
    """With its claims told from what chance or nothing would do."""
    assert "1 passed, 0 failed" in checked(source_of(made_of(start())), tmp_path)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"load__surge_times": 3, "faults": []},
        {"load__kind": "Paced", "load__path": "/x?y=1", "hosts__1__replicas": 3,
         "faults__0__fault__target": "stock-2"},
        {"hosts__0__guards": {"outgoing.order": "retry,breaker", "outgoing.retry.tries": 2}},
        {"hosts__1__guards": {"incoming.order": "limiter", "incoming.limiter.burst": 5}},
        {"faults": [{"start_s": 2, "end_s": 3.25,
                     "fault": {"kind": "Latency", "target": "shop->stock", "latency_ms": 300,
                               "stream": "both"}}]},
        {"faults": [{"start_s": 2, "end_s": 3,
                     "fault": {"kind": "Configure", "target": "stock",
                               "values": {"service_ms": 80}}}]},
        {"faults": [{"start_s": 2, "end_s": 3,
                     "fault": {"kind": "Partition", "one": ["shop"], "other": ["stock"]}}]},
        {"plain_at_most": 1 / 3, "duration_s": 25.123456789},
        {"hosts": CACHED},
        {"load__method": "POST", "load__path": "/orders/{number}"},
    ],
)  # fmt: skip
def test_the_file_gives_the_lab_that_was_played(changes: dict[str, Any]) -> None:
    """To the last digit, whatever the form has."""
    made = made_of(form(**changes))
    again = lab_in(source_of(made))
    assert same(made.lab, again)
    assert list(problems(again)) == []


def test_a_cache_with_a_redis_carries_its_callee_through_an_outage() -> None:
    """What is kept there for longer than the outage is served all along, and nothing else is."""
    made = made_of(form(hosts=CACHED, judged_from_s=6, judged_to_s=8))
    assert [store.name for store in made.lab.stores] == ["store"]
    shares = []
    for variant in ("plain", "guarded"):
        with Session("sandbox", made.lab, Experiment(variant=variant, faults=OwnFaults.LAB)) as run:
            shares.append(made.lab.expect[1].measure.compute(run.finish()))
    assert shares == [0, 1]


@settings(max_examples=60, deadline=None)
@given(title=st.text(min_size=1, max_size=80), text=st.text(max_size=40))
def test_nothing_of_a_form_becomes_code(title: str, text: str) -> None:
    """Texts stay texts: the file has two imports, values and calls of the words of labs alone."""
    guards = {"tries": 1, "outgoing.order": "fallback", "outgoing.fallback.text": text}
    try:
        made = made_of(form(title=title, hosts__0__guards=guards))
    except LabError:
        return
    source = source_of(made)
    tree = ast.parse(source)
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [getattr(node, "module", "") for node in imports] == [
        "harness.measures",
        "harness.model",
    ]
    words = {name.name for node in imports for name in node.names} | {"JUDGED", "LAB", "Stream"}
    assert {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} <= words
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert all(isinstance(call, ast.Name) for call in calls)
    assert same(made.lab, lab_in(source))


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"title": " "}, "no title"),
        ({"hosts": []}, "there is no host"),
        ({"hosts__0__service": "os"}, "no service 'os' in the library"),
        ({"hosts__0__service": "../evil"}, "in the library"),
        ({"hosts__0__service": "patterns"}, "in the library"),
        ({"hosts__0__name": "Shop"}, "invalid name 'Shop'"),
        ({"hosts__0__name": "client"}, "reserved"),
        ({"hosts__0__calls": ["stok"]}, "stok"),
        ({"hosts__0__settings": {"tryes": 1}}, "tryes"),
        ({"hosts__0__settings": {"tries": -1}}, "tries"),
        ({"hosts__0__guards": {}}, "both designs are the same"),
        ({"hosts__0__guards": {"outgoing.order": "braker"}}, "braker"),
        ({"hosts__0__code": "x"}, "no field 'code'"),
        ({"hosts__0__replicas": 1000}, "replicas"),
        ({"hosts__0__service": "cache", "hosts__0__settings": {}},
         "store must be a host that runs redis, and one of its calls"),
        ({"hosts": CACHED, "hosts__0__settings": {"store": "stock"}}, "store must be a host that"),
        ({"hosts": CACHED, "hosts__0__guards": {"store": "stock"}}, "store must be a host that"),
        ({"hosts": CACHED, "hosts__2__calls": ["stock"]}, "a Redis has no calls"),
        ({"hosts": CACHED, "hosts__2__guards": {"persistent": False}}, "a Redis has no calls"),
        ({"hosts": CACHED, "hosts__2__replicas": 2}, "no replicas"),
        ({"hosts": CACHED, "hosts__2__settings": {"persistant": 1}}, "did you mean persistent?"),
        ({"hosts": CACHED, "load__to": "store"}, "the load goes to 'store'"),
        ({"load__method": "BREW"}, "method is 'BREW'; it may be GET, POST, PUT, DELETE"),
        ({"load__kind": "Flood"}, "may be Poisson, Paced"),
        ({"load__to": "nobody"}, "nobody"),
        ({"load__rate_rps": 1e6}, "2000 requests a second at most"),
        ({"load__surge_times": 1e6}, "2000 requests a second at most"),
        ({"load__rate_rps": 0}, "above 0"),
        ({"duration_s": 1e6}, "at most 120"),
        ({"faults": []}, "nothing happens to the system"),
        ({"faults__0__start_s": 0}, "seen healthy before"),
        ({"faults__0__fault": {"kind": "Pause", "target": "stok"}}, "stok"),
        ({"faults__0__fault": {"kind": "Burn", "target": "stock"}}, "no kind 'Burn'"),
        ({"judged_to_s": 90}, "90"),
        ({"plain_at_most": 0.95}, "the second must be more"),
        ({"guarded_at_least": 2}, "shares"),
        ({"load": 3}, "expected an object"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_in_one_line(changes: dict[str, Any], why: str) -> None:
    """By validation's own sentences where it has them."""
    with pytest.raises(LabError) as refused:
        made_of(form(**changes))
    assert why in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_page_has_a_field_for_each_value_of_the_form() -> None:
    """It knows none of them by itself."""
    told = labels()
    assert {one["name"] for one in told["load"]} == {one.name for one in fields(LoadForm)}
    parts = {"title", "hosts", "load", "faults"}
    assert {one["name"] for one in told["guess"]} | parts == {one.name for one in fields(Form)}


def test_the_library_is_all_that_there_is() -> None:
    """Every service but one, a Redis, every guard, each with its settings and what it is."""
    found = library()
    assert {"relay", "worker", "gateway", "balancer"} <= {one["name"] for one in found["services"]}
    # `named` asks a resolver for a name that no host of the form has.
    assert {one["name"] for one in found["services"]} == {*apps(), STORE} - {"named"}
    assert all(one["about"] for one in (*found["services"], *found["guards"]))
    assert set(found["sides"]) == {"incoming", "outgoing"}
    (relay,) = [one for one in found["services"] if one["name"] == "relay"]
    assert {"name": "tries", "value": 1, "choices": [], "of": ""} in relay["settings"]
    named = {
        f"{service['name']}.{one['name']}": one["of"]
        for service in found["services"]
        for one in service["settings"]
        if one["of"]
    }
    wanted = {f"{name}.{one}" for name in apps() if name != "named" for one in needs(name)}
    assert set(named) == wanted
    assert {name for name, of in named.items() if of == "stores"} == {
        f"{name}.store" for name in ("cache", "consumer", "intake")
    }
    assert "harness" not in apps()
    assert "Pause" in FAULTS
