"""Faults as values, and the order in which they come and go."""

from typing import Any

import pytest

from harness.model import Kill, Pause, during
from harness.model.fault import Fault, HostState, Timed, moments
from tests.support import virtually


class Host:
    """As much of a system as host faults use."""

    def __init__(self) -> None:
        self.now_is = HostState.RUNNING
        self.done: list[str] = []

    async def pause(self, host: str) -> None:
        self.done.append(f"pause {host}")
        self.now_is = HostState.PAUSED

    async def resume(self, host: str) -> None:
        self.done.append(f"resume {host}")
        self.now_is = HostState.RUNNING

    async def kill(self, host: str) -> None:
        self.done.append(f"kill {host}")
        self.now_is = HostState.DOWN

    async def start(self, host: str) -> None:
        self.done.append(f"start {host}")
        self.now_is = HostState.RUNNING

    async def state(self, host: str) -> HostState:
        del host
        return self.now_is


@pytest.mark.parametrize(
    ("fault", "done"),
    [(Pause("db"), ["pause db", "resume db"]), (Kill("db"), ["kill db", "start db"])],
)
def test_a_fault_is_applied_seen_and_removed(fault: Fault, done: list[str]) -> None:
    """It is seen only while it is there."""
    host: Any = Host()

    async def main() -> list[tuple[bool, bool]]:
        seen = [(await fault.there(host), await fault.gone(host))]
        await fault.apply(host)
        seen.append((await fault.there(host), await fault.gone(host)))
        await fault.remove(host)
        seen.append((await fault.there(host), await fault.gone(host)))
        return seen

    assert virtually(main()) == [(False, True), (True, False), (False, True)]
    assert host.done == done


def test_one_fault_is_not_taken_for_another() -> None:
    """A host that is down is not paused, and the other way round."""
    host: Any = Host()

    async def main() -> list[bool]:
        await host.kill("db")
        seen = [await Pause("db").there(host)]
        await host.pause("db")
        return [*seen, await Kill("db").there(host)]

    assert virtually(main()) == [False, False]


def test_a_fault_says_what_it_is_and_whom_it_hits() -> None:
    """As a person would."""
    assert (Pause("db").name, Pause("db").target) == ("pause db", "db")
    assert (Kill("db").name, Kill("db").target) == ("kill db", "db")
    assert list(Pause("db").problems()) == []


def test_changes_come_in_the_order_of_time() -> None:
    """Begins and ends of all faults, woven together."""
    first, second = during(1, 5, Pause("a")), during(2, 3, Kill("b"))
    assert list(moments((second, first))) == [
        (1, first, True),
        (2, second, True),
        (3, second, False),
        (5, first, False),
    ]


def test_at_one_instant_ends_come_before_begins() -> None:
    """One fault may follow another on the same host without a gap."""
    first, second = during(1, 2, Pause("a")), during(2, 3, Kill("a"))
    for faults in ((first, second), (second, first)):
        assert [(at_s, begins) for at_s, _, begins in moments(faults)] == [
            (1, True),
            (2, False),
            (2, True),
            (3, False),
        ]


def test_faults_of_one_instant_keep_the_labs_order() -> None:
    """What is written first breaks first."""
    faults = tuple(during(1, 2, Pause(host)) for host in "cab")
    begins: list[Timed] = [timed for _, timed, begin in moments(faults) if begin]
    assert begins == list(faults)


def test_no_faults_no_changes() -> None:
    """The negative control has nothing to do."""
    assert list(moments(())) == []
