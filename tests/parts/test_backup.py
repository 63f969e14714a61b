"""Backup: what a restore loses, copies that are none, and who can remove them."""

import pytest

from harness.conductor import conductor
from harness.measures.gauges import level
from harness.measures.series import increase
from harness.model import Configure, Kill, Paced, Send, Service, Together, during
from harness.model.fault import Setting, Timed
from harness.recording import Recording
from harness.theory.storage import backup_loss_mean_s
from tests.support import At, lab, run

SABOTAGE = {
    "keeps everything": (
        "[-settings.keep :]",
        "",
        "test_as_many_are_kept_as_is_said",
    ),
    "brings back the oldest": (
        "self.copies[-1 - back].rows",
        "self.copies[back].rows",
        "test_a_restore_loses_what_was_written_since",
    ),
    "reads nothing back": (
        "if settings.verify and not _is_copy(rows):",
        "if False:",
        "test_a_copy_that_is_read_back_is_one",
    ),
    "lets everybody wipe": (
        "if self._ctx.settings.locked:",
        "if False:",
        "test_locked_copies_stay",
    ),
    "forgets copies with its process": (
        "if kept else []",
        "if False else []",
        "test_copies_outlive_its_process",
    ),
}
ROWS = 100
EVERY_S = 2.0


def sent(to: str, path: str, at_s: float, method: str = "POST") -> At:
    return At(to=to, times_s=(at_s,), mix=(Send(path=path, method=method),), keep_answers=True)


def ran(*operator: At, faults: tuple[Timed, ...] = (), **settings: Setting) -> Recording:
    """Add one to a row fifty times a second until eight seconds; then add up all rows."""
    write = Send(path="/rows/{key}/1", method="POST")
    writes = Paced(to="table", rate_rps=50, end_s=8, mix=(write,), keys=ROWS)
    value = lab(
        Service("backup", app="services.backup", calls=("table",),
                settings={"every_ms": 1000 * EVERY_S, **settings}),
        Service("table", app="services.table", settings={"rows": ROWS, "initial": 0}),
        load=Together(of=(writes, sent("table", "/total", 9, "GET"), *operator)),
        faults=faults,
    )  # fmt: skip
    return run(value, conductor(faults, value.duration_s))


DROP = sent("table", "/drop", 7.5)
RESTORE = sent("backup", "/restore/0", 7.6)


def total(recording: Recording) -> int:
    (last,) = [one.answer for one in recording.requests if one.path == "/total"]
    return int(last)


def written(recording: Recording) -> int:
    """Count the writes that were acknowledged."""
    return sum(one.path.startswith("/rows") and one.status == "200" for one in recording.requests)


def answered(recording: Recording, path: str) -> str:
    (found,) = [one for one in recording.requests if one.path == path]
    return f"{found.status} {found.answer.strip()}"


def test_a_restore_loses_what_was_written_since() -> None:
    """At most the interval's writes; about half of them at a random moment, by the closed form."""
    recording = ran(DROP, RESTORE)
    lost = written(recording) - total(recording)
    assert answered(recording, "/restore/0") == f"200 {ROWS} rows"
    assert 0 < lost <= 50 * (EVERY_S + 0.3)
    # It was dropped 1.5 of two seconds after the last copy, half an interval later than on average.
    assert lost == pytest.approx(50 * (backup_loss_mean_s(interval_s=EVERY_S) + 0.4), rel=0.3)


def test_an_older_copy_loses_more() -> None:
    """By the writes of one interval."""
    newest, older = ran(DROP, RESTORE), ran(DROP, sent("backup", "/restore/1", 7.6))
    assert total(newest) - total(older) == pytest.approx(50 * EVERY_S, rel=0.1)


def test_as_many_are_kept_as_is_said() -> None:
    """Three copies were made by seven seconds, and the third from the end is gone."""
    recording = ran(DROP, sent("backup", "/restore/2", 7.6), keep=2)
    assert answered(recording, "/restore/2") == "404 there are 2 copies"
    assert answered(ran(sent("backup", "/restore/2", 7.6)), "/restore/2") == f"200 {ROWS} rows"


def test_a_copy_that_was_never_read_back_may_be_none() -> None:
    """All were reported as done, and there is nothing in them."""
    recording = ran(DROP, RESTORE, broken=True)
    assert increase("backups_total", 0, 7, labels='"done"').of(recording) == 3
    assert answered(recording, "/restore/0") == "200 0 rows"
    assert total(recording) == 0


def test_a_copy_that_is_read_back_is_one() -> None:
    """From the third second on they are empty: each is found out, and the good one is kept."""
    breaks = during(3, 9.5, Configure("backup", broken=True, verify=True))
    recording = ran(DROP, RESTORE, faults=(breaks,), keep=1)
    assert increase("backups_total", 3, 7, labels='"no copy"').of(recording) == 2
    assert answered(recording, "/restore/0") == f"200 {ROWS} rows"
    assert level("backup_age_seconds", 6, 7).of(recording) > 3


def test_locked_copies_stay() -> None:
    """Whoever has got in can take the copies along with the rows, unless they are locked."""
    wipe = sent("backup", "/wipe", 7)
    open_, locked = (ran(wipe, DROP, RESTORE, locked=locked) for locked in (False, True))
    assert answered(open_, "/restore/0") == "404 there are 0 copies"
    assert answered(locked, "/wipe").startswith("403")
    assert answered(locked, "/restore/0") == f"200 {ROWS} rows"


def test_copies_outlive_its_process() -> None:
    """They are on a disk."""
    crash = during(6.5, 7, Kill("backup"))
    assert answered(ran(DROP, RESTORE, faults=(crash,)), "/restore/0") == f"200 {ROWS} rows"


def test_a_table_that_is_away_is_no_copy() -> None:
    """And the last one stays as it was."""
    recording = ran(faults=(during(3, 7, Kill("table")),))
    assert increase("backups_total", 3, 7, labels='"no answer"').of(recording) == 2
    assert increase("backups_total", 0, 3, labels='"done"').of(recording) == 1
