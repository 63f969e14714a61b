"""Table: what each isolation lets happen, deadlocks and their ends, cost, connections, backups."""

import pytest

from harness.conductor import conductor
from harness.measures import latency_ms, success_ratio
from harness.measures.series import increase
from harness.model import Kill, Poisson, Send, Service, Together, during
from harness.model.fault import Timed
from harness.recording import Recording, Request
from services.server import SettingError, load, settings_of
from tests.support import At, lab, run

ROWS = 10
SABOTAGE = {
    "reads before it locks": (
        "if settings.isolation is Isolation.SERIALIZABLE:",
        "if False:",
        "test_serializable_loses_no_update_and_refuses_nobody",
    ),
    "whoever commits second wins": (
        "if isolation is not Isolation.READ_COMMITTED and seen != version:",
        "if False:",
        "test_snapshot_refuses_who_commits_second",
    ),
    "keeps its locks": (
        "self._locks.release(owner)",
        "pass",
        "test_serializable_loses_no_update_and_refuses_nobody",
    ),
    "commits one row at a time": (
        "written[number] = (value + amount, version)",
        "self._commit({number: (value + amount, version)}, Isolation.READ_COMMITTED)",
        "test_transfers_keep_the_sum_whatever_ends_them",
    ),
    "takes locks as asked": (
        "amounts = sorted(amounts)",
        "pass",
        "test_locks_in_one_order_cannot_deadlock",
    ),
    "never gives a connection back": (
        "self._taken -= 1",
        "pass",
        "test_a_pool_that_is_too_small_is_what_is_waited_for",
    ),
    "has connections for all": (
        "return self._taken < self._ctx.settings.connections",
        "return True",
        "test_a_pool_that_is_too_small_is_what_is_waited_for",
    ),
    "scans for nothing": (
        "cost_s += len(self.rows) * settings.scan_row_us / 1e6",
        "pass",
        "test_without_an_index_a_read_costs_all_rows",
    ),
    "forgets what was committed": (
        "        self._keep()\n\n    async def _lock",
        "        pass\n\n    async def _lock",
        "test_what_is_committed_outlives_the_process",
    ),
    "restores at once": (
        "await asyncio.sleep(len(rows) * self._ctx.settings.restore_row_us / 1e6)",
        "pass",
        "test_a_restore_takes_its_time_and_brings_back_the_last_backup",
    ),
}  # fmt: skip


def asked(
    *sends: Send, faults: tuple[Timed, ...] = (), rate_rps: float = 60, **values: str | float | bool
) -> Recording:
    """Ask a table of ten rows, mostly the first two, for eight seconds."""
    settings = {"rows": ROWS, "statement_ms": 5, "cores": 50, "connections": 100, **values}
    value = lab(
        Service("table", app="services.table", settings=settings),
        load=Poisson(to="table", rate_rps=rate_rps, timeout_ms=5000, keep_answers=True, mix=sends),
        faults=faults,
        duration_s=8,
    )
    return run(value, conductor(faults, value.duration_s), seed=1)


def in_turn(*sends: tuple[float, str, str], **values: str | float | bool) -> list[Request]:
    """Ask for one thing after the other, each at its time, by its method."""
    settings = {"rows": ROWS, "statement_ms": 5, "scan_row_us": 0, **values}
    flows = [
        At(to="table", times_s=(at_s,), timeout_ms=5000, keep_answers=True,
           mix=(Send(method=method, path=path),))
        for at_s, method, path in sends
    ]  # fmt: skip
    value = lab(
        Service("table", app="services.table", settings=settings),
        load=Together(of=tuple(flows)),
        duration_s=8,
    )
    return list(run(value).requests)


ADD = Send(method="POST", path="/rows/0/1")
TRANSFERS = (
    Send(method="POST", path="/transfers/0/1/1"),
    Send(method="POST", path="/transfers/1/0/1"),
)
TOTAL = Send(path="/total", share=0.2)


def counted(recording: Recording) -> tuple[int, int]:
    """Give how much was told as added to row 0 before its last good read, and what the read has.

    Adds that are under way at that read may be in it or not, so the last read is after them all.
    """
    reads = [one for one in recording.requests if one.path == "/rows/0" and one.good]
    adds = [one for one in recording.requests if one.path == "/rows/0/1" and one.good]
    quiet = [
        read for read in reads
        if all(one.answered_s < read.sent_s or one.sent_s > read.answered_s for one in adds)
    ]  # fmt: skip
    last = quiet[-1]
    return sum(one.answered_s < last.sent_s for one in adds), int(last.answer) - 100


def adding(isolation: str) -> Recording:
    return asked(ADD, Send(path="/rows/0", share=2), rate_rps=40, isolation=isolation)


def test_read_committed_loses_updates() -> None:
    """Two read the same value, and the second one overwrites what the first has added."""
    told, found = counted(adding("read-committed"))
    assert found < told


def test_serializable_loses_no_update_and_refuses_nobody() -> None:
    """All that wait get their turn, and each add is there."""
    recording = adding("serializable")
    told, found = counted(recording)
    assert found == told > 10
    assert success_ratio(0, 8).of(recording) == 1


def test_snapshot_refuses_who_commits_second() -> None:
    """Nothing is lost of what was told as done; who was too late is told so."""
    recording = adding("snapshot")
    told, found = counted(recording)
    assert found == told > 10
    assert {one.status for one in recording.requests} == {"200", "409"}


def test_a_circle_is_found_and_one_of_two_goes_on() -> None:
    """In a few milliseconds: nobody waits for the time limit."""
    recording = asked(*TRANSFERS, lock_timeout_ms=0)
    refused = [one for one in recording.requests if one.status == "409"]
    assert {one.answer for one in refused} == {"deadlock\n"}
    assert success_ratio(0, 8).of(recording) > 0.2
    assert latency_ms(0.9, 0, 8).of(recording) < 1000


def test_without_detection_a_circle_lasts_as_long_as_patience() -> None:
    """And all who come meanwhile wait for the same rows."""
    one = in_turn(
        (1, "POST", "/transfers/0/1/1"), (1.001, "POST", "/transfers/1/0/1"),
        detect=False, lock_timeout_ms=2000,
    )  # fmt: skip
    late = [request for request in one if request.status == "504"]
    assert late
    assert all(request.latency_s == pytest.approx(2, abs=0.1) for request in late)


def test_locks_in_one_order_cannot_deadlock() -> None:
    """Whoever wants both rows takes the same one first."""
    recording = asked(*TRANSFERS, lock_order="sorted", lock_timeout_ms=0, rate_rps=30)
    assert {one.status for one in recording.requests} == {"200"}


def test_transfers_keep_the_sum_whatever_ends_them() -> None:
    """Deadlocks, time limits and conflicts take nothing from one row alone."""
    for isolation in ("serializable", "snapshot"):
        recording = asked(*TRANSFERS, TOTAL, isolation=isolation, lock_timeout_ms=30)
        assert {one.status for one in recording.requests} > {"200"}
        sums = {one.answer for one in recording.requests if one.path == "/total" and one.good}
        assert sums == {f"{100 * ROWS}\n"}


def test_a_transfer_to_oneself_changes_nothing() -> None:
    """Its second statement sees its first."""
    *_, read = in_turn((1, "POST", "/transfers/3/3/7"), (2, "GET", "/rows/3"))
    assert read.answer == "100\n"


def test_without_an_index_a_read_costs_all_rows() -> None:
    """A thousand rows of 20 µs are 20 ms more, whichever row it is."""
    fast, slow = (
        in_turn((1, "GET", "/rows/5"), rows=1000, scan_row_us=20, indexed=indexed)[0].latency_s
        for indexed in (True, False)
    )
    assert slow - fast == pytest.approx(0.02, abs=0.001)


def test_cores_are_what_limits_statements() -> None:
    """One core does 200 statements of 5 ms a second; twice as many requests do not all fit."""
    recording = asked(Send(path="/rows/5"), rate_rps=300, cores=1, connections=10_000)
    done = sum(one.answered_s < 8 for one in recording.requests if one.good)
    assert done / 8 == pytest.approx(200, rel=0.05)


def test_a_pool_that_is_too_small_is_what_is_waited_for() -> None:
    """Two connections of 5 ms a read carry 400/s of 600, however many cores there are."""
    reads = Send(path="/rows/5")
    small = asked(reads, rate_rps=500, connections=2, pool_timeout_ms=100)
    assert {one.status for one in small.requests} == {"200", "503"}
    done = sum(one.answered_s < 8 for one in small.requests if one.good)
    assert done / 8 == pytest.approx(400, rel=0.05)


def test_with_connections_to_spare_nobody_waits() -> None:
    """Also where none may wait."""
    large = asked(Send(path="/rows/5"), connections=100, pool_timeout_ms=0)
    assert success_ratio(0, 8).of(large) == 1


def test_what_is_committed_outlives_the_process() -> None:
    """It is on the disk; what was under way is not."""
    recording = asked(
        ADD, Send(path="/rows/0", share=2), rate_rps=20, faults=(during(3, 4, Kill("table")),)
    )
    told, found = counted(recording)
    assert found >= told > 10


def test_a_restore_takes_its_time_and_brings_back_the_last_backup() -> None:
    """What was written since is gone, what came before is there."""
    requests = in_turn(
        (1, "POST", "/rows/0/5"), (2, "POST", "/backup"), (3, "POST", "/rows/0/7"),
        (4, "POST", "/drop"), (4.5, "GET", "/rows/0"), (5, "POST", "/restore"),
        (7, "GET", "/rows/0"), restore_row_us=100_000,
    )  # fmt: skip
    assert [one.status for one in requests] == ["200"] * 4 + ["404", "200", "200"]
    assert requests[5].latency_s == pytest.approx(1, abs=0.05)
    assert requests[6].answer == "105\n"


def test_without_a_backup_there_is_nothing_to_restore() -> None:
    """And with a clock of backups, there is one."""
    drop = ((3.0, "POST", "/drop"), (4.0, "POST", "/restore"))
    assert [one.status for one in in_turn(*drop)] == ["200", "404"]
    assert [one.status for one in in_turn(*drop, backup_every_ms=500)] == ["200", "200"]


def test_how_transactions_end_is_counted() -> None:
    """By the words that clients are told."""
    recording = asked(*TRANSFERS, lock_timeout_ms=0)
    for outcome, status in (("committed", "200"), ("deadlock", "409")):
        found = increase("transactions_total", 0, 8, labels=f'"{outcome}"').of(recording)
        there = sum(one.status == status and one.answered_s < 8 for one in recording.requests)
        assert found == pytest.approx(there, abs=5)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"rows": 0}, "rows is 0; it must be at least 1"),
        ({"connections": 0}, "connections is 0; it must be at least 1"),
        ({"isolation": "none"}, "isolation is 'none'; it may be read-committed, snapshot"),
    ],
)
def test_settings_that_make_no_sense_are_refused(given: dict[str, object], said: str) -> None:
    """In one line."""
    with pytest.raises(SettingError, match=said):
        settings_of(load("services.table"), given)
