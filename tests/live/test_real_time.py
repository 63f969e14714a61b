"""A session on containers, without any: what it can and refuses, what is seen, done and kept."""

import asyncio
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from harness import catalogue, store
from harness.checks.verdict import verdict_of
from harness.conductor import conducted
from harness.engines.containers import refuse_beside
from harness.engines.protocol import Plan, Unwatched
from harness.engines.sim.engine import SimEngine
from harness.errors import EnvironmentNotReadyError, LabError
from harness.live import containers_session
from harness.live.abilities import CONTAINERS, SIMULATED
from harness.live.fault_words import buttons
from harness.live.kept_run import keep
from harness.live.protocol import Speaker
from harness.live.real_time_protocol import RealTimeSpeaker
from harness.live.session import Session
from harness.live.turn import TAKEN, Turn
from harness.model.experiment import Experiment, OwnFaults
from harness.model.fault_json import FAULTS, fault_from_json
from harness.model.operations import Pace
from harness.model.steered_load import EXTRA
from tests.live import pretended
from tests.live.pretended import LIMIT_S, TOO_FAST, Page, Run
from tests.live.test_live_session import HALL

PAUSE = {"kind": "Pause", "target": "back"}
DRAWN = [one.at_s for one in HALL.load.arrivals(1, 60)]
"""When requests of the load are due at its own pace."""


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Page]:
    with pretended.pretended(monkeypatch, tmp_path):
        made = Page()
        yield made
        made.speaker.close()


def kept() -> list[Path]:
    return sorted(store.RUNS.glob("hall/*"))


def test_a_page_is_told_what_containers_can(page: Page) -> None:
    """By one list, with hello and with each lab; neither tools nor faults that they lack."""
    hello = page.send("hello")[0]
    assert (hello["engine"], hello["can"]) == ("on containers", ["load", "finish"])
    assert {one["kind"] for one in hello["faults"]} == {*FAULTS, *()} - {
        *("Configure", "RefuseNew", "Unanswered")
    }
    assert hello["tools"] == []
    assert page.opened()["can"] == hello["can"]


def test_the_lists_of_what_engines_can_share_their_words() -> None:
    """The load is steered on both; what else only one has is absent, and so are its commands."""
    assert set(CONTAINERS.can) & set(SIMULATED.can) == {"load"}
    assert not set(RealTimeSpeaker.ABSENT) & set(RealTimeSpeaker.COMMANDS)
    assert set(Speaker.COMMANDS) <= set(RealTimeSpeaker.COMMANDS) | set(RealTimeSpeaker.ABSENT)


def test_opening_a_lab_starts_nothing(page: Page) -> None:
    """It stands at 0 without a container, and says how its own faults are played."""
    opened = page.opened()
    assert opened["own"] == {"faults": "lab", "duration_s": HALL.duration_s, "script": []}
    assert opened["experiment"]["duration_s"] == 600
    tick = page.told[-2]
    assert (tick["at_s"], tick["over"], tick["speed"]) == (0, False, 0)
    assert {host["state"] for host in tick["hosts"]} == {"absent"}
    assert Run.made == []
    assert page.passed() == []


@pytest.mark.parametrize("command", sorted(RealTimeSpeaker.ABSENT))
def test_what_containers_cannot_is_refused_with_a_reason(page: Page, command: str) -> None:
    """Before a run and while it goes on, and the run is not harmed."""
    page.opened()
    why = page.refused(command)
    assert why.startswith(f"{command}: ")
    assert "real time" in why or "simulated" in why
    page.played()
    assert page.refused(command) == why
    assert page.look()["speed"] == 1


@pytest.mark.parametrize(
    ("do", "fields", "why"),
    [
        ("play", {"speed": 2}, "speed is 2; containers live in real time"),
        ("open", {"experiment": {"lab": "hall", "script": []}, "to_s": 3}, "a run begins at 0"),
        ("open", {"experiment": {"lab": "hall", "permute": 1, "script": []}}, "permute is for the"),
        ("open", {"experiment": {"lab": "hal", "script": []}}, "no lab 'hal'"),
        ("act", {"operation": {"do": "heal all"}}, "no load is sent now: play first"),
        ("finish", {}, "no load is sent now: play first"),
        ("fly", {}, "do is 'fly'; it may be"),
    ],
)
def test_what_makes_no_sense_is_refused(
    page: Page, do: str, fields: dict[str, Any], why: str
) -> None:
    """With a line that says what is wrong, and what would be right."""
    page.opened()
    assert why in page.refused(do, **fields)


def test_a_fault_is_asked_for_seen_and_gone(page: Page) -> None:
    """Requests fail while it is there; what was done can be exported, for the simulator too."""
    page.opened()
    run = page.played()
    run.move(3)
    run.answer(0, "200")
    acted = page.act("inject", fault=PAUSE)
    assert (acted["at_s"], acted["fault"]) == (3, 1)
    run.answer(1, "504")
    look = page.look()
    assert [(one["number"], one["said"], one["state"]) for one in look["faults"]] == [
        (1, "back frozen", "seen")
    ]
    assert {host["name"]: host["state"] for host in look["hosts"]} == {
        "front": "running",
        "back": "paused",
    }
    assert (look["load"]["good"], look["load"]["failed"]) == (1, {"504": 1})
    run.move(5)
    page.act("heal", fault=1)
    look = page.look()
    assert look["faults"] == []
    assert {host["state"] for host in look["hosts"]} == {"running"}
    assert page.send("export")[0]["experiment"]["script"] == [
        {"at_s": 3, "do": "inject", "fault": PAUSE},
        {"at_s": 5, "do": "heal", "fault": 1},
    ]


def test_what_is_unknown_is_none_and_samples_come_with_their_seconds(page: Page) -> None:
    """Nobody tells whose callers have gone; what a host has in hand is scraped."""
    page.opened()
    run = page.played()
    run.move(2)
    back: dict[str, Any] = {}
    while not back.get("in_hand"):  # the next look takes the samples
        back = {host["name"]: host for host in page.look()["hosts"]}["back"]
    assert (back["in_hand"], back["waiting"]) == (7, 7)
    assert (back["gone"], back["unread"], back["starts"]) == (None, None, None)


def test_a_live_setting_is_set_and_put_back(page: Page) -> None:
    """As on the simulator, by the same operations."""
    page.opened()
    run = page.played()
    run.move(1)
    page.act("set", name="back.service_ms", value=80)
    look = page.look()
    assert look["settings"] == ["back.service_ms"]
    assert look["hosts"][1]["changed"] == {"service_ms": 80}
    page.act("unset", name="back.service_ms")
    assert page.look()["hosts"][1]["changed"] == {}


@pytest.mark.parametrize(
    ("operation", "why"),
    [
        ({"do": "inject", "fault": {"kind": "RefuseNew", "target": "front->back"}}, "cannot have"),
        ({"do": "inject", "fault": PAUSE}, "overlaps in time with pause back"),
        ({"do": "set", "name": "back.service_ms", "value": 9}, "while it is frozen"),
        ({"do": "heal", "fault": 2}, "no fault 2 is under way"),
        ({"do": "pace", "times": -1}, "times is -1; it must be 0 or more"),
        ({"do": "pace", "times": TOO_FAST}, "times is too fast"),
        ({"do": "send", "count": 0}, "count is 0; it must lie between 1 and"),
        ({"do": "send", "to": "back"}, "the load does not ask 'back'; it asks front"),
    ],
)
def test_an_operation_that_cannot_be_done_is_refused_and_leaves_nothing(
    page: Page, operation: dict[str, Any], why: str
) -> None:
    """Neither in the run nor in its script."""
    page.opened()
    run = page.played()
    run.move(1)
    page.act("inject", fault=PAUSE)
    before = page.look()["faults"]
    assert why in page.refused("act", operation=operation)
    assert page.look()["faults"] == before
    assert len(page.send("export")[0]["experiment"]["script"]) == 1


def test_the_loads_pace_is_counted_recorded_and_exported(page: Page) -> None:
    """Twice as many are sent a second; the recording names the change, as a simulated one does."""
    page.opened()
    run = page.played()
    run.move(2)
    before = page.look()["load"]["sent"]
    assert page.act("pace", times=2)["at_s"] == 2
    run.move(4)
    sent = page.look()["load"]["sent"] - before
    assert sent == sum(2 <= at_s < 6 for at_s in DRAWN)
    page.act("pace", times=0)
    run.move(5)
    assert page.look()["load"]["sent"] - before == sent
    assert run.system.steered == [Pace(2), Pace(0)]
    assert page.send("export")[0]["experiment"]["script"] == [
        {"at_s": 2, "do": "pace", "times": 2},
        {"at_s": 4, "do": "pace", "times": 0},
    ]
    run.move(5.5)
    page.send("finish")
    run.move(6)
    page.ended()
    (folder,) = kept()
    assert [tuple(one) for one in store.recording(folder, "compose", "naive").surges] == [
        ("load x 2", 2, 4), ("load x 0", 4, 6),
    ]  # fmt: skip


def test_what_is_due_when_the_load_ends_is_not_sent(page: Page) -> None:
    """Nor what comes after it, however late it is looked at."""
    page.opened()
    run = page.played()
    run.move(1.5)
    page.send("finish")
    run.move(1.6)
    run.move(4)
    *_, tick, _ = page.ended()
    assert tick["load"]["sent"] == sum(at_s < 2 for at_s in DRAWN)


def test_requests_by_hand_are_under_way_until_they_end(page: Page) -> None:
    """Each counts with its outcome, and can be followed; the load's own go on as drawn."""
    page.opened()
    run = page.played()
    run.move(1)
    own = sum(at_s <= 1 for at_s in DRAWN)
    page.act("send", count=5, path="/x")
    look = page.look()["load"]
    assert (look["sent"], look["under_way"]) == (own + 5, own + 5)
    for number in range(own):
        run.answer(number, "200", due_s=0.5)
    for number in range(5):
        run.answer(EXTRA + number, "504", due_s=1)
    look = page.look()["load"]
    assert (look["under_way"], look["good"], look["failed"]) == (0, own, {"504": 5})
    (followed,) = page.send("follow", request=EXTRA)
    assert (followed["request"]["number"], followed["request"]["status"]) == (EXTRA, "504")
    page.send("finish")
    page.ended()
    (folder,) = kept()
    numbers = [one.number for one in store.recording(folder, "compose", "naive").requests]
    assert [number for number in numbers if number >= EXTRA] == [*range(EXTRA, EXTRA + 5)]


def test_a_request_of_a_pace_that_is_not_known_yet_is_counted_once(page: Page) -> None:
    """Another process of the load may send one while the word of a change is on its way."""
    page.opened()
    run = page.played()
    run.move(1)
    page.act("pace", times=0)
    own = sum(at_s <= 1 for at_s in DRAWN)
    run.answer(own, "200", due_s=1.01)
    look = page.look()["load"]
    assert (look["sent"], look["under_way"]) == (own + 1, own)


def test_a_script_is_played_at_its_times(page: Page) -> None:
    """Its heal means its own fault, whichever number that has got."""
    script = [
        {"at_s": 2, "do": "inject", "fault": PAUSE},
        {"at_s": 4, "do": "heal", "fault": 1},
    ]
    page.opened(script=script)
    run = page.played()
    run.move(1)
    latency = {"kind": "Latency", "target": "front->back", "latency_ms": 5}
    assert page.act("inject", fault=latency)["fault"] == 1
    run.move(2)
    assert [one["said"] for one in _until(page, 2)] == [
        *("front->back 0.005 s late", "back frozen")
    ]
    run.move(4)
    assert [one["number"] for one in _until(page, 1)] == [1]


def _until(page: Page, count: int) -> list[dict[str, Any]]:
    """Look until there are so many faults: the script acts in the run's own thread."""
    for _ in range(10_000):
        found: list[dict[str, Any]] = page.look()["faults"]
        if len(found) == count:
            return found
    raise AssertionError(found)


def test_what_is_finished_is_kept(page: Page) -> None:
    """As `./lab run` keeps it, with what was done by hand; such a run has no verdict."""
    page.opened()
    run = page.played()
    run.move(2)
    run.answer(0, "200")
    page.act("inject", fault=PAUSE)
    run.move(2.5)
    page.send("finish")
    run.move(3)
    *_, tick, ended = page.ended()
    assert (tick["over"], tick["at_s"]) == (True, 3)
    assert tick["faults"] == []
    (folder,) = kept()
    assert (ended["say"], ended["verdict"]) == ("ended", "")
    assert ended["run"].endswith(f"hall/{folder.name}")
    recording = store.recording(folder, "compose", "naive")
    assert (recording.digest(), recording.duration_s) == (ended["digest"], 3)
    assert [fault.name for fault in recording.faults] == ["pause back"]
    assert any(note.startswith("not the lab as it is") for note in store.kept(folder).notes)
    assert '"do": "inject"' in (folder / "script.json").read_text()
    assert page.passed() == []
    assert page.send("look")[-1] == ended  # to a page that was loaded again
    assert "open it again" in page.refused("play")


def test_the_labs_own_faults_are_played_and_judged(page: Page) -> None:
    """For the lab's own time; each is shown as asked for, seen and gone."""
    page.opened(faults="lab")
    run = page.played()
    states = []
    for at_s in (1.0, 2.0, 3.0):
        run.move(at_s)
        states.append([one["state"] for one in page.look()["faults"]])
    assert states == [[], ["seen"], ["gone"]]
    run.move(HALL.duration_s)
    ended = page.ended()[-1]
    (folder,) = kept()
    assert ended["verdict"] == verdict_of(store.controls(folder))
    assert not (folder / "script.json").exists()
    (fault,) = store.recording(folder, "compose", "naive").faults
    assert (fault.requested_s, fault.removed_s) == (2, 3)


STORM = catalogue.find("retry-storm").lab


@pytest.mark.parametrize(
    ("played", "recorded", "verdict"), [("budget", "budget", "PASS"), ("naive", "budget", "FAIL")]
)
def test_a_run_of_the_lab_as_it_is_is_held_against_its_claims(
    tmp_path: Path, played: str, recorded: str, verdict: str
) -> None:
    """What does not hold is said with its figure; here of a variant that does as another."""
    given = Experiment(variant=played, faults=OwnFaults.LAB)
    plan = Plan(slug="retry-storm", lab=STORM, variant=STORM.variant(recorded), seed=1)
    recording = SimEngine().run(plan, conducted(STORM), Unwatched())
    as_played = replace(recording, variant=played, engine="compose")
    with Session("retry-storm", STORM, given) as session:
        told = keep(session, as_played, tmp_path, datetime.now(UTC))
    assert told.verdict == verdict
    assert bool(told.failed) == (verdict == "FAIL")
    assert all("wanted" in line for line in told.failed)


def test_what_is_closed_leaves_nothing(page: Page) -> None:
    """Its run is stopped, and nothing of it is kept."""
    page.opened()
    page.played().move(1)
    page.send("close")
    assert kept() == []
    assert page.passed() == []
    assert "no lab is open" in page.refused("play")


def test_one_session_at_a_time_has_containers(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second is refused, and may play when the first is closed."""
    page.opened()
    page.played()
    other = Page()
    other.opened()
    monkeypatch.setattr(containers_session, "Turn", partial(Turn, 0.2))
    assert other.refused("play") == TAKEN
    page.send("close")
    other.played()
    other.speaker.close()


def _waits() -> bool:
    """Say whether whoever plays now would wait; a refusal says that nothing is being closed yet."""
    try:
        with Turn(0) as turn:
            return not turn.is_here
    except EnvironmentNotReadyError:
        return False


def closing(page: Page) -> threading.Thread:
    """Close a run whose containers stay until `Run.removes` is set."""
    page.opened()
    page.played()
    Run.removes.clear()
    thread = threading.Thread(target=page.speaker.close)
    thread.start()
    while not _waits():
        time.sleep(0.01)
    return thread


def test_who_plays_while_another_run_is_removed_waits_for_it(page: Page) -> None:
    """As a page does that is opened when another has just been closed."""
    thread = closing(page)
    other = Page()
    other.opened()
    other.send("play")
    said = [one["what"] for one in other.passed() if one["say"] == "starting"]
    assert said == [containers_session.WAITING]
    assert len(Run.made) == 2
    assert not Run.made[1].began.is_set()
    Run.removes.set()
    assert Run.made[1].began.wait(LIMIT_S)
    thread.join(LIMIT_S)
    other.speaker.close()


def test_who_waits_may_be_closed(page: Page) -> None:
    """Its run never begins."""
    thread = closing(page)
    other = Page()
    other.opened()
    other.send("play")
    other.speaker.close()
    assert not Run.made[1].began.is_set()
    Run.removes.set()
    thread.join(LIMIT_S)
    assert kept() == []


def test_nobody_waits_for_ever(page: Page) -> None:
    """Where containers cannot be removed, the next run says so."""
    thread = closing(page)
    with Turn() as turn, pytest.raises(EnvironmentNotReadyError, match="played with already"):
        turn.wait(0.2)
    Run.removes.set()
    thread.join(LIMIT_S)
    with Turn() as turn:
        assert turn.is_here


def test_a_turn_that_is_over_has_nobody_to_tell(page: Page) -> None:
    """A run may be over by itself while somebody ends it."""
    del page
    with Turn() as turn:
        pass
    turn.end()
    with Turn(0) as another:
        assert another.is_here


def test_without_an_engine_there_is_one_line(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should it go after the console was started."""
    monkeypatch.setattr(containers_session, "why_not", lambda: "no Docker engine answers")
    page.opened()
    assert page.refused("play") == "no Docker engine answers"


def test_a_run_that_fails_says_why_and_another_may_follow(page: Page) -> None:
    """Nothing of it is kept."""
    Run.fails = EnvironmentNotReadyError("back ran out of memory: run again")
    page.opened()
    page.send("play")
    said = page.ended()
    assert said[0] == {"say": "starting", "what": "starting containers"}
    assert said[-1] == {"say": "failed", "why": "back ran out of memory: run again"}
    Run.fails = None
    assert kept() == []
    page.opened()
    page.played()


def test_a_lab_that_containers_cannot_run_is_not_opened(
    page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The session that was there stays."""
    page.opened()
    alone = replace(HALL, simulated_only="gossip needs a crowd")
    monkeypatch.setattr(pretended, "HALL", alone)
    why = page.refused("open", experiment={"lab": "hall", "script": []})
    assert "hall is for the simulator alone: gossip needs a crowd" in why
    page.played()


def test_buttons_are_of_the_faults_that_containers_know() -> None:
    """Each that is shown can be rehearsed, each that is left out cannot."""
    plan = Plan(slug="hall", lab=HALL, variant=HALL.variants[0], seed=1)

    def known(one: dict[str, Any]) -> bool:
        hosts = {"one": ["front"], "other": ["back"]}
        target = "front->back" if one["on"] == "link" else "back"
        values = {each["name"]: each["default"] for each in one["fields"] if "default" in each}
        places = hosts if one["on"] == "hosts" else {"target": target}
        fault = fault_from_json({"kind": one["kind"], **values, **places})
        try:
            asyncio.run(refuse_beside(plan, (), fault))
        except LabError:
            return False
        return True

    shown = {one["kind"] for one in buttons(CONTAINERS.lacks)}
    assert {one["kind"] for one in buttons() if known(one)} == shown
