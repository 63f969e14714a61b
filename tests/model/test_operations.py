"""Operations and faults as JSON: what is written is read back, and what is wrong is named."""

import inspect
import json
from collections.abc import Iterator
from typing import Any

import pytest

from harness import catalogue, model
from harness.errors import LabError
from harness.model import (
    Bandwidth,
    ClockSkew,
    Configure,
    CpuSlow,
    DiskFull,
    Down,
    Kill,
    Latency,
    LimitData,
    MemoryLimit,
    Partition,
    Pause,
    RefuseNew,
    ResetPeer,
    Slicer,
    SlowClose,
    Stop,
    Stream,
    Timeout,
    Unanswered,
    Way,
    at,
    during,
)  # fmt: skip
from harness.model.fault import Fault
from harness.model.fault_json import FAULTS, described, fault_from_json, fault_to_json
from harness.model.operations import (
    OPERATIONS,
    Heal,
    HealAll,
    Inject,
    Operation,
    Pace,
    SendNow,
    Set,
    Unset,
    operation_from_json,
)  # fmt: skip
from harness.model.script import Act, script_from_json, script_of, script_to_json, windows

LINK = "a->b"
EACH: tuple[Fault, ...] = (
    Pause("a"), Kill("a"), Stop("a", grace_s=2.5), ClockSkew("a", skew_s=-3, drift_ppm=40),
    CpuSlow("a", factor=4), MemoryLimit("a", limit_mib=64), DiskFull("a"),
    Configure("a", {"outgoing.retry.tries": 2, "mode": "x", "on": True, "share": 0.5}),
    Partition(("a", "b"), ("c",), way=Way.FORTH), RefuseNew(LINK), Unanswered(LINK), Down(LINK),
    Latency(LINK, latency_ms=100, jitter_ms=5, stream=Stream.BOTH, toxicity=0.5),
    Bandwidth(LINK, rate_kbps=0), SlowClose(LINK, delay_ms=10), Timeout(LINK),
    ResetPeer(LINK, timeout_ms=7), Slicer(LINK, average_bytes=10, variation_bytes=3, delay_us=9),
    LimitData(LINK, limit_bytes=1000),
)  # fmt: skip
OF_EACH: tuple[Operation, ...] = (
    *(Inject(fault) for fault in EACH), Heal(3), HealAll(), Set("a.x", 3), Set("a.x", "three"),
    Unset("a.x"), Pace(0.25), SendNow(), SendNow(count=50, to="a", path="/p?q=1", method="POST"),
)  # fmt: skip


def through_json(document: Any) -> Any:
    return json.loads(json.dumps(document))


@pytest.mark.parametrize("fault", EACH, ids=lambda fault: type(fault).__name__)
def test_a_fault_is_read_back_as_it_was_written(fault: Fault) -> None:
    """Of every kind, with values that are not the usual ones."""
    assert fault_from_json(through_json(fault_to_json(fault))) == fault


def test_every_fault_of_the_model_can_be_written() -> None:
    """One that is added to the words of labs is one that a person can inject."""
    words = [getattr(model, name) for name in model.__all__]
    kinds = {one for one in words if inspect.isclass(one) and hasattr(one, "apply")}
    assert kinds == set(FAULTS.values()) == {type(fault) for fault in EACH}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_is_described_by_its_fields(name: str) -> None:
    """So that a page can ask for each, with its type, and with its default if it has one."""
    known = {"str", "int", "float", "choice", "names", "settings"}
    document = through_json(described(FAULTS[name]))
    assert document["on"] in {"host", "link", "hosts"}
    assert {one["type"] for one in document["fields"]} <= known
    assert all(one["choices"] for one in document["fields"] if one["type"] == "choice")


@pytest.mark.parametrize("operation", OF_EACH, ids=lambda one: type(one).__name__)
def test_an_operation_is_read_back_as_it_was_written(operation: Operation) -> None:
    """Each, with few fields and with all."""
    assert operation_from_json(through_json(operation.to_json())) == operation
    assert set(OPERATIONS.values()) == {type(one) for one in OF_EACH}


@pytest.mark.parametrize(
    ("document", "why"),
    [
        (7, "expected an object, got 7"),
        ({}, r"do is None; it may be inject, heal"),
        ({"do": "inyect"}, r"do is 'inyect' \(did you mean inject"),
        ({"do": ["inject"]}, r"do is \['inject'\]"),
        ({"do": "heal"}, "heal: fault is missing"),
        ({"do": "heal", "fault": "1"}, "fault is '1'; it must be a whole number"),
        ({"do": "heal", "fault": True}, "fault is True; it must be a whole number"),
        ({"do": "heal", "fault": 10**400}, "fault is a huge number; it must lie between"),
        ({"do": "heal all", "now": 1}, "no field 'now'; its fields are none"),
        ({"do": "pace", "times": float("nan")}, "times is nan; it must lie between"),
        ({"do": "pace", "times": float("inf")}, "times is inf; it must lie between"),
        ({"do": "set", "name": "a.x", "value": None}, "value is None; it must be a text"),
        ({"do": "set", "name": "a.x", "value": [1]}, r"value is \[1\]; it must be a text"),
        ({"do": "set", "name": "a.x", "value": "x" * 3000}, "value has 3000 letters; at most 2000"),
        ({"do": "set", "name": "a.x", "value": "\ud800"}, "it may hold no line ends and control"),
        ({"do": "unset", "name": "a\nb"}, r"name is 'a\\nb'; it may hold no line ends"),
        ({"do": "inject"}, "inject: fault is missing"),
        ({"do": "inject", "fault": "Pause"}, "inject: expected an object, got 'Pause'"),
        ({"do": "inject", "fault": {}}, "inject: kind is missing; it may be Pause"),
        ({"do": "inject", "fault": {"kind": "Pauze"}}, r"no kind 'Pauze' \(did you mean Pause"),
        ({"do": "inject", "fault": {"kind": {}}}, "no kind {}"),
        ({"do": "inject", "fault": {"kind": "Pause"}}, "inject, Pause: target is missing"),
        (
            {"do": "inject", "fault": {"kind": "Latency", "target": "a->b", "latency": 3}},
            r"no field 'latency' \(did you mean latency_ms\?\); its fields are target, stream",
        ),
        (
            {"do": "inject", "fault": {"kind": "Latency", "target": "a->b", "latency_ms": 2.5}},
            "latency_ms is 2.5; it must be a whole number",
        ),
        (
            {"do": "inject", "fault": {"kind": "Timeout", "target": "a->b", "stream": "up"}},
            "stream is 'up'; it may be upstream, downstream, both",
        ),
        (
            {"do": "inject", "fault": {"kind": "Partition", "one": "a", "other": ["b"]}},
            "one is 'a'; it must be a list",
        ),
        (
            {"do": "inject", "fault": {"kind": "Partition", "one": ["a"] * 201, "other": ["b"]}},
            "one has 201 items; at most 200",
        ),
        (
            {"do": "inject", "fault": {"kind": "Configure", "target": "a", "values": {"x": []}}},
            r"'x' is \[\]; it must be a text",
        ),
    ],
)
def test_what_is_no_operation_is_refused_in_one_line(document: object, why: str) -> None:
    """Whatever it is, with what it could be."""
    with pytest.raises(LabError, match=why) as refused:
        operation_from_json(document)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 500


def labs() -> Iterator[Any]:
    for slug in catalogue.slugs():
        lab = catalogue.find(slug).lab
        yield pytest.param(lab.facing(lab.variants[0], 1), id=slug)


@pytest.mark.parametrize("lab", [*labs()])
def test_a_labs_own_faults_are_a_script(lab: Any) -> None:
    """Each begins and ends at its times; the script is read back, and has the same windows."""
    script = script_of((*lab.faults, *lab.steps))
    assert script_from_json(through_json(script_to_json(script))) == script
    planned = [(one.start_s, one.end_s) for one in lab.faults]
    found = [(one.start_s, one.end_s) for one in windows(script, lab.duration_s)]
    assert found == sorted(planned, key=lambda window: window[0])


def test_a_step_that_changes_no_setting_is_no_script() -> None:
    """Nothing that a person does stays but a setting."""
    with pytest.raises(LabError, match="a script can set settings for good, and nothing else"):
        script_of((at(1, Kill("a")),))
    assert script_of((at(1, Configure("a", x=2)),)) == (Act(at_s=1, operation=Set("a.x", 2)),)


def test_ends_come_before_beginnings_at_one_instant() -> None:
    """As the conductor has it, so that one fault may follow another on the same host."""
    script = script_of((during(1, 2, Pause("a")), during(2, 3, Kill("a"))))
    assert [type(act.operation) for act in script] == [Inject, Heal, Inject, Heal]
    assert [act.operation for act in script][1::2] == [Heal(1), Heal(2)]


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ({}, "script: expected a list of operations, got {}"),
        ([3], "script, entry 1: expected an object, got 3"),
        ([{"do": "heal all"}], "script, entry 1: at_s is missing"),
        ([{"at_s": "1", "do": "heal all"}], "entry 1: at_s is '1'; it must be a number"),
        ([{"at_s": -1, "do": "heal all"}], "entry 1: at_s is -1; it must be 0 or more"),
        (
            [{"at_s": 2, "do": "heal all"}, {"at_s": 1, "do": "heal all"}],
            "entry 2: at_s is 1, before the 2 of the entry in front of it",
        ),
        (
            [{"at_s": 1, "do": "heal all"}, {"at_s": 1, "do": "pace"}],
            "script, entry 2, pace: times is missing",
        ),
        ([{"at_s": 1, "do": "heal all"}] * 10_001, "script has 10001 entries; at most 10000"),
    ],
)
def test_a_script_names_the_entry_that_is_wrong(document: object, why: str) -> None:
    """In one line."""
    with pytest.raises(LabError, match=why):
        script_from_json(document)


def test_windows_tell_what_a_script_breaks() -> None:
    """What nobody heals lasts to the end; so does a pace, until it is the load's own again."""
    script = script_from_json(
        [
            {"at_s": 1, "do": "inject", "fault": {"kind": "Pause", "target": "a"}},
            {"at_s": 2, "do": "inject", "fault": {"kind": "DiskFull", "target": "b"}},
            {"at_s": 3, "do": "pace", "times": 2},
            {"at_s": 4, "do": "heal", "fault": 1},
            {"at_s": 5, "do": "pace", "times": 1},
            {"at_s": 6, "do": "pace", "times": 0.5},
            {"at_s": 7, "do": "inject", "fault": {"kind": "Kill", "target": "a"}},
            {"at_s": 8, "do": "heal all"},
        ]
    )
    assert [tuple(change) for change in windows(script, 10)] == [
        ("a frozen", 1, 4),
        ("b: disk full", 2, 8),
        ("load x 2", 3, 5),
        ("load x 0.5", 6, 10),
        ("a crashed", 7, 8),
    ]
