"""The protocol: what a page sends, what it is told, and what it cannot break."""

import json
from typing import Any

import pytest

from harness.errors import LabError
from harness.live.messages import Labs
from harness.live.protocol import Speaker
from harness.model import Lab
from harness.model.experiment import experiment_from_json
from tests.live.test_live_session import HALL, session

PAUSE = {"do": "inject", "fault": {"kind": "Pause", "target": "back"}}


class Page:
    """A page that is told things, and remembers them."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        labs = Labs(names=(("hall", "A hall"),), find=_find, lesson=_lesson)
        self.speaker = Speaker(self._hear, labs)

    def _hear(self, message: dict[str, Any]) -> None:
        self.told.append(json.loads(json.dumps(message, allow_nan=False)))

    def send(self, do: str, **fields: Any) -> list[dict[str, Any]]:
        """Send a command, and give all that is told for it but that it was taken."""
        return self.raw(json.dumps({"do": do, "id": 7, **fields}))

    def raw(self, text: str) -> list[dict[str, Any]]:
        self.told.clear()
        self.speaker.take(text)
        *before, last = self.told
        if last["say"] == "refused":
            assert before == []
            return [last]
        assert last == {"say": "ok", "id": 7}
        return before

    def refused(self, text: str) -> str:
        (last,) = self.raw(text)
        assert last["say"] == "refused"
        assert "\n" not in last["why"]
        return str(last["why"])

    def passed(self, wall_s: float, times: int = 1) -> list[dict[str, Any]]:
        self.told.clear()
        for _ in range(times):
            self.speaker.pass_time(wall_s)
        return list(self.told)

    def look(self) -> dict[str, Any]:
        return next(one for one in reversed(self.told) if one["say"] == "tick")


def _lesson(name: str) -> dict[str, Any] | None:
    return {"question": "?"} if name == "hall" else None


def _find(name: str) -> Lab:
    if name != "hall":
        raise LabError(f"no lab {name!r}; there is hall")
    return HALL


@pytest.fixture
def page() -> Any:
    made = Page()
    made.send("open", experiment={"lab": "hall", "variant": "naive", "duration_s": 6, "script": []})
    yield made
    made.speaker.close()


def test_a_page_is_told_what_there_is() -> None:
    """Labs, faults with their fields, operations: all that a form is made of."""
    (hello,) = Page().send("hello")
    assert hello["protocol"] == 2
    assert hello["labs"] == [{"name": "hall", "title": "A hall"}]
    kinds = {one["kind"]: one for one in hello["faults"]}
    assert kinds["Latency"]["on"] == "link"
    assert [one["name"] for one in kinds["Stop"]["fields"]] == ["grace_s"]
    assert "inject" in hello["operations"]


def test_a_lab_that_is_opened_is_described_and_stands_at_0() -> None:
    """With its live settings, its links, and its own faults as a script."""
    page = Page()
    opened, tick = page.send("open", experiment={"lab": "hall", "script": []})
    hosts = {one["name"]: one for one in opened["hosts"]}
    settings = {one["name"]: one for one in hosts["back"]["settings"]}
    assert settings["service_ms"]["value"] == 20
    assert hosts["front"]["service"] == "front"
    assert [one["name"] for one in opened["links"]] == ["client->front", "front->back"]
    assert [act["do"] for act in opened["script"]] == ["inject", "heal"]
    assert opened["variant"] == "naive"
    assert (tick["at_s"], tick["over"], tick["faults"]) == (0, False, [])
    assert experiment_from_json(opened["experiment"]).lab == "hall"
    assert not page.speaker.is_playing
    page.speaker.close()


def test_time_passes_at_the_speed_that_is_asked_for(page: Page) -> None:
    """In slices; when paused, not at all; a machine that was busy is not caught up with."""
    page.send("play", speed=2)
    ticks = page.passed(0.05, times=10)
    assert [one["say"] for one in ticks] == ["tick"] * 10
    assert ticks[-1]["at_s"] == pytest.approx(1)
    page.send("pause")
    assert page.passed(0.05, times=3) == []
    page.send("play", speed=1)
    (tick,) = page.passed(100)
    assert tick["at_s"] == pytest.approx(1.1)


def test_a_page_can_step_and_go_to_a_moment(page: Page) -> None:
    """By an event, a request, a second; to a moment in slices, so that a command can come."""
    at_s = [page.send("step", by=by)[0]["at_s"] for by in ("event", "request", "second")]
    assert 0 < at_s[0] <= at_s[1] < at_s[2] == 1
    page.send("advance", to_s=1.25)
    assert page.speaker.is_playing
    assert [one["at_s"] for one in page.passed(0.05, times=9)] == pytest.approx([1.1, 1.2, 1.25])
    assert not page.speaker.is_playing


def test_what_a_page_does_is_seen_and_exported(page: Page) -> None:
    """And it is the same run as that of a session which does the same."""
    page.send("advance", to_s=1)
    page.passed(0, times=10)
    acted, tick = page.send("act", operation=PAUSE)
    assert (acted["fault"], acted["at_s"], acted["operation"]) == (1, 1, PAUSE)
    assert [(one["number"], one["said"]) for one in tick["faults"]] == [(1, "back frozen")]
    page.send("advance", to_s=2)
    page.passed(0, times=10)
    page.send("act", operation={"do": "heal all"})
    (exported,) = page.send("export")
    page.send("play", speed=100)
    told = page.passed(1, times=200)
    assert [one["say"] for one in told].count("ended") == 1
    (ended,) = (one for one in told if one["say"] == "ended")
    experiment = experiment_from_json(exported["experiment"])
    with session(variant="naive", duration_s=6) as run:
        for act in experiment.script:
            run.advance(act.at_s)
            run.act(act.operation)
        assert run.finish().digest() == ended["digest"]


def test_a_page_goes_back_and_the_script_is_shorter(page: Page) -> None:
    """The picture is that of then; an opened experiment can begin at a moment too."""
    page.send("advance", to_s=1)
    before = page.passed(0, times=10)[-1]
    page.send("act", operation=PAUSE)
    page.send("advance", to_s=3)
    page.passed(0, times=30)
    (exported,) = page.send("export")
    (picture,) = page.send("rewind", to_s=1)
    assert picture["look"]["at_s"] == 1
    opened, tick = page.passed(0, times=30)
    assert opened["experiment"]["script"] == []
    keys = ("at_s", "load", "hosts", "links", "faults")
    assert {key: tick[key] for key in keys} == {key: before[key] for key in keys}
    assert page.send("open", experiment=exported["experiment"], to_s=2) == []
    opened, tick = page.passed(0, times=30)
    assert tick["at_s"] == 2
    assert [one["said"] for one in tick["faults"]] == ["back frozen"]


def test_a_page_that_goes_back_sees_the_moment_at_once(page: Page) -> None:
    """What is played again is told when all of it is; another moment may be asked for meanwhile."""
    page.send("advance", to_s=3)
    ticks = {one["at_s"]: one for one in page.passed(1, times=40)}
    (picture,) = page.send("rewind", to_s=2.5)
    assert picture["look"]["hosts"] == ticks[2]["hosts"]
    assert page.passed(1, times=3) == []
    assert "played again up to 2.5 s; wait for it" in page.refused('{"do": "act", "operation": {}}')
    assert "the run is at 2.5 s" in page.refused('{"do": "rewind", "to_s": 2.6}')
    (picture,) = page.send("rewind", to_s=0.25)
    assert picture["look"]["at_s"] == 0
    opened, tick = page.passed(1, times=3)
    assert (opened["say"], tick["at_s"]) == ("opened", 0.25)
    assert page.passed(1) == []


def test_rows_are_told_once_and_all_of_them_to_whoever_asks(page: Page) -> None:
    """One for each tenth of a second, whatever the speed and however few the ticks."""
    page.send("advance", to_s=2)
    told = page.passed(0.001, times=30)
    rows = [row for tick in told for row in tick["rows"]]
    assert [row["at_s"] for row in rows] == pytest.approx([0.1 * at for at in range(1, 21)])
    assert all(len(row["waiting"]) == len(row["gone"]) == 2 for row in rows)
    (tick,) = page.send("look")
    assert tick["rows"][0]["at_s"] == 0
    assert tick["rows"][1:] == rows
    assert page.send("pause")[0]["rows"] == [rows[-1]]


def test_there_is_a_picture_of_each_second_that_was_seen(page: Page) -> None:
    """Of none that was not."""
    page.send("advance", to_s=2)
    page.passed(0, times=30)
    assert page.send("picture", to_s=1.9)[0]["look"]["at_s"] == 1
    assert page.send("picture", to_s=9)[0]["look"]["at_s"] == 2
    assert page.send("picture", to_s=-1) == [{"say": "picture", "look": None}]


def test_two_sessions_stand_at_one_moment_whichever_was_stepped(page: Page) -> None:
    """The next event's time is told, and a session that is advanced to it is exactly there."""
    other = Page()
    other.send("open", experiment={"lab": "hall", "variant": "calm", "duration_s": 6, "script": []})
    for _ in range(20):
        page.send("step", by="event")
        at_s = page.look()["at_s"]
        other.send("advance", to_s=at_s)
        told = other.passed(0, times=10)
        assert (other.look() if told else {"at_s": 0})["at_s"] == at_s
        assert page.look()["next_s"] >= at_s
    other.speaker.close()


def test_a_lesson_is_told_with_its_lab(page: Page) -> None:
    """None, where there is none."""
    assert page.send("lesson", lab="hall")[0]["lesson"] == {"question": "?"}
    assert page.send("lesson", lab="none")[0]["lesson"] is None


def test_a_fast_run_shows_no_more_than_can_be_seen(page: Page) -> None:
    """Twenty pictures a second, and the one at which it stands still."""
    page.send("play", speed=10)
    assert len(page.passed(0.01, times=20)) == 4
    page.send("advance", to_s=3.5)
    assert [one["at_s"] for one in page.passed(0.001, times=30)] == [3.5]


def test_series_come_with_each_new_second(page: Page) -> None:
    """Not with each tick."""
    page.send("play", speed=1)
    told = page.passed(0.1, times=25)
    with_series = [one["at_s"] for one in told if "series" in one]
    assert with_series == pytest.approx([1, 2], abs=0.1)
    titles = [one["title"] for one in told[-1].get("series", []) or told[19]["series"]]
    assert titles == ["Requests that ended", "Calls", "Tries"]


def test_a_request_is_followed_and_messages_are_shown(page: Page) -> None:
    """On demand; NaN is null."""
    page.send("advance", to_s=1)
    page.passed(0, times=10)
    (followed,) = page.send("follow", request=3)
    assert followed["request"]["status"] == "200"
    assert len(followed["spans"]) == 3
    (nothing,) = page.send("follow", request=10**6)
    assert (nothing["request"], nothing["spans"]) == (None, [])
    assert page.send("messages", on=True) == []
    page.send("step", by="second")
    assert page.look()["messages"]


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the message is not JSON"),
        ("[" * 200_000, "the message is not JSON"),
        ("\x00", "the message is not JSON"),
        ("3", "the message is 3; it must be an object"),
        ("{}", "do is None; it may be hello, open, play"),
        ('{"do": "take"}', "do is 'take'; it may be"),
        ('{"do": "__init__"}', "do is '__init__'; it may be"),
        ('{"do": {"a": 1}}', "do is {'a': 1}; it may be"),
        ('{"do": "play", "speed": NaN}', "NaN is no number"),
        ('{"do": "play", "speed": 1e999}', "speed is inf; it must lie between"),
        ('{"do": "play", "speed": 0}', "speed is 0; it must lie between 0.25 and 100"),
        ('{"do": "play", "speed": "1"}', "play: speed is '1'; it must be a number"),
        ('{"do": "play", "quick": 1}', "play: no field 'quick'"),
        ('{"do": "step", "by": "week"}', "by is 'week'; it may be event, request, second"),
        ('{"do": "advance", "to_s": -1}', "to_s is -1; it must lie between 0 and the run's end"),
        ('{"do": "advance", "to_s": 1e6}', "to_s is 1e+06; it must lie between 0 and"),
        ('{"do": "rewind", "to_s": 5}', "the run is at 0 s; send advance to go forward"),
        ('{"do": "act"}', "act: operation is missing"),
        ('{"do": "act", "operation": {"do": "heal", "fault": 1}}', "there is none to heal"),
        ('{"do": "act", "operation": {"do": "burn"}}', "do is 'burn'"),
        ('{"do": "open", "experiment": {"script": []}}', "lab is missing"),
        ('{"do": "open", "experiment": {"lab": "haul", "script": []}}', "no lab 'haul'"),
        ('{"do": "open", "experiment": {"lab": "hall"}}', "script is missing"),
        ('{"do": "open", "experiment": {"lab": "hall", "script": []}, "to_s": 1e6}', "to_s is"),
        ('{"do": "hello", "id": {}}', "id must be a short text or a number"),
        ('{"do": "hello", "id": "' + "x" * 70 + '"}', "id must be a short text"),
        ('{"do": "hello", "id": "' + "x" * (1 << 20) + '"}', "more than 1,048,576 letters"),
    ],
)
def test_what_is_refused_harms_nothing(page: Page, text: str, why: str) -> None:
    """Each in one sentence; the session that was open stands as it stood."""
    assert why in page.refused(text)
    assert page.send("step", by="second")[0]["at_s"] == 1


def test_without_a_session_there_is_nothing_to_do() -> None:
    """But to say hello, and to open one; closing twice is once."""
    page = Page()
    for do in ("play", "pause", "step", "export", "messages"):
        assert page.refused(json.dumps({"do": do, "id": 7})) == "no lab is open; send open first"
    assert page.send("close") == page.send("close") == []
    assert page.passed(1) == []


def test_an_open_that_fails_leaves_the_session_that_was_there(page: Page) -> None:
    """Whatever it is that does not open."""
    page.send("step", by="second")
    experiment = {"lab": "hall", "settings": {"front.tries": 0}, "script": []}
    text = json.dumps({"do": "open", "experiment": experiment})
    assert "tries is 0; it must be at least 1" in page.refused(text)
    assert page.send("step", by="second")[0]["at_s"] == 2


def test_a_page_goes_to_the_next_failure_in_steps_of_a_tenth(page: Page) -> None:
    """It stands at the failure, or where it was told to stop, or a tenth of a second later."""
    page.send("act", operation=PAUSE)
    page.send("step", by="failure")
    assert page.look()["at_s"] == 0.1
    page.send("step", by="failure", to_s=0.15)
    assert page.look()["at_s"] == 0.15
    for _ in range(60):
        page.send("step", by="failure", to_s=6)
        look = page.look()
        if look["load"]["failed_s"] is not None:
            break
    assert look["at_s"] == look["load"]["failed_s"]
    assert look["load"]["failed"]


def test_a_page_is_told_what_comes_next(page: Page) -> None:
    """In words, as many as it asks for, and no more than may be asked for."""
    page.send("advance", to_s=1)
    page.passed(1, times=20)
    page.send("act", operation={"do": "send", "count": 5})
    (told,) = page.send("upcoming", most=2)
    assert told["say"] == "upcoming"
    assert told["at_s"] == 1
    assert len(told["events"]) == 2
    assert all(one["said"] and one["at_s"] >= 1 for one in told["events"])
    assert "between 1 and" in page.refused(json.dumps({"do": "upcoming", "id": 7, "most": 1000}))


def test_a_system_of_ones_own_is_opened_as_a_lab_is(page: Page) -> None:
    """Once it makes sense; one that does not leaves the one before it, and the run, as they are."""
    (told,) = page.send("library")
    assert {one["name"] for one in told["services"]} >= {"relay", "worker"}
    assert "no lab" in page.refused(
        json.dumps({"do": "open", "id": 7, "experiment": {"lab": "sandbox", "script": []}})
    )
    (made,) = page.send("system", system=told["start"])
    assert made["source"].startswith('"""')
    wrong = {**told["start"], "hosts": []}
    assert "no host" in page.refused(json.dumps({"do": "system", "id": 7, "system": wrong}))
    opened, _ = page.send("open", experiment={"lab": made["lab"], "script": []})
    assert opened["lab"] == "sandbox"
    assert [one["name"] for one in opened["hosts"]] == ["shop", "stock"]
    assert [one["name"] for one in opened["variants"]] == ["plain", "guarded"]
    assert page.send("lesson", lab="sandbox")[0]["lesson"] is None
    page.send("advance", to_s=1)
    page.passed(1, times=20)
    page.send("rewind", to_s=0.5)
    page.passed(1, times=20)
    assert page.look()["at_s"] == 0.5


def test_claims_are_told_once_their_windows_have_gone_by(page: Page) -> None:
    """Not before, and then with their values and whether they hold."""
    (told,) = page.send("library")
    page.send("system", system=told["start"])
    page.send("open", experiment={"lab": "sandbox", "variant": "plain", "script": []})
    (early,) = page.send("claims")
    assert [(one["value"], one["holds"]) for one in early["claims"]] == [(None, None)] * 2
    page.send("advance", to_s=6)
    page.passed(1, times=100)
    (later,) = page.send("claims")
    baseline, falls = later["claims"]
    assert baseline["holds"] is True
    assert baseline["value"] >= 0.99
    assert baseline["wanted"] == "\u2265 0.99"
    assert falls["holds"] is None
    page.send("advance", to_s=26)
    page.passed(1, times=300)
    (over,) = page.send("claims")
    assert over["claims"][1]["holds"] is False, "nothing has broken it"
