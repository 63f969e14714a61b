"""A session: what is seen of a run, steps, rewinding, and the experiment that it leaves."""

import json
import math
from dataclasses import asdict, replace
from typing import Any

import pytest

from harness import catalogue
from harness.errors import LabError
from harness.live.session import Session
from harness.measures import attempts_per_request
from harness.measures.plots import calls_to, each_second
from harness.model import (
    Broken,
    ClockSkew,
    CpuSlow,
    DiskFull,
    Distance,
    Down,
    Fixed,
    Kill,
    Lab,
    Latency,
    Pause,
    Poisson,
    RefuseNew,
    Service,
    during,
)
from harness.model.experiment import Experiment, OwnFaults, experiment_from_json
from harness.model.operations import HealAll, Inject, Pace, SendNow, Set
from harness.model.script import script_of
from tests.support import lab

WHOLE = lab(
    Service("front", app="services.relay", calls=("back",), settings={"timeout_ms": 200}),
    Service("back", app="services.worker", settings={"workers": 2, "service_ms": 20}),
    load=Poisson(to="front", rate_rps=40, timeout_ms=1000),
    duration_s=6,
    faults=(during(2, 3, Pause("back")),),
)
HALL = replace(
    WHOLE,
    variants=(Broken("naive", {"front.tries": 4}), Fixed("calm")),
    plots=(
        calls_to("back", title="Calls"),
        each_second({"tries": attempts_per_request("back", 0, 6)}, title="Tries"),
    ),
)


def session(value: Lab = HALL, **given: Any) -> Session:
    return Session("hall", value, Experiment(**given))


def shown(run: Session) -> Any:
    """Look, through JSON: `None` for what is unknown, and no NaN anywhere."""
    return json.loads(json.dumps(asdict(run.look()), allow_nan=False))


def by_name(rows: Any) -> dict[str, Any]:
    return {row["name"]: row for row in rows}


def test_a_healthy_run_shows_its_load_its_hosts_and_its_links() -> None:
    """Numbers of one second that fit each other."""
    with session() as run:
        run.advance(2)
        look = shown(run)
    load, hosts, links = look["load"], by_name(look["hosts"]), by_name(look["links"])
    assert (look["at_s"], look["over"], look["notes"], look["faults"]) == (2, False, [], [])
    assert 20 < load["good"] < 60
    assert load["failed"] == {}
    assert 20 <= load["p50_ms"] <= load["p99_ms"] < 200
    assert [*hosts] == ["front", "back"]
    assert hosts["back"]["state"] == "running"
    assert (hosts["back"]["starts"], hosts["back"]["cpu"], hosts["back"]["skew_s"]) == (1, 1, 0)
    assert hosts["back"]["queue"] is not None
    assert hosts["front"]["queue"] is None
    assert [*links] == ["client->front", "front->back"]
    for link in links.values():
        assert link["up"]
        assert link["started"] == link["under_way"] + sum(link["outcomes"].values())
    assert links["client->front"]["started"] == load["sent"]
    assert links["client->front"]["under_way"] == load["under_way"] == hosts["front"]["in_hand"]


def test_a_frozen_callee_is_seen_on_its_link_and_after_it_thaws() -> None:
    """Calls are unread while it is frozen; when it goes on, they are answered too late."""
    with session(variant="naive") as run:
        run.advance(1)
        run.act(Inject(Pause("back")))
        run.advance(2.5)
        frozen = shown(run)
        run.act(HealAll())
        run.advance(5)
        thawed = shown(run)
    link = by_name(frozen["links"])["front->back"]
    assert by_name(frozen["hosts"])["back"]["state"] == "paused"
    assert link["unread"] > 0
    assert link["unread_bytes"] > 100
    assert link["outcomes"]["abandoned"] > 40
    assert link["late"] == 0
    assert frozen["load"]["good"] == 0
    assert frozen["load"]["failed"].keys() <= {"504", "timeout"}
    assert frozen["load"]["p50_ms"] is None
    link = by_name(thawed["links"])["front->back"]
    assert by_name(thawed["hosts"])["back"]["state"] == "running"
    assert link["late"] > 40


def test_a_load_is_set_as_a_service_is() -> None:
    """As `--set load.rate_rps=80` does, which lessons have among their experiments."""
    with session(settings={"load.rate_rps": 80.0}) as faster, session() as own:
        faster.advance(3)
        own.advance(3)
        assert faster.look().load.sent > 1.5 * own.look().load.sent


def test_what_happened_in_the_last_second_adds_up_to_what_happened_in_all() -> None:
    """Each start, answer, error, and each caller that gave up, in one second and no other."""
    with session(variant="naive") as run:
        sums: dict[str, Any] = {}
        for second in range(1, 7):
            run.advance(second - 0.5)
            if second == 2:
                run.act(Inject(Pause("back")))
            if second == 4:
                run.act(HealAll())
            run.advance(second)
            for link in shown(run)["links"]:
                counts = sums.setdefault(link["name"], dict.fromkeys(link["last"], 0))
                for what, count in link["last"].items():
                    counts[what] += count
        for link in shown(run)["links"]:
            got = sums[link["name"]]
            assert got["started"] == link["started"]
            assert got["late"] == link["late"]
            assert got["good"] == link["outcomes"].get("200", 0)
            assert got["good"] + got["failed"] + got["given_up"] == sum(link["outcomes"].values())
    assert sums["front->back"]["given_up"] > sums["front->back"]["late"] > 0
    assert sums["client->front"]["failed"] > 0


def test_what_waits_at_a_frozen_host_is_seen_with_those_whose_callers_have_gone() -> None:
    """Its own gauge does not know: it has not read them; a new process has none of them."""
    with session(variant="naive") as run:
        run.advance(1)
        before = {link["name"]: link["started"] for link in shown(run)["links"]}
        run.act(Inject(Pause("back")))
        run.advance(3)
        look = shown(run)
        back, link = by_name(look["hosts"])["back"], by_name(look["links"])["front->back"]
        sent = link["started"] - before["front->back"]
        assert back["unread"] == pytest.approx(sent, abs=2)
        assert back["waiting"] == back["unread"] + back["in_hand"]
        assert back["gone"] == back["waiting"] - link["under_way"] > 0
        run.act(HealAll())
        run.act(Inject(Kill("back")))
        run.act(HealAll())
        run.advance(3.2)
        assert by_name(shown(run)["hosts"])["back"]["gone"] < back["gone"] / 2


def test_latencies_are_told_of_all_that_ended_too() -> None:
    """In a storm none is good, and those of good ones are unknown."""
    with session(variant="naive") as run:
        run.act(Inject(Pause("back")))
        run.advance(3)
        load = shown(run)["load"]
    assert load["good"] == 0
    assert load["p50_ms"] is None
    assert load["ended_p50_ms"] <= load["ended_p99_ms"]
    assert load["ended_p50_ms"] >= 200


def test_calls_of_a_killed_caller_are_under_way_no_more() -> None:
    """Nobody will say how they ended."""
    with session() as run:
        run.act(Inject(Latency("front->back", latency_ms=150)))
        run.advance(2)
        before = by_name(shown(run)["links"])["front->back"]
        run.act(Inject(Kill("front")))
        killed = shown(run)
    link, host = by_name(killed["links"])["front->back"], by_name(killed["hosts"])["front"]
    assert before["under_way"] > 0
    assert link["under_way"] == 0
    assert link["started"] > sum(link["outcomes"].values())
    assert (host["state"], host["in_hand"]) == ("down", None) or host["state"] == "down"


def test_each_kind_of_fault_is_seen_where_it_hits() -> None:
    """On the host or the link, with its state; healed, everything is as it was."""
    with session() as run:
        run.advance(1)
        plain = shown(run)
        for fault in (
            ClockSkew("front", skew_s=5),
            CpuSlow("front", factor=3),
            DiskFull("front"),
            Down("front->back"),
            RefuseNew("client->front"),
            Latency("client->front", latency_ms=5),
        ):
            run.act(Inject(fault))
        run.act(Set("back.service_ms", 30))
        look = shown(run)
        run.act(HealAll())
        healed = shown(run)
    front = by_name(look["hosts"])["front"]
    assert (front["skew_s"], front["cpu"], front["disk_full"]) == (5, 3, True)
    links = by_name(look["links"])
    assert not links["front->back"]["up"]
    assert links["client->front"]["connects"] == "refused"
    assert links["client->front"]["toxics"] == ["latency_downstream"]
    assert by_name(look["hosts"])["back"]["changed"] == {"service_ms": 30}
    assert look["settings"] == ["back.service_ms"]
    assert [(one["number"], one["state"]) for one in look["faults"]] == [
        (number, "seen") for number in range(1, 7)
    ]
    assert healed["faults"] == []
    assert by_name(healed["hosts"])["front"] == by_name(plain["hosts"])["front"]


def test_a_distance_breaks_no_link() -> None:
    """It is there all along; a latency on top of it is a toxic, as on any link."""
    far = Distance(("client",), ("front",), one_way_ms=80)
    with session(replace(HALL, distances=(far,))) as run:
        assert by_name(shown(run)["links"])["client->front"]["toxics"] == []
        run.act(Inject(Latency("client->front", latency_ms=5)))
        assert by_name(shown(run)["links"])["client->front"]["toxics"] == ["latency_downstream"]


def test_the_labs_own_faults_are_shown_when_they_come() -> None:
    """They have no number, for nobody can heal them by hand."""
    with session(faults=OwnFaults.LAB) as run:
        states = []
        for at_s in (1.9, 2.0, 3.5):
            run.advance(at_s)
            faults = shown(run)["faults"]
            states.append([(one["number"], one["state"], one["end_s"]) for one in faults])
    assert states == [[], [(None, "seen", None)], [(None, "gone", 3)]]


def test_looking_changes_nothing() -> None:
    """However often, and with all that there is to be seen; nor does being watched at all."""
    for permute in (None, 4):
        plain = session(permute=permute, faults=OwnFaults.LAB)
        watched = session(permute=permute, faults=OwnFaults.LAB)
        with plain, watched:
            watched.watch_messages(on=True)
            for tick in range(1, 60):
                watched.advance(tick / 10)
                watched.look()
                watched.messages()
                if tick % 10 == 0:
                    watched.series()
                    watched.followed(3)
            assert watched.finish().digest() == plain.finish().digest()


def test_the_labs_plots_are_drawn_so_far() -> None:
    """A value for each whole second that has passed, requests first; at the end, all."""
    with session(variant="naive") as run:
        run.advance(0.5)
        assert run.series() == []
        run.advance(3.4)
        good, calls, tries = run.series()
        assert [good.title, calls.title, tries.title] == ["Requests that ended", "Calls", "Tries"]
        assert len(good.curves["good"]) == len(calls.curves["back"]) == 3
        assert sum(calls.curves["back"]) >= sum(good.curves["good"]) > 60
        recording = run.finish()
        at_the_end = run.series()
    sent, answered = len(recording.requests), sum(one.good for one in recording.requests)
    assert sum(at_the_end[0].curves["good"]) == answered
    assert 0 <= sent - answered - sum(at_the_end[0].curves["failed"]) < 100  # failed after the end
    assert at_the_end[1].curves == HALL.plots[0].of(recording)


@pytest.mark.parametrize("slug", catalogue.slugs())
def test_each_labs_plots_and_claims_bear_a_run_that_goes_on(slug: str) -> None:
    """Between two whole seconds too, when requests have ended that were due after the last one."""
    lab = catalogue.find(slug).lab
    with Session(slug, lab, Experiment(faults=OwnFaults.LAB)) as run:
        run.advance(2.9)
        drawn = [curve for one in run.series() for curve in one.curves.values()]
        assert drawn
        assert {len(curve) for curve in drawn} == {2}
        run.claims()


def test_a_request_is_followed_hop_by_hop() -> None:
    """Its spans have one trace: the front's, its call's, the back's; one to come has none."""
    with session() as run:
        run.advance(2)
        request, spans = run.followed(5)
        nothing = run.followed(100_000)
    assert request is not None
    assert (request.number, request.status) == (5, "200")
    assert sorted((span.kind, span.callee) for span in spans) == [
        ("client", "back"), ("server", "back"), ("server", "front"),
    ]  # fmt: skip
    assert nothing == (None, [])


def test_messages_are_there_on_demand() -> None:
    """Those since the last time, each with when it left and when it arrives; the oldest drop."""
    with session() as run:
        run.advance(1)
        assert run.messages() == []
        run.watch_messages(on=True)
        run.advance(1.5)
        found = run.messages()
        assert run.messages() == []
        run.act(SendNow(count=1000))
        run.advance(3)
        many = run.messages()
        run.watch_messages(on=False)
        run.advance(3.5)
        assert run.messages() == []
    assert {one.link for one in found} == {"client->front", "front->back"}
    assert all(1 <= one.sent_s <= 1.5 and one.sent_s < one.arrives_s for one in found)
    assert len(many) == 2000


def test_steps_go_to_the_next_event_and_to_the_next_request() -> None:
    """Which are not the same."""
    with session() as run:
        run.step_event()
        first = run.now_s
        sent = shown(run)["load"]["sent"]
        run.step_request()
        assert shown(run)["load"]["sent"] == sent + 1
        at_s = run.now_s
        run.step_event()
        assert 0 < first <= at_s < run.now_s
        run.act(Pace(0))
        run.step_request()
        assert run.over
        run.step_event()
        run.step_request()


def test_what_was_done_is_an_experiment_that_does_it_again() -> None:
    """Through JSON, and in slices of another size."""
    with session(variant="naive", seed=9, duration_s=5) as run:
        run.advance(1)
        run.act(Inject(Pause("back")))
        run.advance(2.125)
        run.act(HealAll())
        run.act(SendNow(count=5))
        made = run.export()
        digest = run.finish().digest()
    assert (made.lab, made.variant, made.seed) == ("hall", "naive", 9)
    with Session("hall", HALL, made) as again:
        again.advance(3)
        again.advance(3.3)
        assert again.export() == made
        assert again.finish().digest() == digest


def test_a_session_can_go_back_and_take_the_other_way() -> None:
    """What was done before the moment is done again, what came after is gone from the script."""
    with session() as run:
        run.advance(1)
        run.act(Inject(CpuSlow("back", factor=2)))
        looks = {}
        for at_s in (1.5, 2.0):
            run.advance(at_s)
            looks[at_s] = shown(run)
        run.act(Inject(Kill("back")))
        run.advance(3)
        back = run.rewound(1.5)
    with back:
        assert shown(back) == looks[1.5]
        assert len(back.export().script) == 1
        back.advance(2)
        assert shown(back) == looks[2.0]
        again = back.rewound(2)
    with again:
        for moment in (2.5, -1, math.nan):
            with pytest.raises(LabError, match="cannot go back to"):
                again.rewound(moment)
        undone = again.rewound(1)
        with undone:
            assert undone.export().script == ()


def test_a_script_is_done_as_time_passes() -> None:
    """The lab's own faults as a script; what is to come is exported too, and steps meet it."""
    script = script_of(HALL.faults)
    with session(script=script) as run:
        run.advance(1.99)
        assert run.look().faults == ()
        while run.now_s < 2:
            run.step_event()
        assert [one.name for one in run.look().faults] == ["pause back"]
        assert run.export().script == script
        run.advance(4)
        assert run.look().faults == ()
        assert run.export().script == script
        digest = run.finish().digest()
    with session(script=script) as again:
        assert again.finish().digest() == digest


def test_what_of_a_script_can_be_done_no_more_is_noted() -> None:
    """A person was quicker: nothing of theirs is healed by it, and the run replays without it."""
    with session(script=script_of(HALL.faults)) as run:
        run.advance(1)
        run.act(Inject(Kill("back")))
        run.advance(3.5)
        assert [one.name for one in run.look().faults] == ["kill back"]
        run.act(HealAll())
        (beginning, end) = run.look().notes
        made = run.export()
    assert "the script's inject at 2 s: pause back: overlaps" in beginning
    assert "the script's heal at 3 s: the fault that it is to heal was not injected" in end
    assert [type(act.operation) for act in made.script] == [Inject, HealAll]


def test_a_script_heals_its_own_faults_whatever_their_numbers() -> None:
    """Also where a person has injected one in between, and after it went through JSON."""
    script = script_of((during(1, 3, Pause("back")), during(2, 4, CpuSlow("front", factor=2))))
    with session(script=script) as run:
        run.advance(0.5)
        run.act(Inject(DiskFull("front")))
        run.advance(1.5)
        made = run.export()
        run.advance(3.5)
        names = [one.name for one in run.look().faults]
        digest = run.finish().digest()
    assert names == ["full disk of front", "slow CPU of front (x 2)"]
    again = experiment_from_json(json.loads(json.dumps(made.to_json())))
    with Session("hall", HALL, again) as other:
        assert other.finish().digest() == digest


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"variant": "nive"}, r"no variant 'nive' \(did you mean naive\?\); there are naive, calm"),
        ({"settings": {"front.tires": 3}}, "settings: .*front: no setting 'tires'"),
        (
            {"settings": {"front.tires": 3}, "script": script_of(HALL.faults)},
            "settings: .*front: no setting 'tires'",
        ),
        ({"settings": {"load.rate": 3}}, r"settings: the load has no 'rate'; it has"),
    ],
)
def test_a_session_that_makes_no_sense_does_not_open(given: Any, why: str) -> None:
    """In one line, before anything runs."""
    with pytest.raises(LabError, match=why):
        session(**given)


def test_settings_are_those_of_the_variant_that_runs() -> None:
    """As with --set."""
    with session(variant="naive", settings={"front.tries": 1}, faults=OwnFaults.LAB) as run:
        one_try = run.finish()
    with session(variant="calm", faults=OwnFaults.LAB) as run:
        calm = run.finish()
    assert one_try.requests == calm.requests


def test_the_storm_of_retry_storm_by_hand() -> None:
    """It falls and stays down; one try instead of four, and a new process, have it well again."""
    entry = catalogue.find("retry-storm")
    with Session(entry.slug, entry.lab, Experiment(variant="naive", duration_s=20)) as run:
        run.advance(3)
        run.act(Inject(Pause("payments")))
        run.advance(6)
        run.act(HealAll())
        run.advance(9)
        down = run.look()
        run.act(Set("checkout.tries", 1))
        run.act(Inject(Kill("payments")))
        run.advance(9.5)
        run.act(HealAll())
        run.advance(12)
        well = run.look()
    assert down.load.good == 0
    assert well.load.good > 40
    assert well.load.failed == {}


def said(run: Session, most: int = 20) -> list[tuple[float, str]]:
    return [(round(one.at_s, 3), one.said) for one in run.upcoming(most)]


def test_what_comes_next_is_told_in_words() -> None:
    """Whose time limit, whose sleep, the next request, what is planned, in the order of time."""
    script = [
        {"at_s": 3, "do": "inject", "fault": {"kind": "Pause", "target": "back"}},
        {"at_s": 3.5, "do": "heal", "fault": 1},
        {"at_s": 4, "do": "heal all"},
    ]
    document = {"lab": "hall", "faults": "lab", "script": script}
    with Session("hall", HALL, experiment_from_json(document)) as run:
        run.advance(1)
        found = run.upcoming(20)
        words = {one.said for one in found}
        assert [one.at_s for one in found] == sorted(one.at_s for one in found)
        assert all(one.at_s >= 1 for one in found)
        assert (2, "fault: back frozen") in said(run)
        assert (3, "fault: back frozen: over") in said(run)
        assert (3.5, "fault: back frozen: over") in said(run)
        assert (4, "all faults are healed") in said(run)
        assert said(run)[-1] == (6, "the load ends")
        assert "the load sends a request to front" in words
        run.advance(2.1)
        limits = [
            one for one in run.upcoming(20) if one.said == "front's time limit of 200 ms ends"
        ]
        assert len(limits) == 1
        assert limits[0].count > 1
        assert "a client gives up on its request, after 1 s" in {
            one.said for one in run.upcoming(20)
        }


def test_what_a_frozen_host_waits_for_is_held() -> None:
    """Its timers ring while it is frozen, and nothing runs; those of others are not held."""
    with session() as run:
        while not by_name(shown(run)["hosts"])["back"]["in_hand"]:
            run.step_event()
        run.act(Inject(Pause("back")))
        held = {one.said: one.held for one in run.upcoming(20)}
        assert held["back goes on with a request"]
        assert not held["front's time limit of 200 ms ends"]
        run.act(HealAll())
        assert not any(one.held for one in run.upcoming(20))


def test_what_comes_next_comes() -> None:
    """The next of it is the next event, and its moment is that at which a step stands."""
    with session() as run:
        for _ in range(200):
            due = [one for one in run.upcoming(50) if one.place]
            next_s = run.next_s()
            assert due[0].at_s >= next_s
            run.advance(due[0].at_s)
            assert run.now_s == due[0].at_s


def test_reading_what_comes_next_changes_nothing() -> None:
    """A run of which it is asked at every step has the digest of one that is left alone."""
    with session(variant="naive") as alone:
        digest = alone.finish().digest()
    with session(variant="naive") as run:
        for step in range(1, 60):
            run.advance(step / 10)
            run.upcoming(10)
        assert run.finish().digest() == digest


def test_of_a_run_that_is_over_nothing_comes() -> None:
    """Neither a timer nor a plan."""
    with session() as run:
        run.finish()
        assert run.upcoming(10) == []


def test_a_run_goes_to_the_moment_of_the_next_failure() -> None:
    """Each stop is the end of one that failed, none is passed over, and the digest is the same."""
    with session(variant="naive", faults=OwnFaults.LAB) as alone:
        recording = alone.finish()
    ends = sorted(
        one.intended_s + 1 if one.status == "timeout" else one.answered_s
        for one in recording.requests
        if not one.good
    )
    assert ends
    stops = []
    with session(variant="naive", faults=OwnFaults.LAB) as run:
        while run.advance_to_failure(100):
            stops.append(run.now_s)
            assert shown(run)["load"]["failed_s"] == run.now_s
        assert run.over
        assert run.finish().digest() == recording.digest()
    assert stops == pytest.approx(sorted(set(ends)), abs=1e-6)


def test_what_is_done_at_a_failure_is_replayed_to_the_byte() -> None:
    """Its moment is that of the instant, and not a rounding before it."""
    with session(variant="naive", faults=OwnFaults.LAB) as run:
        assert run.advance_to_failure(100)
        at_s = run.now_s
        run.act(HealAll())
        run.act(Pace(0.5))
        experiment, digest = run.export(), run.finish().digest()
    assert [act.at_s for act in experiment.script][-1] == at_s
    with Session("hall", HALL, experiment) as again:
        assert again.finish().digest() == digest
