"""Control plane and members: leases, static stability, and the nets under an operator's command."""

import pytest

from harness.conductor import conductor
from harness.measures import success_ratio
from harness.measures.gauges import level, lowest, peak
from harness.measures.series import increase
from harness.model import Kill, Paced, Pause, Send, Service, Together, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from tests.support import lab, run

SABOTAGE = {
    "keeps who is gone": (
        "if at_s >= oldest_s",
        "if True",
        "test_a_member_that_is_gone_is_taken_off",
    ),
    "forgets a command": (
        "self._keep(self._out | set(members[:count]))",
        "self._keep(set())",
        "test_a_command_takes_members_out_and_back",
    ),
    "takes any number": (
        "if settings.most and count > settings.most:",
        "if False:",
        "test_a_net_holds_a_typo_back",
    ),
    "takes the last": (
        "elif len(members) - count < settings.least:",
        "elif False:",
        "test_a_net_holds_a_typo_back",
    ),
    "forgets it with its process": (
        "self._out = set(kept.decode().split()) if kept else set()",
        "self._out = set()",
        "test_what_was_taken_out_stays_out_after_a_crash",
    ),
    "costs as much however long the list is": (
        "settings.answer_ms + settings.each_ms * len(self._heard_s)",
        "settings.answer_ms",
        "test_a_longer_list_costs_more",
    ),
}
NAMES = ("node-1", "node-2", "node-3", "node-4")
TYPO = Send(path="/out/4", method="POST")


def ran(
    *faults: Timed,
    command: Send | None = None,
    command_s: float = 2,
    member: dict[str, Setting] | None = None,
    **plane: Setting,
) -> Recording:
    """Ask four members in turn for ten seconds, and give a command to the plane at one moment."""
    nodes = (
        Service(name, app="services.member", calls=("plane",), settings=member or {})
        for name in NAMES
    )
    users = Paced(to="front", rate_rps=40)
    operator = Paced(
        to="plane", rate_rps=1, start_s=command_s, end_s=command_s + 1.5, mix=(command or Send(),)
    )
    value = lab(
        Service("front", app="services.balancer", calls=NAMES),
        Service("plane", app="services.control_plane", settings=plane),
        *nodes,
        load=Together(of=(users, operator)) if command else users,
        faults=faults,
    )
    return run(value, conductor(faults, value.duration_s))


def commanded(recording: Recording) -> list[str]:
    return [one.status for one in recording.requests if one.to == "plane"]


def test_without_a_plane_members_stop_or_go_on() -> None:
    """When their lease is over; static stability is to go on with what was known."""
    away = during(2, 8, Kill("plane"))
    stops, goes_on = (ran(away, member={"without": how}) for how in ("stop", "go-on"))
    assert success_ratio(1, 3.4).of(stops) == success_ratio(1, 10).of(goes_on) == 1
    assert success_ratio(4.2, 8).of(stops) == 0
    assert success_ratio(9, 10).of(stops) == 1


def test_a_member_that_is_gone_is_taken_off() -> None:
    """After a lease, and not sooner; it is on the list again when it is back."""
    recording = ran(during(3, 7, Kill("node-1")), lease_ms=1000)
    assert lowest("members", 1, 3.9).of(recording) == 4
    assert peak("members", 4.9, 7).of(recording) == 3
    assert level("members", 8.5, 10).of(recording) == 4


def test_a_command_takes_members_out_and_back() -> None:
    """Those that are out say so, and callers see it."""
    recording = ran(command=Send(path="/out/2", method="POST"))
    assert commanded(recording) == ["200"]
    assert peak("members", 3.1, 10).of(recording) == 2
    assert success_ratio(4, 10).of(recording) == pytest.approx(0.5, abs=0.01)


def test_a_net_holds_a_typo_back() -> None:
    """Four instead of one: all are gone without a net, and none with either of the two."""
    bare = ran(command=TYPO)
    most, least = ran(command=TYPO, most=1), ran(command=TYPO, least=2)
    assert commanded(bare) == ["200"]
    assert success_ratio(4, 10, path="/").of(bare) < 0.01
    for held in (most, least):
        assert commanded(held) == ["409"]
        assert success_ratio(4, 10, path="/").of(held) == 1
        assert increase("commands_refused_total", 0, 10).of(held) == 1


def test_what_was_taken_out_stays_out_after_a_crash() -> None:
    """A restart of the plane is not an answer to a wrong command."""
    recording = ran(during(4, 5, Kill("plane")), command=TYPO)
    assert commanded(recording) == ["200"]
    assert success_ratio(7, 10).of(recording) == 0


def test_a_longer_list_costs_more() -> None:
    """Four members of which each costs 200 ms: they cannot all renew in half a second."""
    quick, slow = (ran(each_ms=each_ms, workers=1) for each_ms in (1, 200))
    assert increase("renewals_total", 1, 10, labels='"failed"').of(quick) == 0
    assert increase("renewals_total", 1, 10, labels='"failed"').of(slow) > 10


def test_who_is_frozen_comes_back_by_its_lease_and_not_before() -> None:
    """A lease that it has got before is over when it goes on."""
    recording = ran(during(3, 6, Pause("node-1")), lease_ms=1000, answer_ms=1)
    assert level("members", 4.9, 5.9).of(recording) == 3
    assert success_ratio(7.5, 10).of(recording) == 1
