"""The conductor: faults come at their times, are read back, and never stay."""

import asyncio
import math
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from harness.conductor import REMOVAL_LIMIT_S, FaultLog, applied, conductor
from harness.errors import FaultNotAppliedError
from harness.model import at, during
from harness.model.fault import Timed, ToxicSpec
from harness.recording import FaultRecord
from tests.support import CLOSE, WholeSystem, virtually


@dataclass(slots=True)
class Scripted:
    """A fault that writes down what is done to it, and can misbehave."""

    target: str
    log: list[tuple[str, float]]
    name: str = "scripted"
    said: str = "scripted"
    invisible: bool = False
    sticky: bool = False
    apply_s: float = 0
    remove_s: float = 0
    fails: str = ""
    is_on: bool = field(default=False, init=False)

    def problems(self) -> Any:
        return iter(())

    def places(self, links: Any) -> tuple[str, ...]:
        del links
        return (self.target,)

    async def apply(self, system: Any) -> None:
        await asyncio.sleep(self.apply_s)
        self._note("apply", system)
        self.is_on = not self.invisible

    def misplaced(self, place: Any) -> Any:
        del place
        return iter(())

    def handles(self, place: Any) -> set[tuple[str, str]]:
        del place
        return set()

    async def there(self, system: Any) -> bool:
        del system
        return self.is_on

    async def gone(self, system: Any) -> bool:
        del system
        return not self.is_on

    async def remove(self, system: Any) -> None:
        await asyncio.sleep(self.remove_s)
        self._note("remove", system)
        self.is_on = self.sticky

    def _note(self, what: str, system: Any) -> None:
        self.log.append((f"{what} {self.target}", system.now()))
        if self.fails == what:
            raise RuntimeError(f"{what} {self.target}")


Log = list[tuple[str, float]]


def conducted(*faults: Timed, duration_s: float = 10) -> list[FaultRecord]:
    async def main() -> list[FaultRecord]:
        return await conductor(faults, duration_s)(WholeSystem())

    return virtually(main())


def test_a_fault_comes_and_goes_at_its_times() -> None:
    """And the record says when it was asked for, done, seen and gone."""
    log: Log = []
    (record,) = conducted(during(2, 5, Scripted("a", log, apply_s=0.25, remove_s=0.5)))
    assert log == [("apply a", 2.25), ("remove a", 5.5)]
    assert (record.start_s, record.end_s) == (2, 5)
    assert (record.requested_s, record.applied_s, record.seen_s) == (2, 2.25, 2.25)
    assert record.removed_s == 5.5
    assert applied(record)


def test_it_ends_when_the_load_does() -> None:
    """Also without any fault."""

    async def main() -> float:
        assert await conductor((), 10)(WholeSystem()) == []
        return asyncio.get_running_loop().time()

    assert virtually(main()) == 10


def test_records_are_in_the_labs_order() -> None:
    """Whichever comes first in time."""
    log: Log = []
    records = conducted(during(4, 5, Scripted("late", log)), during(1, 9, Scripted("early", log)))
    assert [record.target for record in records] == ["late", "early"]
    assert [what for what, _ in log] == ["apply early", "apply late", "remove late", "remove early"]


def test_at_one_instant_one_fault_goes_before_the_next_comes() -> None:
    """Whatever their order in the lab."""
    log: Log = []
    conducted(during(3, 4, Scripted("b", log)), during(2, 3, Scripted("a", log)))
    assert log == [("apply a", 2), ("remove a", 3), ("apply b", 3), ("remove b", 4)]


def test_faults_of_one_moment_come_and_go_together() -> None:
    """None waits for another to be done, whoever takes longest."""
    log: Log = []
    slow = (Scripted(name, log, apply_s=0.25, remove_s=0.5) for name in "abc")
    records = conducted(*(during(2, 5, one) for one in slow))
    assert [at_s for _, at_s in log] == [2.25] * 3 + [5.5] * 3
    assert [record.target for record in records] == ["a", "b", "c"]
    for record in records:
        assert (record.requested_s, record.seen_s, record.removal_s) == (2, 2.25, 5)


def test_faults_of_one_moment_on_one_host_come_one_after_the_other() -> None:
    """Each reads what is there and adds to it: in parallel, one would be lost."""
    log: Log = []
    conducted(*(during(2, 5, Scripted("a", log, apply_s=0.25, remove_s=0.5)) for _ in range(2)))
    assert [at_s for _, at_s in log] == [2.25, 2.5, 5.5, 6]


def test_if_one_of_a_moment_cannot_be_applied_all_are_removed() -> None:
    """Once each, and its own error is what the user sees."""
    log: Log = []
    with pytest.raises(RuntimeError, match="apply b"):
        conducted(*(
            during(2, 5, Scripted(name, log, fails="apply" if name == "b" else ""))
            for name in "abc"
        ))  # fmt: skip
    assert sorted(what for what, _ in log if what.startswith("remove")) == [
        "remove a", "remove b", "remove c",
    ]  # fmt: skip


def test_equal_faults_do_not_share_a_record() -> None:
    """Two windows of the same fault on the same host are two faults."""
    log: Log = []
    shared = Scripted("a", log)
    records = conducted(during(1, 2, shared), during(3, 4, shared))
    assert [record.seen_s for record in records] == [1, 3]
    assert all(applied(record) for record in records)


def test_a_fault_that_is_not_seen_is_an_error_and_is_removed() -> None:
    """It may be half there, so it is taken away all the same."""
    log: Log = []
    with pytest.raises(
        FaultNotAppliedError, match="scripted: asked for, but not all of it is there"
    ):
        conducted(during(2, 5, Scripted("a", log, invisible=True)))
    assert log == [("apply a", 2), ("remove a", 2)]


def test_a_fault_that_cannot_be_applied_is_removed() -> None:
    """The engine's own error is what the user sees."""
    log: Log = []
    with pytest.raises(RuntimeError, match="apply a"):
        conducted(during(2, 5, Scripted("a", log, fails="apply")))
    assert log == [("apply a", 2), ("remove a", 2)]


def test_a_fault_that_stays_is_an_error() -> None:
    """After its removal it is read back once more."""
    with pytest.raises(FaultNotAppliedError, match="scripted: something of it is still there"):
        conducted(during(2, 5, Scripted("a", [], sticky=True)))


def test_a_fault_that_something_else_undoes_is_an_error() -> None:
    """It must be there to its end: else what was measured meanwhile is no run under it."""
    log: Log = []
    undone = Scripted("a", log)

    async def main() -> None:
        running = asyncio.ensure_future(conductor((during(1, 9, undone),), 10)(WholeSystem()))
        await asyncio.sleep(4)
        undone.is_on = False
        with pytest.raises(FaultNotAppliedError, match="gone, in whole or in part, before its end"):
            await running

    virtually(main())
    assert log == [("apply a", 1), ("remove a", 9)]


def test_the_record_says_when_its_removal_was_asked_for() -> None:
    """A harness that was held asks late; what the removal itself takes is the fault's."""
    (record,) = conducted(during(2, 5, Scripted("a", [], remove_s=0.5)))
    assert (record.removal_s, record.removed_s) == (5, 5.5)


def test_others_are_removed_when_one_goes_wrong() -> None:
    """Last come, first gone."""
    log: Log = []
    with pytest.raises(FaultNotAppliedError):
        conducted(
            during(1, 9, Scripted("a", log)),
            during(2, 9, Scripted("b", log)),
            during(3, 9, Scripted("c", log, invisible=True)),
        )
    assert [what for what, _ in log][3:] == ["remove c", "remove b", "remove a"]
    assert log[-1] == ("remove a", 3)


def test_one_removal_that_fails_does_not_keep_the_others_from_being_removed() -> None:
    """A fault that sticks must not leave two behind."""
    log: Log = []

    async def main() -> None:
        faults = (
            during(1, 9, Scripted("a", log)),
            during(2, 9, Scripted("b", log, fails="remove")),
            during(3, 9, Scripted("c", log, invisible=True)),
        )
        with pytest.raises(RuntimeError, match="remove b"):
            await conductor(faults, 10)(WholeSystem())

    virtually(main())
    assert ("remove a", 3) in log


def test_a_run_that_is_cancelled_removes_its_faults() -> None:
    """Ctrl-C in the middle leaves nothing behind."""
    log: Log = []

    async def main() -> None:
        conduct = conductor((during(1, 9, Scripted("a", log, remove_s=0.5)),), 10)
        running = asyncio.ensure_future(conduct(WholeSystem()))
        await asyncio.sleep(4)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    virtually(main())
    assert log == [("apply a", 1), ("remove a", 4.5)]


def test_a_run_that_is_cancelled_while_a_fault_is_applied_removes_it() -> None:
    """It may have been applied already when the answer did not come."""
    log: Log = []

    async def main() -> None:
        conduct = conductor((during(1, 9, Scripted("a", log, apply_s=5)),), 10)
        running = asyncio.ensure_future(conduct(WholeSystem()))
        await asyncio.sleep(4)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    virtually(main())
    assert log == [("remove a", 4)]


def test_a_removal_has_a_time_limit_of_its_own() -> None:
    """An engine that hangs does not hang the run for ever, and the message names the fault."""

    async def main() -> float:
        fault = Scripted("a", [], name="pause a", remove_s=1000)
        with pytest.raises(FaultNotAppliedError, match="pause a"):
            await conductor((during(1, 2, fault),), 10)(WholeSystem())
        return asyncio.get_running_loop().time()

    # It is tried once when the fault should end, and once more when the run does.
    assert virtually(main()) == pytest.approx(2 + 2 * REMOVAL_LIMIT_S, abs=CLOSE)


def test_a_removal_has_ten_seconds() -> None:
    """One that takes eight is slow; one that takes twelve is given up, and said to be."""
    (record,) = conducted(during(2, 5, Scripted("a", [], remove_s=8)), duration_s=20)
    assert (record.removal_s, record.removed_s) == (5, 13)
    with pytest.raises(FaultNotAppliedError, match="scripted: not removed within 10 s"):
        conducted(during(2, 5, Scripted("a", [], remove_s=12)), duration_s=20)


def test_a_fault_was_applied_when_it_was_seen_and_seen_to_be_gone() -> None:
    """One of the two is not enough, and that it was asked for is nothing."""
    asked = FaultRecord(
        name="x", target="a", start_s=1, end_s=2, requested_s=1, applied_s=1, removal_s=2
    )
    assert not applied(asked)
    assert not applied(replace(asked, seen_s=1))
    assert not applied(replace(asked, removed_s=2))
    assert applied(replace(asked, seen_s=1, removed_s=2))


def test_a_fault_that_ends_with_the_run_is_seen_to_be_gone() -> None:
    """It is taken away at the last moment, and not left to the clearing up."""
    (record,) = conducted(during(2, 10, Scripted("a", [])), duration_s=10)
    assert (record.removal_s, record.removed_s) == (10, 10)
    assert applied(record)


def test_a_step_stays_and_is_looked_at_again_at_the_end() -> None:
    """It is applied once it was seen; nobody takes it away."""
    log: Log = []
    (record,) = conducted(at(2, Scripted("a", log)))
    assert log == [("apply a", 2)]
    assert applied(record)
    assert not applied(replace(record, seen_s=math.nan))


def test_a_step_that_something_else_undoes_is_an_error() -> None:
    """Unless a later step has replaced it."""
    undone, later = Scripted("a", []), Scripted("a", [])

    async def main(*steps: Timed) -> None:
        running = asyncio.ensure_future(conductor(steps, 10)(WholeSystem()))
        await asyncio.sleep(4)
        undone.is_on = False
        await running

    virtually(main(at(1, undone), at(3, later)))
    with pytest.raises(FaultNotAppliedError, match="undone by something else before the end"):
        virtually(main(at(1, undone)))


@dataclass
class Links(WholeSystem):
    """A system of one link, whose toxics stay only if they are to."""

    keeps: bool = True
    names: list[str] = field(default_factory=list)

    async def add_toxic(self, link: str, toxic: ToxicSpec) -> None:
        del link
        self.names += [toxic.name] * self.keeps

    async def toxics(self, link: str) -> list[str]:
        del link
        return self.names


def test_distances_are_there_before_anything_begins() -> None:
    """One that is not read back is no distance, and the run is none either."""
    far = ToxicSpec(
        name="far", type="latency", stream="downstream", toxicity=1.0, attributes={"latency": 50}
    )

    async def main(system: Links) -> list[FaultRecord]:
        return await conductor((), 1, [("a->b", far)])(system)

    there = Links()
    assert virtually(main(there)) == []
    assert there.names == ["far"]
    with pytest.raises(FaultNotAppliedError, match="a->b: asked for far, which is not there"):
        virtually(main(Links(keeps=False)))


def test_whoever_looks_sees_what_became_of_each_fault_so_far() -> None:
    """Before it, while it is there, and after it; a run that breaks off leaves what there was."""
    fault = Scripted("a", [])
    timed = during(1, 3, fault)
    log: FaultLog = {}
    seen: list[tuple[bool, bool]] = []

    async def conduct() -> None:
        system = WholeSystem()
        conducting = asyncio.ensure_future(conductor((timed,), 9, log=log)(system))
        for at_s in (0.5, 2, 4):
            await system.until(at_s)
            record = log[id(timed)]
            seen.append((not math.isnan(record.seen_s), not math.isnan(record.removed_s)))
        conducting.cancel()
        await asyncio.gather(conducting, return_exceptions=True)

    virtually(conduct())
    assert seen == [(False, False), (True, False), (True, True)]
