"""Operations on a run under way: what they do, what is refused, and what a refusal leaves."""

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.acting import RefusedError
from harness.conductor import applied, conducted
from harness.engines.protocol import Plan
from harness.engines.sim.engine import SimEngine
from harness.engines.sim.session import SimSession
from harness.model import (
    Configure,
    CpuSlow,
    Kill,
    Lab,
    Latency,
    MemoryLimit,
    Paced,
    Pause,
    Poisson,
    Redis,
    Send,
    Service,
    Surge,
    at,
    during,
)
from harness.model.fault import HostState
from harness.model.operations import Heal, HealAll, Inject, Operation, Pace, SendNow, Set, Unset
from harness.model.script import Act, Script, script_from_json, script_of, script_to_json
from harness.recording import Recording
from tests.support import Silent, lab

DURATION_S = 4.0
HALL = lab(
    Service("front", app="services.relay", calls=("back",), settings={"timeout_ms": 200}),
    Service("back", app="services.worker", settings={"workers": 2, "service_ms": 20}),
    load=Poisson(to="front", rate_rps=40, timeout_ms=1000),
    duration_s=DURATION_S,
)


def plan(value: Lab = HALL, seed: int = 3) -> Plan:
    return Plan(slug="hall", lab=value, variant=value.variants[0], seed=seed)


@contextmanager
def opened(value: Lab = HALL, permute: int | None = None) -> Iterator[SimSession]:
    with SimSession(plan(value), conducted(value), Silent(), permute=permute) as session:
        yield session


def ran(script: Script, value: Lab = HALL, permute: int | None = None) -> Recording:
    scripted = replace(value, script=script)
    return SimEngine(permute=permute).run(plan(scripted), conducted(scripted), Silent())


def by_hand(*acts: tuple[float, Operation], value: Lab = HALL) -> Recording:
    """Do things at their moments, and let the run go on to its end."""
    with opened(value) as session:
        for at_s, operation in acts:
            session.advance(at_s)
            session.act(operation)
        return session.finish()


def good(recording: Recording, start_s: float, end_s: float) -> float:
    due = recording.between(start_s, end_s)
    return sum(request.good for request in due) / len(due)


PLAIN = ran(())


def test_a_fault_is_there_from_its_instant_until_it_is_healed() -> None:
    """It is numbered from 1; its record has the moments at which it was asked, seen and gone."""
    with opened() as session:
        session.advance(1)
        hosts = session.simulation.hosts
        assert session.act(Inject(Pause("back"))) == 1
        assert hosts["back"].state() is HostState.PAUSED
        session.advance(2)
        assert session.act(Heal(1)) is None
        assert hosts["back"].state() is HostState.RUNNING
        recording = session.finish()
    (record,) = recording.faults
    assert (record.name, record.start_s, record.end_s) == ("pause back", 1, 2)
    assert (record.seen_s, record.removed_s) == (1, 2)
    assert applied(record)
    assert good(recording, 0, 0.9) == 1
    assert good(recording, 1.1, 1.7) == 0


def test_the_same_by_script_and_by_hand_is_the_same_run() -> None:
    """To the byte; a script through JSON too, and under a permuted order."""
    acts = (
        (0.5, Inject(Latency("front->back", latency_ms=50))),
        (0.5, Set("front.timeout_ms", 400)),
        (1.25, Inject(Kill("back"))),
        (1.5, Pace(2)),
        (2.0, HealAll()),
        (2.2, SendNow(count=20)),
        (2.5, Unset("front.timeout_ms")),
        (3.0, Pace(0)),
        (3.5, SendNow(to="front", path="/by-hand")),
    )
    for permute in (None, 5):
        with opened(permute=permute) as session:
            for at_s, operation in acts:
                while session.now_s + 0.07 < at_s:
                    session.advance(session.now_s + 0.07)
                session.advance(at_s)
                session.act(operation)
            script = session.script()
            digest = session.finish().digest()
        assert len(script) == len(acts)
        again = script_from_json(json.loads(json.dumps(script_to_json(script))))
        assert ran(again, permute=permute).digest() == digest
        assert digest != PLAIN.digest()


def test_a_labs_faults_as_a_script_do_what_the_lab_does() -> None:
    """The same requests fail; what differs is at whose end of an instant they come."""
    faults = (during(1, 2, Pause("back")), during(2.5, 3, CpuSlow("front", factor=3)))
    value = replace(HALL, faults=faults)
    conducted_run = SimEngine().run(plan(value), conducted(value), Silent())
    scripted = ran(script_of(faults))
    assert [one.status for one in scripted.requests] == [
        one.status for one in conducted_run.requests
    ]
    assert scripted.triggers() == conducted_run.triggers()


def test_what_is_not_healed_is_healed_when_the_load_is_over() -> None:
    """The last first, as the conductor does it; every fault has an end."""
    recording = by_hand(
        (1, Inject(Latency("front->back", latency_ms=5))), (2, Inject(Kill("back")))
    )
    assert [(one.name, one.end_s) for one in recording.faults] == [
        ("latency front->back (latency 5)", DURATION_S),
        ("kill back", DURATION_S),
    ]
    assert all(map(applied, recording.faults))


def test_heal_all_heals_the_last_first() -> None:
    """A host that was slowed and then killed starts before it is made fast again."""
    order = []
    with opened() as session:
        session.act(Inject(Kill("back")))
        session.act(Inject(Latency("front->back", latency_ms=5)))
        session.advance(1)
        session.act(HealAll())
        order = [record.name for record in session.simulation.acting.records()]
        session.act(HealAll())
        assert session.simulation.acting.there() == []
    assert order == ["latency front->back (latency 5)", "kill back"]


REFUSED: tuple[tuple[Operation, str], ...] = (
    (Inject(Pause("nobody")), "pause nobody: 'nobody' is not one of back, front"),
    (Inject(Latency("front-back", latency_ms=1)), r"did you mean front->back"),
    (Inject(Latency("front->back", latency_ms=-1)), "latency is -1; it must not be negative"),
    (Inject(Configure("back", workers=3)), "'workers' is no live setting; live are"),
    (Inject(Configure("back", service_ms=-4)), "service_ms is -4; it must be at least 0"),
    (Inject(Pause("back")), "overlaps in time with pause back, and both hold the process"),
    (Inject(Kill("back")), "overlaps in time with pause back"),
    (Inject(Configure("back", service_ms=5)), "overlaps in time with configure back"),
    (Inject(MemoryLimit("back", limit_mib=64)), "does not know how much memory back takes"),
    (Heal(9), "no fault 9 is under way; there are 1"),
    (Set("service_ms", 3), "'service_ms' is no setting; write it as service.setting"),
    (Set("back.service_ms", -4), "service_ms is -4; it must be at least 0"),
    (Set("back.service_ms", "x"), "service_ms is 'x'; it must be of type float"),
    (Set("bakc.service_ms", 4), r"did you mean back\?"),
    (Set("back.nothing", 4), "'nothing' is no live setting"),
    (Unset("back.error_ratio"), "'back.error_ratio' was not set by hand; set are back.service_ms"),
    (Pace(-1), "times is -1; it must be 0 or more"),
    (Pace(math.inf), "times is inf"),
    (Pace(math.nan), "times is nan"),
    (SendNow(to="back"), "the load does not ask 'back'; it asks front"),
    (SendNow(count=0), "count is 0; it must lie between 1 and 10,000"),
    (SendNow(path="x"), "path is 'x'; it must begin with /"),
    (SendNow(path="/\r\nx: y"), "it must begin with /"),
    (SendNow(method="BREW"), "method is 'BREW'; it may be GET"),
)


def test_what_is_refused_leaves_nothing_behind() -> None:
    """The run goes on as if nobody had asked, and so does a later start of a host."""
    there: tuple[tuple[float, Operation], ...] = (
        (0.5, Inject(Pause("back"))),
        (0.5, Set("back.service_ms", 15)),
    )
    later: tuple[tuple[float, Operation], ...] = (
        (1.5, HealAll()),
        (2.0, Inject(Kill("back"))),
        (2.5, HealAll()),
    )
    with opened() as session:
        for at_s, operation in there:
            session.advance(at_s)
            session.act(operation)
        session.advance(1)
        for operation, why in REFUSED:
            with pytest.raises(RefusedError, match=why) as refused:
                session.act(operation)
            assert "\n" not in str(refused.value)
        for at_s, operation in later:
            session.advance(at_s)
            session.act(operation)
        assert len(session.script()) == len(there) + len(later)
        digest = session.finish().digest()
    # An operation that is refused is no moment of the run either.
    assert digest == by_hand(*there, *later).digest()


def test_what_a_service_refuses_is_not_kept_for_its_next_process() -> None:
    """Where validation was passed over: a change that is refused is no change."""
    with opened() as session:
        host = session.simulation.hosts["back"]
        with pytest.raises(ValueError, match="service_ms is -4"):
            host.configure({"service_ms": -4})
        assert host.configured() == {}
        session.act(Inject(Kill("back")))
        session.advance(1)
        session.act(HealAll())
        assert host.state() is HostState.RUNNING


def test_the_labs_own_faults_and_steps_are_in_the_way_too() -> None:
    """Those that are there or still to come; what is over is not."""
    faults = (during(0.5, 1, Pause("back")), during(2, 3, Kill("back")))
    steps = (at(1, Configure("front", timeout_ms=300)),)
    with opened(replace(HALL, faults=faults, steps=steps)) as session:
        session.advance(1.5)
        with pytest.raises(RefusedError, match="overlaps in time with kill back"):
            session.act(Inject(Pause("back")))
        with pytest.raises(RefusedError, match="overlaps in time with configure front"):
            session.act(Set("front.timeout_ms", 100))
        session.advance(3.5)
        session.act(Inject(Pause("back")))


def test_a_fault_that_something_else_has_undone_is_noted() -> None:
    """And its record is none of one that has come and gone."""
    with opened() as session:
        session.act(Inject(Pause("back")))
        session.advance(1)
        session.simulation.hosts["back"].resume()
        session.act(Heal(1))
        recording = session.finish()
    assert not applied(recording.faults[0])
    assert "something else had undone it" in recording.notes[0]


def test_a_setting_stays_until_it_is_put_back() -> None:
    """Over a crash of its process too; one that is set anew has its last value."""
    with opened() as session:
        host = session.simulation.hosts["back"]
        session.act(Set("back.service_ms", 100))
        session.act(Set("back.service_ms", 300))
        session.advance(1)
        session.act(Inject(Kill("back")))
        session.advance(1.5)
        session.act(HealAll())
        assert host.configured() == {"service_ms": 300}
        session.advance(2.5)
        session.act(Unset("back.service_ms"))
        assert host.configured() == {}
        session.act(Inject(Kill("back")))  # and with it all that waits in its queue
        session.advance(2.6)
        session.act(HealAll())
        recording = session.finish()
    assert good(recording, 0.1, 0.7) < 0.5
    assert good(recording, 2.9, DURATION_S) == 1
    names = [one.name for one in recording.faults]
    assert names[0] == "configure back (service_ms=100)"
    assert "put back back.service_ms" in names
    assert [one.name for one in recording.triggers()] == ["kill back"] * 2


def test_nothing_can_be_done_once_the_load_is_over() -> None:
    """Requests are still answered then; whoever wants more opens a longer run."""
    with opened() as session:
        session.advance(DURATION_S)
        with pytest.raises(RefusedError, match="the load's 4 s are over; open a longer run"):
            session.act(Inject(Pause("back")))
        assert session.finish().digest() == PLAIN.digest()


def test_a_script_that_is_refused_names_its_entry() -> None:
    """The run ends, as it does with a fault that cannot be applied."""
    script = (Act(at_s=1, operation=HealAll()), Act(at_s=1.5, operation=Heal(1)))
    with pytest.raises(RefusedError, match=r"script, entry 2 \(heal at 1.5 s\): no fault 1"):
        ran(script)


RATE = 50
EVEN = replace(HALL, load=Paced(to="front", rate_rps=RATE))


def due(recording: Recording, start_s: float, end_s: float) -> int:
    return len(recording.between(start_s, end_s))


def test_the_loads_pace_is_what_a_person_says() -> None:
    """Twice, half, none, and its own again; numbers go on, and times ascend."""
    recording = by_hand((1, Pace(2)), (2, Pace(0.5)), (3, Pace(0)), (3.5, Pace(1)), value=EVEN)
    counts = [due(recording, a, b) for a, b in ((0, 1), (1, 2), (2, 3), (3, 3.5), (3.5, 4))]
    for count, wanted in zip(counts, (RATE, 2 * RATE, RATE / 2, 0, RATE / 2), strict=True):
        assert count == pytest.approx(wanted, abs=1)
    assert [one.number for one in recording.requests] == [*range(len(recording.requests))]
    times = [one.intended_s for one in recording.requests]
    assert times == sorted(times)
    assert [tuple(one) for one in recording.surges] == [
        ("load x 2", 1, 2), ("load x 0.5", 2, 3), ("load x 0", 3, 3.5),
    ]  # fmt: skip


def test_a_pace_of_one_changes_nothing_that_is_sent() -> None:
    """The load's own times, as they were drawn, to the nanosecond."""
    recording = by_hand((1, Pace(1)))
    assert [one.intended_s for one in recording.requests] == pytest.approx(
        [one.intended_s for one in PLAIN.requests], abs=1e-9
    )


def test_a_load_that_was_over_goes_on_when_it_is_made_faster() -> None:
    """Slowed so that nothing more is due before the end, and then let go."""
    recording = by_hand((0.5, Pace(0.001)), (3, Pace(3)), value=EVEN)
    assert due(recording, 0.6, 3) == 0
    assert due(recording, 3, 4) == pytest.approx(3 * RATE, abs=2)


def test_surges_of_the_load_come_sooner_at_a_faster_pace() -> None:
    """The whole load's time goes by faster, with all that is in it."""
    surging = replace(
        HALL, load=Paced(to="front", rate_rps=20, phases=(Surge(start_s=2, end_s=3, times=5),))
    )
    recording = by_hand((0, Pace(2)), value=surging)
    # Give or take one request of the steady rate, which is five of the surge's.
    assert due(recording, 1, 1.5) == pytest.approx(5 * due(recording, 0, 0.5), abs=5)


@settings(max_examples=15)
@given(paces=st.lists(st.tuples(st.integers(0, 39), st.sampled_from([0, 0.3, 1, 4])), max_size=5))
def test_paces_send_what_their_integral_says(paces: list[tuple[int, float]]) -> None:
    """As many as the load's own time has gone by, give or take one."""
    acts = [(tenth / 10, Pace(times)) for tenth, times in sorted(paces)]
    recording = by_hand(*acts, value=EVEN)
    starts = [0.0, *(at_s for at_s, _ in acts)]
    ends = [*starts[1:], DURATION_S]
    times = [1.0, *(pace.times for _, pace in acts)]
    own_s = sum(t * (b - a) for t, a, b in zip(times, starts, ends, strict=True))
    assert len(recording.requests) == pytest.approx(own_s * RATE, abs=1.01)


def test_requests_by_hand_come_beside_the_loads_own() -> None:
    """These are the same as without them; those by hand have numbers of their own, and traces."""
    recording = by_hand((1, SendNow(count=3)), (2, SendNow(path="/x", method="POST")))
    hand = [one for one in recording.requests if one.number >= 1_000_000_000]
    assert [one.intended_s for one in hand] == [1, 1, 1, 2]
    assert [(one.method, one.path, one.to) for one in hand[2:]] == [
        ("GET", "/", "front"), ("POST", "/x", "front"),
    ]  # fmt: skip
    assert all(one.status for one in hand)
    others = [one for one in recording.requests if one.number < 1_000_000_000]
    assert [one[:4] for one in others] == [one[:4] for one in PLAIN.requests]
    traces = {span.trace for span in recording.spans}
    assert any(int(trace[16:], 16) == 1_000_000_000 for trace in traces)


def test_requests_by_hand_are_drawn_as_the_loads_are() -> None:
    """Of its kinds by their shares; for one service, of that one's kinds alone."""
    sends = (Send(path="/a/{key}", share=3), Send(path="/b", to="back", method="PUT"))
    mixed = replace(HALL, load=Poisson(to="front", rate_rps=5, mix=sends, keys=4))
    recording = by_hand((1, SendNow(count=80)), (2, SendNow(count=5, to="back")), value=mixed)
    hand = [one for one in recording.requests if one.number >= 1_000_000_000]
    first, second = hand[:80], hand[80:]
    paths = {one.path for one in first}
    assert paths == {"/a/0", "/a/1", "/a/2", "/a/3", "/b"}
    assert sum(one.to == "front" for one in first) > sum(one.to == "back" for one in first)
    assert {(one.to, one.path, one.method) for one in second} == {("back", "/b", "PUT")}


def test_requests_by_hand_are_sent_when_the_load_has_gone_home() -> None:
    """A load that is over long before the end of the run."""
    brief = replace(HALL, load=Paced(to="front", rate_rps=20, end_s=1))
    recording = by_hand((3, SendNow(count=2)), (3.5, SendNow()), value=brief)
    assert [one.status for one in recording.requests[-3:]] == ["200"] * 3
    assert due(recording, 1.1, 2.9) == 0


def test_a_store_can_be_broken_by_hand() -> None:
    """And it has no settings that a person could change."""
    value = replace(HALL, stores=(Redis("store"),))
    with opened(value) as session:
        with pytest.raises(RefusedError, match="it runs Redis, which has no settings"):
            session.act(Set("store.x", 1))
        session.act(Inject(Kill("store")))
        session.advance(1)
        session.act(HealAll())
        assert session.simulation.hosts["store"].state() is HostState.RUNNING
