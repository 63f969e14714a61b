"""`./lab sweep`: a map, what is kept of it, and a search."""

import csv
import json
import os
import re
import signal
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from harness.errors import LabError
from harness.sweep import cells, kept
from harness.sweep.cells import Batch, Found
from tests.cli.workshop import Workshop, finished, started

ONE = ("sweep", "small", "--vary", "front.tries=1,4", "--jobs", "1", "--seeds", "2")
TWO = (*ONE, "--vary", "load.rate_rps=10..30:10", "--no-report")


def simulated(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Take down which runs are simulated, instead of simulating them."""
    done: list[str] = []

    def simulate(batch: Batch) -> tuple[Found, ...]:
        done.extend(f"{' '.join(run.settings)} {run.seed}" for run in batch)
        return tuple(Found(run=run, value=float(run.seed)) for run in batch)

    monkeypatch.setattr("harness.cli.sweeping.simulate", simulate)
    return done


def test_a_curve_says_what_each_value_does(shop: Workshop) -> None:
    """With one axis: a line a value; the report and its table lie beside what is kept."""
    shop.write()
    outcome = shop.run(*ONE, "--measure", "recovery", "--variant", "naive")
    assert (outcome.code, outcome.err) == (0, "")
    lines = outcome.out.splitlines()
    assert lines[0] == "time to recover, in s (naive, 2 seeds)"
    assert "never" in next(line for line in lines if line.split()[:1] in (["[4]"], ["4"]))
    assert "never" not in next(line for line in lines if line.split()[:1] == ["1"])
    page = shop.root / lines[-1].removeprefix("report: ")
    assert {path.suffix for path in page.parent.iterdir()} == {".html", ".csv", ".jsonl"}
    assert "never" in page.read_text()


def test_a_map_is_no_wider_than_a_terminal(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """With two axes, the second upwards; many columns are one sign each."""
    shop.write()
    simulated(monkeypatch)
    narrow = shop.run(*TWO, "--measure", "recovery", "--until", "<=1")
    axes = ("--vary", "back.service_ms=1..30", "--vary", "load.rate_rps=10..30:10")
    wide = shop.run(
        *("sweep", "small", *axes, "--jobs", "1", "--seeds", "2", "--no-report"),
        *("--measure", "recovery", "--until", "<=1"),
    )
    for outcome in (narrow, wide):
        assert outcome.code == 0, outcome.err
        assert max(map(len, outcome.out.splitlines())) <= 80
        assert "≤ 1" in outcome.out
        assert "seeds disagree" in outcome.out
    rows = [line.split()[0] for line in narrow.out.splitlines()[2:5]]
    assert rows == ["30", "20", "10"]


def test_only_what_is_missing_is_run(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same again runs nothing; a grid that grows, or more seeds, run what is new."""
    shop.write()
    done = simulated(monkeypatch)
    for more, new in (((), 12), ((), 0), (("--seeds", "3"), 6)):
        done.clear()
        assert shop.run(*TWO, "--measure", "recovery", *more).code == 0
        assert len(done) == new
    done.clear()
    grown = tuple("load.rate_rps=10..40:10" if "rps" in one else one for one in TWO)
    outcome = shop.run(*grown, "--measure", "recovery")
    assert sorted(done) == [f"front.tries={n} load.rate_rps=40 {s}" for n in (1, 4) for s in (1, 2)]
    assert "chaoslab: 12 of 16 runs are known already" in outcome.err


@pytest.mark.parametrize(
    "other",
    [
        ("--set", "back.workers=2"),
        ("--variant", "calm"),
        ("--measure", "success_ratio(3, 4)"),
    ],
)
def test_what_changes_a_run_is_run_anew(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, other: Sequence[str]
) -> None:
    """Another setting, variant or measure has other results."""
    shop.write()
    done = simulated(monkeypatch)
    base = (*ONE, "--no-report", "--variant", "naive", "--measure", "recovery")
    shop.run(*base)
    done.clear()
    assert shop.run(*base, *other).code == 0
    assert len(done) == 4


def test_a_lab_that_has_changed_is_run_anew_and_another_lab_changes_nothing(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Results are of the lab's own code."""
    folder = shop.write()
    done = simulated(monkeypatch)
    shop.run(*ONE, "--no-report")
    shop.write(slug="other")
    done.clear()
    shop.run(*ONE, "--no-report")
    assert done == []
    (folder / "lab.py").write_text((folder / "lab.py").read_text() + "\n")
    shop.run(*ONE, "--no-report")
    assert len(done) == 4


def test_half_a_line_is_dropped(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a killed sweep has left half written is run again, and the file is whole after it."""
    shop.write()
    done = simulated(monkeypatch)
    shop.run(*ONE, "--no-report")
    file = kept.folder("small") / kept.FILE
    whole = file.read_text()
    file.write_text(whole[:-9])
    done.clear()
    assert shop.run(*ONE, "--no-report").code == 0
    assert len(done) == 1
    assert file.read_text() == whole


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_an_interrupted_sweep_goes_on(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, how: signal.Signals
) -> None:
    """Ctrl-C ends with 130 and says so, no process is left, and what was found is kept.

    So it is after a kill, which hits the first process alone: the others end with it.
    """
    shop.write()
    measure = ("--measure", "success_ratio(0, 1)", "--seeds", "1", "--no-report")
    words = ("sweep", "small", "--vary", "load.rate_rps=10..150", *measure, "--jobs")
    process = started(shop, *words, "2")
    file = kept.folder("small") / kept.FILE
    for _ in range(600):
        if file.exists() and file.read_text().count("\n") > 2:
            break
        time.sleep(0.05)
    os.kill(process.pid, how)
    outcome = finished(process)
    if how is signal.SIGINT:
        assert outcome.code == 130
        assert "the same again goes on" in outcome.err
        assert outcome.err.splitlines()[-1].startswith("chaoslab: interrupted")
    _wait_for_the_end_of(process.pid)
    before = file.read_text().count("\n")
    done = simulated(monkeypatch)
    assert shop.run(*words, "1").code == 0
    assert 0 < len(done) == 141 - before


def _wait_for_the_end_of(group: int) -> None:
    for _ in range(200):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("a process was left behind")


def test_the_table_has_every_run(shop: Workshop, tmp_path: Path) -> None:
    """Axes, seed, value, what is missing, and whether it holds."""
    shop.write()
    file = tmp_path / "out.csv"
    assert shop.run(*ONE, "--no-report", "--csv", str(file)).code == 0
    rows = list(csv.DictReader(file.read_text().splitlines()))
    assert [(row["front.tries"], row["seed"]) for row in rows] == [
        ("1", "1"), ("1", "2"), ("4", "1"), ("4", "2"),
    ]  # fmt: skip
    assert [row["holds"] for row in rows] == ["0", "0", "1", "1"]


MAPS = """
from harness.measures import recovery_s
from harness.model.sweep_map import Curve, SweepMap

ONE = dict(variant="calm", measure=recovery_s(), until="<=1", holds="soon", fails="late")
MAP = SweepMap(title="Tries", vary=("front.tries=1,2",), **ONE)
LINE = Curve(name="twice", of=lambda lasts_s, numbers: 2 * lasts_s, source="counted")
MAPS = {"lasts": SweepMap(title="How long", vary=("fault.for_s=0.5,1.5",), curves=(LINE,), **ONE)}
"""


def test_a_lab_may_have_several_maps(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first without a name; another has its axis, its runs and its line of theory."""
    (shop.write() / "maps.py").write_text(MAPS)
    done = simulated(monkeypatch)
    first = shop.run("sweep", "small", "--no-report", "--jobs", "1")
    assert sorted(done) == ["front.tries=1 1", "front.tries=2 1"]
    assert first.out.startswith("Tries (calm, 1 seed)")
    assert "twice" not in first.out
    done.clear()
    other = shop.run("sweep", "small", "--map", "lasts", "--no-report", "--jobs", "1")
    assert sorted(done) == ["fault.for_s=0.5 1", "fault.for_s=1.5 1"]
    assert other.out.startswith("How long (calm, 1 seed)")
    assert "theory: twice (counted)" in other.out
    refused = shop.run("sweep", "small", "--map", "last")
    assert "no map of that name (did you mean lasts?); there are lasts" in refused.complaint


def test_how_long_a_fault_lasts_is_swept(shop: Workshop) -> None:
    """A longer freeze takes longer to recover from; the lab's own length is marked."""
    shop.write()
    outcome = shop.run(
        *("sweep", "small", "--vary", "fault.back.for_s=0.2,1,2", "--variant", "calm"),
        *("--measure", "recovery", "--seeds", "1", "--jobs", "1", "--no-report"),
    )
    assert outcome.code == 0, outcome.err
    rows = [line.split() for line in outcome.out.splitlines()[2:5]]
    assert [row[0] for row in rows] == ["0.2", "[1]", "2"]
    assert float(rows[0][1]) < float(rows[1][1])


def test_a_table_that_cannot_be_written_costs_no_run(shop: Workshop, tmp_path: Path) -> None:
    """A line says so, and what was found is kept."""
    shop.write()
    folder = tmp_path / "closed"
    folder.mkdir()
    (folder / "out.csv").mkdir()
    outcome = shop.run(*ONE, "--no-report", "--csv", str(folder / "out.csv"))
    assert outcome.code == 2


def test_no_data_is_shown_as_none(shop: Workshop) -> None:
    """A window without a good answer has no latency; the reason is kept."""
    shop.write()
    outcome = shop.run(*ONE, "--no-report", "--measure", "latency_ms(0.5, 1.2, 1.3)")
    assert outcome.code == 0
    assert "no data" in outcome.out
    line = (kept.folder("small") / kept.FILE).read_text().splitlines()[0]
    assert json.loads(line)["value"] is None
    assert "no request" in json.loads(line)["missing"]


def test_a_search_answers_in_one_sentence(shop: Workshop) -> None:
    """What held last, and what did not, and how far apart they are.

    How long may the back take, to have worked off by second 3 what came in the freeze?

    20 requests are queued at second 2: within 1 s they are if (1000 / x - 20) x 1 s is as many.
    """
    shop.write()
    outcome = shop.run(
        *("sweep", "small", "--find", "back.service_ms=10..90", "--variant", "calm"),
        *("--jobs", "1", "--seeds", "1", "--within", "0.2"),
        *("--measure", "success_ratio(3, 5)", "--until", ">=0.9"),
    )
    assert outcome.code == 0, outcome.err
    first = outcome.out.splitlines()[0]
    assert first.startswith("The largest back.service_ms at which calm holds is ")
    assert 20 <= float(first.split(" is ")[1].split(":")[0]) <= 32


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "say what to vary"),
        (("--vary", "front.trys=1..3"), "front.trys=1: .*trys"),
        (("--vary", "front.tries=0..3"), "front.tries=0: .*"),
        (("--vary", "load.speed=1..3"), "load.speed=1: .*no 'speed'"),
        (("--vary", "front.tries=1..3", "--set", "front.tries=2"), "swept already"),
        (("--vary", "front.tries=1,2", "--vary", "front.tries=3,4"), "there twice"),
        (("--vary", "a.b=1,2", "--vary", "c.d=3", "--vary", "e.f=1"), "one or two"),
        (("--vary", "front.tries=1,2", "--variant", "naiv"), "did you mean naive"),
        (("--vary", "front.tries=1,2", "--find", "front.tries=1..3"), "take one of them"),
        (
            ("--vary", "front.tries=1,2", "--measure", "recovery", "--until", "0.9"),
            "--until 0.9: write",
        ),
        (("--vary", "front.tries=1,2", "--until", "<1"), "name a --measure"),
        (("--vary", "front.tries=1,2", "--measure", "map"), "no map of its own"),
        (("--map", "none"), "--map none: small has no map of that name; leave --map out"),
        (("--map", "none", "--find", "front.tries=1..3"), "small has no map of that name"),
        (("--map", "none", "--measure", "recovery"), "--map has a measure of its own"),
        (("--vary", "fault.fr_s=1,2"), "fault.fr_s=1: .*did you mean fault.for_s"),
        (("--vary", "fault.for_s=1..9:4"), "fault.for_s=5: pause back: ends at 6 s, after the run"),
        (("--vary", "fault.for_s=1,2", "--set", "fault.back.for_s=2"), "means the same; leave one"),
        (("--vary", "fault.for_s=1,2", "--vary", "fault.1.for_s=3,4"), "means the same; leave one"),
        (("--find", "front.tries=1..3", "--measure", "recovery"), "say what time to recover must"),
        (("--vary", "load.rate_rps=100,900000"), "900000: the load is too much"),
        (("--vary", "front.tries=1..200", "--seeds", "500"), "20,000 at most"),
        (("--vary", "front.tries=1,2", "--csv", "/no/such/file.csv"), "no such folder"),
    ],
)
def test_bad_input_is_one_line_before_anything_runs(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch, words: Sequence[str], said: str
) -> None:
    """It names the thing and says what to do."""
    shop.write()
    done = simulated(monkeypatch)
    monkeypatch.setattr("harness.cli.memory_limit.free_bytes", lambda: 4 * 1024**3)
    outcome = shop.run("sweep", "small", *words)
    assert outcome.code == 2
    assert re.search(said, outcome.complaint)
    assert done == []


def test_what_a_run_fails_by_is_its_cells_own(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A cell that cannot be simulated has no value, with the reason; the others have theirs."""
    shop.write()
    monkeypatch.setattr(cells, "value_of", _stuck)
    outcome = shop.run(*ONE, "--no-report")
    assert outcome.code == 0
    assert "no data" in outcome.out


def _stuck(*_: object) -> None:
    raise LabError("it is stuck")
