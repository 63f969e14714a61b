"""Rollout: waves, sticky users, the gate that takes a version back, and shadows."""

import pytest

from harness.conductor import conductor
from harness.errors import LabError
from harness.measures import success_ratio
from harness.measures.outcomes import calls
from harness.measures.series import increase
from harness.model import Configure, Paced, Send, Service, during
from harness.model.fault import Setting
from harness.recording import Recording, number_of
from services.server import SettingError, load, settings_of
from tests.support import lab, run

PART = "services.rollout"
SABOTAGE = {
    "never takes back": (
        "if answers >= settings.least and",
        "if False and",
        "test_a_bad_version_is_taken_back",
    ),
    "forgets that it was taken back": (
        "        if self._taken_back:\n",
        "        if False:\n",
        "test_a_bad_version_is_taken_back",
    ),
    "judges by the first answers": (
        "if answers >= settings.least and worse > settings.gate",
        "if worse > settings.gate",
        "test_nothing_is_judged_by_few_answers",
    ),
    "goes to all": (
        "shares[min(int(passed), len(shares) - 1)]",
        "1",
        "test_waves_reach_more_and_more_users",
    ),
    "draws a user anew": (
        "if sticky else self._ctx.rng.random()",
        "if False else self._ctx.rng.random()",
        "test_a_sticky_user_meets_one_version",
    ),
    "goes on without a release": (
        "if not settings.release:",
        "if False:",
        "test_a_kill_switch_is_at_once",
    ),
    "copies nothing": (
        "if version == OLD and settings.shadow",
        "if False and settings.shadow",
        "test_a_shadow_shows_what_no_user_sees",
    ),
    "counts the shadow's answer": (
        "self._shadows.labels(outcome).inc()",
        "self._release.judge(NEW, good=not copied.failed)",
        "test_a_shadow_shows_what_no_user_sees",
    ),
}


def released(bad: float = 0.0, to_s: float = 10, keys: int = 200, **more: Setting) -> Recording:
    """Release a version from second 2 on, in waves of two seconds."""
    settings: dict[str, Setting] = {"old": "one", "new": "two", "waves": "0.1, 0.5, 1", **more}
    versions = (
        Service(name, app="services.worker", settings={"workers": 20, "error_ratio": ratio})
        for name, ratio in (("one", 0.0), ("two", bad))
    )
    faults = (during(2, to_s, Configure("router", release=True)),)
    value = lab(
        Service("router", app="services.rollout", calls=("one", "two"), settings=settings),
        *versions,
        load=Paced(to="router", rate_rps=100, mix=(Send(path="/?user={key}"),), keys=keys),
        faults=faults,
    )  # fmt: skip
    return run(value, conductor(faults, value.duration_s))


def share(recording: Recording, start_s: float, end_s: float) -> float:
    new, old = (calls(name, start_s, end_s).of(recording) for name in ("two", "one"))
    return new / (new + old)


def test_waves_reach_more_and_more_users() -> None:
    """A tenth, a half and all of them; nobody before."""
    recording = released()
    assert share(recording, 0, 1.9) == 0
    assert 0.05 < share(recording, 2.1, 3.9) < 0.16
    assert 0.4 < share(recording, 4.1, 5.9) < 0.6
    assert share(recording, 6.1, 9.9) == 1


def test_a_bad_version_is_taken_back() -> None:
    """By its first wave, for good; without a gate it goes to all."""
    gated, open_ = (released(0.5, gate=gate) for gate in (0.1, 1))
    assert increase("rollbacks_total", 0, 10).of(gated) == 1
    assert calls("two", 0, 10).of(gated) < 80
    assert calls("two", 0, 10).of(open_) > 400
    assert success_ratio(6, 10).of(gated) == 1
    assert success_ratio(6, 10).of(open_) < 0.6


def test_nothing_is_judged_by_few_answers() -> None:
    """Half of its answers are bad, and that counts when there are as many as it takes."""
    few, many = (calls("two", 0, 10).of(released(0.5, gate=0.2, least=least)) for least in (1, 100))
    assert few < 20
    assert 100 <= many < 120


def test_a_sticky_user_meets_one_version() -> None:
    """As long as the wave is the same; else nearly all users meet both."""
    sticky, drawn = (
        released(waves="0.5", keys=20, sticky=sticky, wave_ms=0) for sticky in (True, False)
    )
    assert met_both(sticky) == set()
    assert len(met_both(drawn)) > 15


def met_both(recording: Recording) -> set[str]:
    """Name the users who have met both versions while it was released."""
    asked = {
        number_of(span.trace): span.callee for span in recording.spans if span.caller == "router"
    }
    seen: dict[str, set[str]] = {}
    for one in recording.between(2.1, 9.9):
        seen.setdefault(one.path, set()).add(asked[one.number])
    return {path for path, versions in seen.items() if len(versions) > 1}


def test_a_kill_switch_is_at_once() -> None:
    """What is switched off gets nothing from then on."""
    recording = released(to_s=5)
    assert share(recording, 4.1, 4.9) > 0.4
    assert share(recording, 5.1, 9.9) == 0


def test_a_shadow_shows_what_no_user_sees() -> None:
    """Half of the copies fail, and no answer does."""
    recording = released(0.5, shadow=1, waves="0")
    assert success_ratio(0, 10).of(recording) == 1
    copies = {
        outcome: increase("shadows_total", 1, 9, labels=f'"{outcome}"').of(recording)
        for outcome in ("same", "differs", "failed")
    }
    assert copies["differs"] == 0
    assert 0.4 < copies["failed"] / (copies["failed"] + copies["same"]) < 0.6


def test_what_is_wrong_with_it_is_said() -> None:
    """In one line."""
    versions = {"old": "one", "new": "two"}
    for waves in ("", "0.1, half", "0.5, 2"):
        with pytest.raises(SettingError, match=r"write shares from 0 to 1, by commas$"):
            settings_of(load("services.rollout"), {**versions, "waves": waves})
    with pytest.raises(LabError, match="'three' is not in calls=; name both versions there"):
        released(new="three")
